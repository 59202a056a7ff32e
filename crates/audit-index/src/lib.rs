//! An index over the audit log: which records there are of an account and Region, by what, since when, and who used
//! what how often.
//!
//! Owns a SQLite file beside the log that may be deleted at any time and is built again from the log; it follows the log
//! in batches of its own, never on a call's path. Offers pages of records by attribute and time, newest first, and counts
//! of use. Must never know services, requests or who may see a record; and it never holds a record's text, only where in
//! the log it stands.

mod add;
mod find;
mod schema;
mod seen;
#[cfg(test)]
mod tests;
mod usage;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use claviger_audit::{Log, ReadError, record_at};
use rusqlite::Connection;

pub use find::{ANY_ERROR, Attribute, Filter, Found, Page, Position, Within};
pub use seen::Facts;
pub use usage::{Use, Uses};

use add::Words;

/// Records taken into the index in one transaction when somebody waits for all of them.
const BATCH_RECORDS: usize = 2_000;

/// The log that is indexed.
#[derive(Clone)]
pub enum Source {
    /// A folder of log files.
    Folder(PathBuf),
    /// A log that is kept in memory.
    Memory(Arc<Log>),
}

impl Source {
    /// The text of a record; `None` when the log does not hold it any more.
    fn text(&self, found: &find::Row) -> Option<String> {
        let record = match self {
            Self::Folder(dir) => record_at(dir, &found.place, found.sequence),
            Self::Memory(log) => log.remembered(found.sequence),
        };
        record.map(|record| record.json)
    }
}

/// The index cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The database fails.
    #[error("the index of the audit log: {0}")]
    Database(#[from] rusqlite::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A file that is in the way cannot be removed.
    #[error("cannot remove {}: {source}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// An index over one log. May be open in several processes.
pub struct Index {
    inside: Mutex<Inside>,
    source: Source,
}

struct Inside {
    connection: Connection,
    words: Words,
}

impl Index {
    /// Opens or begins the index in the file `path`. One that is damaged or of another version is begun anew.
    pub fn open(path: &Path, source: Source) -> Result<Self, IndexError> {
        let connection = match schema::open(path) {
            Ok(connection) => connection,
            Err(error) if schema::is_unusable(&error) => {
                tracing::warn!(%error, "the index of the audit log is damaged; it is built again");
                schema::remove(path)?;
                schema::open(path)?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self::over(connection, source))
    }

    /// An index that is gone with the process.
    pub fn in_memory(source: Source) -> Result<Self, IndexError> {
        Ok(Self::over(schema::in_memory()?, source))
    }

    fn over(connection: Connection, source: Source) -> Self {
        Self { inside: Mutex::new(Inside { connection, words: Words::default() }), source }
    }

    /// Takes in everything the log holds now. Returns the number of records that were new. Takes as long as there is
    /// to take in: not for an event loop.
    pub fn catch_up(&self) -> Result<u64, IndexError> {
        let mut all = 0;
        loop {
            let added = self.step(BATCH_RECORDS)?;
            all += added as u64;
            if added < BATCH_RECORDS {
                return Ok(all);
            }
        }
    }

    /// Takes in up to `most` records; returns how many. Fewer: that was the end. Questions wait meanwhile.
    pub fn step(&self, most: usize) -> Result<usize, IndexError> {
        add::step(&mut self.inside(), &self.source, most)
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
