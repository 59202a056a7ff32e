//! Key pairs: signatures of every algorithm, RSA encryption, agreement and encapsulation.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{
    EncapsulationAlgorithmSpec, KeyAgreementAlgorithmSpec, KeyMetadata, KeySpec, KeyUsageType, MessageType,
    SigningAlgorithmSpec,
};

use crate::server::{Account, Server};

async fn pair(kms: &Account, spec: KeySpec, usage: KeyUsageType) -> KeyMetadata {
    kms.create_key().key_spec(spec).key_usage(usage).send().await.unwrap().key_metadata.unwrap()
}

#[tokio::test]
async fn every_signing_algorithm() {
    let server = Server::start();
    let kms = server.client();
    let specs = [
        (KeySpec::Rsa2048, 6),
        (KeySpec::Rsa3072, 6),
        (KeySpec::Rsa4096, 6),
        (KeySpec::EccNistP256, 1),
        (KeySpec::EccNistP384, 1),
        (KeySpec::EccNistP521, 1),
        (KeySpec::EccSecgP256K1, 1),
        (KeySpec::EccNistEdwards25519, 2),
        (KeySpec::MlDsa44, 1),
        (KeySpec::MlDsa65, 1),
        (KeySpec::MlDsa87, 1),
    ];
    for (spec, algorithms) in specs {
        let key = pair(&kms, spec.clone(), KeyUsageType::SignVerify).await;
        assert_eq!(key.signing_algorithms().len(), algorithms, "{spec}");
        for algorithm in key.signing_algorithms() {
            // This one takes digests alone.
            let (kind, message) = match algorithm {
                SigningAlgorithmSpec::Ed25519PhSha512 => (MessageType::Digest, Blob::new([7; 64])),
                _ => (MessageType::Raw, Blob::new("a message")),
            };
            let asked = kms.sign().key_id(&key.key_id).message(message.clone()).message_type(kind.clone());
            let signature = asked.signing_algorithm(algorithm.clone()).send().await.unwrap().signature.unwrap();
            let check = |signature| {
                let asked = kms.verify().key_id(&key.key_id).message(message.clone()).message_type(kind.clone());
                asked.signing_algorithm(algorithm.clone()).signature(signature).send()
            };
            assert!(check(signature.clone()).await.unwrap().signature_valid, "{algorithm}");
            let mut broken = signature.into_inner();
            *broken.last_mut().unwrap() ^= 1;
            let refused = check(Blob::new(broken)).await.unwrap_err().into_service_error();
            assert!(refused.is_kms_invalid_signature_exception(), "{algorithm}");
        }
    }
}

#[tokio::test]
async fn rsa_encryption() {
    let server = Server::start();
    let kms = server.client();
    let key = pair(&kms, KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    assert_eq!(key.encryption_algorithms().len(), 2);
    for algorithm in key.encryption_algorithms() {
        let asked = kms.encrypt().key_id(&key.key_id).encryption_algorithm(algorithm.clone());
        let blob = asked.plaintext(Blob::new("a message")).send().await.unwrap().ciphertext_blob.unwrap();
        let asked = kms.decrypt().key_id(&key.key_id).encryption_algorithm(algorithm.clone());
        let opened = asked.ciphertext_blob(blob).send().await.unwrap();
        assert_eq!(opened.plaintext.unwrap().as_ref(), b"a message");
    }
}

#[tokio::test]
async fn both_sides_agree_on_a_secret() {
    let server = Server::start();
    let kms = server.client();
    for spec in [KeySpec::EccNistP256, KeySpec::EccNistP384, KeySpec::EccNistP521] {
        let one = pair(&kms, spec.clone(), KeyUsageType::KeyAgreement).await.key_id;
        let two = pair(&kms, spec, KeyUsageType::KeyAgreement).await.key_id;
        let mut secrets = Vec::new();
        for (own, peer) in [(&one, &two), (&two, &one)] {
            let public = kms.get_public_key().key_id(peer).send().await.unwrap().public_key.unwrap();
            let asked = kms.derive_shared_secret().key_id(own).public_key(public);
            let asked = asked.key_agreement_algorithm(KeyAgreementAlgorithmSpec::Ecdh);
            secrets.push(asked.send().await.unwrap().shared_secret.unwrap());
        }
        assert_eq!(secrets[0], secrets[1]);
    }
}

#[tokio::test]
async fn encapsulation() {
    let server = Server::start();
    let kms = server.client();
    for (spec, length) in [(KeySpec::MlKem512, 768), (KeySpec::MlKem768, 1088), (KeySpec::MlKem1024, 1568)] {
        let id = pair(&kms, spec, KeyUsageType::EncapsulateDecapsulate).await.key_id;
        let algorithm = EncapsulationAlgorithmSpec::MlKem;
        let sent = kms.encapsulate().key_id(&id).encapsulation_algorithm(algorithm.clone()).send().await.unwrap();
        let blob = sent.shared_secret_ciphertext_blob.unwrap();
        assert_eq!(blob.as_ref().len(), length);
        let asked = kms.decapsulate().key_id(&id).encapsulation_algorithm(algorithm);
        let got = asked.shared_secret_ciphertext_blob(blob).send().await.unwrap();
        assert!(got.shared_secret.is_some());
        assert_eq!(got.shared_secret, sent.shared_secret);
    }
}

#[tokio::test]
async fn a_symmetric_key_has_no_public_half() {
    let server = Server::start();
    let kms = server.client();
    let id = kms.key().await.key_id;
    let refused = kms.get_public_key().key_id(&id).send().await.unwrap_err().into_service_error();
    assert!(refused.is_unsupported_operation_exception());
    let asked = kms.sign().key_id(&id).message(Blob::new("x")).signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
    assert!(asked.send().await.unwrap_err().into_service_error().is_invalid_key_usage_exception());
}
