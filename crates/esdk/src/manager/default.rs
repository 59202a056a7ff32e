use std::sync::Arc;

use claviger_crypto::key_pair::PrivateKey;
use claviger_crypto::signature::EcdsaVerifier;

use crate::context::PUBLIC_KEY_NAME;
use crate::materials::{
    BoxFuture, DecryptionMaterials, DecryptionRequest, EncryptionMaterials, EncryptionRequest, Keyring,
    MaterialsManager,
};
use crate::{Error, Suite};

/// Asks a keyring for every message (`framework/default-cmm.md`).
pub struct DefaultManager<K>(K);

impl<K: Keyring> DefaultManager<K> {
    /// Over a keyring.
    pub fn new(keyring: K) -> Self {
        Self(keyring)
    }

    async fn encryption(&self, request: EncryptionRequest) -> Result<Arc<EncryptionMaterials>, Error> {
        let suite = request.suite.unwrap_or(request.policy.default_suite());
        request.policy.check_encrypt(suite)?;
        if request.context.contains_key(PUBLIC_KEY_NAME) {
            return Err(Error::ReservedContextKey(PUBLIC_KEY_NAME.to_owned()));
        }
        let mut materials = EncryptionMaterials::new(suite, request.context);
        materials.required_context_keys = request.required_context_keys;
        if let Some(signing) = suite.signing() {
            let key = PrivateKey::generate(signing.kind).ok_or(Error::Library)?;
            let point = key.public_key().to_compressed_point().ok_or(Error::Library)?;
            let point = base64_simd::STANDARD.encode_to_string(point);
            materials.context.insert(PUBLIC_KEY_NAME.to_owned(), point);
            materials.signing_key = Some(key);
        }
        self.0.on_encrypt(&mut materials).await?;
        materials.check()?;
        Ok(Arc::new(materials))
    }

    async fn decryption(&self, request: DecryptionRequest) -> Result<Arc<DecryptionMaterials>, Error> {
        request.policy.check_decrypt(request.suite)?;
        let verifier = verifier(request.suite, request.context.get(PUBLIC_KEY_NAME).map(String::as_str))?;
        let mut materials = DecryptionMaterials::new(request.suite, request.context);
        materials.verifier = verifier;
        for (name, value) in request.reproduced_context {
            match materials.context.get(&name) {
                Some(stored) if *stored == value => {}
                Some(_) => return Err(Error::ContextMismatch(name)),
                None => {
                    materials.required_context_keys.insert(name.clone());
                    materials.context.insert(name, value);
                }
            }
        }
        self.0.on_decrypt(&mut materials, &request.encrypted_data_keys).await?;
        materials.check()?;
        Ok(Arc::new(materials))
    }
}

impl<K: Keyring> MaterialsManager for DefaultManager<K> {
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

fn verifier(suite: Suite, public_key: Option<&str>) -> Result<Option<EcdsaVerifier>, Error> {
    match (suite.signing(), public_key) {
        (None, None) => Ok(None),
        (Some(signing), Some(text)) => {
            let point = base64_simd::STANDARD.decode_to_vec(text).ok();
            let verifier = point.and_then(|point| EcdsaVerifier::new(signing.ecdsa, &point));
            verifier.map(Some).ok_or(Error::Malformed("aws-crypto-public-key is not a public key of the suite"))
        }
        (Some(_), None) => Err(Error::Malformed("the message is signed but names no aws-crypto-public-key")),
        (None, Some(_)) => Err(Error::Malformed("the message names an aws-crypto-public-key but is not signed")),
    }
}
