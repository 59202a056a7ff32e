//! Data keys: random bytes, and the same bytes encrypted under a KMS key. Nothing of them is kept.

use claviger_crypto::context::EncryptionContext;
use claviger_crypto::material::KeyMaterialId;
use claviger_crypto::random;
use claviger_shapes::kms::DataKeySpec;
use claviger_shapes::{InternalFailure, ValidationException};
use zeroize::Zeroizing;

use crate::KmsCx;
use crate::key::Key;
use crate::symmetric;

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
