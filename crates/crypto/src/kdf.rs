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
    if !counter_mode(key, info, &mut *out) {
        fatal::abort("the key derivation function refused its arguments");
    }
    out
}

/// SP 800-108r1 §4.1 with HMAC-SHA-256 and a 32-bit counter before the fixed input.
fn counter_mode(key: &[u8], fixed_input: &[u8], out: &mut [u8]) -> bool {
    get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256)
        .is_some_and(|algorithm| kbkdf_ctr_hmac(algorithm, key, fixed_input, out).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Values from `python vectors/vectors.py`, whose KDF is KBKDFHMAC of Python's `cryptography`.
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
    fn derives_what_nist_published() {
        let field = |vector: &str, name: &str| {
            let name = format!("{name} = ");
            vector.lines().find_map(|line| line.strip_prefix(&name)).unwrap().to_owned()
        };
        let bytes = |vector: &str, name: &str| hex::decode(field(vector, name)).unwrap();
        let file = include_str!("../vectors/nist-kdf-counter-hmac-sha256.txt");
        let mut derived = 0;
        for vector in file.split("\n\n").filter(|block| block.starts_with("COUNT=")) {
            let mut out = vec![0; field(vector, "L").parse::<usize>().unwrap() / 8];
            assert!(counter_mode(&bytes(vector, "KI"), &bytes(vector, "FixedInputData"), &mut out));
            assert_eq!(out, bytes(vector, "KO"), "{vector}");
            derived += 1;
        }
        assert_eq!(derived, 40);
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
