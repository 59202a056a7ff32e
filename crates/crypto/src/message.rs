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
