//! Keyrings: what wraps data keys.

mod kms;
mod multi;
mod raw_aes;
mod raw_rsa;

pub use kms::{DiscoveryFilter, KeyArn, KeyIdentifier, KmsDiscoveryKeyring, KmsKeyring, KmsRsaKeyring};
pub use multi::MultiKeyring;
pub use raw_aes::RawAesKeyring;
pub use raw_rsa::{Padding, RawRsaKeyring};

use crate::Error;

/// Namespaces beginning so are those of KMS (`framework/keyring-interface.md`, key provider ID).
const KMS_NAMESPACE: &str = "aws-kms";

/// A raw key's namespace, which must not pretend that the key is in KMS.
fn namespace(namespace: &str) -> Result<String, Error> {
    if namespace.starts_with(KMS_NAMESPACE) {
        return Err(Error::InvalidKeyring(format!("the namespace {namespace:?} is reserved for keys in KMS")));
    }
    Ok(namespace.to_owned())
}

/// That no key of the keyring is even named by the message.
fn none_named(what: &str) -> Error {
    Error::NotDecrypted(format!("no encrypted data key names {what}"))
}
