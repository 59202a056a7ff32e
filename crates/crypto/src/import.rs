//! Key material that arrives wrapped under an RSA key made for the purpose.
//!
//! The wrapping key is a [`PrivateKey`] of any RSA kind; its public part goes to whoever imports.

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use zeroize::Zeroizing;

use crate::key_pair::{OaepHash, PrivateKey, Undecryptable};
use crate::secret::Secret;

/// Bytes of the key that wraps in [`WrappingAlgorithm::RsaAesKeyWrap`].
const KEK_BYTES: usize = 32;

/// How imported material is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WrappingAlgorithm {
    /// RSAES-OAEP of the material.
    Oaep(OaepHash),
    /// RSAES-OAEP of a fresh AES-256 key, then the material under that key with AES-KWP (RFC 5649).
    RsaAesKeyWrap(OaepHash),
}

/// The material in `wrapped`.
///
/// One error whatever is wrong. When the RSA part of [`WrappingAlgorithm::RsaAesKeyWrap`] does not decrypt, the rest is
/// tried all the same under a key drawn at random, so that time does not tell which part was wrong.
pub fn unwrap(
    key: &PrivateKey,
    algorithm: WrappingAlgorithm,
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
    match algorithm {
        WrappingAlgorithm::Oaep(hash) => key.decrypt(hash, wrapped),
        WrappingAlgorithm::RsaAesKeyWrap(hash) => {
            let modulus_bytes = key.kind().modulus_bytes().ok_or(Undecryptable)?;
            let (wrapped_kek, wrapped) = wrapped.split_at_checked(modulus_bytes).ok_or(Undecryptable)?;
            let kek = match key.decrypt(hash, wrapped_kek) {
                Ok(mut kek) if kek.len() == KEK_BYTES => Secret::take(&mut kek),
                _ => Secret::random(KEK_BYTES),
            };
            unwrap_padded(kek.expose(), wrapped).ok_or(Undecryptable)
        }
    }
}

pub(crate) fn unwrap_padded(kek: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(vec![0; wrapped.len()]);
    let len = AesKek::new(&AES_256, kek).ok()?.unwrap_with_padding(wrapped, &mut out).ok()?.len();
    out.truncate(len);
    Some(out)
}
