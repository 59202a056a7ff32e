//! Opening the file and setting its connections up.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use claviger_store::FEED_KEPT;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::OpenError;
use crate::migrate::{self, APPLICATION_ID, Trouble};
use crate::spaces::Spaces;

/// How long a connection waits for a lock another process holds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// When a commit is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// When it is on disk: survives a power cut.
    #[default]
    Full,
    /// When the operating system has it: survives the process being killed at any instant, but a
    /// power cut may take the last commits. The store stays consistent.
    Normal,
}

/// How a store is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// When a commit is acknowledged.
    pub synchronous: Synchronous,
    /// The most batches committed in one transaction.
    pub group_max: usize,
    /// How many revisions the change feed goes back at least.
    pub feed_kept: u64,
    /// Files up to this many bytes are checked for damage when opened after an unclean stop;
    /// larger ones are not, and a damaged page then shows when it is read.
    pub check_up_to: u64,
    /// The most pages of 4 KiB the file may grow to; beyond, commits fail as on a full disk.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            group_max: 64,
            feed_kept: FEED_KEPT,
            check_up_to: 256 << 20,
            max_pages: None,
        }
    }
}

/// Opens or creates the file, brings it up to date, and gives the connection that writes.
pub(crate) fn writer(path: &Path, spaces: &Spaces, options: &Options) -> Result<Connection, OpenError> {
    prepare_file(path)?;
    set_up(path, spaces, options).map_err(|trouble| match trouble {
        Trouble::Open(error) => error,
        Trouble::Sqlite(error) => open_error(path, &error),
    })
}

/// A connection that can only read.
pub(crate) fn reader(path: &Path, statements: usize) -> Result<Connection, rusqlite::Error> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    common(&connection, statements)?;
    Ok(connection)
}

fn common(connection: &Connection, statements: usize) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(statements);
    // The file's schema is data too: it must not be able to call functions.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)
}

/// Makes the file, readable by its owner only (the write-ahead log inherits that), or sees to it
/// that an existing one is a database.
fn prepare_file(path: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(io)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mut head = Vec::new();
            File::open(path).and_then(|file| file.take(16).read_to_end(&mut head)).map_err(io)?;
            // Empty: a start that was cut short right here.
            if head.is_empty() || head == b"SQLite format 3\0" {
                return Ok(());
            }
            Err(OpenError::NotAStore(path.to_owned()))
        }
        Err(error) => Err(io(error)),
    }
}

fn set_up(path: &Path, spaces: &Spaces, options: &Options) -> Result<Connection, Trouble> {
    // A clean stop leaves no log behind.
    let unclean = log_of(path).metadata().is_ok_and(|log| log.len() > 0);
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    common(&connection, spaces.statements())?;
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id != APPLICATION_ID && tables > 0 {
        return Err(OpenError::NotAStore(path.to_owned()).into());
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        let detail = format!("the file system does not allow a write-ahead log (journal mode stays {mode})");
        return Err(OpenError::Sqlite { path: path.to_owned(), detail }.into());
    }
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // What is deleted or replaced is overwritten, not just unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    // The writer decides when the log is folded back: after it has answered.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    if unclean && path.metadata().is_ok_and(|file| file.len() <= options.check_up_to) {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(OpenError::Damaged { path: path.to_owned(), detail: verdict }.into());
        }
    }
    migrate::migrate(&mut connection)?;
    migrate::declare(&mut connection, spaces)?;
    Ok(connection)
}

/// The write-ahead log that belongs to a database file.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// An error that SQLite gave while opening.
pub(crate) fn open_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    let (path, detail) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotAStore(path),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, detail },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Busy(path),
        // A missing table or column, or a value of the wrong type.
        Some(ErrorCode::Unknown) | None => OpenError::Damaged { path, detail },
        Some(_) => OpenError::Sqlite { path, detail },
    }
}
