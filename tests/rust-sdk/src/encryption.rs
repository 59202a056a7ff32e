//! Symmetric encryption, data keys, MACs, random bytes.

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeyPairSpec, DataKeySpec, KeySpec, KeyUsageType, MacAlgorithmSpec};

use crate::server::Server;

#[tokio::test]
async fn what_is_encrypted_decrypts_in_its_context_only() {
    let server = Server::start();
    let kms = server.client();
    let (key, other) = (kms.key().await, kms.key().await);
    let asked = kms.encrypt().key_id(&key.key_id).plaintext(Blob::new("a message")).encryption_context("a", "b");
    let blob = asked.send().await.unwrap().ciphertext_blob.unwrap();
    let opened = kms.decrypt().ciphertext_blob(blob.clone()).encryption_context("a", "b").send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().as_ref(), b"a message");
    assert_eq!(opened.key_id, key.arn);
    let refused = kms.decrypt().ciphertext_blob(blob.clone()).send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_ciphertext_exception());
    assert_eq!(refused.message(), None);
    let asked = kms.decrypt().ciphertext_blob(blob.clone()).encryption_context("a", "b").key_id(&other.key_id);
    assert!(asked.send().await.unwrap_err().into_service_error().is_incorrect_key_exception());
    let asked = kms.re_encrypt().ciphertext_blob(blob).source_encryption_context("a", "b");
    let moved = asked.destination_key_id(&other.key_id).send().await.unwrap();
    assert_eq!((moved.source_key_id, moved.key_id), (key.arn, other.arn));
    let opened = kms.decrypt().ciphertext_blob(moved.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().as_ref(), b"a message");
    let dry = kms.encrypt().key_id(&key.key_id).plaintext(Blob::new("x")).dry_run(true).send().await;
    assert!(dry.unwrap_err().into_service_error().is_dry_run_operation_exception());
}

#[tokio::test]
async fn data_keys() {
    let server = Server::start();
    let kms = server.client();
    let id = kms.key().await.key_id;
    let made = kms.generate_data_key().key_id(&id).key_spec(DataKeySpec::Aes256).send().await.unwrap();
    let opened = kms.decrypt().ciphertext_blob(made.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(made.plaintext.as_ref().map(|key| key.as_ref().len()), Some(32));
    assert_eq!(opened.plaintext, made.plaintext);
    let blind = kms.generate_data_key_without_plaintext().key_id(&id).number_of_bytes(33).send().await.unwrap();
    let opened = kms.decrypt().ciphertext_blob(blind.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().as_ref().len(), 33);
}

#[tokio::test]
async fn data_key_pairs() {
    let server = Server::start();
    let kms = server.client();
    let id = kms.key().await.key_id;
    for spec in [DataKeyPairSpec::Rsa2048, DataKeyPairSpec::EccNistP256, DataKeyPairSpec::EccNistEdwards25519] {
        let made = kms.generate_data_key_pair().key_id(&id).key_pair_spec(spec.clone()).send().await.unwrap();
        assert!(made.public_key.is_some());
        let opened = kms.decrypt().ciphertext_blob(made.private_key_ciphertext_blob.unwrap()).send().await.unwrap();
        assert_eq!(opened.plaintext, made.private_key_plaintext);
        let asked = kms.generate_data_key_pair_without_plaintext().key_id(&id).key_pair_spec(spec);
        assert!(asked.send().await.unwrap().private_key_ciphertext_blob.is_some());
    }
}

#[tokio::test]
async fn macs() {
    let server = Server::start();
    let kms = server.client();
    for (spec, algorithm, length) in [
        (KeySpec::Hmac224, MacAlgorithmSpec::HmacSha224, 28),
        (KeySpec::Hmac256, MacAlgorithmSpec::HmacSha256, 32),
        (KeySpec::Hmac384, MacAlgorithmSpec::HmacSha384, 48),
        (KeySpec::Hmac512, MacAlgorithmSpec::HmacSha512, 64),
    ] {
        let asked = kms.create_key().key_spec(spec).key_usage(KeyUsageType::GenerateVerifyMac);
        let id = asked.send().await.unwrap().key_metadata.unwrap().key_id;
        let message = Blob::new("a message");
        let asked = kms.generate_mac().key_id(&id).message(message.clone()).mac_algorithm(algorithm.clone());
        let mac = asked.send().await.unwrap().mac.unwrap();
        assert_eq!(mac.as_ref().len(), length);
        let check =
            |mac| kms.verify_mac().key_id(&id).message(message.clone()).mac_algorithm(algorithm.clone()).mac(mac);
        assert!(check(mac.clone()).send().await.unwrap().mac_valid);
        let mut broken = mac.into_inner();
        broken[0] ^= 1;
        let refused = check(Blob::new(broken)).send().await.unwrap_err().into_service_error();
        assert!(refused.is_kms_invalid_mac_exception());
    }
}

#[tokio::test]
async fn random_bytes() {
    let server = Server::start();
    let kms = server.client();
    let draw = async || kms.generate_random().number_of_bytes(64).send().await.unwrap().plaintext.unwrap();
    let (one, two) = (draw().await, draw().await);
    assert_eq!(one.as_ref().len(), 64);
    assert_ne!(one, two);
}
