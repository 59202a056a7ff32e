//! Keyrings of KMS against a KMS that wraps nothing: a ciphertext says key, context and plaintext in the clear.

use std::sync::{Arc, Mutex};

use super::*;
use crate::keyring::{DiscoveryFilter, KmsDiscoveryKeyring, KmsKeyring};
use crate::kms::{KeyUse, KmsClient, KmsClients, KmsError, Wrapped};
use crate::materials::{BoxFuture, Keyring};

const EAST: &str = "arn:aws:kms:us-east-1:111122223333:key/mrk-1";
const WEST: &str = "arn:aws:kms:us-west-2:111122223333:key/mrk-1";
const PLAIN: &str = "arn:aws:kms:us-east-1:111122223333:key/single";
const STRANGER: &str = "arn:aws:kms:us-east-1:999999999999:key/single";
const SUITE: Suite = Suite::Aes256HkdfSha512CommitKey;

#[derive(Clone, Default)]
struct Fake {
    calls: Arc<Mutex<Vec<String>>>,
    /// Answers with this instead of the key's ARN.
    lie: Option<&'static str>,
}

impl Fake {
    fn answer(&self, operation: &str, key_id: &str) -> Result<String, KmsError> {
        self.calls.lock().unwrap().push(format!("{operation} {key_id}"));
        if key_id.contains("denied") {
            return Err(KmsError { code: "AccessDeniedException".to_owned(), message: "no".to_owned() });
        }
        let arn = if key_id.starts_with("alias/") { PLAIN } else { key_id };
        Ok(self.lie.unwrap_or(arn).to_owned())
    }

    fn wrap(&self, key: KeyUse<'_>, key_arn: String, plaintext: &[u8]) -> Wrapped {
        // Replicas of a key open one another's ciphertexts.
        let id = key_arn.rsplit(':').next().unwrap();
        let ciphertext = format!("{id}|{:?}|", key.context).into_bytes();
        Wrapped { ciphertext: [&ciphertext[..], plaintext].concat(), key_arn }
    }
}

impl KmsClient for Fake {
    fn generate_data_key<'a>(
        &'a self,
        key: KeyUse<'a>,
        bytes: usize,
    ) -> BoxFuture<'a, Result<(Secret, Wrapped), KmsError>> {
        Box::pin(async move {
            let arn = self.answer("GenerateDataKey", key.key_id)?;
            let data_key = Secret::random(bytes);
            let wrapped = self.wrap(key, arn, data_key.expose());
            Ok((data_key, wrapped))
        })
    }

    fn encrypt<'a>(&'a self, key: KeyUse<'a>, plaintext: &'a Secret) -> BoxFuture<'a, Result<Wrapped, KmsError>> {
        Box::pin(async move { Ok(self.wrap(key, self.answer("Encrypt", key.key_id)?, plaintext.expose())) })
    }

    fn decrypt<'a>(
        &'a self,
        key: KeyUse<'a>,
        ciphertext: &'a [u8],
    ) -> BoxFuture<'a, Result<(Secret, String), KmsError>> {
        Box::pin(async move {
            let arn = self.answer("Decrypt", key.key_id)?;
            let empty = self.wrap(key, key.key_id.to_owned(), &[]).ciphertext;
            let plaintext = ciphertext
                .strip_prefix(&empty[..])
                .ok_or_else(|| KmsError { code: "InvalidCiphertextException".to_owned(), message: String::new() })?;
            Ok((Secret::take(&mut plaintext.to_vec()), arn))
        })
    }
}

impl KmsClients for Fake {
    fn in_region(&self, region: &str) -> Arc<dyn KmsClient> {
        self.calls.lock().unwrap().push(format!("in {region}"));
        Arc::new(self.clone())
    }
}

fn strict(fake: &Fake, key: &str) -> KmsKeyring {
    KmsKeyring::new(Arc::new(fake.clone()), key).unwrap()
}

fn write(keyring: impl Keyring) -> Result<Vec<u8>, Error> {
    let manager = DefaultManager::new(keyring);
    block_on(client(SUITE).encrypt(&manager, b"plaintext", options(SUITE, 9))).map(|encrypted| encrypted.message)
}

