//! What is needed to encrypt or decrypt one message, and who provides it.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use claviger_crypto::key_pair::PrivateKey;
use claviger_crypto::secret::Secret;
use claviger_crypto::signature::EcdsaVerifier;

use crate::header::EncryptedDataKey;
use crate::{CommitmentPolicy, EncryptionContext, Error, Suite};

/// What an asynchronous method of a trait object gives.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Wraps data keys and unwraps them (`framework/keyring-interface.md`).
pub trait Keyring: Send + Sync {
    /// Makes a data key unless there is one, and adds it wrapped (OnEncrypt).
    ///
    /// # Errors
    /// When nothing was wrapped; the materials are then not to be used.
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>>;

    /// Unwraps one of the encrypted data keys (OnDecrypt).
    ///
    /// # Errors
    /// [`Error::NotDecrypted`] when none can be unwrapped; the materials are then unchanged.
    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>>;
}

impl<K: Keyring + ?Sized> Keyring for Arc<K> {
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>> {
        (**self).on_encrypt(materials)
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>> {
        (**self).on_decrypt(materials, encrypted_data_keys)
    }
}

/// Provides materials (`framework/cmm-interface.md`).
pub trait MaterialsManager: Send + Sync {
    /// Materials to encrypt one message (Get Encryption Materials).
    ///
    /// # Errors
    /// Whatever keeps them from being made.
    fn encryption_materials<'a>(
        &'a self,
        request: EncryptionRequest,
    ) -> BoxFuture<'a, Result<Arc<EncryptionMaterials>, Error>>;

    /// Materials to decrypt one message (Decrypt Materials).
    ///
    /// # Errors
    /// Whatever keeps them from being made.
    fn decryption_materials<'a>(
        &'a self,
        request: DecryptionRequest,
    ) -> BoxFuture<'a, Result<Arc<DecryptionMaterials>, Error>>;
}

impl<M: MaterialsManager + ?Sized> MaterialsManager for Arc<M> {
    fn encryption_materials<'a>(
        &'a self,
        request: EncryptionRequest,
    ) -> BoxFuture<'a, Result<Arc<EncryptionMaterials>, Error>> {
        (**self).encryption_materials(request)
    }

    fn decryption_materials<'a>(
        &'a self,
        request: DecryptionRequest,
    ) -> BoxFuture<'a, Result<Arc<DecryptionMaterials>, Error>> {
        (**self).decryption_materials(request)
    }
}

/// What is to be encrypted (`framework/cmm-interface.md`, Encryption Materials Request).
#[derive(Clone, Debug, Default)]
pub struct EncryptionRequest {
    /// The pairs to bind the message to.
    pub context: EncryptionContext,
    /// Names of pairs that are authenticated but not stored.
    pub required_context_keys: BTreeSet<String>,
    /// Which suites are allowed.
    pub policy: CommitmentPolicy,
    /// The suite, when a certain one is wanted.
    pub suite: Option<Suite>,
    /// The plaintext is not longer than so many bytes.
    pub plaintext_bytes_max: Option<u64>,
}

/// What is to be decrypted (`framework/cmm-interface.md`, Decrypt Materials Request).
#[derive(Clone, Debug)]
pub struct DecryptionRequest {
    /// The message's suite.
    pub suite: Suite,
    /// Which suites are allowed.
    pub policy: CommitmentPolicy,
    /// The message's encrypted data keys.
    pub encrypted_data_keys: Vec<EncryptedDataKey>,
    /// The pairs in the message.
    pub context: EncryptionContext,
    /// The pairs the caller expects, and those it knows although they are not in the message.
    pub reproduced_context: EncryptionContext,
}

/// What encrypts one message (`framework/structures.md`, Encryption Materials).
pub struct EncryptionMaterials {
    pub(crate) suite: Suite,
    pub(crate) context: EncryptionContext,
    pub(crate) required_context_keys: BTreeSet<String>,
    pub(crate) data_key: Option<Secret>,
    pub(crate) encrypted_data_keys: Vec<EncryptedDataKey>,
    pub(crate) signing_key: Option<PrivateKey>,
}

