//! Everything below sees ciphertext.
//!
//! A value is sealed to its space, id and version, so it opens only where and as what it was
//! written: moved to another id, swapped, edited, or put back to an older state under the current
//! version, it is [`StoreError::Tampered`]. The index entries are sealed along with the value, so
//! a record that turns up in an index under a key it was not given is noticed as well.
//!
//! What this cannot notice is an attacker who puts back a whole earlier state of the engine's
//! files, or of a row together with its version, or removes rows: each of these is a state that
//! once was. The audit chain, kept apart, is the witness against those.
//!
//! The version has to be known when sealing, before the engine commits. A put that expects
//! version `v` makes `v + 1`. For any other put this wrapper states the number after the last
//! revision it knows; as no version is above the revision of its commit, that is new for every
//! id. If it missed a commit, the engine refuses a number that is not new and says what the last
//! revision is, and the batch is sealed again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use claviger_crypto::envelope;
use claviger_crypto::secret::Secret;
use zeroize::Zeroizing;

use crate::{Batch, BoxFuture, Change, Changed, CommitError, Expect, Page, Row, Scan, Space, Step, Store, StoreError};

const LABEL: &str = "claviger record";

/// How often a batch is sealed anew because others wrote the same records meanwhile. Each round
/// means that one of them got through.
const ROUNDS: usize = 1000;

/// A store that encrypts and authenticates the values of every space declared `sealed`.
pub struct SealedStore {
    inner: Arc<dyn Store>,
    key: Secret,
    /// The last revision seen; 0 until the first commit.
    known: AtomicU64,
}

impl SealedStore {
    /// Wraps a store; `key` is 32 random bytes and the same for the life of the data.
    pub fn new(inner: Arc<dyn Store>, key: Secret) -> Arc<Self> {
        Arc::new(Self { inner, key, known: AtomicU64::new(0) })
    }

    fn open(&self, space: &'static Space, row: Row) -> Result<Row, StoreError> {
        Ok(self.open_with_keys(space, row, |_| true)?.0)
    }

    /// Opens a row; also tells whether one of its index entries satisfies a condition.
    fn open_with_keys(
        &self,
        space: &'static Space,
        row: Row,
        wanted: impl Fn((&[u8], &[u8])) -> bool,
    ) -> Result<(Row, bool), StoreError> {
        if !space.sealed {
            return Ok((row, true));
        }
        let tampered = || StoreError::Tampered { space: space.name, id: row.id.to_string() };
        let version = row.version.to_be_bytes();
        let aad: [&[u8]; 3] = [space.name.as_bytes(), row.id.as_bytes(), &version];
        let plain = envelope::open(&self.key, LABEL, &aad, &row.value).map_err(|_| tampered())?;
        let (found, value) = content(&plain, wanted).ok_or_else(tampered)?;
        Ok((Row { value: Arc::from(value), ..row }, found))
    }

    fn seal(&self, batch: &Batch, known: u64) -> Batch {
        let mut sealed = Batch::new();
        for fence in batch.fences() {
            sealed.fence(fence.name.clone(), fence.token);
        }
        for step in batch.steps() {
            sealed.push_step(match &step.change {
                Change::Put { space, id, value, index, expect } if space.sealed => {
                    let version = step.version.unwrap_or(match expect {
                        Expect::Version(version) => version.saturating_add(1),
                        Expect::Absent | Expect::Any => known + 1,
                    });
                    let version_bytes = version.to_be_bytes();
                    let aad: [&[u8]; 3] = [space.name.as_bytes(), id.as_bytes(), &version_bytes];
                    Step {
                        change: Change::Put {
                            space,
                            id: id.clone(),
                            value: envelope::seal(&self.key, LABEL, &aad, &with_keys(index, value)),
                            index: index.clone(),
                            expect: *expect,
                        },
                        version: Some(version),
                    }
                }
                _ => step.clone(),
            });
        }
        sealed
    }

