use super::{PrivateKey, PublicKey, private, public};
use crate::secret::Secret;

/// The bytes are not as long as a ciphertext of this key, or the key is not ML-KEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a ciphertext of this key")]
pub struct NotACiphertext;

impl PublicKey {
    /// A fresh shared secret of 32 bytes, after the ciphertext that carries it to the private key's holder
    /// (FIPS 203). `None` when the key is not ML-KEM.
    pub fn encapsulate(&self) -> Option<(Vec<u8>, Secret)> {
        match &self.inner {
            public::Inner::PostQuantum(key) if self.kind().kem_ciphertext_bytes().is_some() => key.encapsulate(),
            _ => None,
        }
    }
}

impl PrivateKey {
    /// The shared secret in a ciphertext. Only the length can be wrong: one that was not made with this key's public
    /// part gives a secret that nobody else has (implicit rejection, FIPS 203).
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Result<Secret, NotACiphertext> {
        match &self.inner {
            private::Inner::MlKem(key) if self.kind().kem_ciphertext_bytes() == Some(ciphertext.len()) => {
                key.decapsulate(ciphertext).ok_or(NotACiphertext)
            }
            _ => Err(NotACiphertext),
        }
    }
}