fn read(keyring: impl Keyring, message: &[u8]) -> Result<(), String> {
    let manager = DefaultManager::new(keyring);
    let decrypted = block_on(client(SUITE).decrypt(&manager, message, EncryptionContext::new()));
    decrypted.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn the_generator_makes_the_key_and_the_others_wrap_it() {
    let fake = Fake::default();
    let keyrings: Vec<Arc<dyn Keyring>> = vec![Arc::new(strict(&fake, "alias/name")), Arc::new(strict(&fake, EAST))];
    let keyring = crate::keyring::MultiKeyring::new(Some(Arc::clone(&keyrings[0])), keyrings[1..].to_vec()).unwrap();
    let message = write(keyring).unwrap();
    assert_eq!(*fake.calls.lock().unwrap(), ["GenerateDataKey alias/name", &format!("Encrypt {EAST}")]);
    // The message names the alias's key by its ARN.
    for key in [PLAIN, EAST] {
        assert_eq!(read(strict(&fake, key), &message), Ok(()));
    }
    for key in ["alias/name", STRANGER, WEST] {
        let calls = fake.calls.lock().unwrap().len();
        assert!(read(strict(&fake, key), &message).unwrap_err().contains("names"));
        assert_eq!(fake.calls.lock().unwrap().len(), calls, "{key} asked KMS in vain");
    }
}

#[test]
fn multi_region_keys_open_in_the_other_region_when_asked_to() {
    let fake = Fake::default();
    let message = write(strict(&fake, EAST)).unwrap();
    assert!(read(strict(&fake, WEST), &message).is_err());
    assert_eq!(read(strict(&fake, WEST).multi_region_aware(), &message), Ok(()));
    assert_eq!(fake.calls.lock().unwrap().last().unwrap(), &format!("Decrypt {WEST}"));
    let single = write(strict(&fake, PLAIN)).unwrap();
    assert!(read(strict(&fake, &PLAIN.replace("east", "west")).multi_region_aware(), &single).is_err());
}

#[test]
fn discovery_asks_whom_the_filter_trusts() {
    let fake = Fake::default();
    let discovery = |filter| KmsDiscoveryKeyring::new(Arc::new(fake.clone()), filter);
    let filter = |partition: &str, account: &str| {
        Some(DiscoveryFilter { partition: partition.to_owned(), accounts: vec![account.to_owned()] })
    };
    let message = write(strict(&fake, EAST)).unwrap();
    for fits in [None, filter("aws", "111122223333")] {
        assert_eq!(read(discovery(fits), &message), Ok(()));
    }
    for wrong in [filter("aws", "999999999999"), filter("aws-cn", "111122223333"), filter("aws", "")] {
        let calls = fake.calls.lock().unwrap().len();
        assert!(read(discovery(wrong), &message).is_err());
        assert_eq!(fake.calls.lock().unwrap().len(), calls);
    }
    assert_eq!(read(discovery(None).in_region("us-west-2"), &message), Ok(()));
    let calls = fake.calls.lock().unwrap().clone();
    assert_eq!(calls[calls.len() - 2..], ["in us-west-2".to_owned(), format!("Decrypt {WEST}")]);
    let single = write(strict(&fake, PLAIN)).unwrap();
    assert!(read(discovery(None).in_region("us-west-2"), &single).is_err());
    assert_eq!(read(discovery(None).in_region("us-east-1"), &single), Ok(()));
    assert!(matches!(write(discovery(None)), Err(Error::NotEncrypted(_))));
}

#[test]
fn answers_about_another_key_are_not_believed() {
    let honest = Fake::default();
    let message = write(strict(&honest, PLAIN)).unwrap();
    let lying = Fake { lie: Some(STRANGER), ..Fake::default() };
    assert!(read(strict(&lying, PLAIN), &message).unwrap_err().contains("another key"));
    assert!(read(KmsDiscoveryKeyring::new(Arc::new(lying), None), &message).unwrap_err().contains("another key"));
    for lie in ["", "key", "arn:aws:kms:us-east-1:111122223333:alias/a"] {
        let lying = Fake { lie: Some(lie), ..Fake::default() };
        assert!(matches!(write(strict(&lying, PLAIN)), Err(Error::NotEncrypted(_))), "{lie}");
    }
}

#[test]
fn refusals_are_told_with_their_key() {
    let fake = Fake::default();
    let denied = "arn:aws:kms:us-east-1:111122223333:key/denied";
    assert_eq!(write(strict(&fake, denied)), Err(Error::NotEncrypted(format!("{denied}: AccessDeniedException: no"))));
    for wrong in ["", "arn:aws:kms:us-east-1:111122223333:key", "arn:aws:s3:::bucket"] {
        assert!(matches!(KmsKeyring::new(Arc::new(fake.clone()), wrong), Err(Error::InvalidKeyring(_))));
    }
}
