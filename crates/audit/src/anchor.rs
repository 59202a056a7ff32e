//! Anchors: what the log was, kept where the log's files are not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chain::Head;

/// The head of a log at a moment. A chain without a key can be rewritten from any record on by whoever may write its
/// files; with an anchor kept elsewhere, nothing up to the anchored record can be changed or cut off unnoticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The node whose log it is.
    pub node: String,
    /// The store the log belongs to.
    pub store: String,
    /// The number of the anchored record; 0 is the beginning.
    pub sequence: u64,
    /// Its hash; 64 hexadecimal digits when serialized.
    #[serde(with = "hex")]
    pub hash: [u8; 32],
    /// When the anchor was taken.
    pub time: Timestamp,
    /// The log was closed after this record: nothing may follow it until it is opened again.
    #[serde(default)]
    pub closed: bool,
}

impl Anchor {
    /// What was anchored.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash }
    }

    /// Whether a log that ends with `end` can be the one that was anchored, as far as its end tells.
    pub(crate) fn allows_end(&self, end: &Head) -> bool {
        *end == self.head() || (!self.closed && end.sequence > self.sequence)
    }
}
