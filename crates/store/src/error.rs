//! What can go wrong, told so that a caller can decide and an operator can act.

/// Why a read, a lease or a snapshot failed, or a commit failed for a reason other than an
/// expectation. Messages name spaces and ids, never contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The engine cannot be reached or answered with an I/O error. Nothing was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// No room left. Nothing was written; later commits work once there is room again.
    #[error("the store is full: {0}")]
    Full(String),
    /// The engine cannot tell whether the commit was applied. Whoever needs to know reads the
    /// records again.
    #[error("the outcome of the commit is unknown: {0}")]
    OutcomeUnknown(String),
    /// The record's bytes are not what was written under this space, id and version.
    #[error("record {id:?} in space {space} has been tampered with")]
    Tampered {
        /// The space of the record.
        space: &'static str,
        /// The id of the record.
        id: String,
    },
    /// The record is intact but does not have the shape this program expects.
    #[error("record {id:?} in space {space} cannot be decoded: {reason}")]
    Undecodable {
        /// The space of the record.
        space: &'static str,
        /// The id of the record.
        id: String,
        /// The kind of mismatch and where it is; no content.
        reason: String,
    },
    /// The engine's own files do not make sense.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The cursor did not come from a scan. Cursors travel through clients, so this is their
    /// mistake, not the store's.
    #[error("the cursor does not come from a scan")]
    BadCursor,
    /// The caller asked for something outside the contract (an undeclared index, an id twice in
    /// one batch, a key over the limit).
    #[error("the store was asked for something it does not do: {0}")]
    Invalid(String),
    /// The space is not among those the engine was opened with.
    #[error("the store does not know the space {0}")]
    UnknownSpace(&'static str),
    /// The change feed no longer reaches back that far; the caller starts over from the records.
    #[error("the change feed begins after revision {oldest}")]
    Trimmed {
        /// The smallest `after` the feed can still answer.
        oldest: u64,
    },
    /// A version stated with the change is not above every version the id ever had. Only the
    /// wrappers that state versions see this; they state a higher one and try again.
    #[error("the version stated for {id:?} in space {space} is not new")]
    StaleVersion {
        /// The space of the record.
        space: &'static str,
        /// The id of the record.
        id: String,
        /// The last revision when the change was refused: nothing has a version above it.
        revision: u64,
    },
    /// The store is shutting down. Nothing was written.
    #[error("the store is closed")]
    Closed,
}

/// Why a commit was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// An expectation does not hold; nothing of the batch was applied. Read again and decide again.
    #[error("record {id:?} in space {space} is not as expected")]
    Conflict {
        /// The space of the record; [`Fence::SPACE`](crate::Fence::SPACE) if a lease was lost.
        space: &'static str,
        /// The id of the record, or the name of the lease.
        id: String,
    },
    /// Anything else. Nothing was applied, unless it is [`StoreError::OutcomeUnknown`].
    #[error(transparent)]
    Store(#[from] StoreError),
}
