//! Messages that the Encryption SDKs for C, Java, JavaScript and Python published, with their data keys.

use std::future::ready;

use serde_json::Value;

use super::*;
use crate::header::EncryptedDataKey;
use crate::materials::{BoxFuture, DecryptionMaterials, EncryptionMaterials, Keyring};

/// Knows the data key.
struct Known(Vec<u8>);

impl Keyring for Known {
    fn on_encrypt<'a>(&'a self, _: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(ready(Err(Error::NotEncrypted("only decrypts".to_owned()))))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        _: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(ready(materials.set_data_key(Secret::take(&mut self.0.clone()))))
    }
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../vectors/published.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    base64_simd::STANDARD.decode_to_vec(value.as_str().unwrap()).unwrap()
}

fn open(suite: Suite, key: Vec<u8>, message: &[u8]) -> Result<crate::Decrypted, Error> {
    block_on(client(suite).decrypt(&DefaultManager::new(Known(key)), message, EncryptionContext::new()))
}

fn suite(message: &[u8], at: usize) -> Suite {
    Suite::from_id(u16::from_be_bytes([message[at], message[at + 1]])).unwrap()
}

#[test]
fn committing_messages_open_or_fail_as_published() {
    let (mut opened, mut refused) = (0, 0);
    for vector in vectors()["committing"].as_array().unwrap() {
        let (message, comment) = (bytes(&vector["message"]), &vector["comment"]);
        let result = open(suite(&message, 1), bytes(&vector["dataKey"]), &message);
        match vector["plaintext"].as_str() {
            Some(plaintext) => {
                let decrypted = result.unwrap_or_else(|error| panic!("{comment}: {error}"));
                assert_eq!(*decrypted.plaintext, plaintext.as_bytes(), "{comment}");
                assert_eq!(decrypted.header.commitment.unwrap()[..], bytes(&vector["commitment"]), "{comment}");
                let context: EncryptionContext = serde_json::from_value(vector["context"].clone()).unwrap();
                assert_eq!(decrypted.context, context, "{comment}");
                opened += 1;
            }
            None => {
                assert_eq!(result.err(), Some(Error::Commitment), "{comment}");
                refused += 1;
            }
        }
    }
    assert_eq!((opened, refused), (41, 5));
}

#[test]
fn messages_of_version_1_open_as_published() {
    let mut suites = std::collections::BTreeSet::new();
    for vector in vectors()["raw"].as_array().unwrap() {
        let message = bytes(&vector["message"]);
        let suite = suite(&message, 2);
        assert_eq!(format!("{:04x}", suite.id()), vector["suite"].as_str().unwrap());
        // The key providers of these: one whose data keys are zero, one whose data keys count from 1.
        let key = match vector["key"].as_str().unwrap() {
            "null" => vec![0; suite.data_key_bytes()],
            _ => (1..=suite.data_key_bytes() as u8).collect(),
        };
        let decrypted = open(suite, key, &message).unwrap_or_else(|error| panic!("{suite}: {error}"));
        assert_eq!(*decrypted.plaintext, bytes(&vector["plaintext"]), "{suite}");
        suites.insert(suite);
    }
    assert_eq!(suites.len(), 9);
}
