//! Reading: a few connections, used on the caller's thread.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use claviger_store::{Changed, Cursor, Page, Row, Scan, Space, StoreError};
use rusqlite::{Connection, params};

use crate::OpenError;
use crate::apply::unsigned;
use crate::errors::store_error;
use crate::open::{open_error, reader};
use crate::spaces::Spaces;

/// Connections that read. A thread keeps to one as long as it is free.
pub(crate) struct Readers(Vec<Mutex<Connection>>);

thread_local! {
    static HOME: Cell<usize> = Cell::new(NEXT_HOME.fetch_add(1, Ordering::Relaxed));
}
static NEXT_HOME: AtomicUsize = AtomicUsize::new(0);

impl Readers {
    pub(crate) fn open(path: &Path, spaces: &Spaces) -> Result<Self, OpenError> {
        let count = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
        let open = |_| reader(path, spaces.statements()).map(Mutex::new);
        let all: Result<_, rusqlite::Error> = (0..count).map(open).collect();
        all.map(Self).map_err(|error| open_error(path, &error))
    }

    fn take(&self) -> MutexGuard<'_, Connection> {
        let home = HOME.get();
        let turn = |step: usize| &self.0[(home + step) % self.0.len()];
        for step in 0..self.0.len() {
            match turn(step).try_lock() {
                Ok(connection) => return connection,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        // All busy with reads of microseconds.
        turn(0).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a read, and puts SQLite's errors in the store's terms.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Trouble>) -> Result<T, StoreError> {
        read(&self.take()).map_err(|trouble| match trouble {
            Trouble::Store(error) => error,
            Trouble::Sqlite(error) => store_error(&error),
        })
    }

    pub(crate) fn get(&self, spaces: &Spaces, space: &'static Space, id: &str) -> Result<Option<Row>, StoreError> {
        let sql = spaces.sql(space)?;
        self.read(|db| point(db, &sql.get, id))
    }

    pub(crate) fn get_many(
        &self,
        spaces: &Spaces,
        space: &'static Space,
        ids: &[String],
    ) -> Result<Vec<Option<Row>>, StoreError> {
        let sql = spaces.sql(space)?;
        self.read(|db| ids.iter().map(|id| point(db, &sql.get, id)).collect())
    }

    pub(crate) fn scan(&self, spaces: &Spaces, scan: &Scan<'_>) -> Result<Page, StoreError> {
        let after = scan.validate()?;
        let sql = spaces.sql(scan.space)?;
        // One row more than the page tells whether there is another page.
        let limit = scan.page() as i64 + 1;
        self.read(|db| match (scan.index, after) {
            (None, Some(cursor)) if cursor.id >= scan.prefix => {
                page(db, scan, &sql.ids_after, params![cursor.id, limit])
            }
            (None, _) => page(db, scan, &sql.ids_from, params![scan.prefix, limit]),
            (Some(index), Some(cursor)) if cursor.key >= scan.prefix => {
                page(db, scan, &sql.keys_after, params![index, cursor.key, cursor.id, limit])
            }
            (Some(index), _) => page(db, scan, &sql.keys_from, params![index, scan.prefix, limit]),
        })
    }

    pub(crate) fn count(&self, spaces: &Spaces, space: &'static Space, prefix: &str) -> Result<u64, StoreError> {
        let sql = spaces.sql(space)?;
        self.read(|db| {
            let number = match behind(prefix) {
                Some(end) => db.prepare_cached(&sql.count_below)?.query_row([prefix, &end], |row| row.get(0))?,
                None => db.prepare_cached(&sql.count_from)?.query_row([prefix], |row| row.get(0))?,
            };
            Ok(unsigned(number)?)
        })
    }

    pub(crate) fn revision(&self) -> Result<u64, StoreError> {
        self.read(|db| {
            let sql = "SELECT revision FROM claviger_head";
            Ok(unsigned(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)?)
        })
    }

    pub(crate) fn changes(&self, after: u64, limit: usize) -> Result<Vec<Changed>, StoreError> {
        self.read(|db| changes(db, after, limit))
    }
}

enum Trouble {
    Store(StoreError),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The first text, in byte order, behind all that begin with the prefix; `None`: there is none.
fn behind(prefix: &str) -> Option<String> {
    let mut end: Vec<char> = prefix.chars().collect();
    while let Some(last) = end.pop() {
        // What lies between these two is no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            end.push(next);
            return Some(end.into_iter().collect());
        }
    }
    None
}

fn point(db: &Connection, sql: &str, id: &str) -> Result<Option<Row>, Trouble> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(|row| record(row, 0)).transpose()
}

/// A record from three columns in a row: id, version, value.
fn record(row: &rusqlite::Row<'_>, first: usize) -> Result<Row, Trouble> {
    let value = row.get_ref(first + 2)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(Row { id: text(row, first)?.into(), version: unsigned(row.get(first + 1)?)?, value: Arc::from(value) })
}

fn text<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<&'r str, Trouble> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

fn page(db: &Connection, scan: &Scan<'_>, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Page, Trouble> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut page = Page::default();
    let mut last = None;
    while let Some(row) = rows.next()? {
        let key = text(row, 0)?;
        if !scan.covers(key) {
            break;
        }
        if page.rows.len() == scan.page() {
            page.next = last;
            break;
        }
        let record = record(row, 1)?;
        if page.rows.len() + 1 == scan.page() {
            last = Some(Cursor { key, id: &record.id }.encode());
        }
        page.rows.push(record);
    }
    Ok(page)
}

fn changes(db: &Connection, after: u64, limit: usize) -> Result<Vec<Changed>, Trouble> {
    let mut statement = db.prepare_cached(
        "SELECT revision, space, id FROM claviger_changes WHERE revision > ?1 ORDER BY revision, space, id",
    )?;
    let mut rows = statement.query([i64::try_from(after).unwrap_or(i64::MAX)])?;
    let mut out: Vec<Changed> = Vec::new();
    while let Some(row) = rows.next()? {
        let revision = unsigned(row.get(0)?)?;
        let same = out.last().is_some_and(|last| last.revision == revision);
        if out.len() >= limit.max(1) && !same {
            break;
        }
        out.push(Changed { revision, space: row.get(1)?, id: row.get(2)? });
    }
    drop(rows);
    // Asked last, so that entries trimmed while reading are not missed in silence.
    let oldest = db.prepare_cached("SELECT feed_from FROM claviger_head")?.query_row([], |row| row.get(0))?;
    let oldest = unsigned(oldest)?;
    if after < oldest {
        return Err(StoreError::Trimmed { oldest }.into());
    }
    Ok(out)
}
