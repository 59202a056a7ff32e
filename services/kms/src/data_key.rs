//! Data keys: random bytes, and the same bytes encrypted under a KMS key. Nothing of them is kept.

use claviger_crypto::context::EncryptionContext;
use claviger_crypto::key_pair::{KeyPairKind, PrivateKey};
use claviger_crypto::material::KeyMaterialId;
use claviger_crypto::random;
use claviger_crypto::secret::Secret;
use claviger_pipeline::{Work, offload};
use claviger_shapes::kms::{
    DataKeyPairSpec, DataKeySpec, DisabledException, InvalidKeyUsageException, KMSInvalidStateException, KeyUsageType,
    UnsupportedOperationException,
};
use claviger_shapes::{InternalFailure, ValidationException};
use zeroize::Zeroizing;

use crate::KmsCx;
use crate::key::Key;
use crate::{spec, state, symmetric};

/// A fresh data key.
pub(crate) struct DataKey {
    /// In the clear.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Encrypted under the KMS key.
    pub wrapped: Vec<u8>,
    /// The material it is encrypted under.
    pub material_id: KeyMaterialId,
}

/// The length asked for: exactly one of the two members says it.
pub(crate) fn length(spec: Option<DataKeySpec>, bytes: Option<i32>) -> Result<usize, ValidationException> {
    match (spec, bytes) {
        (Some(DataKeySpec::Aes128), None) => Ok(16),
        (Some(DataKeySpec::Aes256), None) => Ok(32),
        (None, Some(bytes)) if bytes > 0 => Ok(usize::try_from(bytes).unwrap_or(0)),
        _ => Err(ValidationException::new("Please specify either number of bytes or key spec.")),
    }
}

/// Makes a data key of `length` bytes.
pub(crate) async fn generate<E>(
    cx: KmsCx<'_>,
    key: &Key,
    context: &EncryptionContext,
    length: usize,
) -> Result<DataKey, E>
where
    E: From<ValidationException> + From<InternalFailure>,
{
    let mut plaintext = Zeroizing::new(vec![0; length]);
    random::fill(&mut plaintext);
    let (wrapped, material_id) = symmetric::encrypt::<E>(cx, key, context, &plaintext).await?;
    Ok(DataKey { plaintext, wrapped, material_id })
}

/// A fresh data key pair.
pub(crate) struct DataKeyPair {
    /// The private half: `PrivateKeyInfo` in DER.
    pub private: Secret,
    /// The private half encrypted under the KMS key.
    pub wrapped: Vec<u8>,
    /// The public half: `SubjectPublicKeyInfo` in DER.
    pub public: Vec<u8>,
    /// The material the private half is encrypted under.
    pub material_id: KeyMaterialId,
}

/// Refuses a key that cannot protect a data key pair right now.
pub(crate) fn require_pair_maker<E>(key: &Key, operation: &str) -> Result<(), E>
where
    E: From<DisabledException> + From<KMSInvalidStateException> + From<InvalidKeyUsageException>,
{
    key.require::<E>(&state::CRYPTOGRAPHY)?;
    key.require_usage::<E>(KeyUsageType::EncryptDecrypt, operation)?;
    if key.is_symmetric() {
        return Ok(());
    }
    Err(InvalidKeyUsageException::new("You cannot generate a data key pair with an asymmetric CMK").into())
}

/// The kind of key pair a spec asks for.
pub(crate) fn pair_kind<E: From<UnsupportedOperationException>>(spec: DataKeyPairSpec) -> Result<KeyPairKind, E> {
    let refused = || UnsupportedOperationException::new(format!("KeyPairSpec {} is not supported.", spec.as_str()));
    spec::data_key_pair(spec).ok_or_else(|| refused().into())
}

/// Makes a data key pair.
pub(crate) async fn generate_pair<E>(
    cx: KmsCx<'_>,
    key: &Key,
    context: &EncryptionContext,
    kind: KeyPairKind,
) -> Result<DataKeyPair, E>
where
    E: From<ValidationException> + From<InternalFailure>,
{
    let make = move || {
        let pair = PrivateKey::generate(kind)?;
        Some((pair.to_pkcs8()?, pair.public_key().to_der().to_vec()))
    };
    let rsa = kind.modulus_bytes().is_some();
    let made = if rsa { offload(Work::Long, make).await.map_err(InternalFailure::from)? } else { make() };
    let (private, public) = made.ok_or_else(|| InternalFailure::new("a key pair could not be made"))?;
    let (wrapped, material_id) = symmetric::encrypt::<E>(cx, key, context, private.expose()).await?;
    Ok(DataKeyPair { private, wrapped, public, material_id })
}
