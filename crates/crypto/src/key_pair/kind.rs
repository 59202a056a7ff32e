use std::fmt;

/// Which algorithm a key pair is for, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPairKind {
    /// RSA with a modulus of 2048 bits.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    Rsa4096,
    /// The curve P-256 (SP 800-186).
    P256,
    /// The curve P-384 (SP 800-186).
    P384,
    /// The curve P-521 (SP 800-186).
    P521,
    /// The curve secp256k1 (SEC 2).
    Secp256k1,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ML-DSA-44 (FIPS 204).
    MlDsa44,
    /// ML-DSA-65 (FIPS 204).
    MlDsa65,
    /// ML-DSA-87 (FIPS 204).
    MlDsa87,
    /// ML-KEM-512 (FIPS 203).
    MlKem512,
    /// ML-KEM-768 (FIPS 203).
    MlKem768,
    /// ML-KEM-1024 (FIPS 203).
    MlKem1024,
}

impl KeyPairKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Secp256k1,
        Self::Ed25519,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
        Self::MlKem512,
        Self::MlKem768,
        Self::MlKem1024,
    ];

    /// A word for the kind that never changes: wrapped keys are bound to it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::P256 => "p-256",
            Self::P384 => "p-384",
            Self::P521 => "p-521",
            Self::Secp256k1 => "secp256k1",
            Self::Ed25519 => "ed25519",
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
            Self::MlKem512 => "ml-kem-512",
            Self::MlKem768 => "ml-kem-768",
            Self::MlKem1024 => "ml-kem-1024",
        }
    }

    /// Bytes of the modulus, for RSA.
    pub const fn modulus_bytes(self) -> Option<usize> {
        match self {
            Self::Rsa2048 => Some(256),
            Self::Rsa3072 => Some(384),
            Self::Rsa4096 => Some(512),
            _ => None,
        }
    }

    /// Bytes of a ciphertext that encapsulates a shared secret, for ML-KEM.
    pub const fn kem_ciphertext_bytes(self) -> Option<usize> {
        match self {
            Self::MlKem512 => Some(768),
            Self::MlKem768 => Some(1088),
            Self::MlKem1024 => Some(1568),
            _ => None,
        }
    }

    /// Bytes of the bare public key: an uncompressed point, or what FIPS 203, FIPS 204 and RFC 8032 call the public
    /// key. `None` for RSA, where the encoding's length varies with the exponent.
    pub(super) const fn public_bytes(self) -> Option<usize> {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => None,
            Self::P256 | Self::Secp256k1 => Some(65),
            Self::P384 => Some(97),
            Self::P521 => Some(133),
            Self::Ed25519 => Some(32),
            Self::MlDsa44 => Some(1312),
            Self::MlDsa65 => Some(1952),
            Self::MlDsa87 => Some(2592),
            Self::MlKem512 => Some(800),
            Self::MlKem768 => Some(1184),
            Self::MlKem1024 => Some(1568),
        }
    }
}

impl fmt::Display for KeyPairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
