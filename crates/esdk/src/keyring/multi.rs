use std::sync::Arc;

use crate::Error;
use crate::header::EncryptedDataKey;
use crate::materials::{BoxFuture, DecryptionMaterials, EncryptionMaterials, Keyring};

/// Several keyrings as one: every one of them wraps the data key, and any of them opens the message
/// (`framework/multi-keyring.md`).
pub struct MultiKeyring {
    generator: Option<Arc<dyn Keyring>>,
    children: Vec<Arc<dyn Keyring>>,
}

impl MultiKeyring {
    /// The generator makes the data key; without one, only decryption works unless this is itself a child.
    ///
    /// # Errors
    /// [`Error::InvalidKeyring`] without any keyring.
    pub fn new(generator: Option<Arc<dyn Keyring>>, children: Vec<Arc<dyn Keyring>>) -> Result<Self, Error> {
        if generator.is_none() && children.is_empty() {
            return Err(Error::InvalidKeyring("it has no keys".to_owned()));
        }
        Ok(Self { generator, children })
    }

    async fn encrypt(&self, materials: &mut EncryptionMaterials) -> Result<(), Error> {
        if let Some(generator) = &self.generator {
            if materials.data_key().is_some() {
                return Err(Error::InvalidMaterials("there is a data key already"));
            }
            generator.on_encrypt(materials).await?;
        }
        if materials.data_key().is_none() {
            return Err(Error::NotEncrypted("no keyring made a data key".to_owned()));
        }
        for child in &self.children {
            child.on_encrypt(materials).await?;
        }
        Ok(())
    }

    async fn decrypt(&self, materials: &mut DecryptionMaterials, keys: &[EncryptedDataKey]) -> Result<(), Error> {
        let mut reasons = Vec::new();
        for keyring in self.generator.iter().chain(&self.children) {
            match keyring.on_decrypt(materials, keys).await {
                Ok(()) => return Ok(()),
                Err(Error::NotDecrypted(reason)) => reasons.push(reason),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        Err(Error::NotDecrypted(reasons.join("; ")))
    }
}

impl Keyring for MultiKeyring {
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.encrypt(materials))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.decrypt(materials, encrypted_data_keys))
    }
}
