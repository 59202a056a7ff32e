//! HKDF (RFC 5869), for formats made elsewhere. Claviger's own keys are derived as [`crate::hierarchy`] says.

use aws_lc_rs::hkdf::{self, HKDF_SHA256, HKDF_SHA384, HKDF_SHA512, KeyType, Salt};

use crate::digest::Hash;
use crate::fatal;
use crate::secret::Secret;

/// A pseudorandom key, from which any number of keys can be expanded. The library wipes it when it is dropped.
pub struct Prk(hkdf::Prk);

impl Prk {
    /// HKDF-Extract. An empty salt is the same as as many zeros as the hash has bytes.
    pub fn extract(hash: Hash, salt: &[u8], secret: &[u8]) -> Self {
        let algorithm = match hash {
            Hash::Sha256 => HKDF_SHA256,
            Hash::Sha384 => HKDF_SHA384,
            Hash::Sha512 => HKDF_SHA512,
        };
        Self(Salt::new(algorithm, salt).extract(secret))
    }

    /// HKDF-Expand to `len` bytes.
    ///
    /// Aborts the process for more than 255 times the hash: lengths here are constants.
    pub fn expand(&self, info: &[&[u8]], len: usize) -> Secret {
        let mut out = Secret::zeroed(len);
        let expanded = self.0.expand(info, Len(len)).and_then(|okm| okm.fill(out.bytes_mut()));
        if expanded.is_err() {
            fatal::abort("HKDF refused its arguments");
        }
        out
    }
}

struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derive(hash: Hash, salt: &[u8], secret: &[u8], info: &[&[u8]], len: usize) -> String {
        hex::encode(Prk::extract(hash, salt, secret).expand(info, len).expose())
    }

    #[test]
    fn sha256_as_rfc_5869() {
        // Appendix A, test cases 1 and 3.
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        assert_eq!(
            derive(Hash::Sha256, &salt, &[0x0b; 22], &[&info[..3], &info[3..]], 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
        assert_eq!(
            derive(Hash::Sha256, &[], &[0x0b; 22], &[], 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        );
    }

    // Python's `cryptography` (OpenSSL): HKDF(hash, 32, salt, info).derive(b"\x0b" * 22).
    #[test]
    fn longer_hashes_as_another_implementation() {
        let derived = |hash, salt: &[u8]| derive(hash, salt, &[0x0b; 22], &[b"info"], 32);
        assert_eq!(derived(Hash::Sha384, &[]), SHA384_WITHOUT_SALT);
        assert_eq!(derived(Hash::Sha384, b"salt"), SHA384_WITH_SALT);
        assert_eq!(derived(Hash::Sha512, &[]), SHA512_WITHOUT_SALT);
        assert_eq!(derived(Hash::Sha512, b"salt"), SHA512_WITH_SALT);
    }

    const SHA384_WITHOUT_SALT: &str = "8d0bb9792017f5f2f3ced367f281b9ae03e610634d0f59461a7e7dcd82e848ba";
    const SHA384_WITH_SALT: &str = "664ee88f1a7f64a837c7727c031f18bac89c6cc3bf48a35f0b981f6e6af611e3";
    const SHA512_WITHOUT_SALT: &str = "00cc2bf45ab60113dcac8b19ff35acd8a7c2e59af623c227608cbce4e80693ad";
    const SHA512_WITH_SALT: &str = "f68aca3a3afd2c6f291f1e9c481054553ce84a2353df2b62c2b90eafbe9ba273";
}
