//! What the keyrings of KMS need of KMS, and KMS over HTTP.

mod http;
mod sigv4;
#[cfg(test)]
mod tests;

pub use http::{Credentials, Endpoint, HttpKms};

use std::sync::Arc;

use claviger_crypto::secret::Secret;

use crate::EncryptionContext;
use crate::materials::BoxFuture;

/// KMS in one Region, as one caller.
pub trait KmsClient: Send + Sync {
    /// GenerateDataKey: a new data key of `bytes` bytes.
    fn generate_data_key<'a>(
        &'a self,
        key: KeyUse<'a>,
        bytes: usize,
    ) -> BoxFuture<'a, Result<(Secret, Wrapped), KmsError>>;

    /// Encrypt.
    fn encrypt<'a>(&'a self, key: KeyUse<'a>, plaintext: &'a Secret) -> BoxFuture<'a, Result<Wrapped, KmsError>>;

    /// Decrypt: the plaintext and the ARN of the key that opened the ciphertext.
    fn decrypt<'a>(
        &'a self,
        key: KeyUse<'a>,
        ciphertext: &'a [u8],
    ) -> BoxFuture<'a, Result<(Secret, String), KmsError>>;
}

/// KMS in any Region.
pub trait KmsClients: Send + Sync {
    /// KMS in this Region.
    fn in_region(&self, region: &str) -> Arc<dyn KmsClient>;
}

/// Which key, and under what.
#[derive(Clone, Copy)]
pub struct KeyUse<'a> {
    /// The key's ARN, id or alias.
    pub key_id: &'a str,
    /// The pairs to bind to; empty for algorithms that bind none.
    pub context: &'a EncryptionContext,
    /// Grant tokens.
    pub grant_tokens: &'a [String],
    /// The algorithm, for keys that are not symmetric.
    pub algorithm: Option<&'a str>,
}

/// A ciphertext, and the ARN of the key it is under.
pub struct Wrapped {
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
    /// The key's ARN.
    pub key_arn: String,
}

/// KMS refused, or was not reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct KmsError {
    /// The error's name, such as `AccessDeniedException`.
    pub code: String,
    /// What KMS said.
    pub message: String,
}
