use std::sync::Arc;

use claviger_crypto::key_pair::{KeyPairKind, PrivateKey, PublicKey};

use super::*;
use crate::keyring::{MultiKeyring, Padding, RawRsaKeyring};
use crate::manager::RequiredContextManager;
use crate::materials::{Keyring, MaterialsManager};

const SUITE: Suite = Suite::Aes256HkdfSha512CommitKey;

fn try_encrypt(manager: &dyn MaterialsManager, options: EncryptOptions) -> Result<Encrypted, Error> {
    block_on(client(SUITE).encrypt(manager, b"plaintext", options))
}

fn try_decrypt(manager: &dyn MaterialsManager, message: &[u8], pairs: &[(&str, &str)]) -> Result<(), Error> {
    let decrypted = block_on(client(SUITE).decrypt(manager, message, context(pairs)))?;
    assert_eq!(decrypted.plaintext.as_slice(), b"plaintext");
    Ok(())
}

fn aes(name: &str, byte: u8) -> Arc<dyn Keyring> {
    Arc::new(RawAesKeyring::new("tests", name, &Secret::take(&mut [byte; 16])).unwrap())
}

fn multi(keyrings: Vec<Arc<dyn Keyring>>) -> DefaultManager<MultiKeyring> {
    let mut keyrings = keyrings.into_iter();
    DefaultManager::new(MultiKeyring::new(keyrings.next(), keyrings.collect()).unwrap())
}

#[test]
fn any_of_several_keys_opens_and_no_other() {
    let message = try_encrypt(&multi(vec![aes("a", 1), aes("b", 2), aes("c", 3)]), options(SUITE, 9)).unwrap();
    assert_eq!(message.header.encrypted_data_keys.len(), 3);
    for (name, byte) in [("a", 1), ("b", 2), ("c", 3)] {
        assert_eq!(try_decrypt(&multi(vec![aes(name, byte)]), &message.message, &[]), Ok(()));
        assert_eq!(try_decrypt(&multi(vec![aes("x", 9), aes(name, byte)]), &message.message, &[]), Ok(()));
        let wrong = multi(vec![aes("x", 1), aes(name, 9)]);
        let refused = try_decrypt(&wrong, &message.message, &[]);
        assert!(
            matches!(refused, Err(Error::NotDecrypted(reasons)) if reasons.contains("\"x\"") && reasons.contains("; "))
        );
    }
    assert!(MultiKeyring::new(None, vec![]).is_err());
    let childless = DefaultManager::new(MultiKeyring::new(None, vec![aes("a", 1)]).unwrap());
    assert!(matches!(try_encrypt(&childless, options(SUITE, 9)), Err(Error::NotEncrypted(_))));
    assert_eq!(try_decrypt(&childless, &message.message, &[]), Ok(()));
}

#[test]
fn names_that_only_begin_alike_are_other_keys() {
    let message = try_encrypt(&multi(vec![aes("name", 1)]), options(SUITE, 9)).unwrap();
    for other in ["nam", "name1", "", "NAME"] {
        let refused = try_decrypt(&multi(vec![aes(other, 1)]), &message.message, &[]);
        assert!(matches!(refused, Err(Error::NotDecrypted(_))), "{other}");
    }
}

#[test]
fn rsa_needs_the_public_part_to_encrypt_and_the_private_part_to_decrypt() {
    let private = PrivateKey::generate(KeyPairKind::Rsa2048).unwrap();
    let der = private.public_key().to_der().to_vec();
    let pkcs8 = private.to_pkcs8().unwrap();
    let public = || PublicKey::from_der(KeyPairKind::Rsa2048, &der);
    let private = || PrivateKey::from_pkcs8(KeyPairKind::Rsa2048, &mut pkcs8.expose().to_vec()).ok();
    for padding in Padding::ALL {
        let keyring = |public, private| {
            DefaultManager::new(RawRsaKeyring::new("tests", "rsa", padding, public, private).unwrap())
        };
        let (encrypts, decrypts) = (keyring(public(), None), keyring(None, private()));
        let message = try_encrypt(&encrypts, options(SUITE, 9)).unwrap().message;
        assert_eq!(try_decrypt(&decrypts, &message, &[]), Ok(()));
        assert!(matches!(try_decrypt(&encrypts, &message, &[]), Err(Error::NotDecrypted(_))));
        assert!(matches!(try_encrypt(&decrypts, options(SUITE, 9)), Err(Error::NotEncrypted(_))));
        for other in Padding::ALL.into_iter().filter(|other| *other != padding) {
            let keyring = RawRsaKeyring::new("tests", "rsa", other, None, private()).unwrap();
            let refused = try_decrypt(&DefaultManager::new(keyring), &message, &[]);
            assert!(matches!(refused, Err(Error::NotDecrypted(_))), "{padding} as {other}");
        }
        assert_eq!(padding.name().parse(), Ok(padding));
    }
    assert!(RawRsaKeyring::new("tests", "rsa", Padding::Pkcs1, None, None).is_err());
    let curve = PrivateKey::generate(KeyPairKind::P256);
    assert!(RawRsaKeyring::new("tests", "rsa", Padding::Pkcs1, None, curve).is_err());
}

#[test]
fn raw_keys_do_not_pose_as_keys_in_kms() {
    for namespace in ["aws-kms", "aws-kms-hierarchy"] {
        assert!(matches!(RawAesKeyring::new(namespace, "n", &Secret::random(32)), Err(Error::InvalidKeyring(_))));
    }
    assert!(matches!(RawAesKeyring::new("n", "n", &Secret::random(31)), Err(Error::InvalidKeyring(_))));
}