impl EncryptionMaterials {
    /// Materials without a data key, for a keyring to fill.
    pub fn new(suite: Suite, context: EncryptionContext) -> Self {
        Self {
            suite,
            context,
            required_context_keys: BTreeSet::new(),
            data_key: None,
            encrypted_data_keys: Vec::new(),
            signing_key: None,
        }
    }

    /// The suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// All pairs, stored in the message or not.
    pub fn context(&self) -> &EncryptionContext {
        &self.context
    }

    /// The data key, once there is one.
    pub fn data_key(&self) -> Option<&Secret> {
        self.data_key.as_ref()
    }

    /// Sets the data key.
    ///
    /// # Errors
    /// [`Error::InvalidMaterials`]: there is one already, or it is not as long as the suite says.
    pub fn set_data_key(&mut self, key: Secret) -> Result<(), Error> {
        set_data_key(self.suite, &mut self.data_key, key)
    }

    /// The data key, a random one if there is none yet.
    pub fn data_key_or_random(&mut self) -> &Secret {
        let bytes = self.suite.data_key_bytes();
        self.data_key.get_or_insert_with(|| Secret::random(bytes))
    }

    /// Adds the data key as a wrapping key wrapped it.
    pub fn add_encrypted_data_key(&mut self, key: EncryptedDataKey) {
        self.encrypted_data_keys.push(key);
    }

    /// The data key under each wrapping key so far.
    pub fn encrypted_data_keys(&self) -> &[EncryptedDataKey] {
        &self.encrypted_data_keys
    }

    /// Names of pairs that are authenticated but not stored.
    pub fn required_context_keys(&self) -> &BTreeSet<String> {
        &self.required_context_keys
    }

    /// What every manager has to ensure of what it returns.
    pub(crate) fn check(&self) -> Result<&Secret, Error> {
        let key = self.data_key.as_ref().ok_or(Error::InvalidMaterials("there is no data key"))?;
        if self.encrypted_data_keys.is_empty() {
            return Err(Error::InvalidMaterials("there is no encrypted data key"));
        }
        if self.signing_key.is_some() != self.suite.signs() {
            return Err(Error::InvalidMaterials("the signing key does not go with the algorithm suite"));
        }
        if !self.required_context_keys.iter().all(|key| self.context.contains_key(key)) {
            return Err(Error::InvalidMaterials("a required key is not in the encryption context"));
        }
        Ok(key)
    }
}

/// What decrypts one message (`framework/structures.md`, Decryption Materials).
pub struct DecryptionMaterials {
    pub(crate) suite: Suite,
    pub(crate) context: EncryptionContext,
    pub(crate) required_context_keys: BTreeSet<String>,
    pub(crate) data_key: Option<Secret>,
    pub(crate) verifier: Option<EcdsaVerifier>,
}

impl DecryptionMaterials {
    /// Materials without a data key, for a keyring to fill.
    pub fn new(suite: Suite, context: EncryptionContext) -> Self {
        Self { suite, context, required_context_keys: BTreeSet::new(), data_key: None, verifier: None }
    }

    /// The suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// All pairs, stored in the message or not.
    pub fn context(&self) -> &EncryptionContext {
        &self.context
    }

    /// The data key, once there is one.
    pub fn data_key(&self) -> Option<&Secret> {
        self.data_key.as_ref()
    }

    /// Sets the data key.
    ///
    /// # Errors
    /// [`Error::InvalidMaterials`]: there is one already, or it is not as long as the suite says.
    pub fn set_data_key(&mut self, key: Secret) -> Result<(), Error> {
        set_data_key(self.suite, &mut self.data_key, key)
    }

    pub(crate) fn check(&self) -> Result<&Secret, Error> {
        if self.verifier.is_some() != self.suite.signs() {
            return Err(Error::InvalidMaterials("the verification key does not go with the algorithm suite"));
        }
        self.data_key.as_ref().ok_or(Error::InvalidMaterials("there is no data key"))
    }
}

fn set_data_key(suite: Suite, slot: &mut Option<Secret>, key: Secret) -> Result<(), Error> {
    if slot.is_some() {
        return Err(Error::InvalidMaterials("there is a data key already"));
    }
    if key.len() != suite.data_key_bytes() {
        return Err(Error::InvalidMaterials("the data key is not as long as the algorithm suite says"));
    }
    *slot = Some(key);
    Ok(())
}
