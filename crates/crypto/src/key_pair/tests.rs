use std::sync::LazyLock;

use super::*;
use crate::signature::BadSignature;

/// RSA keys take too long to make one for each test.
static KEYS: LazyLock<Vec<PrivateKey>> =
    LazyLock::new(|| KeyPairKind::ALL.into_iter().map(|kind| PrivateKey::generate(kind).unwrap()).collect());

fn key(kind: KeyPairKind) -> &'static PrivateKey {
    KEYS.iter().find(|key| key.kind() == kind).unwrap()
}

pub(super) const ALGORITHMS: [SigningAlgorithm; 12] = [
    SigningAlgorithm::RsaPkcs1Sha256,
    SigningAlgorithm::RsaPkcs1Sha384,
    SigningAlgorithm::RsaPkcs1Sha512,
    SigningAlgorithm::RsaPssSha256,
    SigningAlgorithm::RsaPssSha384,
    SigningAlgorithm::RsaPssSha512,
    SigningAlgorithm::EcdsaSha256,
    SigningAlgorithm::EcdsaSha384,
    SigningAlgorithm::EcdsaSha512,
    SigningAlgorithm::Ed25519,
    SigningAlgorithm::Ed25519Ph,
    SigningAlgorithm::MlDsa,
];

#[test]
fn what_is_written_restores_the_whole_key() {
    for key in KEYS.iter() {
        let kind = key.kind();
        let written = key.to_pkcs8().unwrap();
        let mut bytes = written.expose().to_vec();
        let restored = PrivateKey::from_pkcs8(kind, &mut bytes).unwrap();
        assert_eq!(bytes, vec![0; written.len()], "{kind}: not wiped");
        assert_eq!(restored.public_key().to_der(), key.public_key().to_der());
        assert!(restored.to_pkcs8().unwrap().expose() == written.expose(), "{kind}");
        let longer = [written.expose(), &[0]].concat();
        assert_eq!(PrivateKey::from_pkcs8(kind, &mut longer.clone()).err(), Some(Unacceptable), "{kind}: more follows");
        let longer = [key.public_key().to_der(), &[0]].concat();
        assert!(PublicKey::from_der(kind, &longer).is_none(), "{kind}: more follows");
        let public = PublicKey::from_der(kind, key.public_key().to_der()).unwrap();
        assert_eq!(public.kind(), kind);
        for other in KeyPairKind::ALL.into_iter().filter(|other| *other != kind) {
            assert_eq!(PrivateKey::from_pkcs8(other, &mut written.expose().to_vec()).err(), Some(Unacceptable));
            assert!(PublicKey::from_der(other, key.public_key().to_der()).is_none(), "{kind} as {other}");
        }
    }
}

/// Sizes seen in answers of AWS KMS.
#[test]
fn private_keys_are_as_long_as_those_of_kms() {
    let len = |kind| key(kind).to_pkcs8().unwrap().len();
    assert_eq!(len(KeyPairKind::P256), 150);
    assert_eq!(len(KeyPairKind::Secp256k1), 144);
    assert_eq!(len(KeyPairKind::Ed25519), 48);
    assert_eq!(len(KeyPairKind::MlKem512), 86);
    assert_eq!(len(KeyPairKind::MlKem768), 86);
    assert_eq!(len(KeyPairKind::MlKem1024), 86);
    assert!((1214..=1220).contains(&len(KeyPairKind::Rsa2048)));
    assert!((2370..=2378).contains(&len(KeyPairKind::Rsa4096)));
}

