use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, UnparsedPublicKey, VerificationAlgorithm,
};
use zeroize::Zeroizing;

use super::{KeyPairKind, PrivateKey, PublicKey, private, public};
use crate::ffi;
use crate::signature::BadSignature;

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
    /// RSASSA-PSS with SHA-256 (also in MGF1) and a salt of 32 bytes.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384 (also in MGF1) and a salt of 48 bytes.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512 (also in MGF1) and a salt of 64 bytes.
    RsaPssSha512,
    /// ECDSA with SHA-256 on P-256 or secp256k1; the signature is a DER sequence, s in either half.
    EcdsaSha256,
    /// ECDSA with SHA-384 on P-384.
    EcdsaSha384,
    /// ECDSA with SHA-512 on P-521.
    EcdsaSha512,
    /// Ed25519 of the message itself.
    Ed25519,
    /// Ed25519ph with an empty context. What it prehashes is the 64 bytes given as digest, as KMS does: whoever gives
    /// SHA-512 of a message gets a signature of that digest.
    Ed25519Ph,
    /// ML-DSA with an empty context, hedged. RAW and EXTERNAL_MU give signatures of the same form.
    MlDsa,
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The message; the algorithm hashes it.
    Raw(&'a [u8]),
    /// The algorithm's hash of the message.
    Digest(&'a [u8]),
    /// ML-DSA's message representative, SHAKE256(SHAKE256(public key, 64) ‖ 0 ‖ 0 ‖ message, 64).
    ExternalMu(&'a [u8]),
}

/// Why an algorithm does not take a message, in the order in which it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The key's kind does not have the algorithm.
    #[error("the key does not have this algorithm")]
    Algorithm,
    /// No algorithm of the key takes this type of message.
    #[error("the key does not take this type of message")]
    MessageTypeOfKey,
    /// The algorithm does not take this type of message.
    #[error("the algorithm does not take this type of message")]
    MessageTypeOfAlgorithm,
    /// The digest is not as long as the algorithm's hash.
    #[error("the digest has the wrong length")]
    DigestLength,
    /// The mu is not 64 bytes long.
    #[error("the external mu has the wrong length")]
    MuLength,
    /// The library could not sign. It has no reason to, so this is not about the input.
    #[error("the signature could not be made")]
    Failed,
}

impl SigningAlgorithm {
    /// Whether keys of this kind have the algorithm.
    pub const fn suits(self, kind: KeyPairKind) -> bool {
        match self {
            Self::RsaPkcs1Sha256
            | Self::RsaPkcs1Sha384
            | Self::RsaPkcs1Sha512
            | Self::RsaPssSha256
            | Self::RsaPssSha384
            | Self::RsaPssSha512 => kind.modulus_bytes().is_some(),
            Self::EcdsaSha256 => matches!(kind, KeyPairKind::P256 | KeyPairKind::Secp256k1),
            Self::EcdsaSha384 => matches!(kind, KeyPairKind::P384),
            Self::EcdsaSha512 => matches!(kind, KeyPairKind::P521),
            Self::Ed25519 | Self::Ed25519Ph => matches!(kind, KeyPairKind::Ed25519),
            Self::MlDsa => matches!(kind, KeyPairKind::MlDsa44 | KeyPairKind::MlDsa65 | KeyPairKind::MlDsa87),
        }
    }

    /// Checks what can be checked without a key. Signing and verifying check it again.
    pub fn check(self, kind: KeyPairKind, message: &Message<'_>) -> Result<(), Refused> {
        if !self.suits(kind) {
            return Err(Refused::Algorithm);
        }
        match (self, message) {
            (Self::MlDsa, Message::Raw(_)) => Ok(()),
            (Self::MlDsa, Message::ExternalMu(mu)) if mu.len() == 64 => Ok(()),
            (Self::MlDsa, Message::ExternalMu(_)) => Err(Refused::MuLength),
            (Self::MlDsa, Message::Digest(_)) | (_, Message::ExternalMu(_)) => Err(Refused::MessageTypeOfKey),
            (Self::Ed25519, Message::Digest(_)) | (Self::Ed25519Ph, Message::Raw(_)) => {
                Err(Refused::MessageTypeOfAlgorithm)
            }
            (_, Message::Raw(_)) => Ok(()),
            (_, Message::Digest(digest)) if digest.len() == self.hash().output_len() => Ok(()),
            (_, Message::Digest(_)) => Err(Refused::DigestLength),
        }
    }

    /// The hash whose output a digest is. Ed25519 and ML-DSA hash by themselves; theirs is not used.
    fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::RsaPkcs1Sha256 | Self::RsaPssSha256 | Self::EcdsaSha256 => &digest::SHA256,
            Self::RsaPkcs1Sha384 | Self::RsaPssSha384 | Self::EcdsaSha384 => &digest::SHA384,
            Self::RsaPkcs1Sha512 | Self::RsaPssSha512 | Self::EcdsaSha512 => &digest::SHA512,
            Self::Ed25519 | Self::Ed25519Ph | Self::MlDsa => &digest::SHA512,
        }
    }

    /// How RSA pads, when signing and when verifying.
    fn rsa(self) -> Option<(&'static dyn RsaEncoding, &'static dyn VerificationAlgorithm)> {
        Some(match self {
            Self::RsaPkcs1Sha256 => (&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256),
            Self::RsaPkcs1Sha384 => (&RSA_PKCS1_SHA384, &RSA_PKCS1_2048_8192_SHA384),
            Self::RsaPkcs1Sha512 => (&RSA_PKCS1_SHA512, &RSA_PKCS1_2048_8192_SHA512),
            Self::RsaPssSha256 => (&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256),
            Self::RsaPssSha384 => (&RSA_PSS_SHA384, &RSA_PSS_2048_8192_SHA384),
            Self::RsaPssSha512 => (&RSA_PSS_SHA512, &RSA_PSS_2048_8192_SHA512),
            _ => return None,
        })
    }

    fn digest(self, bytes: &[u8]) -> Option<Digest> {
        Digest::import_less_safe(bytes, self.hash()).ok()
    }
}

