use std::future::ready;

use claviger_crypto::aead::{GcmKey, NONCE_BYTES, TAG_BYTES};
use claviger_crypto::random;
use claviger_crypto::secret::Secret;

use super::{namespace, none_named};
use crate::Error;
use crate::bytes::Reader;
use crate::context;
use crate::header::EncryptedDataKey;
use crate::materials::{BoxFuture, DecryptionMaterials, EncryptionMaterials, Keyring};

const TAG_BITS: u32 = TAG_BYTES as u32 * 8;

/// Wraps data keys with AES-GCM under a key of the caller's (`framework/raw-aes-keyring.md`).
///
/// Every wrapping draws its nonce at random: one key should not wrap more than 2^32 data keys.
pub struct RawAesKeyring {
    namespace: String,
    name: String,
    key: GcmKey,
}

impl RawAesKeyring {
    /// Over a wrapping key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// [`Error::InvalidKeyring`]: another length, or a namespace that begins with `aws-kms`.
    pub fn new(key_namespace: &str, name: &str, wrapping_key: &Secret) -> Result<Self, Error> {
        let key = GcmKey::new(wrapping_key.expose()).ok_or_else(|| {
            Error::InvalidKeyring(format!("an AES key has 16, 24 or 32 bytes, not {}", wrapping_key.len()))
        })?;
        Ok(Self { namespace: namespace(key_namespace)?, name: name.to_owned(), key })
    }

    fn encrypt(&self, materials: &mut EncryptionMaterials) -> Result<(), Error> {
        let aad = context::serialize(materials.context())?;
        let nonce = random::bytes();
        let mut ciphertext = materials.data_key_or_random().expose().to_vec();
        let tag = self.key.seal(nonce, &aad, &mut ciphertext);
        ciphertext.extend_from_slice(&tag);
        let lengths = [TAG_BITS.to_be_bytes(), (NONCE_BYTES as u32).to_be_bytes()].concat();
        materials.add_encrypted_data_key(EncryptedDataKey {
            provider_id: self.namespace.clone(),
            provider_info: [self.name.as_bytes(), &lengths, &nonce].concat(),
            ciphertext,
        });
        Ok(())
    }

    fn decrypt(&self, materials: &mut DecryptionMaterials, keys: &[EncryptedDataKey]) -> Result<(), Error> {
        let aad = context::serialize(materials.context())?;
        let mut named = false;
        for key in keys.iter().filter(|key| key.provider_id == self.namespace) {
            let Some(nonce) = self.nonce(&key.provider_info) else { continue };
            named = true;
            let Some((wrapped, tag)) = key.ciphertext.split_last_chunk::<TAG_BYTES>() else { continue };
            if wrapped.len() != materials.suite().data_key_bytes() {
                continue;
            }
            let mut data_key = vec![0; wrapped.len()];
            if self.key.open(nonce, &aad, wrapped, tag, &mut data_key).is_ok() {
                return materials.set_data_key(Secret::take(&mut data_key));
            }
        }
        let key = format!("the AES key {:?} in {:?}", self.name, self.namespace);
        Err(if named {
            Error::NotDecrypted(format!("{key} does not open its encrypted data key"))
        } else {
            none_named(&key)
        })
    }

    /// The nonce in provider info that names this key: name, tag bits, nonce bytes, nonce.
    fn nonce(&self, provider_info: &[u8]) -> Option<[u8; NONCE_BYTES]> {
        let mut reader = Reader::new(provider_info.strip_prefix(self.name.as_bytes())?);
        let fits = reader.u32()? == TAG_BITS && reader.u32()? == NONCE_BYTES as u32;
        let nonce = reader.array()?;
        (fits && reader.is_empty()).then_some(nonce)
    }
}

impl Keyring for RawAesKeyring {
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(ready(self.encrypt(materials)))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(ready(self.decrypt(materials, encrypted_data_keys)))
    }
}
