//! SQLite's errors in the store's terms.

use std::io;
use std::path::PathBuf;

use claviger_store::{CommitError, StoreError};
use rusqlite::ErrorCode;

/// Why a store could not be opened. Every message says what to look at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file or its folder cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{} is not a Claviger store", .0.display())]
    NotAStore(PathBuf),
    /// The file is a store but its content is broken. Restore a snapshot.
    #[error("the store {} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        detail: String,
    },
    /// The file was written by a newer release.
    #[error("the store has layout {found}, this release knows layouts up to {known}: use the newer release")]
    TooNew {
        /// The layout of the file.
        found: u32,
        /// The newest layout this release knows.
        known: u32,
    },
    /// A migration that was applied to the file is not the one this release has under that number.
    #[error("the store's layout {number} was made by a different migration than this release has")]
    Altered {
        /// The number of the migration.
        number: u32,
    },
    /// The file holds a space nobody declared: written by a release with more services.
    #[error("the store holds a space {0:?} that this release does not know")]
    UnknownSpace(String),
    /// A space was declared differently when its records were written.
    #[error("space {name}: {what}")]
    SpaceChanged {
        /// The space.
        name: &'static str,
        /// What differs.
        what: String,
    },
    /// A space is declared with an unusable name, or twice.
    #[error("space {name:?} cannot be declared: {reason}")]
    BadSpace {
        /// The name.
        name: &'static str,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// Another process holds the file.
    #[error("the store {} is in use by another process", .0.display())]
    Busy(PathBuf),
    /// Anything else SQLite said.
    #[error("the store {} cannot be opened: {detail}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
}

/// Why a job of the writer did not go through.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The batch was judged and refused; nothing was written for it.
    Refused(CommitError),
    /// SQLite failed; the transaction is of no use any more.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// An error of a read, or of a write before its transaction was committed.
pub(crate) fn store_error(error: &rusqlite::Error) -> StoreError {
    let detail = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(detail),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(detail),
        Some(_) => StoreError::Unavailable(detail),
        // No code: a column did not have the type the layout says.
        None => StoreError::Damaged(detail),
    }
}

/// An error of the final step, making a transaction durable. A full disk shows before the mark
/// that makes the transaction count is written; after any other error the mark may be on disk or
/// not, and a restart may find it.
pub(crate) fn commit_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy) => store_error(error),
        _ => StoreError::OutcomeUnknown(error.to_string()),
    }
}
