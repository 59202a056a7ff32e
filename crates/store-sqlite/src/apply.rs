//! One batch inside a transaction: everything is judged before anything is written.

use claviger_store::{Batch, Change, CommitError, Fence, Space, Step, StoreError, rules};
use rusqlite::{Connection, OptionalExtension, params};

use crate::errors::Failure;
use crate::spaces::{Spaces, Sql};

/// An index entry as it is kept: the index and the key.
type Entry = (String, String);

/// A change that was judged. Everything that can be refused was, so writing it can only fail by
/// SQLite failing, which takes the whole transaction along.
enum Ready<'b> {
    Put { sql: &'b Sql, id: &'b str, version: i64, value: &'b [u8], keys: String, entries: Moved },
    Delete { sql: &'b Sql, id: &'b str, version: i64, entries: Moved },
}

/// Index entries before and after a change.
#[derive(Default)]
struct Moved {
    before: Vec<Entry>,
    after: Vec<Entry>,
}

/// Applies a batch as `revision`; gives whether it wrote anything, which makes the revision real.
pub(crate) fn apply(db: &Connection, spaces: &Spaces, batch: &Batch, revision: u64) -> Result<bool, Failure> {
    check_fences(db, batch.fences())?;
    let number = signed(revision)?;
    let mut ready = Vec::with_capacity(batch.len());
    for step in batch.steps() {
        if let Some(judged) = judge(db, spaces, step, revision)? {
            ready.push((step.change.space(), judged));
        }
    }
    for (space, change) in ready {
        write(db, space, change, number)?;
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

/// Judges a step; gives what there is to write.
fn judge<'b>(db: &Connection, spaces: &'b Spaces, step: &'b Step, revision: u64) -> Result<Option<Ready<'b>>, Failure> {
    let change = &step.change;
    let (space, id) = (change.space(), change.id());
    let sql = spaces.sql(space)?;
    let found: Option<(i64, String)> =
        db.prepare_cached(&sql.current)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let current = found.as_ref().map(|(version, _)| unsigned(*version)).transpose()?;
    rules::expected(change, current)?;
    match change {
        Change::Check { .. } => Ok(None),
        Change::Delete { .. } => {
            let Some((version, keys)) = found else {
                return Ok(None);
            };
            let entries = Moved { before: decode(space, id, &keys)?, after: vec![] };
            Ok(Some(Ready::Delete { sql, id, version, entries }))
        }
        Change::Put { value, index, .. } => {
            let retired = match current {
                Some(_) => 0,
                None => retired(db, space)?,
            };
            let version = signed(rules::next_version(step, current, retired, revision)?)?;
            let mut after: Vec<Entry> = index.iter().map(|(name, key)| ((*name).to_owned(), key.clone())).collect();
            after.sort_unstable();
            after.dedup();
            let keys = encode(&after)?;
            let entries = match found {
                // The usual update moves nothing.
                Some((_, before)) if before == keys => Moved::default(),
                Some((_, before)) => Moved { before: decode(space, id, &before)?, after },
                None => Moved { before: vec![], after },
            };
            Ok(Some(Ready::Put { sql, id, version, value, keys, entries }))
        }
    }
}

fn retired(db: &Connection, space: &Space) -> Result<u64, Failure> {
    let retired = db
        .prepare_cached("SELECT retired FROM claviger_spaces WHERE name = ?1")?
        .query_row([space.name], |row| row.get(0))?;
    Ok(unsigned(retired)?)
}

fn write(db: &Connection, space: &Space, change: Ready<'_>, revision: i64) -> Result<(), rusqlite::Error> {
    let id = match change {
        Ready::Put { sql, id, version, value, keys, entries } => {
            move_entries(db, sql, id, &entries)?;
            db.prepare_cached(&sql.put)?.execute(params![id, version, keys, value])?;
            id
        }
        Ready::Delete { sql, id, version, entries } => {
            move_entries(db, sql, id, &entries)?;
            db.prepare_cached(&sql.delete)?.execute([id])?;
            db.prepare_cached("UPDATE claviger_spaces SET retired = ?2 WHERE name = ?1 AND retired < ?2")?
                .execute(params![space.name, version])?;
            id
        }
    };
    db.prepare_cached("INSERT INTO claviger_changes (revision, space, id) VALUES (?1, ?2, ?3)")?
        .execute(params![revision, space.name, id])?;
    Ok(())
}

fn move_entries(db: &Connection, sql: &Sql, id: &str, entries: &Moved) -> Result<(), rusqlite::Error> {
    let Moved { before, after } = entries;
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
