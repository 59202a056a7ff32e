//! SHA-2, HMAC-SHA-256 and comparison in constant time.

use aws_lc_rs::{constant_time, digest, hmac};

/// Bytes of a SHA-256 digest and of an HMAC-SHA-256 tag.
pub const LEN: usize = 32;

/// SHA-256 of `data` (FIPS 180-4).
pub fn sha256(data: &[u8]) -> [u8; LEN] {
    array(digest::digest(&digest::SHA256, data).as_ref())
}

/// SHA-256 of data that arrives in parts.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    /// Starts an empty digest.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Appends `data`.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of everything appended.
    pub fn finish(self) -> [u8; LEN] {
        array(self.0.finish().as_ref())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

/// Which hash of FIPS 180-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A digest of data that arrives in parts, by any [`enum@Hash`].
#[derive(Clone)]
pub struct Digesting(digest::Context);

impl Digesting {
    /// Starts an empty digest.
    pub fn new(hash: Hash) -> Self {
        Self(digest::Context::new(match hash {
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        }))
    }

    /// Appends `data`.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of everything appended, as long as the hash's output.
    pub fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

/// HMAC-SHA-256 (RFC 2104) of the concatenation of `parts`. The parts are not delimited: where that matters, the
/// caller delimits them.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; LEN] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    array(context.sign().as_ref())
}

/// Whether `a` equals `b`, in time that depends on their lengths only. Slices of different lengths are unequal.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

fn array(digest: &[u8]) -> [u8; LEN] {
    let mut out = [0; LEN];
    out.copy_from_slice(digest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_fips_180_examples() {
        // FIPS 180-2 appendix B.1 and B.2.
        assert_eq!(hex::encode(sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let mut parts = Sha256::new();
        parts.update(b"abcdbcdecdefdefgefghfghi");
        parts.update(b"");
        parts.update(b"ghijhijkijkljklmklmnlmnomnopnopq");
        assert_eq!(hex::encode(parts.finish()), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }

    #[test]
    fn longer_hashes_of_fips_180_examples() {
        // FIPS 180-2 appendix C.1 and D.1.
        let of_abc = |hash| {
            let mut parts = Digesting::new(hash);
            parts.update(b"a");
            parts.update(b"bc");
            hex::encode(parts.finish())
        };
        assert_eq!(of_abc(Hash::Sha256), hex::encode(sha256(b"abc")));
        assert_eq!(
            of_abc(Hash::Sha384),
            concat!(
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed",
                "8086072ba1e7cc2358baeca134c825a7"
            )
        );
        assert_eq!(
            of_abc(Hash::Sha512),
            concat!(
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a",
                "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            )
        );
    }

    #[test]
    fn hmac_of_rfc_4231_cases() {
        // RFC 4231, test cases 2 and 6 (a key longer than the block).
        assert_eq!(
            hex::encode(hmac_sha256(b"Jefe", &[b"what do ya ", b"want for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex::encode(hmac_sha256(&[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"])),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn comparison_looks_at_every_byte_and_the_length() {
        assert!(constant_time_eq(b"", b""));
        assert!(constant_time_eq(b"same", b"same"));
        for position in 0..32 {
            let mut other = [7; 32];
            other[position] ^= 0x80;
            assert!(!constant_time_eq(&[7; 32], &other));
        }
        assert!(!constant_time_eq(b"same", b"same "));
    }
}
