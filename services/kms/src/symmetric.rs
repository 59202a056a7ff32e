//! Encryption and decryption under a symmetric KMS key: what Encrypt, Decrypt, ReEncrypt and the data-key operations
//! have in common.

use std::collections::BTreeMap;

use claviger_crypto::blob::{self, Origin, ParseError};
use claviger_crypto::context::EncryptionContext;
use claviger_crypto::material::KeyMaterialId;
use claviger_shapes::kms::{
    DisabledException, DryRunOperationException, InvalidCiphertextException, InvalidKeyUsageException,
    KMSInvalidStateException, KeyUsageType,
};
use claviger_shapes::{InternalFailure, ValidationException};
use zeroize::Zeroizing;

use crate::KmsCx;
use crate::key::{Key, KeySubject};
use crate::state;

static NO_CONTEXT: EncryptionContext = BTreeMap::new();

/// An absent encryption context and an empty one are the same thing.
pub(crate) fn context(given: Option<&BTreeMap<String, String>>) -> &EncryptionContext {
    given.unwrap_or(&NO_CONTEXT)
}

/// Refuses a key that cannot encrypt and decrypt symmetrically right now.
pub(crate) fn require_usable<E>(subject: &KeySubject, operation: &str) -> Result<(), E>
where
    E: From<DisabledException> + From<KMSInvalidStateException> + From<InvalidKeyUsageException>,
{
    subject.key.require::<E>(&state::CRYPTOGRAPHY)?;
    subject.key.require_usage::<E>(KeyUsageType::EncryptDecrypt, operation)
}

/// Encrypts under the key's current material. Returns the blob and the material's id.
pub(crate) async fn encrypt<E>(
    cx: KmsCx<'_>,
    key: &Key,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<(Vec<u8>, KeyMaterialId), E>
where
    E: From<ValidationException> + From<InternalFailure>,
{
    let material = cx.service.current_material(cx.system, key).await.map_err(InternalFailure::from)?;
    let record = &key.record;
    let none = || InternalFailure::new(format!("{} has no key material", key.arn));
    let material_id = record.current_material.ok_or_else(none)?;
    let origin = Origin {
        account: record.account.clone(),
        region: record.region.clone(),
        key_id: record.key_id.clone(),
        material_id,
    };
    let blob = blob::seal(material.symmetric().map_err(InternalFailure::from)?, &origin, context, plaintext)
        .map_err(|too_long| ValidationException::new(too_long.to_string()))?;
    Ok((blob, material_id))
}

/// Decrypts a blob that names this key. Every failure looks alike.
pub(crate) async fn decrypt<E>(
    cx: KmsCx<'_>,
    key: &Key,
    context: &EncryptionContext,
    ciphertext: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, KeyMaterialId), E>
where
    E: From<InvalidCiphertextException> + From<InternalFailure>,
{
    let invalid = InvalidCiphertextException::bare;
    let parsed = blob::parse(ciphertext).map_err(|_| invalid())?;
    let id = parsed.origin().material_id;
    let material = if Some(id) == key.record.current_material {
        Some(cx.service.current_material(cx.system, key).await)
    } else {
        cx.service.material(cx.system, key, &id).await.transpose()
    };
    let material = material.transpose().map_err(InternalFailure::from)?.ok_or_else(invalid)?;
    let material = material.symmetric().map_err(InternalFailure::from)?;
    let plaintext = parsed.open(material, context).map_err(|_| invalid())?;
    Ok((plaintext, id))
}

/// Where a blob says it comes from.
pub(crate) enum Source {
    /// One of ours.
    Ours(Origin),
    /// Made by the real AWS KMS: well-formed, but under a key that is not here.
    Foreign,
    /// Nothing we can read.
    Malformed,
}

/// Reads a blob's origin.
pub(crate) fn source(ciphertext: &[u8]) -> Source {
    match blob::parse(ciphertext) {
        Ok(parsed) => Source::Ours(parsed.origin().clone()),
        Err(ParseError::Foreign) => Source::Foreign,
        Err(_) => Source::Malformed,
    }
}

/// The last check of every operation that takes `DryRun`.
pub(crate) fn dry_run<E: From<DryRunOperationException>>(asked: Option<bool>) -> Result<(), E> {
    if asked == Some(true) {
        let text = "The request would have succeeded, but the DryRun option is set.";
        return Err(DryRunOperationException::new(text).into());
    }
    Ok(())
}
