//! One message under one derived key: the core of [`crate::blob`] and [`crate::envelope`].
//!
//! A random 96-bit IV under a key that seals billions of messages comes too close to repeating itself. Here the
//! long-lived key only ever feeds the derivation of a key for one message, from a random 128-bit nonce; AES-256-GCM
//! then runs once under that key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{fatal, kdf, random};

/// Bytes of the nonce that selects the message key.
pub(crate) const NONCE_LEN: usize = 16;
/// Bytes of the GCM initialisation vector.
pub(crate) const IV_LEN: usize = 12;
/// Bytes of the GCM tag.
pub(crate) const TAG_LEN: usize = 16;
/// Bytes a sealed message is longer than its plaintext.
pub(crate) const OVERHEAD: usize = NONCE_LEN + IV_LEN + TAG_LEN;

/// Appends `nonce ‖ iv ‖ ciphertext ‖ tag` to `out`.
pub(crate) fn seal(out: &mut Vec<u8>, key: &[u8], label: &str, aad: &[u8], plaintext: &[u8]) {
    seal_with(out, &random::bytes(), key, label, aad, plaintext);
}

/// [`seal`] with the nonce and IV given: apart, so that known answers can be checked.
fn seal_with(
    out: &mut Vec<u8>,
    nonce_and_iv: &[u8; NONCE_LEN + IV_LEN],
    key: &[u8],
    label: &str,
    aad: &[u8],
    plaintext: &[u8],
) {
    let (nonce, iv) = nonce_and_iv.split_at(NONCE_LEN);
    out.extend_from_slice(nonce_and_iv);
    let start = out.len();
    out.extend_from_slice(plaintext);
    let sealed =
        message_key(key, label, nonce).zip(Nonce::try_assume_unique_for_key(iv).ok()).and_then(|(message_key, iv)| {
            message_key.seal_in_place_separate_tag(iv, Aad::from(aad), &mut out[start..]).ok()
        });
    match sealed {
        Some(tag) => out.extend_from_slice(tag.as_ref()),
        // Every length is constant here; what is left is a plaintext beyond GCM's 64 GiB, or a broken library.
        None => fatal::abort("AES-256-GCM refused to seal"),
    }
}

/// The plaintext of `nonce ‖ iv ‖ ciphertext ‖ tag`; `None` for anything that was not sealed under exactly this key,
/// label and additional data.
pub(crate) fn open(key: &[u8], label: &str, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
    let (iv, rest) = rest.split_at_checked(IV_LEN)?;
    let (ciphertext, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_LEN)?)?;
    let iv = Nonce::try_assume_unique_for_key(iv).ok()?;
    let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
    message_key(key, label, nonce)?.open_separate_gather(iv, Aad::from(aad), ciphertext, tag, &mut plaintext).ok()?;
    Some(plaintext)
}

fn message_key(key: &[u8], label: &str, nonce: &[u8]) -> Option<LessSafeKey> {
    let derived = kdf::derive(key, label, nonce);
    UnboundKey::new(&AES_256_GCM, &*derived).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> Vec<u8> {
        (0..32).collect()
    }

    // Value from vectors/vectors.py.
    #[test]
    fn seals_what_an_independent_implementation_seals() {
        let nonce_and_iv: Vec<u8> = (0x80..0x9C).collect();
        let mut out = Vec::new();
        seal_with(&mut out, nonce_and_iv.as_slice().try_into().unwrap(), &key(), "label", b"aad", b"plaintext");
        assert_eq!(
            hex::encode(&out),
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b7b780dfc28d6dad684338a260e4183617654b5a5a40e1668a8"
        );
        assert_eq!(**open(&key(), "label", b"aad", &out).unwrap(), b"plaintext"[..]);
    }

    #[test]
    fn what_is_sealed_twice_differs_everywhere() {
        let seal = || {
            let mut out = Vec::new();
            seal(&mut out, &key(), "label", b"", &[0; 32]);
            out
        };
        let (one, other) = (seal(), seal());
        assert_ne!(one[..NONCE_LEN], other[..NONCE_LEN]);
        assert_ne!(one[NONCE_LEN..][..IV_LEN], other[NONCE_LEN..][..IV_LEN]);
        assert_ne!(one[NONCE_LEN + IV_LEN..], other[NONCE_LEN + IV_LEN..]);
    }

    proptest! {
        #[test]
        fn opens_only_unchanged(plaintext: Vec<u8>, aad: Vec<u8>, bit: prop::sample::Index) {
            let mut out = Vec::new();
            seal(&mut out, &key(), "label", &aad, &plaintext);
            prop_assert_eq!(out.len(), plaintext.len() + OVERHEAD);
            let opened = open(&key(), "label", &aad, &out);
            prop_assert_eq!(opened.as_deref(), Some(&plaintext));
            prop_assert!(open(&key(), "other", &aad, &out).is_none());
            prop_assert!(open(&[7; 32], "label", &aad, &out).is_none());
            prop_assert!(open(&key(), "label", &[&aad[..], b"x"].concat(), &out).is_none());
            let bit = bit.index(out.len() * 8);
            out[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(open(&key(), "label", &aad, &out).is_none());
        }

        #[test]
        fn rubbish_does_not_open(sealed: Vec<u8>) {
            prop_assert!(open(&key(), "label", b"", &sealed).is_none());
        }
    }
}
