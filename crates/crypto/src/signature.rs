//! Signatures that others made: verified with a public key, never made here.

use aws_lc_rs::digest::{Digest, SHA256, SHA384};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// How an RSA signature is made. Keys have 2048 to 8192 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rsa {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Pkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Pkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Pkcs1Sha512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    PssSha256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    PssSha384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    PssSha512,
}

/// How a signature on an elliptic curve is made. Signatures are `r || s` (RFC 7518 §3.4), or Ed25519's own form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// ECDSA on P-256 with SHA-256.
    P256Sha256,
    /// ECDSA on P-384 with SHA-384.
    P384Sha384,
    /// Ed25519.
    Ed25519,
}

/// The signature is not this key's on this message, or the key is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// Verifies an RSA signature under a key given as modulus and exponent, big-endian.
pub fn verify_rsa(
    scheme: Rsa,
    modulus: &[u8],
    exponent: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let parameters: &RsaParameters = match scheme {
        Rsa::Pkcs1Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        Rsa::Pkcs1Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        Rsa::Pkcs1Sha512 => &RSA_PKCS1_2048_8192_SHA512,
        Rsa::PssSha256 => &RSA_PSS_2048_8192_SHA256,
        Rsa::PssSha384 => &RSA_PSS_2048_8192_SHA384,
        Rsa::PssSha512 => &RSA_PSS_2048_8192_SHA512,
    };
    let key = RsaPublicKeyComponents { n: modulus, e: exponent };
    key.verify(parameters, message, signature).map_err(|_| BadSignature)
}

/// Verifies a signature under a point of a curve: uncompressed (`04 || x || y`), for Ed25519 its 32 bytes.
pub fn verify_curve(curve: Curve, point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let algorithm: &'static dyn VerificationAlgorithm = match curve {
        Curve::P256Sha256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384Sha384 => &ECDSA_P384_SHA384_FIXED,
        Curve::Ed25519 => &ED25519,
    };
    UnparsedPublicKey::new(algorithm, point).verify(message, signature).map_err(|_| BadSignature)
}

/// ECDSA whose signatures are DER sequences (SEC 1 §C.5), over data that was hashed as it came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ecdsa {
    /// On P-256, with SHA-256.
    P256Sha256,
    /// On P-384, with SHA-384.
    P384Sha384,
}

/// A public key that is a point of a curve.
pub struct EcdsaVerifier {
    ecdsa: Ecdsa,
    key: ParsedPublicKey,
}

impl EcdsaVerifier {
    /// Reads a point, compressed or not (SEC 1 §2.3.3). `None` unless it is one of the curve.
    pub fn new(ecdsa: Ecdsa, point: &[u8]) -> Option<Self> {
        let (algorithm, coordinate): (&'static dyn VerificationAlgorithm, _) = match ecdsa {
            Ecdsa::P256Sha256 => (&ECDSA_P256_SHA256_ASN1, 32),
            Ecdsa::P384Sha384 => (&ECDSA_P384_SHA384_ASN1, 48),
        };
        // The library would read a whole SubjectPublicKeyInfo too.
        if point.len() != 1 + coordinate && point.len() != 1 + 2 * coordinate {
            return None;
        }
        Some(Self { ecdsa, key: ParsedPublicKey::new(algorithm, point).ok()? })
    }

    /// Verifies the signature of what has this digest. A digest of another length is [`BadSignature`] too.
    pub fn verify(&self, digest: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let hash = match self.ecdsa {
            Ecdsa::P256Sha256 => &SHA256,
            Ecdsa::P384Sha384 => &SHA384,
        };
        let digest = Digest::import_less_safe(digest, hash).map_err(|_| BadSignature)?;
        self.key.verify_digest_sig(&digest, signature).map_err(|_| BadSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032 §7.1, test 2: an independent vector; the rest is proved by `claviger-oidc` with the vectors of JOSE.
    #[test]
    fn ed25519_follows_its_rfc() {
        let key = hex::decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").unwrap();
        let signature = hex::decode(concat!(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ));
        let mut signature = signature.unwrap();
        assert_eq!(verify_curve(Curve::Ed25519, &key, &[0x72], &signature), Ok(()));
        assert_eq!(verify_curve(Curve::Ed25519, &key, &[0x73], &signature), Err(BadSignature));
        signature[0] ^= 1;
        assert_eq!(verify_curve(Curve::Ed25519, &key, &[0x72], &signature), Err(BadSignature));
    }

    #[test]
    fn ecdsa_of_a_digest_under_either_form_of_the_point() {
        use crate::key_pair::{KeyPairKind, Message, PrivateKey, SigningAlgorithm};
        for (kind, algorithm, ecdsa, len) in [
            (KeyPairKind::P256, SigningAlgorithm::EcdsaSha256, Ecdsa::P256Sha256, 32),
            (KeyPairKind::P384, SigningAlgorithm::EcdsaSha384, Ecdsa::P384Sha384, 48),
        ] {
            let key = PrivateKey::generate(kind).unwrap();
            let digest = vec![7; len];
            let signature = key.sign(algorithm, Message::Digest(&digest)).unwrap();
            let der = key.public_key().to_der();
            let compressed = key.public_key().to_compressed_point().unwrap();
            assert_eq!(compressed.len(), 1 + len);
            for point in [&compressed, &der[der.len() - 2 * len - 1..]] {
                let verifier = EcdsaVerifier::new(ecdsa, point).unwrap();
                assert_eq!(verifier.verify(&digest, &signature), Ok(()));
                assert_eq!(verifier.verify(&vec![8; len], &signature), Err(BadSignature));
                assert_eq!(verifier.verify(&digest[1..], &signature), Err(BadSignature));
                assert_eq!(verifier.verify(&digest, &signature[1..]), Err(BadSignature));
            }
            assert!(EcdsaVerifier::new(ecdsa, der).is_none());
            assert!(EcdsaVerifier::new(ecdsa, &compressed[1..]).is_none());
            // Of all abscissas half are on no point; among these is one that is not.
            let off = (0..=255).any(|byte| EcdsaVerifier::new(ecdsa, &[&[2][..], &vec![byte; len]].concat()).is_none());
            assert!(off);
        }
    }

    #[test]
    fn what_is_no_key_verifies_nothing() {
        for curve in [Curve::P256Sha256, Curve::P384Sha384, Curve::Ed25519] {
            assert_eq!(verify_curve(curve, &[], b"message", &[0; 64]), Err(BadSignature));
            assert_eq!(verify_curve(curve, &[4; 65], b"message", &[0; 64]), Err(BadSignature));
        }
        assert_eq!(verify_rsa(Rsa::Pkcs1Sha256, &[], &[], b"message", &[0; 256]), Err(BadSignature));
        // 1024 bits are too few.
        assert_eq!(verify_rsa(Rsa::Pkcs1Sha256, &[0xff; 128], &[1, 0, 1], b"message", &[0; 128]), Err(BadSignature));
    }
}
