//! Keyrings of KMS.

mod arn;
mod discovery;
mod rsa;
mod symmetric;

pub use arn::{KeyArn, KeyIdentifier};
pub use discovery::{DiscoveryFilter, KmsDiscoveryKeyring};
pub use rsa::KmsRsaKeyring;
pub use symmetric::KmsKeyring;

use crate::Error;
use crate::header::EncryptedDataKey;

/// Provider id of data keys under symmetric keys in KMS.
const PROVIDER_ID: &str = "aws-kms";

/// The encrypted data keys of a provider with their keys' ARNs.
///
/// # Errors
/// One of them names something else than a key by its ARN.
fn with_arns<'a>(
    keys: &'a [EncryptedDataKey],
    provider_id: &str,
) -> Result<Vec<(KeyArn, &'a EncryptedDataKey)>, Error> {
    let of_provider = keys.iter().filter(|key| key.provider_id == provider_id);
    let with_arn = of_provider.map(|key| {
        let arn = str::from_utf8(&key.provider_info).ok().and_then(KeyArn::parse).filter(KeyArn::is_key);
        arn.map(|arn| (arn, key)).ok_or(Error::Malformed("an encrypted data key of KMS does not name its key by ARN"))
    });
    with_arn.collect()
}

/// What is told when no data key could be decrypted.
fn not_decrypted(named: &str, reasons: Vec<String>) -> Error {
    if reasons.is_empty() { super::none_named(named) } else { Error::NotDecrypted(reasons.join("; ")) }
}
