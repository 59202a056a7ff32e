use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeyPair as RsaKeyPair, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey,
    Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use zeroize::Zeroizing;

use super::{KeyPairKind, PrivateKey, PublicKey, private};

/// The hash of RSAES-OAEP (RFC 8017), also in MGF1; the label is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OaepHash {
    /// SHA-1, which OAEP does not need to be free of collisions.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl OaepHash {
    /// The longest plaintext a key of this kind encrypts, in bytes. `None` when it is not RSA.
    pub const fn plaintext_bytes_max(self, kind: KeyPairKind) -> Option<usize> {
        let hash_bytes = match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        };
        match kind.modulus_bytes() {
            Some(modulus_bytes) => Some(modulus_bytes - 2 * hash_bytes - 2),
            None => None,
        }
    }

    fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
            Self::Sha384 => &OAEP_SHA384_MGF1SHA384,
            Self::Sha512 => &OAEP_SHA512_MGF1SHA512,
        }
    }
}

/// The plaintext is longer than [`OaepHash::plaintext_bytes_max`] says, or the key is not RSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key does not encrypt as many bytes")]
pub struct PlaintextTooLong;

/// The ciphertext does not decrypt. Says nothing about why, and takes as long whatever is wrong with the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext does not decrypt under this key")]
pub struct Undecryptable;

impl PublicKey {
    /// Encrypts with RSAES-OAEP. The ciphertext is as long as the modulus; empty plaintexts are allowed.
    pub fn encrypt(&self, hash: OaepHash, plaintext: &[u8]) -> Result<Vec<u8>, PlaintextTooLong> {
        if hash.plaintext_bytes_max(self.kind()).is_none_or(|max| plaintext.len() > max) {
            return Err(PlaintextTooLong);
        }
        self.encrypt_checked(hash, plaintext).ok_or(PlaintextTooLong)
    }

    /// Encrypts with RSAES-PKCS1-v1_5 (RFC 8017 §7.2), for formats that still have it: up to 11 bytes less than the
    /// modulus.
    pub fn encrypt_pkcs1(&self, plaintext: &[u8]) -> Result<Vec<u8>, PlaintextTooLong> {
        if self.kind().modulus_bytes().is_none_or(|modulus_bytes| plaintext.len() + 11 > modulus_bytes) {
            return Err(PlaintextTooLong);
        }
        let encrypt = || {
            let key = Pkcs1PublicEncryptingKey::new(PublicEncryptingKey::from_der(self.to_der()).ok()?).ok()?;
            let mut ciphertext = vec![0; key.ciphertext_size()];
            let len = key.encrypt(plaintext, &mut ciphertext).ok()?.len();
            ciphertext.truncate(len);
            Some(ciphertext)
        };
        encrypt().ok_or(PlaintextTooLong)
    }

    fn encrypt_checked(&self, hash: OaepHash, plaintext: &[u8]) -> Option<Vec<u8>> {
        let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(self.to_der()).ok()?).ok()?;
        let mut ciphertext = vec![0; key.ciphertext_size()];
        let len = key.encrypt(hash.algorithm(), plaintext, &mut ciphertext, None).ok()?.len();
        ciphertext.truncate(len);
        Some(ciphertext)
    }
}

impl PrivateKey {
    /// Decrypts what was encrypted with RSAES-OAEP, here or elsewhere.
    pub fn decrypt(&self, hash: OaepHash, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
        self.decrypt_checked(hash, ciphertext).ok_or(Undecryptable)
    }

    /// Decrypts what was encrypted with RSAES-PKCS1-v1_5. Whoever can ask often, and is told whether it worked, can
    /// decrypt anything (Bleichenbacher 1998): for local use, never for a service.
    pub fn decrypt_pkcs1(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
        let decrypt = || {
            let private::Inner::Rsa { signing, .. } = &self.inner else { return None };
            let der: Pkcs8V1Der<'_> = signing.as_der().ok()?;
            let key = Pkcs1PrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(der.as_ref()).ok()?).ok()?;
            let mut plaintext = Zeroizing::new(vec![0; key.min_output_size()]);
            let len = key.decrypt(ciphertext, &mut plaintext).ok()?.len();
            plaintext.truncate(len);
            Some(plaintext)
        };
        decrypt().ok_or(Undecryptable)
    }

    fn decrypt_checked(&self, hash: OaepHash, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let private::Inner::Rsa { signing, decrypting } = &self.inner else { return None };
        let key = decrypting_key(signing, decrypting)?;
        let mut plaintext = Zeroizing::new(vec![0; key.min_output_size()]);
        let len = key.decrypt(hash.algorithm(), ciphertext, &mut plaintext, None).ok()?.len();
        plaintext.truncate(len);
        Some(plaintext)
    }
}

/// The same key in the form that decrypts, made once.
fn decrypting_key<'a>(
    signing: &RsaKeyPair,
    made: &'a OnceLock<OaepPrivateDecryptingKey>,
) -> Option<&'a OaepPrivateDecryptingKey> {
    if let Some(key) = made.get() {
        return Some(key);
    }
    let der: Pkcs8V1Der<'_> = signing.as_der().ok()?;
    let key = OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(der.as_ref()).ok()?).ok()?;
    Some(made.get_or_init(|| key))
}
