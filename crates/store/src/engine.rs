//! The contract between services and engines.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use crate::{Batch, CommitError, Cursor, Row, Space, StoreError, rules};

/// A future as trait objects can return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The most rows one page of a scan holds, whatever limit was asked for.
pub const MAX_PAGE: usize = 1000;

/// How many revisions the change feed of an engine goes back at least, unless told otherwise.
pub const FEED_KEPT: u64 = 100_000;

/// What to list.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// The space to list from.
    pub space: &'static Space,
    /// The index to list by; `None` lists by id.
    pub index: Option<&'static str>,
    /// Only keys (ids, without an index) that begin with this.
    pub prefix: &'a str,
    /// Only keys up to and including this one, in byte order.
    pub up_to: Option<&'a str>,
    /// Go on behind this cursor, which an earlier page of the same scan gave.
    pub after: Option<&'a str>,
    /// At most this many rows; taken into `1..=`[`MAX_PAGE`].
    pub limit: usize,
}

impl<'a> Scan<'a> {
    /// Everything in the space, by id.
    pub fn all(space: &'static Space) -> Self {
        Self { space, index: None, prefix: "", up_to: None, after: None, limit: MAX_PAGE }
    }

    /// The limit an engine works with.
    pub fn page(&self) -> usize {
        self.limit.clamp(1, MAX_PAGE)
    }

    /// Refuses an undeclared index and a foreign cursor; gives the position to go on from.
    pub fn validate(&self) -> Result<Option<Cursor<'a>>, StoreError> {
        if let Some(index) = self.index {
            rules::check_index(self.space, index)?;
        }
        self.after.map(Cursor::decode).transpose()
    }

    /// Whether a key that is not below the prefix still belongs to the scan.
    pub fn covers(&self, key: &str) -> bool {
        key.starts_with(self.prefix) && self.up_to.is_none_or(|limit| key <= limit)
    }
}

/// One page of a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The rows in the order of (index key, id).
    pub rows: Vec<Row>,
    /// Where to go on; `None` if this was the last page.
    pub next: Option<String>,
}

/// One record that a commit put or deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// The revision of the commit.
    pub revision: u64,
    /// The space of the record.
    pub space: String,
    /// The id of the record.
    pub id: String,
}

/// A place that keeps records. Used as `Arc<dyn Store>`.
///
/// Calls through one store are linearizable: what a call has acknowledged, every call that begins
/// later sees. Dropping the future of a commit leaves open whether it is applied.
pub trait Store: Send + Sync + 'static {
    /// The record under an id.
    fn get<'a>(&'a self, space: &'static Space, id: &'a str) -> BoxFuture<'a, Result<Option<Row>, StoreError>>;

    /// The records under several ids, in their order. Not necessarily from one moment in time.
    fn get_many<'a>(
        &'a self,
        space: &'static Space,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, StoreError>>;

    /// A page of records in the byte order of (index key, id), from one moment in time.
    ///
    /// Pages joined by their cursors neither repeat nor skip a row that was there, under the same
    /// key, throughout; rows that came, went or moved meanwhile may or may not appear.
    fn scan<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Page, StoreError>>;

    /// How many records there are whose ids begin with a prefix. Reads no record, but takes time in proportion.
    fn count<'a>(&'a self, space: &'static Space, prefix: &'a str) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Applies a batch entirely or not at all, and gives the revision at which it is in force.
    ///
    /// Every batch that puts or deletes makes exactly one new revision. Acknowledged means as
    /// durable as the engine is configured to be.
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<u64, CommitError>>;

    /// The revision of the last commit.
    fn revision(&self) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// What was put or deleted after a revision, in the order of (revision, space, id).
    ///
    /// A revision is never cut in two: the answer may exceed `limit` to finish one, so that
    /// asking again with the last revision seen misses nothing. Reaching back further than the
    /// engine remembers is [`StoreError::Trimmed`].
    fn changes(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Changed>, StoreError>>;

    /// Takes or renews a lease until `now_ms + ttl_ms`, in milliseconds since the Unix epoch by
    /// the caller's clock. `None`: somebody else holds it.
    ///
    /// The token is the same while a holder renews in time and grows whenever the lease is
    /// taken anew; see [`Batch::fence`].
    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now_ms: i64,
        ttl_ms: i64,
    ) -> BoxFuture<'a, Result<Option<u64>, StoreError>>;

    /// Gives a lease back before its time; whether the caller held it. Its token is then void.
    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Writes a consistent copy, readable by its owner only, while writers go on. Refuses a path
    /// where something is already.
    fn snapshot<'a>(&'a self, to: &'a Path) -> BoxFuture<'a, Result<(), StoreError>>;

    /// When this returns, the bytes of records deleted or replaced before the call are gone from
    /// the engine's files. For deletions that must be final.
    fn scrub(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}