#[test]
fn the_context_given_must_be_the_messages() {
    let message = try_encrypt(&manager(), options(SUITE, 9)).unwrap().message;
    for fits in [&[][..], &[("purpose", "test")], &[("purpose", "test"), ("stage", "one")]] {
        assert_eq!(try_decrypt(&manager(), &message, fits), Ok(()));
    }
    let other = try_decrypt(&manager(), &message, &[("purpose", "other")]);
    assert_eq!(other, Err(Error::ContextMismatch("purpose".to_owned())));
    // Not in the message, so it would have to be one that is authenticated without being stored: the raw AES key's
    // own additional data already disagrees.
    assert!(matches!(try_decrypt(&manager(), &message, &[("more", "")]), Err(Error::NotDecrypted(_))));
}

#[test]
fn required_pairs_are_authenticated_but_not_stored() {
    let required = |keys: &[&str]| {
        RequiredContextManager::new(manager(), keys.iter().map(|key| key.to_string()).collect::<Vec<_>>())
    };
    let encrypted = try_encrypt(&required(&["stage"]), options(SUITE, 9)).unwrap();
    assert_eq!(encrypted.header.context, context(&[("purpose", "test")]));
    let message = encrypted.message;
    for manager in [&required(&["stage"]) as &dyn MaterialsManager, &manager()] {
        assert_eq!(try_decrypt(manager, &message, &[("stage", "one")]), Ok(()));
        assert_eq!(try_decrypt(manager, &message, &[("stage", "one"), ("purpose", "test")]), Ok(()));
        assert!(try_decrypt(manager, &message, &[("stage", "two")]).is_err());
        assert!(try_decrypt(manager, &message, &[]).is_err());
        assert!(try_decrypt(manager, &message, &[("stage", "one"), ("more", "")]).is_err());
    }
    let missing = Err(Error::ContextKeyMissing("stage".to_owned()));
    assert_eq!(try_decrypt(&required(&["stage"]), &message, &[]), missing);
    assert_eq!(
        try_encrypt(&required(&["absent"]), options(SUITE, 9)).err(),
        Some(Error::ContextKeyMissing("absent".to_owned()))
    );
    // Everything can be left out of the message; RSA does not bind the context, so there the header's tag does.
    let nothing_stored = try_encrypt(&required(&["stage", "purpose"]), options(SUITE, 9)).unwrap();
    assert!(nothing_stored.header.context.is_empty());
    let pairs = [("stage", "one"), ("purpose", "test")];
    assert_eq!(try_decrypt(&required(&["stage"]), &nothing_stored.message, &pairs), Ok(()));
    let key = || PrivateKey::generate(KeyPairKind::Rsa2048).unwrap();
    let key = key();
    let public = PublicKey::from_der(key.kind(), key.public_key().to_der());
    let rsa = RawRsaKeyring::new("tests", "rsa", Padding::ALL[2], public, Some(key)).unwrap();
    let rsa = RequiredContextManager::new(DefaultManager::new(rsa), ["stage".to_owned()]);
    let message = try_encrypt(&rsa, options(SUITE, 9)).unwrap().message;
    assert_eq!(try_decrypt(&rsa, &message, &[("stage", "one")]), Ok(()));
    assert_eq!(try_decrypt(&rsa, &message, &[("stage", "two")]), Err(Error::HeaderNotAuthentic));
}

#[test]
fn reserved_names_are_refused() {
    for name in ["aws-crypto-public-key", "aws-crypto-", "aws-crypto-anything"] {
        let options = EncryptOptions { context: context(&[(name, "x")]), ..options(SUITE, 9) };
        assert_eq!(try_encrypt(&manager(), options).err(), Some(Error::ReservedContextKey(name.to_owned())));
    }
}

#[test]
fn policies_hold_on_both_sides() {
    for policy in CommitmentPolicy::ALL {
        let client = Client { policy, ..Client::default() };
        for suite in Suite::ALL {
            let encrypted = block_on(client.encrypt(&manager(), b"plaintext", options(suite, 9)));
            let allowed = policy.check_encrypt(suite);
            assert_eq!(encrypted.err(), allowed.err());
            let message = encrypt(suite, 9, b"plaintext").message;
            let decrypted = block_on(client.decrypt(&manager(), &message, EncryptionContext::new()));
            assert_eq!(decrypted.err(), policy.check_decrypt(suite).err());
        }
        let default = block_on(client.encrypt(&manager(), b"", EncryptOptions::default())).unwrap();
        assert_eq!(default.header.suite, policy.default_suite());
        assert_eq!(default.header.frame_length, Some(4096));
    }
}

#[test]
fn encrypted_data_keys_are_limited_on_both_sides() {
    let three = multi(vec![aes("a", 1), aes("b", 2), aes("c", 3)]);
    let message = try_encrypt(&three, options(SUITE, 9)).unwrap().message;
    for max in 1..=4 {
        let client = Client { encrypted_data_keys_max: Some(max), ..client(SUITE) };
        let expected = (max < 3).then_some(Error::TooManyEncryptedDataKeys { found: 3, max });
        assert_eq!(block_on(client.encrypt(&three, b"", options(SUITE, 9))).err(), expected);
        assert_eq!(block_on(client.decrypt(&three, &message, EncryptionContext::new())).err(), expected);
    }
}
