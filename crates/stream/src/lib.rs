//! Events out of audit records: what goes to whoever listens, and in which form.
//!
//! Owns the envelope that EventBridge wraps around events, the pattern language that chooses among them, and the forms
//! in which they travel: a line of JSON, a syslog message, a signed request. Offers pure functions from a record to the
//! bytes that leave. Must never know connections, files, time or which services there are besides the names in records.

mod envelope;
mod pattern;
mod syslog;
mod webhook;

pub use envelope::{Envelope, envelopes};
pub use pattern::{Pattern, PatternError};
pub use syslog::{Facility, message};
pub use webhook::{Headers, Secret, sign};
