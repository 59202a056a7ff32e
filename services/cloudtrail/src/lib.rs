//! AWS CloudTrail: trails and the event history.
//!
//! Owns AWS's rules about who may look at which records, and about trails. Offers its operations to the pipeline. Knows
//! nothing of HTTP, SQL, signatures, the log's files or how records are found in them.

pub mod history;
mod ops;
pub mod s3;
pub mod trails;

pub use ops::all as service;
pub use trails::delivery::TrailWorker;

/// The name requests are signed for.
pub const SIGNING_NAME: &str = "cloudtrail";
/// The name in audit records.
pub const EVENT_SOURCE: &str = "cloudtrail.amazonaws.com";

/// The service's state between calls.
#[derive(Default)]
pub struct CloudTrail {
    /// Where trails deliver to.
    pub trails: trails::Trails,
    /// Where events are looked up.
    pub history: history::History,
}
