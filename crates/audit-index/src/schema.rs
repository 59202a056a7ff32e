//! The database.
//!
//! A record has a number, a time and a place in the log, and is listed under *terms*: an attribute with a value, within an
//! account and Region. The list of one term is in the order of time, so that a page of the newest is the end of it.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::IndexError;

/// Raised whenever tables or what is put in them change: an index of another version is built again.
const VERSION: i32 = 1;

/// How long a connection waits for another process.
const PATIENCE: Duration = Duration::from_secs(10);

const TABLES: &str = "
CREATE TABLE cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    file INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    hash BLOB NOT NULL
);
CREATE TABLE records (
    sequence INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    file INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    event BLOB NOT NULL
);
CREATE INDEX by_event ON records (event);
CREATE TABLE terms (
    id INTEGER PRIMARY KEY,
    attribute INTEGER NOT NULL,
    value TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    UNIQUE (attribute, value, account, region)
);
CREATE TABLE listed (
    term INTEGER NOT NULL,
    time INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (term, time, sequence)
) WITHOUT ROWID;
CREATE TABLE words (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);
CREATE TABLE uses (
    day INTEGER NOT NULL,
    account INTEGER NOT NULL,
    region INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    caller INTEGER NOT NULL,
    source INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (resource, day, account, region, caller, source, operation)
) WITHOUT ROWID;
";

const DROP: &str = "
DROP TABLE IF EXISTS cursor;
DROP TABLE IF EXISTS records;
DROP TABLE IF EXISTS terms;
DROP TABLE IF EXISTS listed;
DROP TABLE IF EXISTS words;
DROP TABLE IF EXISTS uses;
";

/// Opens the file, made if it is not there, readable by its owner only.
pub(crate) fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    // If it cannot be made, SQLite says why.
    let _ = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    // After a power failure the index may lack what it had: it follows the log again from there.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    set_up(&mut connection)?;
    Ok(connection)
}

/// A database that is gone with the connection.
pub(crate) fn in_memory() -> Result<Connection, rusqlite::Error> {
    let mut connection = Connection::open_in_memory()?;
    set_up(&mut connection)?;
    Ok(connection)
}

fn set_up(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    connection.set_prepared_statement_cache_capacity(32);
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found != VERSION {
        begin(&transaction)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// Empties the database.
pub(crate) fn begin(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(DROP)?;
    connection.execute_batch(TABLES)
}

/// Whether only a new file helps.
pub(crate) fn is_unusable(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown))
}

/// Removes the file and what belongs to it.
pub(crate) fn remove(path: &Path) -> Result<(), IndexError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let path = Path::new(&name);
        match std::fs::remove_file(path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(IndexError::Remove { path: path.to_owned(), source });
            }
            _ => {}
        }
    }
    Ok(())
}
