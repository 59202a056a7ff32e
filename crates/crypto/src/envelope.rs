//! Sealing of the server's own data: store records, wrapped keys, session tokens.
//!
//! ```text
//! version (1) = 0x01 ‖ nonce (16) ‖ iv (12) ‖ ciphertext ‖ tag (16)
//! additional data = version ‖ for every part: u64be length ‖ part
//! message key = KDF(key, label, nonce)
//! ```

use zeroize::Zeroizing;

use crate::message;
use crate::secret::Secret;

const VERSION: u8 = 1;

/// Bytes an envelope is longer than its plaintext.
pub const OVERHEAD: usize = 1 + message::OVERHEAD;

/// The bytes are not an envelope sealed under this key, label and additional data; which of these differs cannot be
/// told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed data does not open: it was changed, moved, or belongs to another key")]
pub struct Unsealable;

/// Seals `plaintext` under `key`.
///
/// `label` separates uses of one key (at most 30 bytes are best, see `docs/cryptographic-details.md`); `aad` says
/// what the envelope belongs to. The parts of `aad` are length-prefixed: `["ab", "c"]` differs from `["a", "bc"]`.
/// Empty plaintexts are allowed.
pub fn seal(key: &Secret, label: &'static str, aad: &[&[u8]], plaintext: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(OVERHEAD + plaintext.len());
    out.push(VERSION);
    message::seal(&mut out, key.expose(), label, &additional_data(aad), plaintext);
    out
}

/// The plaintext of an envelope that [`seal`] made with the same `key`, `label` and `aad`.
pub fn open(key: &Secret, label: &'static str, aad: &[&[u8]], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
    match sealed.split_first() {
        Some((&VERSION, body)) => message::open(key.expose(), label, &additional_data(aad), body).ok_or(Unsealable),
        _ => Err(Unsealable),
    }
}

fn additional_data(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + parts.iter().map(|part| 8 + part.len()).sum::<usize>());
    out.push(VERSION);
    for part in parts {
        out.extend_from_slice(&(part.len() as u64).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}
