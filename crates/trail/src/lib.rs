//! CloudTrail's files: names and bodies of log files and digest files, the signatures that chain digests, which events
//! a trail selects, and the places files are delivered to.
//!
//! Everything but [`sink`] is pure: the same records, times and keys always make the same bytes, so an interrupted
//! delivery that is done again overwrites what it left with the same. The formats are those that
//! `aws cloudtrail validate-logs` checks; `docs/audit-log.md` shows how an operator uses them.

mod digest;
mod gzip;
mod log_file;
mod names;
mod public_key;
pub mod select;
pub mod sink;

pub use digest::{Digest, Link, LogEntry, SIGNATURE_ALGORITHM, SignError};
pub use gzip::{compress, decompress};
pub use log_file::{LogFile, Records};
pub use names::Place;
pub use public_key::{TRAIL_KEY_KIND, fingerprint, public_key};
pub use sink::{Object, Sink, SinkError};
