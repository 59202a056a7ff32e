//! Encryption and decryption under keys of every kind.

use std::collections::BTreeMap;

use claviger_crypto::key_pair::OaepHash;
use claviger_crypto::material::KeyMaterialId;
use claviger_shapes::kms::{EncryptionAlgorithmSpec, InvalidCiphertextException};
use claviger_shapes::{InternalFailure, ValidationException};
use zeroize::Zeroizing;

use crate::key::Key;
use crate::spec::{self, Kind};
use crate::{KmsCx, asymmetric, symmetric};

/// Encrypts; the key offers the algorithm. The material's id is told of symmetric keys only.
pub(crate) async fn encrypt<E>(
    cx: KmsCx<'_>,
    key: &Key,
    algorithm: EncryptionAlgorithmSpec,
    context: Option<&BTreeMap<String, String>>,
    plaintext: &[u8],
) -> Result<(Vec<u8>, Option<KeyMaterialId>), E>
where
    E: From<ValidationException> + From<InternalFailure>,
{
    let Some(hash) = spec::oaep(algorithm) else {
        let (blob, id) = symmetric::encrypt::<E>(cx, key, symmetric::context(context), plaintext).await?;
        return Ok((blob, Some(id)));
    };
    refuse_context::<E>(context)?;
    let backing = asymmetric::backing(cx, key).await?;
    let public = backing.pair().map_err(InternalFailure::from)?.public_key();
    let sealed = public.encrypt(hash, plaintext).map_err(|_| too_long(key, algorithm, hash))?;
    Ok((sealed, None))
}

/// Decrypts; the key offers the algorithm. Every failure looks alike.
pub(crate) async fn decrypt<E>(
    cx: KmsCx<'_>,
    key: &Key,
    algorithm: EncryptionAlgorithmSpec,
    context: Option<&BTreeMap<String, String>>,
    ciphertext: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, Option<KeyMaterialId>), E>
where
    E: From<InvalidCiphertextException> + From<ValidationException> + From<InternalFailure>,
{
    let Some(hash) = spec::oaep(algorithm) else {
        let (plaintext, id) = symmetric::decrypt::<E>(cx, key, symmetric::context(context), ciphertext).await?;
        return Ok((plaintext, Some(id)));
    };
    refuse_context::<E>(context)?;
    let (backing, ciphertext) = (asymmetric::backing(cx, key).await?, ciphertext.to_vec());
    let opened = asymmetric::private(key, backing, move |pair| pair.decrypt(hash, &ciphertext)).await?;
    Ok((opened.map_err(|_| InvalidCiphertextException::bare())?, None))
}

fn refuse_context<E: From<ValidationException>>(context: Option<&BTreeMap<String, String>>) -> Result<(), E> {
    if context.is_none_or(BTreeMap::is_empty) {
        return Ok(());
    }
    let text = "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.";
    Err(ValidationException::new(text).into())
}

fn too_long(key: &Key, algorithm: EncryptionAlgorithmSpec, hash: OaepHash) -> ValidationException {
    let most = match key.kind() {
        Ok(Kind::Pair(pair)) => hash.plaintext_bytes_max(pair).unwrap_or_default(),
        _ => 0,
    };
    ValidationException::new(format!(
        "Algorithm {} and key spec {} cannot encrypt data larger than {most} bytes.",
        algorithm.as_str(),
        key.record.key_spec().as_str()
    ))
}