#[test]
fn every_algorithm_signs_and_verifies_what_it_takes_and_nothing_else() {
    let (short, long) = ([7; 20], [7; 64]);
    let messages = [
        Message::Raw(b"message"),
        Message::Raw(b""),
        Message::Digest(&short),
        Message::Digest(&long[..32]),
        Message::Digest(&long[..48]),
        Message::Digest(&long),
        Message::ExternalMu(&long),
        Message::ExternalMu(&short),
    ];
    for key in KEYS.iter() {
        for algorithm in ALGORITHMS {
            for message in messages {
                let checked = algorithm.check(key.kind(), &message);
                match key.sign(algorithm, message) {
                    Err(refused) => {
                        assert_eq!(checked, Err(refused));
                        assert_eq!(key.public_key().verify(algorithm, message, &[0; 64]), Err(refused));
                    }
                    Ok(signature) => {
                        assert_eq!(checked, Ok(()));
                        let verify = |message, signature: &[u8]| key.public_key().verify(algorithm, message, signature);
                        assert_eq!(verify(message, &signature), Ok(Ok(())), "{algorithm:?} {message:?}");
                        let mut damaged = signature.clone();
                        damaged[signature.len() / 2] ^= 1;
                        let longer = [&signature[..], &[0]].concat();
                        for wrong in [&damaged[..], &signature[1..], &signature[..signature.len() - 1], &longer, &[]] {
                            assert_eq!(verify(message, wrong), Ok(Err(BadSignature)), "{algorithm:?} {message:?}");
                        }
                        if message != Message::Raw(b"") {
                            let another = match message {
                                Message::Raw(_) => Message::Raw(b"another"),
                                Message::Digest(bytes) => Message::Digest(&[8; 64][..bytes.len()]),
                                Message::ExternalMu(_) => Message::ExternalMu(&[8; 64]),
                            };
                            assert_eq!(verify(another, &signature), Ok(Err(BadSignature)));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn oaep_takes_as_much_as_the_modulus_allows() {
    use OaepHash::{Sha1, Sha256, Sha384, Sha512};
    for (kind, hash, max) in [
        (KeyPairKind::Rsa2048, Sha1, 214),
        (KeyPairKind::Rsa2048, Sha256, 190),
        (KeyPairKind::Rsa3072, Sha1, 342),
        (KeyPairKind::Rsa3072, Sha256, 318),
        (KeyPairKind::Rsa4096, Sha1, 470),
        (KeyPairKind::Rsa4096, Sha256, 446),
        (KeyPairKind::Rsa2048, Sha384, 158),
        (KeyPairKind::Rsa2048, Sha512, 126),
    ] {
        assert_eq!(hash.plaintext_bytes_max(kind), Some(max));
        let key = key(kind);
        for len in [0, 1, max] {
            let plaintext = vec![9; len];
            let mut ciphertext = key.public_key().encrypt(hash, &plaintext).unwrap();
            assert_eq!(Some(ciphertext.len()), kind.modulus_bytes());
            assert_eq!(*key.decrypt(hash, &ciphertext).unwrap(), plaintext);
            let other = if hash == Sha1 { Sha256 } else { Sha1 };
            assert_eq!(key.decrypt(other, &ciphertext), Err(Undecryptable));
            assert_eq!(key.decrypt(hash, &ciphertext[1..]), Err(Undecryptable));
            ciphertext[100] ^= 1;
            assert_eq!(key.decrypt(hash, &ciphertext), Err(Undecryptable));
        }
        assert_eq!(key.public_key().encrypt(hash, &vec![9; max + 1]), Err(PlaintextTooLong));
        assert_eq!(key.decrypt(hash, &[]), Err(Undecryptable));
    }
    assert_eq!(Sha1.plaintext_bytes_max(KeyPairKind::P256), None);
    assert_eq!(key(KeyPairKind::P256).public_key().encrypt(Sha1, b""), Err(PlaintextTooLong));
    assert_eq!(key(KeyPairKind::P256).decrypt(Sha1, &[0; 256]), Err(Undecryptable));
}

#[test]
fn pkcs1_takes_eleven_bytes_less_than_the_modulus() {
    let key = key(KeyPairKind::Rsa2048);
    for len in [0, 1, 245] {
        let plaintext = vec![9; len];
        let ciphertext = key.public_key().encrypt_pkcs1(&plaintext).unwrap();
        assert_eq!(*key.decrypt_pkcs1(&ciphertext).unwrap(), plaintext);
        assert_ne!(key.public_key().encrypt_pkcs1(&plaintext).unwrap(), ciphertext);
        assert_eq!(key.decrypt_pkcs1(&ciphertext[1..]), Err(Undecryptable));
        assert_eq!(key.decrypt(OaepHash::Sha1, &ciphertext), Err(Undecryptable));
    }
    assert_eq!(key.public_key().encrypt_pkcs1(&[9; 246]), Err(PlaintextTooLong));
    assert_eq!(self::key(KeyPairKind::P256).public_key().encrypt_pkcs1(b""), Err(PlaintextTooLong));
    assert_eq!(self::key(KeyPairKind::P256).decrypt_pkcs1(&[0; 256]), Err(Undecryptable));
}

#[test]
fn both_sides_agree_on_the_nist_curves_only() {
    for (kind, len) in [(KeyPairKind::P256, 32), (KeyPairKind::P384, 48), (KeyPairKind::P521, 66)] {
        let (one, other) = (key(kind), PrivateKey::generate(kind).unwrap());
        let shared = one.agree(other.public_key().to_der()).unwrap();
        assert_eq!(shared.len(), len);
        assert!(other.agree(one.public_key().to_der()).unwrap().expose() == shared.expose());
        assert_eq!(one.agree(one.public_key().to_der()).unwrap().len(), len);
        // A bare point, trailing bytes, nothing, and every other kind of key.
        let peer = other.public_key().to_der();
        let mut off_curve = peer.to_vec();
        *off_curve.last_mut().unwrap() ^= 1;
        for wrong in [other.public_key().bytes(), &[peer, &[0]].concat(), &peer[1..], &[], &off_curve] {
            assert_eq!(one.agree(wrong).err(), Some(AgreementFailed));
        }
        for stranger in KEYS.iter().filter(|stranger| stranger.kind() != kind) {
            assert_eq!(one.agree(stranger.public_key().to_der()).err(), Some(AgreementFailed));
        }
    }
    for kind in [KeyPairKind::Secp256k1, KeyPairKind::Ed25519, KeyPairKind::Rsa2048, KeyPairKind::MlKem512] {
        assert_eq!(key(kind).agree(key(kind).public_key().to_der()).err(), Some(AgreementFailed));
    }
}

#[test]
fn decapsulation_rejects_by_length_only() {
    for (kind, len) in [(KeyPairKind::MlKem512, 768), (KeyPairKind::MlKem768, 1088), (KeyPairKind::MlKem1024, 1568)] {
        let key = key(kind);
        let (mut ciphertext, secret) = key.public_key().encapsulate().unwrap();
        assert_eq!((ciphertext.len(), secret.len()), (len, 32));
        assert!(key.decapsulate(&ciphertext).unwrap().expose() == secret.expose());
        for wrong in [&ciphertext[1..], &[&ciphertext[..], &[0]].concat(), &[]] {
            assert_eq!(key.decapsulate(wrong).err(), Some(NotACiphertext));
        }
        ciphertext[0] ^= 1;
        assert!(key.decapsulate(&ciphertext).unwrap().expose() != secret.expose());
    }
    assert!(key(KeyPairKind::MlDsa44).public_key().encapsulate().is_none());
    assert_eq!(key(KeyPairKind::MlDsa44).decapsulate(&[0; 768]).err(), Some(NotACiphertext));
}