    async fn commit_sealed(&self, batch: Batch) -> Result<u64, CommitError> {
        batch.validate()?;
        let puts_sealed = |step: &Step| matches!(&step.change, Change::Put { space, .. } if space.sealed);
        if !batch.steps().iter().any(puts_sealed) {
            return Ok(self.learn(self.inner.commit(batch).await?));
        }
        let mut known = self.known.load(Ordering::Relaxed);
        if known == 0 {
            known = self.learn(self.inner.revision().await?);
        }
        for _ in 0..ROUNDS {
            match self.inner.commit(self.seal(&batch, known)).await {
                Err(CommitError::Store(StoreError::StaleVersion { revision, .. })) if revision > known => {
                    known = self.learn(revision);
                }
                result => return result.map(|revision| self.learn(revision)),
            }
        }
        Err(StoreError::Unavailable("others kept writing the same records".into()).into())
    }

    fn learn(&self, revision: u64) -> u64 {
        self.known.fetch_max(revision, Ordering::Relaxed);
        revision
    }
}

/// `count ‖ for every entry: length ‖ index ‖ length ‖ key`, then the value; numbers are u32be.
fn with_keys(index: &[(&'static str, String)], value: &[u8]) -> Zeroizing<Vec<u8>> {
    let keys: usize = index.iter().map(|(name, key)| 8 + name.len() + key.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(4 + keys + value.len()));
    // Limits on keys and values keep every length far below 2^32.
    let number = |length: usize| (length as u32).to_be_bytes();
    out.extend_from_slice(&number(index.len()));
    for (name, key) in index {
        for part in [name.as_bytes(), key.as_bytes()] {
            out.extend_from_slice(&number(part.len()));
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(value);
    out
}

/// Undoes [`with_keys`]: whether any entry is wanted, and the value.
fn content(plain: &[u8], wanted: impl Fn((&[u8], &[u8])) -> bool) -> Option<(bool, &[u8])> {
    fn number<'a>(rest: &mut &'a [u8]) -> Option<usize> {
        let (head, tail): (&'a [u8; 4], _) = rest.split_first_chunk()?;
        *rest = tail;
        usize::try_from(u32::from_be_bytes(*head)).ok()
    }
    fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        let length = number(rest)?;
        let (head, tail) = rest.split_at_checked(length)?;
        *rest = tail;
        Some(head)
    }
    let mut rest = plain;
    let mut found = false;
    for _ in 0..number(&mut rest)? {
        let entry = (part(&mut rest)?, part(&mut rest)?);
        found |= wanted(entry);
    }
    Some((found, rest))
}

impl Store for SealedStore {
    fn get<'a>(&'a self, space: &'static Space, id: &'a str) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(async move {
            let row = self.inner.get(space, id).await?;
            row.map(|row| self.open(space, row)).transpose()
        })
    }

    fn get_many<'a>(
        &'a self,
        space: &'static Space,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, StoreError>> {
        Box::pin(async move {
            let rows = self.inner.get_many(space, ids).await?;
            let open = |row: Option<Row>| row.map(|row| self.open(space, row)).transpose();
            rows.into_iter().map(open).collect()
        })
    }

    fn scan<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Page, StoreError>> {
        Box::pin(async move {
            let mut page = self.inner.scan(scan).await?;
            for row in &mut page.rows {
                let belongs = |(index, key): (&[u8], &[u8])| {
                    scan.index.is_none_or(|name| name.as_bytes() == index)
                        && std::str::from_utf8(key).is_ok_and(|key| scan.covers(key))
                };
                let (opened, listed) = self.open_with_keys(scan.space, row.clone(), belongs)?;
                if scan.index.is_some() && !listed {
                    return Err(StoreError::Tampered { space: scan.space.name, id: row.id.to_string() });
                }
                *row = opened;
            }
            Ok(page)
        })
    }

    fn count<'a>(&'a self, space: &'static Space, prefix: &'a str) -> BoxFuture<'a, Result<u64, StoreError>> {
        self.inner.count(space, prefix)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<u64, CommitError>> {
        Box::pin(self.commit_sealed(batch))
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.inner.revision()
    }

    fn changes(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Changed>, StoreError>> {
        self.inner.changes(after, limit)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now_ms: i64,
        ttl_ms: i64,
    ) -> BoxFuture<'a, Result<Option<u64>, StoreError>> {
        self.inner.lease(name, holder, now_ms, ttl_ms)
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.inner.release(name, holder)
    }

    fn snapshot<'a>(&'a self, to: &'a Path) -> BoxFuture<'a, Result<(), StoreError>> {
        self.inner.snapshot(to)
    }

    fn scrub(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.scrub()
    }
}

#[cfg(test)]
mod tests;
