//! What other implementations made (vectors/key_pairs.py), and published vectors.

use serde_json::Value;

use super::*;
use crate::ffi;
use crate::import::{self, WrappingAlgorithm};
use crate::mac::{MacKey, MacKind};
use crate::signature::BadSignature;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../vectors/key-pairs.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn kind(pair: &Value) -> KeyPairKind {
    KeyPairKind::ALL.into_iter().find(|kind| pair["kind"] == format!("{kind:?}")).unwrap()
}

fn private(pair: &Value) -> PrivateKey {
    PrivateKey::from_pkcs8(kind(pair), &mut bytes(&pair["private"])).unwrap()
}

fn public(pair: &Value) -> PublicKey {
    PublicKey::from_der(kind(pair), &bytes(&pair["public"])).unwrap()
}

fn sha2(bits: &str, message: &[u8]) -> Vec<u8> {
    let algorithm = match bits {
        "256" => &aws_lc_rs::digest::SHA256,
        "384" => &aws_lc_rs::digest::SHA384,
        _ => &aws_lc_rs::digest::SHA512,
    };
    aws_lc_rs::digest::digest(algorithm, message).as_ref().to_vec()
}

#[test]
fn private_keys_of_another_implementation_are_read_whole() {
    for pair in vectors()["pairs"].as_array().unwrap() {
        let key = private(pair);
        assert_eq!(key.public_key().to_der(), bytes(&pair["public"]), "{}", pair["kind"]);
        // Only curves are written differently: with the curve's name inside too.
        let (written, read) = (key.to_pkcs8().unwrap(), bytes(&pair["private"]));
        let longer = match kind(pair) {
            KeyPairKind::P256 => 12,
            KeyPairKind::P384 | KeyPairKind::P521 | KeyPairKind::Secp256k1 => 9,
            _ => 0,
        };
        assert_eq!(written.len(), read.len() + longer, "{}", pair["kind"]);
        assert!(longer > 0 || written.expose() == read, "{}", pair["kind"]);
    }
}

#[test]
fn signatures_of_another_implementation_verify() {
    let vectors = vectors();
    let message = bytes(&vectors["message"]);
    let mut verified = 0;
    for pair in vectors["pairs"].as_array().unwrap() {
        let key = public(pair);
        for (name, signature) in pair["signatures"].as_object().unwrap() {
            let algorithm = tests::ALGORITHMS.into_iter().find(|known| *name == format!("{known:?}")).unwrap();
            let digest = sha2(&name[name.len() - 3..], &message);
            let messages = match algorithm {
                SigningAlgorithm::Ed25519 => vec![Message::Raw(&message)],
                SigningAlgorithm::Ed25519Ph => vec![Message::Digest(&digest)],
                SigningAlgorithm::MlDsa => vec![Message::Raw(&message), Message::ExternalMu(&digest)],
                _ => vec![Message::Raw(&message), Message::Digest(&digest)],
            };
            let mu = pair.get("mu").map(bytes);
            for message in messages {
                let message = match message {
                    Message::ExternalMu(_) => Message::ExternalMu(mu.as_deref().unwrap()),
                    other => other,
                };
                assert_eq!(key.verify(algorithm, message, &bytes(signature)), Ok(Ok(())), "{name}");
                verified += 1;
            }
        }
        if let Some(signature) = pair.get("pss_with_another_salt") {
            let verdict = key.verify(SigningAlgorithm::RsaPssSha256, Message::Raw(&message), &bytes(signature));
            assert_eq!(verdict, Ok(Err(BadSignature)));
        }
    }
    assert_eq!(verified, 3 * 6 * 2 + 4 * 2 + 2 + 3 * 2);
}

#[test]
fn ciphertexts_and_secrets_of_another_implementation_open() {
    let vectors = vectors();
    let message = bytes(&vectors["message"]);
    for pair in vectors["pairs"].as_array().unwrap() {
        let key = private(pair);
        for hash in [OaepHash::Sha1, OaepHash::Sha256] {
            let name = format!("{hash:?}");
            if let Some(ciphertexts) = pair.get("oaep") {
                assert_eq!(*key.decrypt(hash, &bytes(&ciphertexts[&name])).unwrap(), message);
            }
            if let Some(wrapped) = pair.get("wrapped") {
                let algorithm = WrappingAlgorithm::RsaAesKeyWrap(hash);
                let (wrapped, material) = (bytes(&wrapped[&name]), bytes(&pair["material"]));
                let mut unwrapped = import::unwrap(&key, algorithm, &wrapped).unwrap();
                assert_eq!(*unwrapped, material);
                assert!(PrivateKey::from_pkcs8(KeyPairKind::P521, &mut unwrapped).is_ok());
                let modulus_bytes = key.kind().modulus_bytes().unwrap();
                for at in [0, modulus_bytes - 1, modulus_bytes, wrapped.len() - 1] {
                    let mut damaged = wrapped.clone();
                    damaged[at] ^= 1;
                    assert_eq!(import::unwrap(&key, algorithm, &damaged), Err(Undecryptable), "byte {at}");
                }
                for len in [0, 1, modulus_bytes, modulus_bytes + 8, wrapped.len() - 1] {
                    assert_eq!(import::unwrap(&key, algorithm, &wrapped[..len]), Err(Undecryptable), "{len} bytes");
                }
                let oaep = bytes(&pair["oaep"][&name]);
                assert_eq!(*import::unwrap(&key, WrappingAlgorithm::Oaep(hash), &oaep).unwrap(), message);
            }
        }
        if let Some(peer) = pair.get("peer") {
            assert!(key.agree(&bytes(peer)).unwrap().expose() == bytes(&pair["shared"]));
        }
        if let Some(ciphertext) = pair.get("ciphertext") {
            assert!(key.decapsulate(&bytes(ciphertext)).unwrap().expose() == bytes(&pair["shared"]));
        }
    }
}

