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

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Secret {
        Secret::take(&mut (0..32).collect::<Vec<u8>>())
    }

    // Value from vectors/vectors.py.
    #[test]
    fn opens_what_an_independent_implementation_sealed() {
        let sealed = hex::decode(
            "01808182838485868788898a8b8c8d8e8f909192939495969798999a9bf6bafd56323c2fc07602eb6e951ce9aad1bf17458774b9acb1\
             3ecb67b0",
        )
        .unwrap();
        assert_eq!(**open(&key(), "record", &[b"ab", b"c"], &sealed).unwrap(), b"sealed record"[..]);
    }

    #[test]
    fn is_bound_to_key_label_and_every_part() {
        let sealed = seal(&key(), "record", &[b"ab", b"c"], b"");
        assert_eq!(sealed.len(), OVERHEAD);
        assert!(open(&key(), "record", &[b"ab", b"c"], &sealed).unwrap().is_empty());
        assert_eq!(open(&Secret::random(32), "record", &[b"ab", b"c"], &sealed), Err(Unsealable));
        assert_eq!(open(&key(), "token", &[b"ab", b"c"], &sealed), Err(Unsealable));
        let others: [&[&[u8]]; 6] = [&[], &[b"ab"], &[b"a", b"bc"], &[b"abc"], &[b"c", b"ab"], &[b"ab", b"c", b""]];
        for aad in others {
            assert_eq!(open(&key(), "record", aad, &sealed), Err(Unsealable));
        }
    }

    #[test]
    fn damage_and_truncation_do_not_open() {
        let sealed = seal(&key(), "record", &[], b"sealed record");
        for len in 0..sealed.len() {
            assert_eq!(open(&key(), "record", &[], &sealed[..len]), Err(Unsealable));
        }
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&key(), "record", &[], &damaged), Err(Unsealable), "bit {bit}");
        }
    }
}
