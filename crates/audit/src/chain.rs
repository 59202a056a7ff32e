//! The hash chain and the lines that carry it.
//!
//! ```text
//! hash(0) = SHA-256("claviger.audit.0" ‖ len(node) ‖ node ‖ len(store) ‖ store)
//! hash(n) = SHA-256("claviger.audit.1" ‖ hash(n-1) ‖ n ‖ len(record) ‖ record)
//! ```
//! Numbers are eight bytes, most significant first. Every line shows the hash before it too, so that it can be checked
//! alone, and a replaced record is told apart from the one that follows it.

use std::io::Write as _;

use claviger_crypto::digest::{Sha256, sha256};
use serde::{Deserialize, Serialize};

/// Bytes of a chain hash.
pub(crate) const HASH_BYTES: usize = 32;

/// A hash of the chain.
pub(crate) type Hash = [u8; HASH_BYTES];

// Sixteen bytes each: with hash, number and length the head of a record fills one block of SHA-256 exactly.
const GENESIS_TAG: &[u8; 16] = b"claviger.audit.0";
const RECORD_TAG: &[u8; 16] = b"claviger.audit.1";

/// The format this crate writes, in every file's first line.
const FORMAT: u32 = 1;

/// The last record of a chain: its number and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last record; 0 when there is none yet.
    pub sequence: u64,
    /// Its hash; bound to node and store when there is no record yet.
    pub hash: [u8; 32],
}

/// Where the chain of a node in a store begins.
pub(crate) fn genesis(node: &str, store: &str) -> Head {
    let mut hash = Sha256::new();
    hash.update(GENESIS_TAG);
    for name in [node, store] {
        hash.update(&(name.len() as u64).to_be_bytes());
        hash.update(name.as_bytes());
    }
    Head { sequence: 0, hash: hash.finish() }
}

/// Computes links. Head and record are put side by side, because hashing one piece is faster than hashing two.
#[derive(Default)]
pub(crate) struct Linker {
    scratch: Vec<u8>,
}

impl Linker {
    pub(crate) fn link(&mut self, previous: &Hash, sequence: u64, record: &[u8]) -> Hash {
        self.scratch.clear();
        self.scratch.reserve(64 + record.len());
        self.scratch.extend_from_slice(RECORD_TAG);
        self.scratch.extend_from_slice(previous);
        self.scratch.extend_from_slice(&sequence.to_be_bytes());
        self.scratch.extend_from_slice(&(record.len() as u64).to_be_bytes());
        self.scratch.extend_from_slice(record);
        sha256(&self.scratch)
    }
}

/// A hash as it stands in a line: 64 lower-case digits.
#[derive(Clone, Copy)]
pub(crate) struct HexHash([u8; 2 * HASH_BYTES]);

impl HexHash {
    pub(crate) fn new(hash: &Hash) -> Self {
        let mut hex = [0; 2 * HASH_BYTES];
        // The lengths fit by their types.
        let _ = hex::encode_to_slice(hash, &mut hex);
        Self(hex)
    }

    fn read(text: &[u8]) -> Option<Hash> {
        // A second spelling of the same hash would be an edit nobody sees.
        if text.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        let mut hash = [0; HASH_BYTES];
        hex::decode_to_slice(text, &mut hash).ok()?;
        Some(hash)
    }
}

const BEFORE_SEQUENCE: &[u8] = br#"{"seq":"#;
const BEFORE_PREVIOUS: &[u8] = br#","prev":""#;
const BEFORE_HASH: &[u8] = br#"","hash":""#;
const BEFORE_RECORD: &[u8] = br#"","record":"#;

/// Appends a record's line, with its end.
pub(crate) fn write_line(out: &mut Vec<u8>, sequence: u64, previous: &HexHash, hash: &HexHash, record: &[u8]) {
    out.reserve(220 + record.len());
    out.extend_from_slice(BEFORE_SEQUENCE);
    // Writing into memory cannot fail.
    let _ = write!(out, "{sequence}");
    out.extend_from_slice(BEFORE_PREVIOUS);
    out.extend_from_slice(&previous.0);
    out.extend_from_slice(BEFORE_HASH);
    out.extend_from_slice(&hash.0);
    out.extend_from_slice(BEFORE_RECORD);
    out.extend_from_slice(record);
    out.extend_from_slice(b"}\n");
}

/// A record's line, taken apart. What it says has not been checked.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) sequence: u64,
    pub(crate) previous: Hash,
    pub(crate) hash: Hash,
    pub(crate) record: &'a [u8],
}

impl<'a> Line<'a> {
    /// Takes a line (without its end) apart; `None` unless it is spelled exactly as [`write_line`] does.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(BEFORE_SEQUENCE)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (sequence, rest) = rest.split_at(digits);
        if sequence.first() == Some(&b'0') {
            return None;
        }
        let sequence = std::str::from_utf8(sequence).ok()?.parse().ok()?;
        let (previous, rest) = rest.strip_prefix(BEFORE_PREVIOUS)?.split_at_checked(2 * HASH_BYTES)?;
        let (hash, rest) = rest.strip_prefix(BEFORE_HASH)?.split_at_checked(2 * HASH_BYTES)?;
        let record = rest.strip_prefix(BEFORE_RECORD)?.strip_suffix(b"}")?;
        Some(Self { sequence, previous: HexHash::read(previous)?, hash: HexHash::read(hash)?, record })
    }

    /// Whether the line's hash is that of what stands in it.
    pub(crate) fn is_consistent(&self, linker: &mut Linker) -> bool {
        linker.link(&self.previous, self.sequence, self.record) == self.hash
    }

    pub(crate) fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash }
    }
}

/// The first line of a file. Nothing in it is free to choose: all of it follows from the chain before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    #[serde(rename = "claviger_audit_log")]
    format: u32,
    pub(crate) node: String,
    pub(crate) store: String,
    /// The number of the first record in the file.
    pub(crate) first: u64,
    /// The hash before it.
    #[serde(with = "hex")]
    pub(crate) prev: Hash,
}

impl Header {
    pub(crate) fn new(node: &str, store: &str, before: &Head) -> Self {
        Self {
            format: FORMAT,
            node: node.to_owned(),
            store: store.to_owned(),
            first: before.sequence + 1,
            prev: before.hash,
        }
    }

    /// The line, with its end.
    pub(crate) fn line(&self) -> Vec<u8> {
        // A struct of texts and numbers always serializes.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// Reads a line (without its end); `None` unless it is spelled exactly as [`Header::line`] does.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let header: Self = serde_json::from_slice(line).ok()?;
        let same = header.line().strip_suffix(b"\n") == Some(line);
        (same && header.format == FORMAT && header.first > 0).then_some(header)
    }

    /// The head of the chain before this file.
    pub(crate) fn before(&self) -> Head {
        Head { sequence: self.first - 1, hash: self.prev }
    }
}
