//! Key specs: what stands behind each, and which algorithms it offers for each usage.

use claviger_crypto::key_pair::{KeyPairKind, OaepHash, SigningAlgorithm};
use claviger_crypto::mac::MacKind;
use claviger_shapes::kms::{
    DataKeyPairSpec, EncapsulationAlgorithmSpec, EncryptionAlgorithmSpec, InvalidKeyUsageException,
    KeyAgreementAlgorithmSpec, KeySpec, KeyUsageType, MacAlgorithmSpec, SigningAlgorithmSpec,
};

use EncryptionAlgorithmSpec as Encryption;
use SigningAlgorithmSpec as Signing;

/// The kind of material behind a key spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A 256-bit symmetric encryption key.
    Symmetric,
    /// A key pair.
    Pair(KeyPairKind),
    /// An HMAC key.
    Mac(MacKind),
}

impl Kind {
    /// Whether its private operations take milliseconds.
    pub fn is_rsa(self) -> bool {
        matches!(self, Self::Pair(pair) if pair.modulus_bytes().is_some())
    }
}

/// What stands behind a spec; `None` for SM2, which is offered in China only.
pub fn kind(spec: KeySpec) -> Option<Kind> {
    Some(match spec {
        KeySpec::SymmetricDefault => Kind::Symmetric,
        KeySpec::Rsa2048 => Kind::Pair(KeyPairKind::Rsa2048),
        KeySpec::Rsa3072 => Kind::Pair(KeyPairKind::Rsa3072),
        KeySpec::Rsa4096 => Kind::Pair(KeyPairKind::Rsa4096),
        KeySpec::EccNistP256 => Kind::Pair(KeyPairKind::P256),
        KeySpec::EccNistP384 => Kind::Pair(KeyPairKind::P384),
        KeySpec::EccNistP521 => Kind::Pair(KeyPairKind::P521),
        KeySpec::EccSecgP256k1 => Kind::Pair(KeyPairKind::Secp256k1),
        KeySpec::EccNistEdwards25519 => Kind::Pair(KeyPairKind::Ed25519),
        KeySpec::MlDsa44 => Kind::Pair(KeyPairKind::MlDsa44),
        KeySpec::MlDsa65 => Kind::Pair(KeyPairKind::MlDsa65),
        KeySpec::MlDsa87 => Kind::Pair(KeyPairKind::MlDsa87),
        KeySpec::MlKem512 => Kind::Pair(KeyPairKind::MlKem512),
        KeySpec::MlKem768 => Kind::Pair(KeyPairKind::MlKem768),
        KeySpec::MlKem1024 => Kind::Pair(KeyPairKind::MlKem1024),
        KeySpec::Hmac224 => Kind::Mac(MacKind::Sha224),
        KeySpec::Hmac256 => Kind::Mac(MacKind::Sha256),
        KeySpec::Hmac384 => Kind::Mac(MacKind::Sha384),
        KeySpec::Hmac512 => Kind::Mac(MacKind::Sha512),
        KeySpec::Sm2 => return None,
    })
}

/// The key pair a data key pair spec asks for; `None` for SM2.
pub fn data_key_pair(spec: DataKeyPairSpec) -> Option<KeyPairKind> {
    match kind(spec.as_str().parse().ok()?)? {
        Kind::Pair(pair) => Some(pair),
        _ => None,
    }
}

/// The usages of a spec, the default first. Every spec but the symmetric one must be given its usage.
pub fn usages(spec: KeySpec) -> &'static [KeyUsageType] {
    use KeyUsageType::{EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify};
    match spec {
        KeySpec::SymmetricDefault => &[EncryptDecrypt],
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &[EncryptDecrypt, SignVerify],
        KeySpec::EccNistP256 | KeySpec::EccNistP384 | KeySpec::EccNistP521 => &[SignVerify, KeyAgreement],
        KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => &[GenerateVerifyMac],
        KeySpec::Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
        KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => &[EncapsulateDecapsulate],
        _ => &[SignVerify],
    }
}

/// The encryption algorithms of an `ENCRYPT_DECRYPT` key, in the order the metadata lists them.
pub fn encryption(spec: KeySpec) -> &'static [EncryptionAlgorithmSpec] {
    match kind(spec) {
        Some(Kind::Symmetric) => &[Encryption::SymmetricDefault],
        Some(Kind::Pair(pair)) if pair.modulus_bytes().is_some() => {
            &[Encryption::RsaesOaepSha1, Encryption::RsaesOaepSha256]
        }
        _ => &[],
    }
}

