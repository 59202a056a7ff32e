use std::sync::Arc;
use std::time::Duration;

use claviger_crypto::digest::{Digesting, Hash};
use claviger_crypto::random;

use super::cache::{Charge, MaterialsCache};
use crate::bytes::put_u16;
use crate::context;
use crate::materials::{
    BoxFuture, DecryptionMaterials, DecryptionRequest, EncryptionMaterials, EncryptionRequest, MaterialsManager,
};
use crate::{EncryptionContext, Error, Suite};

/// How long and how much a data key is used again (`framework/caching-cmm.md`).
#[derive(Clone, Copy, Debug)]
pub struct CacheLimits {
    /// For so long.
    pub max_age: Duration,
    /// For so many messages, at most 2^32.
    pub max_messages: u64,
    /// For so many bytes of plaintext.
    pub max_bytes: u64,
}

impl CacheLimits {
    /// As many messages and bytes as the specification allows, for so long.
    pub const fn new(max_age: Duration) -> Self {
        Self { max_age, max_messages: 1 << 32, max_bytes: i64::MAX as u64 }
    }
}

/// Uses the materials of another manager again, within limits (`framework/caching-cmm.md`).
///
/// Messages then share a data key, and with signing suites a signing key; each still has an encryption key of its own,
/// because suites without key derivation are never cached. Neither is encryption of plaintext whose length is not
/// known.
pub struct CachingManager<M> {
    inner: M,
    cache: Arc<MaterialsCache>,
    limits: CacheLimits,
    partition: String,
}

impl<M: MaterialsManager> CachingManager<M> {
    /// Over another manager, in a cache that other managers may share without meeting these entries.
    ///
    /// # Errors
    /// [`Error::CacheLimits`]: no age, no messages, or more than 2^32 of them.
    pub fn new(inner: M, cache: Arc<MaterialsCache>, limits: CacheLimits) -> Result<Self, Error> {
        if limits.max_age.is_zero() {
            return Err(Error::CacheLimits("the age must be more than zero"));
        }
        if limits.max_messages == 0 || limits.max_messages > 1 << 32 {
            return Err(Error::CacheLimits("the number of messages must be 1 to 2^32"));
        }
        let partition = hex::encode(random::bytes::<16>());
        Ok(Self { inner, cache, limits, partition })
    }

    /// Shares entries with every manager of the same partition. They must agree on keys and rules.
    #[must_use]
    pub fn with_partition(self, partition: &str) -> Self {
        Self { partition: partition.to_owned(), ..self }
    }

    async fn encryption(&self, request: EncryptionRequest) -> Result<Arc<EncryptionMaterials>, Error> {
        let bytes = request.plaintext_bytes_max.filter(|bytes| *bytes <= self.limits.max_bytes);
        let Some(bytes) = bytes.filter(|_| request.suite.is_none_or(derives)) else {
            return self.inner.encryption_materials(request).await;
        };
        let id = self.encryption_id(&request)?;
        let charge = Charge { messages: 1, bytes };
        // What one message leaves in the cache must not depend on its length.
        let request = EncryptionRequest { plaintext_bytes_max: Some(self.limits.max_bytes), ..request };
        let load = async || {
            let materials = self.inner.encryption_materials(request).await?;
            let cached = derives(materials.suite());
            Ok((materials, cached))
        };
        self.cache.encryption.get(id, charge, self.limits, load).await
    }

    async fn decryption(&self, request: DecryptionRequest) -> Result<Arc<DecryptionMaterials>, Error> {
        if !derives(request.suite) {
            return self.inner.decryption_materials(request).await;
        }
        // Here and not only where they were made: another policy may be asking.
        request.policy.check_decrypt(request.suite)?;
        let id = self.decryption_id(&request)?;
        let load = async || Ok((self.inner.decryption_materials(request).await?, true));
        self.cache.decryption.get(id, Charge::default(), self.limits, load).await
    }

    /// By what the materials depend on (`framework/caching-cmm.md`, Appendix A), and besides the policy and which
    /// pairs are required.
    fn encryption_id(&self, request: &EncryptionRequest) -> Result<Id, Error> {
        let suite = request.suite.map_or([0; 2], |suite| suite.id().to_be_bytes());
        let required: Vec<&[u8]> = request.required_context_keys.iter().map(String::as_bytes).collect();
        let policy = request.policy.name().as_bytes();
        let context = context::serialize(&request.context)?;
        Ok(self.id(b"encrypt", &[&[&suite[..], policy, &context], &required[..]].concat()))
    }

    fn decryption_id(&self, request: &DecryptionRequest) -> Result<Id, Error> {
        let mut keys = Vec::new();
        for key in &request.encrypted_data_keys {
            let mut entry = Vec::new();
            for field in [key.provider_id.as_bytes(), &key.provider_info, &key.ciphertext] {
                put_u16(&mut entry, field).ok_or(Error::Malformed("an encrypted data key is too long"))?;
            }
            keys.push(entry);
        }
        keys.sort();
        // What the caller reproduces is checked when materials are made: other pairs must not meet these.
        let reproduced: &EncryptionContext = &request.reproduced_context;
        let (context, reproduced) = (context::serialize(&request.context)?, context::serialize(reproduced)?);
        Ok(self.id(b"decrypt", &[&request.suite.id().to_be_bytes(), &keys.concat(), &context, &reproduced]))
    }

    fn id(&self, scope: &[u8], parts: &[&[u8]]) -> Id {
        let mut digest = Digesting::new(Hash::Sha384);
        for part in [&[scope, self.partition.as_bytes()], parts].concat() {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finish()
    }
}

/// What an entry is found by.
type Id = Vec<u8>;

fn derives(suite: Suite) -> bool {
    suite.kdf_hash().is_some()
}

impl<M: MaterialsManager> MaterialsManager for CachingManager<M> {
    fn encryption_materials<'a>(
        &'a self,
        request: EncryptionRequest,
    ) -> BoxFuture<'a, Result<Arc<EncryptionMaterials>, Error>> {
        Box::pin(self.encryption(request))
    }

    fn decryption_materials<'a>(
        &'a self,
        request: DecryptionRequest,
    ) -> BoxFuture<'a, Result<Arc<DecryptionMaterials>, Error>> {
        Box::pin(self.decryption(request))
    }
}
