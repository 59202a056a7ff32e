use std::fmt;

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519,
    ParsedPublicKey, UnparsedPublicKey, VerificationAlgorithm,
};

use super::{KeyPairKind, der};
use crate::material::KeyMaterialId;
use crate::{ffi, kdf, labels};

/// The public part of a key pair. Not secret.
pub struct PublicKey {
    kind: KeyPairKind,
    der: Box<[u8]>,
    pub(super) inner: Inner,
}

pub(super) enum Inner {
    /// Every operation of the library wants an object of its own, made from the encoding.
    Rsa,
    Curve(ParsedPublicKey),
    PostQuantum(ffi::Key),
}

impl PublicKey {
    /// The public key in a `SubjectPublicKeyInfo` in DER. `None` unless it is a valid one of this kind (size, curve,
    /// point on the curve) in exactly the form of [`to_der`](Self::to_der).
    pub fn from_der(kind: KeyPairKind, der: &[u8]) -> Option<Self> {
        let inner = match (kind.modulus_bytes(), kind.public_bytes()) {
            (Some(modulus_bytes), _) => {
                let key = PublicEncryptingKey::from_der(der).ok()?;
                if key.key_size_bits() != modulus_bytes * 8 || !der::is_one_sequence(der) {
                    return None;
                }
                Inner::Rsa
            }
            (None, Some(bytes)) => {
                let bare = der.len().checked_sub(bytes).and_then(|at| der.get(at..))?;
                if der::public_key_info(kind, bare) != der {
                    return None;
                }
                match curve(kind) {
                    Some(algorithm) => Inner::Curve(UnparsedPublicKey::new(algorithm, der).parse().ok()?),
                    None => Inner::PostQuantum(ffi::Key::from_public_der(der)?),
                }
            }
            (None, None) => return None,
        };
        Some(Self { kind, der: der.into(), inner })
    }

    /// What the key pair is for.
    pub fn kind(&self) -> KeyPairKind {
        self.kind
    }

    /// `SubjectPublicKeyInfo` in DER: RSA as rsaEncryption with NULL, curves by name with an uncompressed point.
    pub fn to_der(&self) -> &[u8] {
        &self.der
    }

    /// The bare `RSAPublicKey` (PKCS#1, RFC 8017 A.1.1) in DER; `None` unless the key is RSA. CloudTrail publishes its
    /// keys in this form.
    pub fn to_pkcs1_der(&self) -> Option<&[u8]> {
        // Sequence header, rsaEncryption with NULL, bit string header: of one length for moduli of 1,024 bits and more.
        const BEFORE: usize = 4 + 15 + 5;
        self.kind.modulus_bytes()?;
        self.der.get(BEFORE..).filter(|bare| der::is_one_sequence(bare))
    }

    /// The identifier of this key pair as material of the KMS key `key_id`: stable when the same pair is imported
    /// again, equal for related multi-Region keys. Made from the public part, so it tells nothing about the private.
    pub fn id(&self, key_id: &str) -> KeyMaterialId {
        KeyMaterialId::from_bytes(*kdf::derive(&self.der, labels::KEY_PAIR_ID, key_id.as_bytes()))
    }

    /// The point in its short form: 2 or 3 by the parity of y, then x (SEC 1 §2.3.3). `None` unless the key is on a
    /// Weierstrass curve.
    pub fn to_compressed_point(&self) -> Option<Vec<u8>> {
        let (&[4], coordinates) = self.bytes().split_first_chunk::<1>()? else { return None };
        if self.kind == KeyPairKind::Ed25519 || curve(self.kind).is_none() {
            return None;
        }
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        let parity = y.last()? & 1;
        Some([&[2 + parity], x].concat())
    }

    /// The bare public key; empty for RSA.
    pub(super) fn bytes(&self) -> &[u8] {
        let bare = self.kind.public_bytes().and_then(|bytes| self.der.len().checked_sub(bytes));
        bare.map_or(&[], |at| &self.der[at..])
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {} bytes)", self.kind, self.der.len())
    }
}

fn curve(kind: KeyPairKind) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match kind {
        KeyPairKind::P256 => &ECDSA_P256_SHA256_ASN1,
        KeyPairKind::P384 => &ECDSA_P384_SHA384_ASN1,
        KeyPairKind::P521 => &ECDSA_P521_SHA512_ASN1,
        KeyPairKind::Secp256k1 => &ECDSA_P256K1_SHA256_ASN1,
        KeyPairKind::Ed25519 => &ED25519,
        _ => return None,
    })
}
