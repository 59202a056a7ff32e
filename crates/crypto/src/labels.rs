//! Every derivation label this crate uses for itself, in one place so that no two meet.
//!
//! A label separates the uses of one key. Up to 30 bytes keep a derivation with a 16-byte nonce at two compressions
//! for the inner hash; longer ones work and cost a compression more. Labels never contain a NUL.

/// Message keys of ciphertext blobs, from key material.
pub(crate) const BLOB: &str = "claviger.blob.v1";
/// A key material's public identifier, from the material.
pub(crate) const MATERIAL_ID: &str = "claviger.material-id.v1";
/// A root key's public fingerprint, from the root key.
pub(crate) const ROOT_ID: &str = "claviger.root-id.v1";
/// A domain key wrapped under the root key.
pub(crate) const DOMAIN_KEY: &str = "claviger.domain-key.v1";
/// A store key wrapped under the root key.
pub(crate) const STORE_KEY: &str = "claviger.store-key.v1";
/// Key material wrapped under a domain key.
pub(crate) const KEY_MATERIAL: &str = "claviger.key-material.v1";
/// A key pair's identifier, from its public part.
pub(crate) const KEY_PAIR_ID: &str = "claviger.key-pair-id.v1";
/// A private key wrapped under a domain key.
pub(crate) const KEY_PAIR: &str = "claviger.key-pair.v1";
/// An HMAC key wrapped under a domain key.
pub(crate) const MAC_KEY: &str = "claviger.mac-key.v1";
/// Any other secret wrapped under a domain key.
pub(crate) const DOMAIN_SECRET: &str = "claviger.domain-secret.v1";
/// A seal's opening key and seal secret, wrapped under what the operator holds.
pub(crate) const SEAL_OPENING: &str = "claviger.seal-opening.v1";
/// A seal's seal secret, wrapped under the root key.
pub(crate) const SEAL_SECRET: &str = "claviger.seal-secret.v1";
/// The root key, wrapped for one seal.
pub(crate) const SEALED_ROOT: &str = "claviger.sealed-root.v1";
/// A key file's public fingerprint, from its key.
pub(crate) const KEY_FILE_ID: &str = "claviger.key-file-id.v1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short_distinct_and_free_of_nul() {
        let all = [
            BLOB,
            MATERIAL_ID,
            ROOT_ID,
            DOMAIN_KEY,
            STORE_KEY,
            KEY_MATERIAL,
            KEY_PAIR_ID,
            KEY_PAIR,
            MAC_KEY,
            DOMAIN_SECRET,
            SEAL_OPENING,
            SEAL_SECRET,
            SEALED_ROOT,
            KEY_FILE_ID,
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|label| label.len() <= 30 && !label.contains('\0')));
    }
}
