use std::sync::OnceLock;

use aws_lc_rs::agreement;
use aws_lc_rs::encoding::{AsBigEndian, AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, OaepPrivateDecryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
};
use zeroize::Zeroize;

use super::{KeyPairKind, PublicKey, ber, der};
use crate::ffi;
use crate::secret::Secret;

/// The private part of a key pair, with its public part.
///
/// It lives in the library's memory, which is wiped when it is freed but neither locked nor guarded as [`Secret`] is.
pub struct PrivateKey {
    public: PublicKey,
    pub(super) inner: Inner,
}

pub(super) enum Inner {
    /// Decryption has an object of its own in the library, made when it is first needed: a KMS key either signs or
    /// decrypts.
    Rsa {
        signing: RsaKeyPair,
        decrypting: OnceLock<OaepPrivateDecryptingKey>,
    },
    /// As for RSA: a KMS key either signs or agrees.
    Ec {
        signing: EcdsaKeyPair,
        agreeing: OnceLock<agreement::PrivateKey>,
    },
    Ed25519(Ed25519KeyPair),
    MlDsa(ffi::Key),
    MlKem(ffi::Key),
}

/// The bytes are not a private key of the kind that was asked for.
///
/// Deliberately without a reason: what arrives here was encrypted for this service, and whoever sent it may not be
/// the one who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an acceptable private key of this kind")]
pub struct Unacceptable;

impl PrivateKey {
    /// A new random key pair. Takes a tenth of a second to several seconds for RSA (exponent 65537), microseconds for
    /// all others.
    ///
    /// `None` when the library fails, which leaves nothing to do but to report it.
    pub fn generate(kind: KeyPairKind) -> Option<Self> {
        let inner = match kind {
            KeyPairKind::Rsa2048 => Inner::rsa(RsaKeyPair::generate(KeySize::Rsa2048).ok()?),
            KeyPairKind::Rsa3072 => Inner::rsa(RsaKeyPair::generate(KeySize::Rsa3072).ok()?),
            KeyPairKind::Rsa4096 => Inner::rsa(RsaKeyPair::generate(KeySize::Rsa4096).ok()?),
            KeyPairKind::P256 | KeyPairKind::P384 | KeyPairKind::P521 | KeyPairKind::Secp256k1 => {
                Inner::ec(EcdsaKeyPair::generate(ecdsa(kind)?).ok()?)
            }
            KeyPairKind::Ed25519 => Inner::Ed25519(Ed25519KeyPair::generate().ok()?),
            KeyPairKind::MlDsa44 => Inner::MlDsa(ffi::Key::generate(ffi::Parameters::MlDsa44)?),
            KeyPairKind::MlDsa65 => Inner::MlDsa(ffi::Key::generate(ffi::Parameters::MlDsa65)?),
            KeyPairKind::MlDsa87 => Inner::MlDsa(ffi::Key::generate(ffi::Parameters::MlDsa87)?),
            KeyPairKind::MlKem512 => Inner::MlKem(ffi::Key::generate(ffi::Parameters::MlKem512)?),
            KeyPairKind::MlKem768 => Inner::MlKem(ffi::Key::generate(ffi::Parameters::MlKem768)?),
            KeyPairKind::MlKem1024 => Inner::MlKem(ffi::Key::generate(ffi::Parameters::MlKem1024)?),
        };
        Self::new(kind, inner).ok()
    }

    /// The private key in a `PrivateKeyInfo` (PKCS#8, RFC 5208 or RFC 5958), which is wiped whether it is accepted or
    /// not.
    ///
    /// RSA and elliptic-curve keys may be in BER (indefinite or padded lengths, strings in pieces); all others only in
    /// DER, as KMS has it.
    ///
    /// Accepted is exactly the kind asked for: two primes and the modulus size for RSA, the curve for elliptic
    /// curves; parts that contradict each other, a public part of another key and trailing bytes are refused.
    /// Post-quantum keys are read from their seed.
    pub fn from_pkcs8(kind: KeyPairKind, pkcs8: &mut [u8]) -> Result<Self, Unacceptable> {
        let key = match Self::parse(kind, pkcs8) {
            Err(Unacceptable) if takes_ber(kind) => {
                ber::to_der(pkcs8).ok_or(Unacceptable).and_then(|der| Self::parse(kind, &der))
            }
            parsed => parsed,
        };
        pkcs8.zeroize();
        key
    }