impl PrivateKey {
    /// Signs. Deterministic for RSASSA-PKCS1-v1_5 and Ed25519, different every time for all others.
    pub fn sign(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<Vec<u8>, Refused> {
        algorithm.check(self.kind(), &message)?;
        self.sign_checked(algorithm, message).ok_or(Refused::Failed)
    }

    fn sign_checked(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Option<Vec<u8>> {
        match (&self.inner, message) {
            (private::Inner::Rsa { signing, .. }, message) => {
                let (encoding, _) = algorithm.rsa()?;
                let mut signature = vec![0; signing.public_modulus_len()];
                match message {
                    Message::Raw(bytes) => signing.sign(encoding, &SystemRandom::new(), bytes, &mut signature),
                    Message::Digest(bytes) => signing.sign_digest(encoding, &algorithm.digest(bytes)?, &mut signature),
                    Message::ExternalMu(_) => return None,
                }
                .ok()?;
                Some(signature)
            }
            (private::Inner::Ec { signing, .. }, Message::Raw(bytes)) => {
                Some(signing.sign(&SystemRandom::new(), bytes).ok()?.as_ref().to_vec())
            }
            (private::Inner::Ec { signing, .. }, Message::Digest(bytes)) => {
                Some(signing.sign_digest(&algorithm.digest(bytes)?).ok()?.as_ref().to_vec())
            }
            (private::Inner::Ed25519(key), Message::Raw(bytes)) => Some(key.try_sign(bytes).ok()?.as_ref().to_vec()),
            (private::Inner::Ed25519(key), Message::Digest(bytes)) => {
                let mut whole = Zeroizing::new([0; 64]);
                let seed = key.seed().ok()?.as_be_bytes().ok()?;
                whole[..32].copy_from_slice(seed.as_ref());
                whole[32..].copy_from_slice(key.public_key().as_ref());
                ffi::ed25519ph_sign(&whole, bytes).map(|signature| signature.to_vec())
            }
            (private::Inner::MlDsa(key), Message::Raw(bytes)) => key.sign(bytes),
            (private::Inner::MlDsa(key), Message::ExternalMu(mu)) => key.sign_mu(mu.try_into().ok()?),
            _ => None,
        }
    }
}

impl PublicKey {
    /// Verifies a signature. A message that the algorithm does not take is [`Refused`]; whatever else is wrong with
    /// the signature, its length included, is [`BadSignature`].
    pub fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<Result<(), BadSignature>, Refused> {
        algorithm.check(self.kind(), &message)?;
        let verified = self.verify_checked(algorithm, message, signature).unwrap_or(false);
        Ok(if verified { Ok(()) } else { Err(BadSignature) })
    }

    fn verify_checked(&self, algorithm: SigningAlgorithm, message: Message<'_>, signature: &[u8]) -> Option<bool> {
        Some(match (&self.inner, message) {
            (public::Inner::Rsa, message) => {
                let key = UnparsedPublicKey::new(algorithm.rsa()?.1, self.to_der());
                match message {
                    Message::Raw(bytes) => key.verify(bytes, signature).is_ok(),
                    Message::Digest(bytes) => key.verify_digest(&algorithm.digest(bytes)?, signature).is_ok(),
                    Message::ExternalMu(_) => false,
                }
            }
            (public::Inner::Curve(_), Message::Digest(bytes)) if algorithm == SigningAlgorithm::Ed25519Ph => {
                ffi::ed25519ph_verify(self.bytes().try_into().ok()?, bytes, signature)
            }
            (public::Inner::Curve(key), Message::Raw(bytes)) => key.verify_sig(bytes, signature).is_ok(),
            (public::Inner::Curve(key), Message::Digest(bytes)) => {
                key.verify_digest_sig(&algorithm.digest(bytes)?, signature).is_ok()
            }
            (public::Inner::PostQuantum(key), Message::Raw(bytes)) => key.verify(bytes, signature),
            (public::Inner::PostQuantum(key), Message::ExternalMu(mu)) => key.verify_mu(mu.try_into().ok()?, signature),
            _ => false,
        })
    }
}
