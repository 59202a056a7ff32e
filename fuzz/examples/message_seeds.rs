//! Writes seeds for `message_parse`: a message of every suite.

use std::num::NonZeroU32;
use std::path::Path;

use claviger_crypto::secret::Secret;
use claviger_esdk::keyring::RawAesKeyring;
use claviger_esdk::manager::DefaultManager;
use claviger_esdk::{Client, CommitmentPolicy, EncryptOptions, Suite, block_on};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/message_parse");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let keyring = RawAesKeyring::new("fuzz", "key", &Secret::take(&mut [7; 32])).expect("32 bytes");
    let manager = DefaultManager::new(keyring);
    for suite in Suite::ALL {
        let policy = match suite.commits() {
            true => CommitmentPolicy::RequireEncryptAllowDecrypt,
            false => CommitmentPolicy::ForbidEncryptAllowDecrypt,
        };
        let client = Client { policy, ..Client::default() };
        let options = EncryptOptions {
            context: [("purpose".to_owned(), "fuzz".to_owned())].into(),
            suite: Some(suite),
            frame_length: NonZeroU32::new(8),
            plaintext_bytes_max: None,
        };
        let encrypted = block_on(client.encrypt(&manager, b"twenty bytes of text", options)).expect("it encrypts");
        std::fs::write(folder.join(format!("{:04x}", suite.id())), encrypted.message).expect("it can be written");
    }
}
