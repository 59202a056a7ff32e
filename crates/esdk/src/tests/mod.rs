//! Whole messages: round trips, damage, rules.

mod caching;
mod damage;
mod kms;
mod managers;
mod messages;
mod published;

use std::num::NonZeroU32;

use claviger_crypto::secret::Secret;

use crate::keyring::RawAesKeyring;
use crate::manager::DefaultManager;
use crate::{Client, CommitmentPolicy, EncryptOptions, Encrypted, EncryptionContext, Error, Suite, block_on};

fn keyring(byte: u8) -> RawAesKeyring {
    RawAesKeyring::new("tests", "key", &Secret::take(&mut [byte; 32])).unwrap()
}

fn manager() -> DefaultManager<RawAesKeyring> {
    DefaultManager::new(keyring(7))
}

/// A client that writes with this suite, and reads everything.
fn client(suite: Suite) -> Client {
    let policy = match suite.commits() {
        true => CommitmentPolicy::RequireEncryptAllowDecrypt,
        false => CommitmentPolicy::ForbidEncryptAllowDecrypt,
    };
    Client { policy, ..Client::default() }
}

fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn options(suite: Suite, frame_length: u32) -> EncryptOptions {
    EncryptOptions {
        context: context(&[("purpose", "test"), ("stage", "one")]),
        suite: Some(suite),
        frame_length: NonZeroU32::new(frame_length),
        plaintext_bytes_max: None,
    }
}

fn encrypt(suite: Suite, frame_length: u32, plaintext: &[u8]) -> Encrypted {
    block_on(client(suite).encrypt(&manager(), plaintext, options(suite, frame_length))).unwrap()
}

fn decrypt(suite: Suite, message: &[u8]) -> Result<Vec<u8>, Error> {
    block_on(client(suite).decrypt(&manager(), message, EncryptionContext::new())).map(|done| done.plaintext.to_vec())
}
