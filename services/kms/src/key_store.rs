//! Custom key stores, as an account sees them that has none: no backing for one can be configured yet.

use claviger_shapes::kms::CustomKeyStoreNotFoundException;

/// Members that stay out of the audit log: what a store is opened with.
pub(crate) const SECRET_MEMBERS: &[&str] =
    &["KeyStorePassword", "TrustAnchorCertificate", "XksProxyAuthenticationCredential"];

/// There is no custom key store of this id or name.
pub(crate) fn not_found(store: &str) -> CustomKeyStoreNotFoundException {
    CustomKeyStoreNotFoundException::new(format!("Custom key store {store} does not exist."))
}
