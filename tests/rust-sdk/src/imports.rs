//! Imported key material, and multi-Region keys.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{
    AlgorithmSpec, ExpirationModelType, KeyState, MultiRegionKeyType, OriginType, WrappingKeySpec,
};

use crate::server::{Account, Server};

/// Encrypts for a public key, as the owner of the material does: with another implementation.
fn wrap(public_key: &[u8], material: &[u8]) -> Vec<u8> {
    let folder = std::env::temp_dir().join(format!("claviger-rust-sdk-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let public = folder.join("wrapping.der");
    std::fs::write(&public, public_key).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey"]).arg(&public);
    openssl.args(["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256"]);
    let mut child = openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(material).unwrap();
    let output = child.wait_with_output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success());
    output.stdout
}

async fn bring(kms: &Account, id: &str, material: &[u8]) -> Option<String> {
    let asked = kms.get_parameters_for_import().key_id(id).wrapping_key_spec(WrappingKeySpec::Rsa2048);
    let given = asked.wrapping_algorithm(AlgorithmSpec::RsaesOaepSha256).send().await.unwrap();
    let wrapped = wrap(given.public_key.unwrap().as_ref(), material);
    let asked = kms.import_key_material().key_id(id).import_token(given.import_token.unwrap());
    let asked = asked.expiration_model(ExpirationModelType::KeyMaterialDoesNotExpire);
    asked.encrypted_key_material(Blob::new(wrapped)).send().await.unwrap().key_material_id
}

async fn state(kms: &Account, id: &str) -> KeyState {
    kms.describe_key().key_id(id).send().await.unwrap().key_metadata.unwrap().key_state.unwrap()
}

/// Waits until a key has left its passing state.
async fn settled(kms: &Account, id: &str) {
    for _ in 0..200 {
        if state(kms, id).await == KeyState::Enabled {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still {}", state(kms, id).await);
}

#[tokio::test]
async fn material_comes_in_goes_and_comes_back() {
    let server = Server::start();
    let kms = server.client();
    let made = kms.create_key().origin(OriginType::External).send().await.unwrap().key_metadata.unwrap();
    let id = made.key_id;
    assert_eq!(made.key_state, Some(KeyState::PendingImport));
    let material = [42; 32];
    let first = bring(&kms, &id, &material).await;
    assert!(first.is_some());
    let sealed = kms.encrypt().key_id(&id).plaintext(Blob::new("a message")).send().await.unwrap();
    let blob = sealed.ciphertext_blob.unwrap();
    let gone = kms.delete_imported_key_material().key_id(&id).send().await.unwrap();
    assert_eq!(gone.key_material_id, first);
    let refused = kms.decrypt().ciphertext_blob(blob.clone()).send().await.unwrap_err().into_service_error();
    assert!(refused.is_kms_invalid_state_exception());
    assert_eq!(refused.message().map(|text| text.ends_with(" is pending import.")), Some(true));
    assert_eq!(bring(&kms, &id, &material).await, first);
    let opened = kms.decrypt().ciphertext_blob(blob).send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().as_ref(), b"a message");
}

#[tokio::test]
async fn a_key_of_several_regions() {
    let server = Server::start();
    let here = server.client();
    let there = server.client_of(&here.id, "eu-west-1");
    let made = here.create_key().multi_region(true).send().await.unwrap().key_metadata.unwrap();
    let id = made.key_id;
    here.replicate_key().key_id(&id).replica_region("eu-west-1").send().await.unwrap();
    settled(&there, &id).await;
    let again = here.replicate_key().key_id(&id).replica_region("eu-west-1").send().await;
    assert!(again.unwrap_err().into_service_error().is_already_exists_exception());
    let sealed = here.encrypt().key_id(&id).plaintext(Blob::new("a message")).send().await.unwrap();
    let opened = there.decrypt().ciphertext_blob(sealed.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().as_ref(), b"a message");
    here.update_primary_region().key_id(&id).primary_region("eu-west-1").send().await.unwrap();
    settled(&here, &id).await;
    let described = here.describe_key().key_id(&id).send().await.unwrap().key_metadata.unwrap();
    let configuration = described.multi_region_configuration.unwrap();
    assert_eq!(configuration.multi_region_key_type, Some(MultiRegionKeyType::Replica));
    assert_eq!(configuration.primary_key.unwrap().region.as_deref(), Some("eu-west-1"));
}
