//! No bytes upset the reader of Encryption SDK messages: what is read as a header is written the same, and a message
//! that opens stops to do so when a bit of it changes.
#![no_main]

use std::sync::LazyLock;

use claviger_crypto::secret::Secret;
use claviger_esdk::keyring::RawAesKeyring;
use claviger_esdk::manager::DefaultManager;
use claviger_esdk::{Client, CommitmentPolicy, EncryptionContext, block_on};
use libfuzzer_sys::fuzz_target;

/// The seeds are encrypted under this, see `examples/message_seeds.rs`.
static MANAGER: LazyLock<DefaultManager<RawAesKeyring>> = LazyLock::new(|| {
    let keyring = RawAesKeyring::new("fuzz", "key", &Secret::take(&mut [7; 32]));
    DefaultManager::new(keyring.expect("32 bytes"))
});

fuzz_target!(|bytes: &[u8]| {
    let client = Client { policy: CommitmentPolicy::RequireEncryptAllowDecrypt, ..Client::default() };
    let mut reader = client.header_reader();
    let Ok(used) = reader.push(bytes) else { return };
    let Ok(header) = reader.header() else { return };
    let written = header.serialize().expect("what was read can be written");
    // Pairs of the context may be read in another order, but nothing else in another form.
    let mut again = client.header_reader();
    let tail = &bytes[written.len()..used];
    assert_eq!(again.push(&[&written, tail].concat()), Ok(used));
    assert_eq!(again.header().expect("what was written is read"), header);

    let decrypt = |bytes: &[u8]| block_on(client.decrypt(&*MANAGER, bytes, EncryptionContext::new())).ok();
    let Some(whole) = decrypt(bytes) else { return };
    // In pieces it is the same.
    let mut decryptor = block_on(client.decryptor(&*MANAGER, reader, EncryptionContext::new())).expect("it opened");
    let mut out = Vec::new();
    for piece in bytes[used..].chunks(1 + bytes.len() % 61) {
        decryptor.update(piece, &mut out).expect("it opened");
    }
    decryptor.finish(&mut out).expect("it opened");
    assert_eq!(out, *whole.plaintext);
    let mut changed = bytes.to_vec();
    for at in [0, used - 1, used, bytes.len() / 2, bytes.len() - 1] {
        changed[at] ^= 1;
        assert!(decrypt(&changed).is_none(), "byte {at} is not authenticated");
        changed[at] ^= 1;
    }
});
