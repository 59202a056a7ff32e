//! No bytes upset the parser of ciphertext blobs, and a blob that opens stops to do so when a bit of it changes.
#![no_main]

use std::sync::LazyLock;

use claviger_crypto::blob;
use claviger_crypto::context::EncryptionContext;
use claviger_crypto::material::KeyMaterial;
use libfuzzer_sys::fuzz_target;

/// The seeds are sealed under this, see `examples/blob_seeds.rs`.
static MATERIAL: LazyLock<KeyMaterial> = LazyLock::new(|| KeyMaterial::import(&mut [7; 32]).expect("32 bytes"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(parsed) = blob::parse(bytes) else { return };
    let context = EncryptionContext::new();
    let origin = parsed.origin().clone();
    if parsed.open(&MATERIAL, &context).is_err() {
        return;
    }
    let mut changed = bytes.to_vec();
    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        changed[at] ^= 1;
        let opened = blob::parse(&changed).is_ok_and(|parsed| parsed.open(&MATERIAL, &context).is_ok());
        assert!(!opened, "byte {at} of a blob of {origin:?} is not authenticated");
        changed[at] ^= 1;
    }
});