#[test]
fn macs_of_another_implementation_verify() {
    let vectors = vectors();
    for vector in vectors["macs"].as_array().unwrap() {
        let kind = MacKind::ALL.into_iter().find(|kind| vector["kind"] == format!("{kind:?}")).unwrap();
        let key = MacKey::import(kind, &mut bytes(&vector["key"])).unwrap();
        assert_eq!(key.verify(&bytes(&vectors["message"]), &bytes(&vector["mac"])), Ok(()));
    }
}

/// RFC 8032 §7.3.
#[test]
fn ed25519ph_follows_its_rfc() {
    let part = |text| <[u8; 32]>::try_from(hex::decode(text).unwrap()).unwrap();
    let seed = part("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42");
    let public = part("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf");
    let expected = hex::decode(concat!(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41",
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    ));
    let key = <[u8; 64]>::try_from([seed, public].concat()).unwrap();
    let signature = ffi::ed25519ph_sign(&key, b"abc").unwrap();
    assert_eq!(signature.to_vec(), expected.unwrap());
    assert!(ffi::ed25519ph_verify(&public, b"abc", &signature));
    assert!(!ffi::ed25519ph_verify(&public, b"abd", &signature));
    assert!(!ffi::ed25519ph_verify(&public, b"abc", &signature[..63]));
}

/// Deterministic algorithms give the signature that the other implementation gave.
#[test]
fn deterministic_signatures_are_the_same() {
    let vectors = vectors();
    let message = bytes(&vectors["message"]);
    let digest = sha2("512", &message);
    for pair in vectors["pairs"].as_array().unwrap() {
        for (name, signature) in pair["signatures"].as_object().unwrap() {
            let (algorithm, message) = match name.as_str() {
                "RsaPkcs1Sha256" => (SigningAlgorithm::RsaPkcs1Sha256, Message::Raw(&message)),
                "RsaPkcs1Sha512" => (SigningAlgorithm::RsaPkcs1Sha512, Message::Digest(&digest)),
                "Ed25519" => (SigningAlgorithm::Ed25519, Message::Raw(&message)),
                "Ed25519Ph" => (SigningAlgorithm::Ed25519Ph, Message::Digest(&digest)),
                _ => continue,
            };
            assert_eq!(private(pair).sign(algorithm, message).unwrap(), bytes(signature), "{name}");
        }
    }
}

/// A container of indefinite length around the same contents.
#[test]
fn containers_in_ber_are_read_for_rsa_and_curves_only() {
    for pair in vectors()["pairs"].as_array().unwrap() {
        let der = bytes(&pair["private"]);
        let contents = match der[1] {
            0..=0x7F => &der[2..],
            digits => &der[2 + usize::from(digits & 0x7F)..],
        };
        let mut ber = [&[0x30, 0x80], contents, &[0, 0]].concat();
        let read = PrivateKey::from_pkcs8(kind(pair), &mut ber);
        assert_eq!(ber, vec![0; ber.len()], "not wiped");
        let takes = matches!(&pair["kind"].as_str().unwrap()[..1], "R" | "P" | "S");
        assert_eq!(read.is_ok(), takes, "{}", pair["kind"]);
        if let Ok(key) = read {
            assert!(key.to_pkcs8().unwrap().expose() == private(pair).to_pkcs8().unwrap().expose());
        }
    }
}

/// Parts that contradict each other: a modulus, a scalar or a public key of another pair.
#[test]
fn inconsistent_private_keys_are_refused() {
    for pair in vectors()["pairs"].as_array().unwrap() {
        let der = bytes(&pair["private"]);
        // The last bytes are RSA's coefficient or the curve's public point; a seed has nothing to contradict.
        if matches!(kind(pair), KeyPairKind::Ed25519) || pair["kind"].as_str().unwrap().starts_with("Ml") {
            continue;
        }
        for from_end in [1, 20] {
            let mut changed = der.clone();
            let at = der.len() - from_end;
            changed[at] ^= 4;
            assert_eq!(PrivateKey::from_pkcs8(kind(pair), &mut changed).err(), Some(Unacceptable));
        }
        for len in (0..der.len()).step_by(7) {
            assert_eq!(PrivateKey::from_pkcs8(kind(pair), &mut der[..len].to_vec()).err(), Some(Unacceptable));
        }
    }
}
