//! The audit room: what is written about every call, and the log that keeps it.
//!
//! * [`Event`] is one call in the shape of a CloudTrail record.
//! * [`Log`] numbers records, links them into a hash chain and writes them, in batches, to text files.
//! * [`verify`] checks such a log offline, against [`Anchor`]s kept elsewhere, and names the first record that is not
//!   what was written.
//!
//! The format of the files and what each way of tampering with them looks like is described in `docs/audit-log.md`.

mod anchor;
mod chain;
mod engine;
mod error;
mod event;
mod files;
mod follow;
mod identity;
mod json;
mod log;
mod marker;
mod marks;
mod memory;
mod outcome;
mod pending;
mod read;
mod recovery;
mod span;
mod verify;
mod watch;
mod writer;

pub use anchor::Anchor;
pub use chain::Head;
pub use error::{OpenError, ReadError, WriteError};
pub use event::{
    ADDITIONAL_BYTES_MAX, AWS_INTERNAL, ERROR_MESSAGE_BYTES_MAX, Event, Kind, OBJECT_BYTES_MAX, RECORD_BYTES_MAX,
    Resource, TlsDetails, USER_AGENT_BYTES_MAX,
};
pub use follow::Follower;
pub use identity::{Identity, Issuer, IssuerKind, Session, WebIdentity};
pub use log::{Clock, Durability, Log, Options, Ticket};
pub use marker::{
    FILE_RESTORED, Mismatch, NOT_AS_ANCHORED, Note, Outage, RESUMED, Restored, SELF_SOURCE, TAIL_CUT, TailCut,
};
pub use marks::{FollowError, Mark, Met, Place, first_numbers, follow, follow_file, record_at};
pub use read::{Records, StoredRecord, read};
pub use span::{Span, verify_span};
pub use verify::{Fault, FaultKind, Noted, Report, VerifyError, size, verify};
pub use watch::{Condition, Failure, Space};

#[cfg(test)]
mod tests;
