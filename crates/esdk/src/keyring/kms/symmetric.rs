use std::sync::Arc;

use super::{KeyArn, KeyIdentifier, PROVIDER_ID, not_decrypted, with_arns};
use crate::Error;
use crate::header::EncryptedDataKey;
use crate::kms::{KeyUse, KmsClient, KmsError, Wrapped};
use crate::materials::{BoxFuture, DecryptionMaterials, EncryptionMaterials, Keyring};

/// Wraps data keys with one symmetric key in KMS (`framework/aws-kms/aws-kms-keyring.md` and `aws-kms-mrk-keyring.md`).
pub struct KmsKeyring {
    client: Arc<dyn KmsClient>,
    key: KeyIdentifier,
    key_id: String,
    grant_tokens: Vec<String>,
    multi_region_aware: bool,
}

impl KmsKeyring {
    /// Over a key, by ARN, id or alias. Only an ARN of a key decrypts, because that is what messages name.
    ///
    /// # Errors
    /// [`Error::InvalidKeyring`] for what identifies no key.
    pub fn new(client: Arc<dyn KmsClient>, key_id: &str) -> Result<Self, Error> {
        let key = KeyIdentifier::parse(key_id)?;
        let key_id = key_id.to_owned();
        Ok(Self { client, key, key_id, grant_tokens: Vec::new(), multi_region_aware: false })
    }

    /// Also decrypts what the same multi-Region key encrypted in another Region.
    #[must_use]
    pub fn multi_region_aware(self) -> Self {
        Self { multi_region_aware: true, ..self }
    }

    /// Calls with these grant tokens.
    #[must_use]
    pub fn with_grant_tokens(self, grant_tokens: Vec<String>) -> Self {
        Self { grant_tokens, ..self }
    }

    async fn encrypt(&self, materials: &mut EncryptionMaterials) -> Result<(), Error> {
        let failed = |error: KmsError| Error::NotEncrypted(format!("{}: {error}", self.key_id));
        let key = self.key_use(materials.context());
        let wrapped = match materials.data_key() {
            Some(data_key) => self.client.encrypt(key, data_key).await.map_err(failed)?,
            None => {
                let bytes = materials.suite().data_key_bytes();
                let (data_key, wrapped) = self.client.generate_data_key(key, bytes).await.map_err(failed)?;
                materials.set_data_key(data_key)?;
                wrapped
            }
        };
        let Wrapped { ciphertext, key_arn } = wrapped;
        if !KeyArn::parse(&key_arn).is_some_and(|arn| arn.is_key()) {
            return Err(Error::NotEncrypted(format!("{}: KMS did not answer with the key's ARN", self.key_id)));
        }
        let provider_id = PROVIDER_ID.to_owned();
        materials.add_encrypted_data_key(EncryptedDataKey { provider_id, provider_info: key_arn.into(), ciphertext });
        Ok(())
    }

    async fn decrypt(&self, materials: &mut DecryptionMaterials, keys: &[EncryptedDataKey]) -> Result<(), Error> {
        let mut reasons = Vec::new();
        for (arn, key) in with_arns(keys, PROVIDER_ID)? {
            if !self.key.matches(&arn, self.multi_region_aware) {
                continue;
            }
            match self.client.decrypt(self.key_use(materials.context()), &key.ciphertext).await {
                Ok((data_key, by)) if by == self.key_id && data_key.len() == materials.suite().data_key_bytes() => {
                    return materials.set_data_key(data_key);
                }
                Ok(_) => reasons.push(format!("{}: another key or another length came back", self.key_id)),
                Err(error) => reasons.push(format!("{}: {error}", self.key_id)),
            }
        }
        Err(not_decrypted(&self.key_id, reasons))
    }

    fn key_use<'a>(&'a self, context: &'a crate::EncryptionContext) -> KeyUse<'a> {
        KeyUse { key_id: &self.key_id, context, grant_tokens: &self.grant_tokens, algorithm: None }
    }
}

impl Keyring for KmsKeyring {
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
