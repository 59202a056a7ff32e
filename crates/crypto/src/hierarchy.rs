//! The key hierarchy above key material: root key, domain keys, wrapped keys.
//!
//! The root key wraps domain keys (one for each account and Region) and the store key; a domain key wraps key
//! material and other secrets of its account and Region. Each wrapping is an [`envelope`](crate::envelope) with a
//! label of its own, bound to what the wrapped key is for, so a wrapped key moved to another place does not open.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::envelope::{self, Unsealable};
use crate::material::{KeyMaterial, KeyMaterialId};
use crate::secret::Secret;
use crate::{kdf, labels, text};

/// Bytes of a root, domain or store key.
const KEY_LEN: usize = 32;

/// Bytes of the public fingerprint of a root key.
const ROOT_ID_LEN: usize = 16;

/// A key or other secret, sealed under the key above it. Safe to store and to print.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WrappedKey(#[serde(with = "text::base64")] Vec<u8>);

impl WrappedKey {
    /// The wrapped key with these bytes, as read from a place that holds it in binary.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes of the wrapped key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({} bytes)", self.0.len())
    }
}

/// The key at the top. It exists in the clear only in the memory of a running server; at rest it is sealed
/// ([`crate::seals`]).
pub struct RootKey(Secret);

impl RootKey {
    /// A new random root key.
    pub fn generate() -> Self {
        Self(Secret::random(KEY_LEN))
    }

    /// The public fingerprint: 32 lower-case hexadecimal digits that name the key and tell nothing about it.
    pub fn id(&self) -> String {
        let derived = kdf::derive(self.0.expose(), labels::ROOT_ID, b"");
        hex::encode(&derived[..ROOT_ID_LEN])
    }

    /// A new domain key for one account and Region, and the same wrapped for the store.
    pub fn new_domain(&self, account: &str, region: &str) -> (DomainKey, WrappedKey) {
        let key = Secret::random(KEY_LEN);
        let wrapped = wrap(&self.0, labels::DOMAIN_KEY, &domain_aad(account, region), key.expose());
        (DomainKey(key), wrapped)
    }

    /// The domain key that was wrapped for this account and Region.
    pub fn unwrap_domain(&self, account: &str, region: &str, wrapped: &WrappedKey) -> Result<DomainKey, Unsealable> {
        unwrap_key(&self.0, labels::DOMAIN_KEY, &domain_aad(account, region), wrapped).map(DomainKey)
    }

    /// Wraps a domain key under `new` instead of `self`. The domain key, and everything under it, stays as it is.
    pub fn rewrap_domain(
        &self,
        new: &RootKey,
        account: &str,
        region: &str,
        wrapped: &WrappedKey,
    ) -> Result<WrappedKey, Unsealable> {
        let key = self.unwrap_domain(account, region, wrapped)?;
        Ok(wrap(&new.0, labels::DOMAIN_KEY, &domain_aad(account, region), key.0.expose()))
    }

    /// A new key that seals the store's records, and the same wrapped.
    pub fn new_store_key(&self) -> (Secret, WrappedKey) {
        let key = Secret::random(KEY_LEN);
        let wrapped = wrap(&self.0, labels::STORE_KEY, &[], key.expose());
        (key, wrapped)
    }

    /// The store key that was wrapped under this root key.
    pub fn unwrap_store_key(&self, wrapped: &WrappedKey) -> Result<Secret, Unsealable> {
        unwrap_key(&self.0, labels::STORE_KEY, &[], wrapped)
    }

    /// Wraps the store key under `new` instead of `self`. Sealed records stay as they are.
    pub fn rewrap_store_key(&self, new: &RootKey, wrapped: &WrappedKey) -> Result<WrappedKey, Unsealable> {
        let key = self.unwrap_store_key(wrapped)?;
        Ok(wrap(&new.0, labels::STORE_KEY, &[], key.expose()))
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }

    /// The root key with these bytes, which are wiped. `None` unless there are exactly as many as a root key has.
    pub(crate) fn from_unsealed(mut bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        (bytes.len() == KEY_LEN).then(|| Self(Secret::take(&mut bytes)))
    }
}

/// The key above everything of one account in one Region.
pub struct DomainKey(Secret);

impl DomainKey {
    /// Wraps `material` of the key `key_id`.
    pub fn wrap_material(&self, key_id: &str, material: &KeyMaterial) -> WrappedKey {
        let id = material.id(key_id);
        wrap(&self.0, labels::KEY_MATERIAL, &[key_id.as_bytes(), id.as_bytes()], material.expose())
    }

    /// The material `id` of the key `key_id`.
    pub fn unwrap_material(
        &self,
        key_id: &str,
        id: &KeyMaterialId,
        wrapped: &WrappedKey,
    ) -> Result<KeyMaterial, Unsealable> {
        let aad: [&[u8]; 2] = [key_id.as_bytes(), id.as_bytes()];
        let mut bytes = envelope::open(&self.0, labels::KEY_MATERIAL, &aad, &wrapped.0)?;
        KeyMaterial::import(&mut bytes).map_err(|_| Unsealable)
    }

    /// Wraps a secret that is not key material: `purpose` is a fixed word of the caller (`"access-key"`), `id` names
    /// the thing the secret belongs to.
    pub fn wrap_secret(&self, purpose: &str, id: &str, secret: &[u8]) -> WrappedKey {
        wrap(&self.0, labels::DOMAIN_SECRET, &[purpose.as_bytes(), id.as_bytes()], secret)
    }

    /// The secret that was wrapped for this purpose and thing.
    pub fn unwrap_secret(&self, purpose: &str, id: &str, wrapped: &WrappedKey) -> Result<Secret, Unsealable> {
        let aad: [&[u8]; 2] = [purpose.as_bytes(), id.as_bytes()];
        let mut bytes = envelope::open(&self.0, labels::DOMAIN_SECRET, &aad, &wrapped.0)?;
        Ok(Secret::take(&mut bytes))
    }
}

fn domain_aad<'a>(account: &'a str, region: &'a str) -> [&'a [u8]; 2] {
    [account.as_bytes(), region.as_bytes()]
}

fn wrap(key: &Secret, label: &'static str, aad: &[&[u8]], secret: &[u8]) -> WrappedKey {
    WrappedKey(envelope::seal(key, label, aad, secret))
}

/// Unwraps what has to be a key of this hierarchy.
fn unwrap_key(key: &Secret, label: &'static str, aad: &[&[u8]], wrapped: &WrappedKey) -> Result<Secret, Unsealable> {
    let mut bytes = envelope::open(key, label, aad, &wrapped.0)?;
    if bytes.len() == KEY_LEN { Ok(Secret::take(&mut bytes)) } else { Err(Unsealable) }
}
