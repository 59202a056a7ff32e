//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records could not be written. Every call that was waiting for them must fail; none of them is in the log.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Disk, quota or file size limit are exhausted.
    #[error("no room left for audit records: {0}")]
    Full(Arc<str>),
    /// The system refused.
    #[error("audit records cannot be written: {0}")]
    Io(Arc<str>),
    /// The file being written was deleted or exchanged underneath; the records in it are safe as long as the process is.
    #[error("the audit log's file {0} is not where it was written to")]
    Lost(Arc<str>),
    /// The log was closed before the record was appended.
    #[error("the audit log is closed")]
    Closed,
    /// The ticket is so old that what became of it is no longer known.
    #[error("what became of this audit record is no longer known")]
    Forgotten,
}

impl WriteError {
    pub(crate) fn from_io(error: &io::Error) -> Self {
        let text = error.to_string().into();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full(text),
            _ => Self::Io(text),
        }
    }
}

/// A log could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process writes here.
    #[error("the audit log in {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The log is that of another node or of another store.
    #[error("{} belongs to node {found_node:?} of store {found_store:?}, not to node {node:?} of store {store:?}", file.display())]
    Foreign {
        /// The file that says so.
        file: PathBuf,
        /// The node that was asked for.
        node: String,
        /// The store that was asked for.
        store: String,
        /// The node the file names.
        found_node: String,
        /// The store the file names.
        found_store: String,
    },
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What was found damaged could not be noted in the log.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl OpenError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// A log could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A line is not one this log writes; `verify` says more.
    #[error("{file} line {line} is damaged")]
    Damaged {
        /// The file's name.
        file: String,
        /// The line; 1 is the first.
        line: u64,
    },
}

impl ReadError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
