//! Key derivation: SP 800-108r1 counter mode over HMAC-SHA-256.

use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
use zeroize::Zeroizing;

use crate::fatal;

/// Bytes every derivation yields: one HMAC-SHA-256 output, so the counter is always 1.
pub(crate) const LEN: usize = 32;

/// Fixed input that fits here is put together without allocating.
const ON_STACK: usize = 96;

/// Derives 32 bytes from `key`.
///
/// The fixed input is `label ‖ 0x00 ‖ context ‖ u32be(256)`, the layout SP 800-108 suggests; the counter is a u32be
/// before it.
pub(crate) fn derive(key: &[u8], label: &str, context: &[u8]) -> Zeroizing<[u8; LEN]> {
    let label = label.as_bytes();
    let bits = ((LEN * 8) as u32).to_be_bytes();
    let len = label.len() + 1 + context.len() + bits.len();
    let mut stack = [0; ON_STACK];
    let mut heap = Vec::new();
    let info = if len <= ON_STACK {
        &mut stack[..len]
    } else {
        heap.resize(len, 0);
        &mut heap[..]
    };
    info[..label.len()].copy_from_slice(label);
    let (context_at, bits_at) = (label.len() + 1, len - bits.len());
    info[context_at..bits_at].copy_from_slice(context);
    info[bits_at..].copy_from_slice(&bits);

    let mut out = Zeroizing::new([0; LEN]);
    let derived = get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256)
        .is_some_and(|algorithm| kbkdf_ctr_hmac(algorithm, key, info, &mut *out).is_ok());
    if !derived {
        fatal::abort("the key derivation function refused its arguments");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    // Values from vectors/vectors.py.
    #[test]
    fn derives_what_an_independent_kdf_derives() {
        let key: Vec<u8> = (0..32).collect();
        let nonce: Vec<u8> = (0x80..0x90).collect();
        assert_eq!(
            hex::encode(*derive(&key, "claviger.blob.v1", &nonce)),
            "8919c355effd9073d4490194ca2f8f8601862dd0d3c820d5e1868747779ff1e2"
        );
        assert_eq!(
            hex::encode(*derive(&key, &"l".repeat(40), &[b'c'; 60])),
            "70a37ced470dcf811377af75f61323c96c101dc4cb6cd89cf285d486379cb5ec"
        );
    }

    #[test]
    fn stack_and_heap_agree_around_the_limit() {
        // Lengths around ON_STACK, against HMAC over the same input put together by hand.
        let key = [9; 32];
        for context_len in ON_STACK - 8..ON_STACK {
            let context = vec![1; context_len];
            let input = [&[0, 0, 0, 1][..], b"x", &[0], &context, &[0, 0, 1, 0]];
            assert_eq!(*derive(&key, "x", &context), crate::digest::hmac_sha256(&key, &input));
        }
    }
}
