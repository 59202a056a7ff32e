//! Writes the seeds of the blob target; needed again only when the blob format changes.
//!
//! `cargo run --example blob_seeds` in this folder.

use std::fs;
use std::path::Path;

use claviger_crypto::blob::{self, Origin};
use claviger_crypto::context::EncryptionContext;
use claviger_crypto::material::KeyMaterial;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/blob_parse");
    let material = KeyMaterial::import(&mut [7; 32]).expect("32 bytes");
    for (name, key_id, region) in [
        ("uuid", "1234abcd-12ab-34cd-56ef-1234567890ab", "eu-central-1"),
        ("multi-region", "mrk-1234abcd12ab34cd56ef1234567890ab", "us-east-1"),
        ("spelled-out", "another form of id", "us-gov-west-1"),
    ] {
        let origin = Origin {
            account: "111122223333".into(),
            region: region.into(),
            key_id: key_id.into(),
            material_id: material.id(key_id),
        };
        let sealed = blob::seal(&material, &origin, &EncryptionContext::new(), name.as_bytes());
        fs::write(folder.join(name), sealed.expect("an empty context is short enough"))?;
    }
    Ok(())
}
