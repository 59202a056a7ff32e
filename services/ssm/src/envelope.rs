//! Envelopes of the advanced tier: messages of the Encryption SDK whose data keys the key service makes and unwraps.

use std::sync::{Arc, Mutex, PoisonError};

use claviger_crypto::secret::Secret;
use claviger_esdk::header::EncryptedDataKey;
use claviger_esdk::manager::DefaultManager;
use claviger_esdk::materials::{BoxFuture, DecryptionMaterials, EncryptionMaterials, Keyring};
use claviger_esdk::{Client, EncryptOptions, EncryptionContext, Error, Suite};
use claviger_shapes::{Blob, Fault, SecretBlob, kms};

use crate::keys::{Keys, failed};

/// Committing to its key, and unsigned: who may write is the policies' affair.
const SUITE: Suite = Suite::Aes256HkdfSha512CommitKey;
/// How messages name keys of the key service.
const PROVIDER: &str = "aws-kms";

/// Encrypts a value into a message.
pub(crate) async fn seal(keys: Keys<'_>, key_id: &str, value: &str) -> Result<Vec<u8>, Fault> {
    let service = Service::new(keys, key_id);
    let options = EncryptOptions { context: keys.context(), suite: Some(SUITE), ..EncryptOptions::default() };
    let manager = DefaultManager::new(Arc::clone(&service));
    let sealed = Client::default().encrypt(&manager, value.as_bytes(), options).await;
    sealed.map(|sealed| sealed.message).map_err(|error| service.fault(&error))
}

/// Opens a message that [`seal`] made for the same parameter.
pub(crate) async fn open(keys: Keys<'_>, message: &[u8]) -> Result<SecretBlob, Fault> {
    let service = Service::new(keys, "");
    let manager = DefaultManager::new(Arc::clone(&service));
    let opened = Client::default().decrypt(&manager, message, keys.context()).await;
    opened.map(|opened| SecretBlob(opened.plaintext)).map_err(|error| service.fault(&error))
}

/// The key service as a keyring.
struct Service<'a> {
    keys: Keys<'a>,
    key_id: &'a str,
    /// What the key service said when it refused.
    refused: Mutex<Option<Fault>>,
}

impl<'a> Service<'a> {
    fn new(keys: Keys<'a>, key_id: &'a str) -> Arc<Self> {
        Arc::new(Self { keys, key_id, refused: Mutex::default() })
    }

    fn fault(&self, error: &Error) -> Fault {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).take();
        refused.unwrap_or_else(|| failed(error))
    }

    fn refuse(&self, fault: Fault) -> Error {
        let error = Error::NotDecrypted(fault.code.to_owned());
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        error
    }

    async fn make(&self, context: &EncryptionContext) -> Result<(Secret, EncryptedDataKey), Fault> {
        let request = kms::GenerateDataKeyRequest {
            key_id: self.key_id.to_owned(),
            encryption_context: Some(context.clone()),
            number_of_bytes: None,
            key_spec: Some(kms::DataKeySpec::Aes256),
            grant_tokens: None,
            recipient: None,
            dry_run: None,
        };
        let made: kms::GenerateDataKeyResponse = self.keys.invoke("GenerateDataKey", &request).await?;
        let (Some(mut plaintext), Some(wrapped), Some(key)) = (made.plaintext, made.ciphertext_blob, made.key_id)
        else {
            return Err(failed("GenerateDataKey gave no data key"));
        };
        let wrapped = EncryptedDataKey {
            provider_id: PROVIDER.to_owned(),
            provider_info: key.into_bytes(),
            ciphertext: wrapped.0,
        };
        Ok((Secret::take(&mut plaintext.0), wrapped))
    }

    async fn unwrap(&self, context: &EncryptionContext, wrapped: &[EncryptedDataKey]) -> Result<Secret, Fault> {
        let [wrapped] = wrapped else { return Err(failed("a value with several data keys")) };
        let blob = Blob(wrapped.ciphertext.clone());
        let mut plaintext = self.keys.decrypt(blob, context.clone()).await?;
        Ok(Secret::take(&mut plaintext.0))
    }
}

impl Keyring for Service<'_> {
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let (key, wrapped) = self.make(materials.context()).await.map_err(|fault| self.refuse(fault))?;
            materials.set_data_key(key)?;
            materials.add_encrypted_data_key(wrapped);
            Ok(())
        })
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let key = self.unwrap(materials.context(), encrypted_data_keys).await;
            materials.set_data_key(key.map_err(|fault| self.refuse(fault))?)
        })
    }
}
