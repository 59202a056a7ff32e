use std::collections::BTreeSet;
use std::sync::Arc;

use crate::materials::{
    BoxFuture, DecryptionMaterials, DecryptionRequest, EncryptionMaterials, EncryptionRequest, MaterialsManager,
};
use crate::{EncryptionContext, Error};

/// Keeps certain pairs of the context out of messages: whoever decrypts has to know them
/// (`framework/required-encryption-context-cmm.md`).
pub struct RequiredContextManager<M> {
    inner: M,
    keys: BTreeSet<String>,
}

impl<M: MaterialsManager> RequiredContextManager<M> {
    /// Over another manager, with the names of the pairs.
    pub fn new(inner: M, keys: impl IntoIterator<Item = String>) -> Self {
        Self { inner, keys: keys.into_iter().collect() }
    }

    fn check(&self, context: &EncryptionContext) -> Result<(), Error> {
        match self.keys.iter().find(|key| !context.contains_key(*key)) {
            Some(missing) => Err(Error::ContextKeyMissing(missing.clone())),
            None => Ok(()),
        }
    }

    async fn encryption(&self, mut request: EncryptionRequest) -> Result<Arc<EncryptionMaterials>, Error> {
        self.check(&request.context)?;
        request.required_context_keys.extend(self.keys.iter().cloned());
        let materials = self.inner.encryption_materials(request).await?;
        if !self.keys.is_subset(&materials.required_context_keys) {
            return Err(Error::InvalidMaterials("a required key of the encryption context was dropped"));
        }
        Ok(materials)
    }

    async fn decryption(&self, request: DecryptionRequest) -> Result<Arc<DecryptionMaterials>, Error> {
        self.check(&request.reproduced_context)?;
        let materials = self.inner.decryption_materials(request).await?;
        // Otherwise the pairs would not have been authenticated.
        self.check(&materials.context)?;
        Ok(materials)
    }
}

impl<M: MaterialsManager> MaterialsManager for RequiredContextManager<M> {
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