/// The signing algorithms of a `SIGN_VERIFY` key, in the order the metadata lists them.
pub fn signing(spec: KeySpec) -> &'static [SigningAlgorithmSpec] {
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &[
            Signing::RsassaPkcs1V15Sha256,
            Signing::RsassaPkcs1V15Sha384,
            Signing::RsassaPkcs1V15Sha512,
            Signing::RsassaPssSha256,
            Signing::RsassaPssSha384,
            Signing::RsassaPssSha512,
        ],
        KeySpec::EccNistP256 | KeySpec::EccSecgP256k1 => &[Signing::EcdsaSha256],
        KeySpec::EccNistP384 => &[Signing::EcdsaSha384],
        KeySpec::EccNistP521 => &[Signing::EcdsaSha512],
        KeySpec::EccNistEdwards25519 => &[Signing::Ed25519PhSha512, Signing::Ed25519Sha512],
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => &[Signing::MlDsaShake256],
        _ => &[],
    }
}

/// The MAC algorithm of an HMAC key.
pub fn mac(spec: KeySpec) -> Option<MacAlgorithmSpec> {
    match spec {
        KeySpec::Hmac224 => Some(MacAlgorithmSpec::HmacSha224),
        KeySpec::Hmac256 => Some(MacAlgorithmSpec::HmacSha256),
        KeySpec::Hmac384 => Some(MacAlgorithmSpec::HmacSha384),
        KeySpec::Hmac512 => Some(MacAlgorithmSpec::HmacSha512),
        _ => None,
    }
}

/// The one key agreement algorithm.
pub const AGREEMENT: KeyAgreementAlgorithmSpec = KeyAgreementAlgorithmSpec::Ecdh;
/// The one encapsulation algorithm.
pub const ENCAPSULATION: EncapsulationAlgorithmSpec = EncapsulationAlgorithmSpec::MlKem;

/// How a signing algorithm is carried out; `None` for SM2.
pub fn signing_algorithm(algorithm: SigningAlgorithmSpec) -> Option<SigningAlgorithm> {
    Some(match algorithm {
        Signing::RsassaPssSha256 => SigningAlgorithm::RsaPssSha256,
        Signing::RsassaPssSha384 => SigningAlgorithm::RsaPssSha384,
        Signing::RsassaPssSha512 => SigningAlgorithm::RsaPssSha512,
        Signing::RsassaPkcs1V15Sha256 => SigningAlgorithm::RsaPkcs1Sha256,
        Signing::RsassaPkcs1V15Sha384 => SigningAlgorithm::RsaPkcs1Sha384,
        Signing::RsassaPkcs1V15Sha512 => SigningAlgorithm::RsaPkcs1Sha512,
        Signing::EcdsaSha256 => SigningAlgorithm::EcdsaSha256,
        Signing::EcdsaSha384 => SigningAlgorithm::EcdsaSha384,
        Signing::EcdsaSha512 => SigningAlgorithm::EcdsaSha512,
        Signing::Ed25519Sha512 => SigningAlgorithm::Ed25519,
        Signing::Ed25519PhSha512 => SigningAlgorithm::Ed25519Ph,
        Signing::MlDsaShake256 => SigningAlgorithm::MlDsa,
        Signing::Sm2dsa => return None,
    })
}

/// The hash of an RSA encryption algorithm; `None` for all others.
pub fn oaep(algorithm: EncryptionAlgorithmSpec) -> Option<OaepHash> {
    match algorithm {
        Encryption::RsaesOaepSha1 => Some(OaepHash::Sha1),
        Encryption::RsaesOaepSha256 => Some(OaepHash::Sha256),
        _ => None,
    }
}

/// The refusal of an algorithm that a key spec does not offer.
pub fn incompatible(algorithm: &str, spec: KeySpec) -> InvalidKeyUsageException {
    InvalidKeyUsageException::new(format!("Algorithm {algorithm} is incompatible with key spec {}.", spec.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spec_offers_something_for_each_of_its_usages() {
        for spec in KeySpec::ALL.iter().copied().filter(|spec| *spec != KeySpec::Sm2) {
            assert!(kind(spec).is_some(), "{spec:?}");
            for usage in usages(spec) {
                let offers = match usage {
                    KeyUsageType::EncryptDecrypt => !encryption(spec).is_empty(),
                    KeyUsageType::SignVerify => !signing(spec).is_empty(),
                    KeyUsageType::GenerateVerifyMac => mac(spec).is_some(),
                    KeyUsageType::KeyAgreement | KeyUsageType::EncapsulateDecapsulate => true,
                };
                assert!(offers, "{spec:?} {usage:?}");
            }
        }
    }

    #[test]
    fn what_a_spec_offers_its_key_pair_has() {
        for spec in KeySpec::ALL {
            let Some(Kind::Pair(pair)) = kind(*spec) else { continue };
            for algorithm in signing(*spec) {
                assert!(signing_algorithm(*algorithm).unwrap().suits(pair), "{spec:?} {algorithm:?}");
            }
            // And nothing else.
            let others = SigningAlgorithmSpec::ALL.iter().filter(|algorithm| !signing(*spec).contains(algorithm));
            for algorithm in others.filter_map(|algorithm| signing_algorithm(*algorithm)) {
                assert!(!algorithm.suits(pair), "{spec:?} {algorithm:?}");
            }
        }
    }
}
