//! What somebody who looks after the log gets to see.

use jiff::Timestamp;

use crate::error::WriteError;

/// Records cannot be written, and every call fails.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Since when.
    pub since: Timestamp,
    /// Why, the last time it was tried.
    pub error: WriteError,
}

/// Room on the file system that holds the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes it has.
    pub bytes_total: u64,
    /// Bytes that this process may still write.
    pub bytes_available: u64,
}

impl Space {
    /// How much is used, 0 to 100.
    pub fn percent_used(&self) -> u64 {
        let used = self.bytes_total.saturating_sub(self.bytes_available);
        (u128::from(used) * 100).checked_div(u128::from(self.bytes_total)).map_or(100, |percent| percent as u64)
    }
}

/// How the log is.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    /// Why records cannot be written, if they cannot.
    pub failure: Option<Failure>,
    /// Room on its disk; none for a log in memory, and when the system does not say.
    pub space: Option<Space>,
}
