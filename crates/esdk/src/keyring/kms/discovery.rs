use std::future::ready;
use std::sync::Arc;

use super::{PROVIDER_ID, not_decrypted, with_arns};
use crate::Error;
use crate::header::EncryptedDataKey;
use crate::kms::{KeyUse, KmsClients};
use crate::materials::{BoxFuture, DecryptionMaterials, EncryptionMaterials, Keyring};

/// Whose keys are asked (`framework/aws-kms/aws-kms-discovery-keyring.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryFilter {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The accounts.
    pub accounts: Vec<String>,
}

/// Decrypts with whatever key in KMS the message names, in that key's Region
/// (`framework/aws-kms/aws-kms-discovery-keyring.md` and `aws-kms-mrk-discovery-keyring.md`). Encrypts nothing.
///
/// Messages are then opened by keys their writers chose: a filter keeps that to accounts you trust.
pub struct KmsDiscoveryKeyring {
    clients: Arc<dyn KmsClients>,
    filter: Option<DiscoveryFilter>,
    region: Option<String>,
    grant_tokens: Vec<String>,
}

impl KmsDiscoveryKeyring {
    /// With keys of the filter's accounts only, or of all.
    pub fn new(clients: Arc<dyn KmsClients>, filter: Option<DiscoveryFilter>) -> Self {
        Self { clients, filter, region: None, grant_tokens: Vec::new() }
    }

    /// Asks this Region only: its own keys, and its replicas of multi-Region keys.
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }

    /// Calls with these grant tokens.
    #[must_use]
    pub fn with_grant_tokens(self, grant_tokens: Vec<String>) -> Self {
        Self { grant_tokens, ..self }
    }

    async fn decrypt(&self, materials: &mut DecryptionMaterials, keys: &[EncryptedDataKey]) -> Result<(), Error> {
        let mut reasons = Vec::new();
        for (arn, key) in with_arns(keys, PROVIDER_ID)? {
            let trusted = self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.partition == arn.partition && filter.accounts.contains(&arn.account));
            let arn = match &self.region {
                Some(region) if arn.is_multi_region() => arn.in_region(region),
                Some(region) if arn.region != *region => continue,
                _ => arn,
            };
            if !trusted {
                continue;
            }
            let key_id = arn.to_string();
            let (context, grant_tokens) = (materials.context(), &self.grant_tokens[..]);
            let key_use = KeyUse { key_id: &key_id, context, grant_tokens, algorithm: None };
            match self.clients.in_region(&arn.region).decrypt(key_use, &key.ciphertext).await {
                Ok((data_key, by)) if by == key_id && data_key.len() == materials.suite().data_key_bytes() => {
                    return materials.set_data_key(data_key);
                }
                Ok(_) => reasons.push(format!("{arn}: another key or another length came back")),
                Err(error) => reasons.push(format!("{arn}: {error}")),
            }
        }
        Err(not_decrypted("a key in KMS that may be asked", reasons))
    }
}

impl Keyring for KmsDiscoveryKeyring {
    fn on_encrypt<'a>(&'a self, _: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(ready(Err(Error::NotEncrypted("discovery only decrypts".to_owned()))))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.decrypt(materials, encrypted_data_keys))
    }
}
