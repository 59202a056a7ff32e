//! Calls of the key service, as the caller and for one parameter.

use std::any::Any;
use std::collections::BTreeMap;

use claviger_pipeline::internal;
use claviger_shapes::ssm::InvalidKeyId;
use claviger_shapes::{AccessDeniedException, Blob, Fault, InternalFailure, SecretBlob, ThrottlingException, kms};

use crate::{SIGNING_NAME, SsmCx};

/// Signing name of the key service.
const KEYS: &str = "kms";

/// Errors of an operation that calls the key service.
pub(crate) trait KeyError:
    From<InvalidKeyId> + From<AccessDeniedException> + From<ThrottlingException> + From<InternalFailure>
{
    /// A fault of the key service as this service tells it: what the caller may not do, and what is wrong with the key.
    fn of(fault: Fault) -> Self {
        let text = || fault.message.clone().unwrap_or_default();
        match fault.code {
            _ if fault.status >= 500 => InternalFailure::new(fault.cause.unwrap_or_default()).into(),
            AccessDeniedException::CODE => AccessDeniedException::new(text()).into(),
            ThrottlingException::CODE => ThrottlingException::new(text()).into(),
            _ => InvalidKeyId::new(text()).into(),
        }
    }
}

impl<E> KeyError for E where
    E: From<InvalidKeyId> + From<AccessDeniedException> + From<ThrottlingException> + From<InternalFailure>
{
}

/// A failure that is nobody's doing but ours.
pub(crate) fn failed(cause: impl std::fmt::Display) -> Fault {
    internal(cause).into_fault()
}

/// The way to the key service for the value of one parameter.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    /// Whose call it is.
    pub(crate) cx: SsmCx<'a>,
    /// The parameter's ARN.
    pub(crate) arn: &'a str,
}

impl Keys<'_> {
    /// What binds a ciphertext to its parameter.
    pub(crate) fn context(self) -> BTreeMap<String, String> {
        BTreeMap::from([("PARAMETER_ARN".to_owned(), self.arn.to_owned())])
    }

    /// One call.
    pub(crate) async fn invoke<I, O>(self, operation: &str, input: &I) -> Result<O, Fault>
    where
        I: Any + Send + Sync,
        O: Any,
    {
        let call = self.cx.call.through(SIGNING_NAME, Some(self.arn));
        self.cx.system.invoke(&call, KEYS, operation, input).await
    }

    /// `Encrypt`.
    pub(crate) async fn encrypt(self, key_id: &str, value: &str) -> Result<Vec<u8>, Fault> {
        let request = kms::EncryptRequest {
            key_id: key_id.to_owned(),
            plaintext: SecretBlob::new(value.as_bytes().to_vec()),
            encryption_context: Some(self.context()),
            grant_tokens: None,
            encryption_algorithm: None,
            dry_run: None,
        };
        let answer: kms::EncryptResponse = self.invoke("Encrypt", &request).await?;
        answer.ciphertext_blob.map(|blob| blob.0).ok_or_else(|| failed("Encrypt gave no ciphertext"))
    }

    /// `Decrypt`.
    pub(crate) async fn decrypt(self, blob: Blob, context: BTreeMap<String, String>) -> Result<SecretBlob, Fault> {
        let request = kms::DecryptRequest {
            ciphertext_blob: Some(blob),
            encryption_context: Some(context),
            grant_tokens: None,
            key_id: None,
            encryption_algorithm: None,
            recipient: None,
            dry_run: None,
            dry_run_modifiers: None,
        };
        let answer: kms::DecryptResponse = self.invoke("Decrypt", &request).await?;
        answer.plaintext.ok_or_else(|| failed("Decrypt gave no plaintext"))
    }
}
