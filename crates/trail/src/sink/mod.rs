//! Where files go: a bucket, whatever stands behind it.

mod directory;

use std::collections::BTreeMap;

pub use directory::Directory;

/// A file with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its name in the bucket.
    pub key: String,
    /// Its content as stored.
    pub body: Vec<u8>,
    /// `x-amz-meta-*`, without that prefix.
    pub metadata: BTreeMap<String, String>,
}

impl Object {
    /// A gzip-compressed JSON file without metadata.
    pub fn json(key: String, body: Vec<u8>) -> Self {
        Self { key, body, metadata: BTreeMap::new() }
    }
}

/// A file in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name in the bucket.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was written.
    pub modified: jiff::Timestamp,
}

/// A page of a list, in the byte order of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files.
    pub objects: Vec<Listed>,
    /// Whether there are more.
    pub truncated: bool,
}

/// Why a file could not be delivered or read.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// There is no such bucket.
    #[error("the bucket does not exist")]
    NoBucket,
    /// The name cannot be one of a file.
    #[error("the key is not acceptable")]
    BadKey,
    /// The storage refuses.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// A storage of buckets. Calls take as long as the storage does: callers keep them off threads that serve connections.
pub trait Sink: Send + Sync {
    /// Whether files can be delivered to a bucket.
    fn has_bucket(&self, bucket: &str) -> Result<bool, SinkError>;
    /// Makes a bucket unless it is there.
    fn make_bucket(&self, bucket: &str) -> Result<(), SinkError>;
    /// Writes a file, whole and durable or not at all; replaces one of the same key.
    fn put(&self, bucket: &str, object: &Object) -> Result<(), SinkError>;
    /// Reads a file; `None` if there is none.
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Object>, SinkError>;
    /// Lists up to `limit` files whose keys begin with `prefix` and come after `marker`.
    fn list(&self, bucket: &str, prefix: &str, marker: &str, limit: usize) -> Result<Listing, SinkError>;
}

/// Whether a text can be the name of a bucket: 3 to 63 lower-case letters, digits, `-` and `.`, beginning and ending
/// with a letter or digit, no two dots in a row, no IP address.
pub fn is_bucket_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| inner(byte) || byte == b'-' || byte == b'.')
        && name.bytes().next().is_some_and(inner)
        && name.bytes().next_back().is_some_and(inner)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}
