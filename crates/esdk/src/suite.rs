use std::fmt;

use claviger_crypto::digest::Hash;
use claviger_crypto::key_pair::{KeyPairKind, SigningAlgorithm};
use claviger_crypto::signature::Ecdsa;

/// What a message is encrypted, derived, committed and signed with (`framework/algorithm-suites.md`). All are AES-GCM
/// with a nonce of 12 bytes and a tag of 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Suite {
    /// AES-128, the data key used as it is.
    Aes128NoKdf = 0x0014,
    /// AES-192, the data key used as it is.
    Aes192NoKdf = 0x0046,
    /// AES-256, the data key used as it is.
    Aes256NoKdf = 0x0078,
    /// AES-128 under a derived key.
    Aes128HkdfSha256 = 0x0114,
    /// AES-192 under a derived key.
    Aes192HkdfSha256 = 0x0146,
    /// AES-256 under a derived key.
    Aes256HkdfSha256 = 0x0178,
    /// AES-128 under a derived key, signed.
    Aes128HkdfSha256EcdsaP256 = 0x0214,
    /// AES-192 under a derived key, signed.
    Aes192HkdfSha384EcdsaP384 = 0x0346,
    /// AES-256 under a derived key, signed.
    Aes256HkdfSha384EcdsaP384 = 0x0378,
    /// AES-256 under a derived key, committing to it.
    Aes256HkdfSha512CommitKey = 0x0478,
    /// AES-256 under a derived key, committing to it, signed: what is used unless something else is asked for.
    Aes256HkdfSha512CommitKeyEcdsaP384 = 0x0578,
}

/// Which layout the header has (`data-format/message-header.md`, Supported Versions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.0: without commitment.
    V1,
    /// 2.0: with commitment.
    V2,
}

impl Suite {
    /// Every suite, by id.
    pub const ALL: [Self; 11] = [
        Self::Aes128NoKdf,
        Self::Aes192NoKdf,
        Self::Aes256NoKdf,
        Self::Aes128HkdfSha256,
        Self::Aes192HkdfSha256,
        Self::Aes256HkdfSha256,
        Self::Aes128HkdfSha256EcdsaP256,
        Self::Aes192HkdfSha384EcdsaP384,
        Self::Aes256HkdfSha384EcdsaP384,
        Self::Aes256HkdfSha512CommitKey,
        Self::Aes256HkdfSha512CommitKeyEcdsaP384,
    ];

    /// The number in message headers.
    pub const fn id(self) -> u16 {
        self as u16
    }

    /// The suite of this number.
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id() == id)
    }

    /// The suite by the name that the Encryption SDKs for Python and Java give it, such as
    /// `AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// See [`from_name`](Self::from_name).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128NoKdf => "AES_128_GCM_IV12_TAG16",
            Self::Aes192NoKdf => "AES_192_GCM_IV12_TAG16",
            Self::Aes256NoKdf => "AES_256_GCM_IV12_TAG16",
            Self::Aes128HkdfSha256 => "AES_128_GCM_IV12_TAG16_HKDF_SHA256",
            Self::Aes192HkdfSha256 => "AES_192_GCM_IV12_TAG16_HKDF_SHA256",
            Self::Aes256HkdfSha256 => "AES_256_GCM_IV12_TAG16_HKDF_SHA256",
            Self::Aes128HkdfSha256EcdsaP256 => "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256",
            Self::Aes192HkdfSha384EcdsaP384 => "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
            Self::Aes256HkdfSha384EcdsaP384 => "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
            Self::Aes256HkdfSha512CommitKey => "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
            Self::Aes256HkdfSha512CommitKeyEcdsaP384 => "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384",
        }
    }

    /// Bytes of the data key, which are also those of the key it becomes.
    pub const fn data_key_bytes(self) -> usize {
        match self.id() & 0xFF {
            0x14 => 16,
            0x46 => 24,
            _ => 32,
        }
    }

    /// The layout of headers with this suite.
    pub const fn version(self) -> Version {
        if self.commits() { Version::V2 } else { Version::V1 }
    }

    /// Whether a message opens under one data key only.
    pub const fn commits(self) -> bool {
        matches!(self, Self::Aes256HkdfSha512CommitKey | Self::Aes256HkdfSha512CommitKeyEcdsaP384)
    }

    /// Whether messages end with a signature.
    pub const fn signs(self) -> bool {
        self.signing().is_some()
    }

    /// Bytes of the message id.
    pub const fn message_id_bytes(self) -> usize {
        match self.version() {
            Version::V1 => 16,
            Version::V2 => 32,
        }
    }

    /// Bytes of the suite's own data in the header: the commitment.
    pub(crate) const fn suite_data_bytes(self) -> usize {
        if self.commits() { 32 } else { 0 }
    }

    /// The hash of the key derivation; `None` where the data key is used as it is.
    pub(crate) const fn kdf_hash(self) -> Option<Hash> {
        match self {
            Self::Aes128NoKdf | Self::Aes192NoKdf | Self::Aes256NoKdf => None,
            Self::Aes128HkdfSha256
            | Self::Aes192HkdfSha256
            | Self::Aes256HkdfSha256
            | Self::Aes128HkdfSha256EcdsaP256 => Some(Hash::Sha256),
            Self::Aes192HkdfSha384EcdsaP384 | Self::Aes256HkdfSha384EcdsaP384 => Some(Hash::Sha384),
            Self::Aes256HkdfSha512CommitKey | Self::Aes256HkdfSha512CommitKeyEcdsaP384 => Some(Hash::Sha512),
        }
    }

    pub(crate) const fn signing(self) -> Option<Signing> {
        match self {
            Self::Aes128HkdfSha256EcdsaP256 => Some(Signing {
                ecdsa: Ecdsa::P256Sha256,
                hash: Hash::Sha256,
                kind: KeyPairKind::P256,
                algorithm: SigningAlgorithm::EcdsaSha256,
            }),
            Self::Aes192HkdfSha384EcdsaP384
            | Self::Aes256HkdfSha384EcdsaP384
            | Self::Aes256HkdfSha512CommitKeyEcdsaP384 => Some(Signing {
                ecdsa: Ecdsa::P384Sha384,
                hash: Hash::Sha384,
                kind: KeyPairKind::P384,
                algorithm: SigningAlgorithm::EcdsaSha384,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a suite signs.
pub(crate) struct Signing {
    pub(crate) ecdsa: Ecdsa,
    pub(crate) hash: Hash,
    pub(crate) kind: KeyPairKind,
    pub(crate) algorithm: SigningAlgorithm,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts of the specification's tables, by rule instead of by row.
    #[test]
    fn ids_names_and_properties_agree() {
        for suite in Suite::ALL {
            assert_eq!(Suite::from_id(suite.id()), Some(suite));
            assert_eq!(Suite::from_name(suite.name()), Some(suite));
            let bits = suite.data_key_bytes() * 8;
            assert!(suite.name().starts_with(&format!("AES_{bits}_GCM")));
            assert_eq!(suite.commits(), suite.name().contains("COMMIT_KEY"));
            assert_eq!(suite.signs(), suite.name().contains("ECDSA"));
            let hash = suite.kdf_hash().map(|hash| format!("HKDF_{}", format!("{hash:?}").to_uppercase()));
            assert_eq!(hash.is_some(), suite.name().contains("HKDF"));
            assert!(suite.name().contains(&hash.unwrap_or_default()));
        }
        assert!(Suite::ALL.is_sorted());
        assert_eq!(Suite::from_id(0), None);
        assert_eq!(Suite::from_id(0x6700), None);
    }
}