    fn parse(kind: KeyPairKind, pkcs8: &[u8]) -> Result<Self, Unacceptable> {
        if !der::is_one_sequence(pkcs8) {
            return Err(Unacceptable);
        }
        let inner = match kind {
            KeyPairKind::Rsa2048 | KeyPairKind::Rsa3072 | KeyPairKind::Rsa4096 => {
                let key = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| Unacceptable)?;
                if Some(key.public_modulus_len()) != kind.modulus_bytes() {
                    return Err(Unacceptable);
                }
                Inner::rsa(key)
            }
            KeyPairKind::P256 | KeyPairKind::P384 | KeyPairKind::P521 | KeyPairKind::Secp256k1 => {
                let algorithm = ecdsa(kind).ok_or(Unacceptable)?;
                Inner::ec(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).map_err(|_| Unacceptable)?)
            }
            KeyPairKind::Ed25519 => Inner::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| Unacceptable)?),
            KeyPairKind::MlDsa44 | KeyPairKind::MlDsa65 | KeyPairKind::MlDsa87 => {
                Inner::MlDsa(ffi::Key::from_private_der(pkcs8).ok_or(Unacceptable)?)
            }
            KeyPairKind::MlKem512 | KeyPairKind::MlKem768 | KeyPairKind::MlKem1024 => {
                Inner::MlKem(ffi::Key::from_private_der(pkcs8).ok_or(Unacceptable)?)
            }
        };
        Self::new(kind, inner)
    }

    fn new(kind: KeyPairKind, inner: Inner) -> Result<Self, Unacceptable> {
        let public = inner.public_der(kind).and_then(|der| PublicKey::from_der(kind, &der)).ok_or(Unacceptable)?;
        let key = Self { public, inner };
        // The library reads RSA keys without primes, and cannot write them.
        if kind.modulus_bytes().is_some() && key.to_pkcs8().is_none() {
            return Err(Unacceptable);
        }
        Ok(key)
    }

    /// What the key pair is for.
    pub fn kind(&self) -> KeyPairKind {
        self.public.kind()
    }

    /// The public part.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The key as `PrivateKeyInfo` in DER, always written the same way: what `GenerateDataKeyPair` returns, and what
    /// is wrapped for the store. [`from_pkcs8`](Self::from_pkcs8) restores everything from it.
    ///
    /// Elliptic-curve keys carry curve and public key inside `ECPrivateKey` too, post-quantum keys are their seed.
    /// `None` when the library cannot encode the key.
    pub fn to_pkcs8(&self) -> Option<Secret> {
        match &self.inner {
            Inner::Rsa { signing, .. } => {
                let der: Pkcs8V1Der<'_> = signing.as_der().ok()?;
                Some(Secret::copy(der.as_ref()))
            }
            Inner::Ec { signing, .. } => {
                let scalar = signing.private_key().as_be_bytes().ok()?;
                let point = signing.public_key().as_ref();
                Some(Secret::take(&mut der::ec_private_key_info(self.kind(), scalar.as_ref(), point)))
            }
            Inner::Ed25519(key) => Some(Secret::copy(key.to_pkcs8v1().ok()?.as_ref())),
            Inner::MlDsa(key) | Inner::MlKem(key) => key.private_der(),
        }
    }
}

impl Inner {
    fn rsa(signing: RsaKeyPair) -> Self {
        Self::Rsa { signing, decrypting: OnceLock::new() }
    }

    fn ec(signing: EcdsaKeyPair) -> Self {
        Self::Ec { signing, agreeing: OnceLock::new() }
    }

    fn public_der(&self, kind: KeyPairKind) -> Option<Vec<u8>> {
        Some(match self {
            Self::Rsa { signing, .. } => signing.public_key().as_der().ok()?.as_ref().to_vec(),
            Self::Ec { signing, .. } => der::public_key_info(kind, signing.public_key().as_ref()),
            Self::Ed25519(key) => der::public_key_info(kind, key.public_key().as_ref()),
            Self::MlDsa(key) | Self::MlKem(key) => {
                let public = key.public_bytes().filter(|public| Some(public.len()) == kind.public_bytes())?;
                der::public_key_info(kind, &public)
            }
        })
    }
}

fn takes_ber(kind: KeyPairKind) -> bool {
    kind.modulus_bytes().is_some() || ecdsa(kind).is_some()
}

/// ECDSA as KMS offers it: one hash for each curve.
fn ecdsa(kind: KeyPairKind) -> Option<&'static EcdsaSigningAlgorithm> {
    Some(match kind {
        KeyPairKind::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
        KeyPairKind::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        KeyPairKind::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        KeyPairKind::Secp256k1 => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        _ => return None,
    })
}
