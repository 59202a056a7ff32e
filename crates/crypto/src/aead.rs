//! AES-GCM as formats made elsewhere prescribe it: the caller chooses the nonce.
//!
//! Claviger's own formats never use this ([`crate::blob`] and [`crate::envelope`] give every message a key of its
//! own). Whoever calls it keeps what GCM asks for: no nonce twice under a key.

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::fatal;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;
/// Bytes of an authentication tag.
pub const TAG_BYTES: usize = 16;
/// The longest message under one nonce: 2^36 - 32 bytes (SP 800-38D §5.2.1.1).
pub const MESSAGE_BYTES_MAX: u64 = (1 << 36) - 32;

/// The ciphertext, its additional data, nonce, tag or key is not what was sealed. Nothing of the plaintext is left
/// where it would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext is not authentic")]
pub struct NotAuthentic;

/// An AES key for GCM. The library wipes it when it is dropped.
pub struct GcmKey(LessSafeKey);

impl GcmKey {
    /// Takes 16, 24 or 32 bytes; `None` for any other number.
    pub fn new(key: &[u8]) -> Option<Self> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            32 => &AES_256_GCM,
            _ => return None,
        };
        UnboundKey::new(algorithm, key).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Encrypts in place and gives the tag.
    ///
    /// Aborts the process for more than [`MESSAGE_BYTES_MAX`], which no buffer here comes near.
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_BYTES] {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let Ok(tag) = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), in_out) else {
            fatal::abort("AES-GCM refused to seal")
        };
        let mut out = [0; TAG_BYTES];
        out.copy_from_slice(tag.as_ref());
        out
    }

    /// Decrypts `ciphertext` into `out`, which must be as long; on failure nothing usable is left there.
    pub fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
        out: &mut [u8],
    ) -> Result<(), NotAuthentic> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.0.open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, out);
        opened.map_err(|_| {
            out.fill(0);
            NotAuthentic
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // NIST's GCM test vectors as in McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: cases 4
    // (128 bits), 10 (192) and 16 (256).
    const CASES: [(&str, &str, &str); 3] = [
        (
            "feffe9928665731c6d6a8f9467308308",
            concat!(
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e",
                "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
            ),
            "5bc94fbc3221a5db94fae95ae7121a47",
        ),
        (
            "feffe9928665731c6d6a8f9467308308feffe9928665731c",
            concat!(
                "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c",
                "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710"
            ),
            "2519498e80f1478f37ba55bd6d27618c",
        ),
        (
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            concat!(
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
                "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            ),
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ];
    const NONCE: &str = "cafebabefacedbaddecaf888";
    const AAD: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    const PLAINTEXT: &str = concat!(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    );

    fn nonce() -> [u8; NONCE_BYTES] {
        hex::decode(NONCE).unwrap().try_into().unwrap()
    }

    #[test]
    fn seals_and_opens_as_published() {
        for (key, ciphertext, tag) in CASES {
            let key = GcmKey::new(&hex::decode(key).unwrap()).unwrap();
            let aad = hex::decode(AAD).unwrap();
            let mut buffer = hex::decode(PLAINTEXT).unwrap();
            let sealed_tag = key.seal(nonce(), &aad, &mut buffer);
            assert_eq!((hex::encode(&buffer).as_str(), hex::encode(sealed_tag).as_str()), (ciphertext, tag));
            let mut opened = vec![0; buffer.len()];
            key.open(nonce(), &aad, &buffer, &sealed_tag, &mut opened).unwrap();
            assert_eq!(hex::encode(opened), PLAINTEXT);
        }
    }

    #[test]
    fn whatever_is_changed_leaves_nothing() {
        let key = GcmKey::new(&[7; 32]).unwrap();
        let mut ciphertext = *b"sixteen byte msg";
        let tag = key.seal(nonce(), b"aad", &mut ciphertext);
        let mut out = [1; 16];
        let mut attempt = |nonce, aad: &[u8], ciphertext: &[u8], tag: &[u8]| {
            out.fill(1);
            assert_eq!(key.open(nonce, aad, ciphertext, tag, &mut out), Err(NotAuthentic));
            assert_eq!(out, [0; 16]);
        };
        attempt([0; 12], b"aad", &ciphertext, &tag);
        attempt(nonce(), b"aaD", &ciphertext, &tag);
        attempt(nonce(), b"aad", &[0; 16], &tag);
        attempt(nonce(), b"aad", &ciphertext, &[0; 16]);
        attempt(nonce(), b"aad", &ciphertext, &tag[..15]);
        attempt(nonce(), b"aad", &ciphertext[..15], &tag);
    }

    #[test]
    fn only_aes_key_sizes() {
        for len in 0..=64 {
            assert_eq!(GcmKey::new(&vec![0; len]).is_some(), [16, 24, 32].contains(&len));
        }
    }
}
