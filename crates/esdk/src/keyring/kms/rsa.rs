use std::sync::Arc;

use claviger_crypto::digest::{Digesting, Hash, constant_time_eq};
use claviger_crypto::key_pair::{OaepHash, PublicKey};
use claviger_crypto::secret::Secret;
use zeroize::Zeroizing;

use super::{KeyIdentifier, not_decrypted, with_arns};
use crate::header::EncryptedDataKey;
use crate::kms::{KeyUse, KmsClient};
use crate::materials::{BoxFuture, DecryptionMaterials, EncryptionMaterials, Keyring};
use crate::{EncryptionContext, Error, Suite, context};

const PROVIDER_ID: &str = "aws-kms-rsa";
/// Bytes of SHA-384.
const DIGEST_BYTES: usize = 48;

/// Wraps data keys here under the public part of an RSA key in KMS, which unwraps them
/// (`framework/aws-kms/aws-kms-rsa-keyring.md`). Takes suites without signature only: everybody has the public part.
pub struct KmsRsaKeyring {
    client: Option<Arc<dyn KmsClient>>,
    key: KeyIdentifier,
    key_id: String,
    hash: OaepHash,
    public: Option<PublicKey>,
    grant_tokens: Vec<String>,
}

impl KmsRsaKeyring {
    /// Over a key by its ARN. The public part encrypts, the client decrypts. Of the hashes KMS has SHA-1 and SHA-256.
    ///
    /// # Errors
    /// [`Error::InvalidKeyring`]: not a key's ARN, another hash, a public key that is not RSA's.
    pub fn new(
        client: Option<Arc<dyn KmsClient>>,
        key_arn: &str,
        hash: OaepHash,
        public: Option<PublicKey>,
    ) -> Result<Self, Error> {
        let invalid = |why: &str| Error::InvalidKeyring(format!("{key_arn}: {why}"));
        let key = KeyIdentifier::parse(key_arn)?;
        if !matches!(&key, KeyIdentifier::Arn(arn) if arn.is_key()) {
            return Err(invalid("an RSA key in KMS is named by its key ARN"));
        }
        if algorithm(hash).is_none() {
            return Err(invalid("KMS has OAEP with SHA-1 and SHA-256 only"));
        }
        if public.as_ref().is_some_and(|public| public.kind().modulus_bytes().is_none()) {
            return Err(invalid("the public key is not an RSA key"));
        }
        Ok(Self { client, key, key_id: key_arn.to_owned(), hash, public, grant_tokens: Vec::new() })
    }

    /// Calls with these grant tokens.
    #[must_use]
    pub fn with_grant_tokens(self, grant_tokens: Vec<String>) -> Self {
        Self { grant_tokens, ..self }
    }

    fn encrypt(&self, materials: &mut EncryptionMaterials) -> Result<(), Error> {
        let failed = |why: &str| Error::NotEncrypted(format!("{}: {why}", self.key_id));
        unsigned(materials.suite()).map_err(failed)?;
        let public = self.public.as_ref().ok_or_else(|| failed("its public key is not given"))?;
        let digest = digest(materials.context())?;
        let mut plaintext = Zeroizing::new(digest);
        plaintext.extend_from_slice(materials.data_key_or_random().expose());
        let ciphertext = public.encrypt(self.hash, &plaintext);
        let ciphertext = ciphertext.map_err(|_| failed("the key is too short for the data key"))?;
        let provider_info = self.key_id.clone().into_bytes();
        let provider_id = PROVIDER_ID.to_owned();
        materials.add_encrypted_data_key(EncryptedDataKey { provider_id, provider_info, ciphertext });
        Ok(())
    }

    async fn decrypt(&self, materials: &mut DecryptionMaterials, keys: &[EncryptedDataKey]) -> Result<(), Error> {
        let failed = |why: &str| Error::NotDecrypted(format!("{}: {why}", self.key_id));
        unsigned(materials.suite()).map_err(failed)?;
        let client = self.client.as_ref().ok_or_else(|| failed("there is no client of KMS"))?;
        let expected = digest(materials.context())?;
        let mut reasons = Vec::new();
        for (arn, key) in with_arns(keys, PROVIDER_ID)? {
            if !self.key.matches(&arn, true) {
                continue;
            }
            let (grant_tokens, algorithm) = (&self.grant_tokens[..], algorithm(self.hash));
            let key_use = KeyUse { key_id: &self.key_id, context: &EncryptionContext::new(), grant_tokens, algorithm };
            match client.decrypt(key_use, &key.ciphertext).await {
                Ok((plaintext, by)) if by == self.key_id => match plaintext.expose().split_at_checked(DIGEST_BYTES) {
                    Some((digest, data_key))
                        if constant_time_eq(digest, &expected)
                            && data_key.len() == materials.suite().data_key_bytes() =>
                    {
                        return materials.set_data_key(Secret::take(&mut data_key.to_vec()));
                    }
                    _ => reasons.push(format!("{arn}: the data key is bound to another encryption context")),
                },
                Ok(_) => reasons.push(format!("{arn}: another key came back")),
                Err(error) => reasons.push(format!("{}: {error}", self.key_id)),
            }
        }
        Err(not_decrypted(&self.key_id, reasons))
    }
}

impl Keyring for KmsRsaKeyring {
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(std::future::ready(self.encrypt(materials)))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.decrypt(materials, encrypted_data_keys))
    }
}

fn unsigned(suite: Suite) -> Result<(), &'static str> {
    if suite.signs() { Err("RSA keys in KMS do not go with a signing algorithm suite") } else { Ok(()) }
}

fn algorithm(hash: OaepHash) -> Option<&'static str> {
    match hash {
        OaepHash::Sha1 => Some("RSAES_OAEP_SHA_1"),
        OaepHash::Sha256 => Some("RSAES_OAEP_SHA_256"),
        OaepHash::Sha384 | OaepHash::Sha512 => None,
    }
}

fn digest(context: &EncryptionContext) -> Result<Vec<u8>, Error> {
    let mut digest = Digesting::new(Hash::Sha384);
    digest.update(&context::serialize(context)?);
    Ok(digest.finish())
}
