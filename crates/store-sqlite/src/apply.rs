//! One batch inside a transaction: everything is judged before anything is written.

use claviger_store::{Batch, Change, CommitError, Fence, Space, StoreError, rules};
use rusqlite::{Connection, OptionalExtension, params};

use crate::errors::Failure;
use crate::spaces::{Spaces, Sql};

/// An index entry as it is kept: the index and the key.
type Entry = (String, String);

/// What is there before the batch.
struct Current {
    version: u64,
    /// The record's index entries, as the column has them.
    keys: String,
}

/// A change that was judged and can be written.
struct Ready<'b> {
    sql: &'b Sql,
    change: &'b Change,
    current: Option<Current>,
    /// The new version, of a put.
    version: u64,
}

/// Applies a batch as `revision`; gives whether it wrote anything, which makes the revision real.
pub(crate) fn apply(db: &Connection, spaces: &Spaces, batch: &Batch, revision: u64) -> Result<bool, Failure> {
    check_fences(db, batch.fences())?;
    let mut ready = Vec::with_capacity(batch.len());
    for step in batch.steps() {
        let change = &step.change;
        let sql = spaces.sql(change.space())?;
        let current = current(db, sql, change.id())?;
        let before = current.as_ref().map(|current| current.version);
        rules::expected(change, before)?;
        let version = match change {
            Change::Put { space, .. } => {
                let retired = match before {
                    Some(_) => 0,
                    None => retired(db, space)?,
                };
                rules::next_version(step, before, retired, revision)?
            }
            _ => 0,
        };
        ready.push(Ready { sql, change, current, version });
    }
    for ready in ready {
        write(db, ready, revision)?;
    }
    Ok(batch.writes())
}

fn check_fences(db: &Connection, fences: &[Fence]) -> Result<(), Failure> {
    for Fence { name, token } in fences {
        let held = db
            .prepare_cached("SELECT 1 FROM claviger_leases WHERE name = ?1 AND token = ?2 AND holder IS NOT NULL")?
            .exists(params![name, signed(*token)?])?;
        if !held {
            return Err(CommitError::Conflict { space: Fence::SPACE, id: name.clone() }.into());
        }
    }
    Ok(())
}

fn current(db: &Connection, sql: &Sql, id: &str) -> Result<Option<Current>, Failure> {
    let found: Option<(i64, String)> =
        db.prepare_cached(&sql.current)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    found.map(|(version, keys)| Ok(Current { version: unsigned(version)?, keys })).transpose()
}

fn retired(db: &Connection, space: &Space) -> Result<u64, Failure> {
    let retired = db
        .prepare_cached("SELECT retired FROM claviger_spaces WHERE name = ?1")?
        .query_row([space.name], |row| row.get(0))?;
    Ok(unsigned(retired)?)
}

fn write(db: &Connection, ready: Ready<'_>, revision: u64) -> Result<(), Failure> {
    let Ready { sql, change, current, version } = ready;
    match change {
        Change::Check { .. } => Ok(()),
        Change::Put { space, id, value, index, .. } => {
            let mut keys: Vec<Entry> = index.iter().map(|(name, key)| ((*name).to_owned(), key.clone())).collect();
            keys.sort_unstable();
            keys.dedup();
            let column = encode(&keys)?;
            if current.as_ref().map(|current| &current.keys) != Some(&column) {
                let before = current.map_or(Ok(Vec::new()), |current| decode(space, id, &current.keys))?;
                move_entries(db, sql, id, &before, &keys)?;
            }
            db.prepare_cached(&sql.put)?.execute(params![id, signed(version)?, column, value])?;
            feed(db, revision, space, id)
        }
        Change::Delete { space, id, .. } => {
            let Some(current) = current else {
                return Ok(());
            };
            move_entries(db, sql, id, &decode(space, id, &current.keys)?, &[])?;
            db.prepare_cached(&sql.delete)?.execute([id])?;
            db.prepare_cached("UPDATE claviger_spaces SET retired = ?2 WHERE name = ?1 AND retired < ?2")?
                .execute(params![space.name, signed(current.version)?])?;
            feed(db, revision, space, id)
        }
    }
}

fn move_entries(db: &Connection, sql: &Sql, id: &str, before: &[Entry], after: &[Entry]) -> Result<(), Failure> {
    let mut unindex = db.prepare_cached(&sql.unindex)?;
    for (name, key) in before.iter().filter(|entry| !after.contains(entry)) {
        unindex.execute([name, key, id])?;
    }
    let mut index = db.prepare_cached(&sql.index)?;
    for (name, key) in after.iter().filter(|entry| !before.contains(entry)) {
        index.execute([name, key, id])?;
    }
    Ok(())
}

fn feed(db: &Connection, revision: u64, space: &Space, id: &str) -> Result<(), Failure> {
    db.prepare_cached("INSERT INTO claviger_changes (revision, space, id) VALUES (?1, ?2, ?3)")?.execute(params![
        signed(revision)?,
        space.name,
        id
    ])?;
    Ok(())
}

fn encode(keys: &[Entry]) -> Result<String, StoreError> {
    serde_json::to_string(keys).map_err(|error| StoreError::Invalid(error.to_string()))
}

fn decode(space: &Space, id: &str, keys: &str) -> Result<Vec<Entry>, StoreError> {
    serde_json::from_str(keys).map_err(|_| {
        StoreError::Damaged(format!("the index entries of record {id:?} in space {} are unreadable", space.name))
    })
}

/// A version or revision as SQLite keeps it.
pub(crate) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Invalid(format!("{number} is not a version")))
}

/// A version or revision as it was kept.
pub(crate) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Damaged(format!("{number} is not a version")))
}

/// A lease taken or renewed; see [`claviger_store::Store::lease`].
pub(crate) fn lease(
    db: &Connection,
    name: &str,
    holder: &str,
    now_ms: i64,
    ttl_ms: i64,
) -> Result<Option<u64>, rusqlite::Error> {
    let until_ms = now_ms.saturating_add(ttl_ms);
    let found: Option<(Option<String>, i64, i64)> = db
        .prepare_cached("SELECT holder, token, until_ms FROM claviger_leases WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let token = match found {
        Some((Some(by), token, until)) if until > now_ms => {
            if by != holder {
                return Ok(None);
            }
            token
        }
        Some((_, token, _)) => token + 1,
        None => 1,
    };
    db.prepare_cached(
        "INSERT OR REPLACE INTO claviger_leases (name, holder, token, until_ms) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![name, holder, token, until_ms])?;
    // Counted up from 1, so never negative.
    Ok(Some(token.unsigned_abs()))
}

/// A lease given back; see [`claviger_store::Store::release`].
pub(crate) fn release(db: &Connection, name: &str, holder: &str) -> Result<bool, rusqlite::Error> {
    let released = db
        .prepare_cached("UPDATE claviger_leases SET holder = NULL WHERE name = ?1 AND holder = ?2")?
        .execute([name, holder])?;
    Ok(released > 0)
}
