//! HMAC keys (FIPS 198-1).

use aws_lc_rs::{constant_time, hmac};

use crate::material::KeyMaterialId;
use crate::secret::Secret;
use crate::{kdf, labels};

/// Which hash an HMAC key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacKind {
    /// HMAC with SHA-224.
    Sha224,
    /// HMAC with SHA-256.
    Sha256,
    /// HMAC with SHA-384.
    Sha384,
    /// HMAC with SHA-512.
    Sha512,
}

impl MacKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// A word for the kind that never changes: wrapped keys are bound to it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha224 => "hmac-224",
            Self::Sha256 => "hmac-256",
            Self::Sha384 => "hmac-384",
            Self::Sha512 => "hmac-512",
        }
    }

    /// Bytes of a MAC, of a generated key, and of the shortest key that is imported.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Bytes of the longest key that is imported: the hash's block, because HMAC replaces longer keys by their hash.
    pub const fn key_bytes_max(self) -> usize {
        match self {
            Self::Sha224 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    fn algorithm(self) -> hmac::Algorithm {
        match self {
            Self::Sha224 => hmac::HMAC_SHA224,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// An HMAC key.
pub struct MacKey {
    kind: MacKind,
    key: Secret,
}

/// Imported bytes are shorter than the hash or longer than its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an HMAC key of this kind does not have {0} bytes")]
pub struct WrongMacKeyLength(pub usize);

/// The MAC is not this key's of this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the MAC does not verify")]
pub struct BadMac;

impl MacKey {
    /// A new random key of [`MacKind::bytes`] bytes.
    pub fn generate(kind: MacKind) -> Self {
        Self { kind, key: Secret::random(kind.bytes()) }
    }

    /// A key made elsewhere, of [`MacKind::bytes`] to [`MacKind::key_bytes_max`] bytes. `bytes` are wiped, whether
    /// they are accepted or not.
    pub fn import(kind: MacKind, bytes: &mut [u8]) -> Result<Self, WrongMacKeyLength> {
        let key = Secret::take(bytes);
        match key.len() {
            len if len < kind.bytes() || len > kind.key_bytes_max() => Err(WrongMacKeyLength(len)),
            _ => Ok(Self { kind, key }),
        }
    }

    /// Which hash the key is for.
    pub fn kind(&self) -> MacKind {
        self.kind
    }

    /// The identifier of this key's material in the KMS key `key_id`, as
    /// [`KeyMaterial::id`](crate::material::KeyMaterial::id).
    pub fn id(&self, key_id: &str) -> KeyMaterialId {
        KeyMaterialId::from_bytes(*kdf::derive(self.expose(), labels::MATERIAL_ID, key_id.as_bytes()))
    }

    /// The MAC of a message, [`MacKind::bytes`] long.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(self.kind.algorithm(), self.expose()), message).as_ref().to_vec()
    }

    /// Verifies a MAC in constant time. One of another length is bad like any other.
    pub fn verify(&self, message: &[u8], mac: &[u8]) -> Result<(), BadMac> {
        constant_time::verify_slices_are_equal(&self.sign(message), mac).map_err(|_| BadMac)
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.key.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Values from vectors/key_pairs.py (Python's `hmac`); the keys of RFC 4231 are shorter than KMS allows.
    #[test]
    fn macs_are_those_of_an_independent_implementation() {
        let expected = [
            (MacKind::Sha224, "5121d4bc8e43ee3ddcc2b0d312c110e961fc34b19ced1cce11c7a55c"),
            (MacKind::Sha256, "cdcb1220d1ecccea91e53aba3092f962e549fe6ce9ed7fdc43191fbde45c30b0"),
            (
                MacKind::Sha384,
                concat!(
                    "809f439be00274321d4a538652164b53554a508184a0c3160353e3428597003d",
                    "35914a18770f9443987054944b7c4b4a"
                ),
            ),
            (
                MacKind::Sha512,
                concat!(
                    "2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8",
                    "623c7b55cebefccf02d5581acc1c9d5fb1ff68a1de45509fbe4da9a433922655"
                ),
            ),
        ];
        for (kind, mac) in expected {
            let key = MacKey::import(kind, &mut vec![0xAA; kind.bytes()]).unwrap();
            assert_eq!(hex::encode(key.sign(&[0xDD; 50])), mac);
            assert_eq!(key.verify(&[0xDD; 50], &hex::decode(mac).unwrap()), Ok(()));
        }
    }

    #[test]
    fn wrong_macs_of_any_length_are_bad() {
        for kind in MacKind::ALL {
            let key = MacKey::generate(kind);
            let mac = key.sign(b"message");
            assert_eq!(mac.len(), kind.bytes());
            assert_eq!(key.verify(b"message", &mac), Ok(()));
            assert_eq!(key.verify(b"another", &mac), Err(BadMac));
            assert_eq!(MacKey::generate(kind).verify(b"message", &mac), Err(BadMac));
            for wrong in [&mac[1..], &mac[..mac.len() - 1], &[&mac[..], &[0]].concat(), &[]] {
                assert_eq!(key.verify(b"message", wrong), Err(BadMac));
            }
        }
    }

    #[test]
    fn import_wipes_and_refuses_other_lengths() {
        for (kind, accepted) in [(MacKind::Sha224, 28..=64), (MacKind::Sha256, 32..=64), (MacKind::Sha384, 48..=128)] {
            for len in 0..=130 {
                let mut bytes = vec![7; len];
                let imported = MacKey::import(kind, &mut bytes);
                assert_eq!(bytes, vec![0; len]);
                match imported {
                    Ok(key) => assert!(accepted.contains(&len) && key.expose() == vec![7; len]),
                    Err(wrong) => assert!(!accepted.contains(&len) && wrong == WrongMacKeyLength(len)),
                }
            }
        }
    }
}
