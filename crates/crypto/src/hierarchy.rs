//! The key hierarchy above key material: root key, domain keys, wrapped keys.
//!
//! The root key wraps domain keys (one for each account and Region) and the store key; a domain key wraps key
//! material and other secrets of its account and Region. Each wrapping is an [`envelope`] with a
//! label of its own, bound to what the wrapped key is for, so a wrapped key moved to another place does not open.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::envelope::{self, Unsealable};
use crate::key_pair::{KeyPairKind, PrivateKey};
use crate::mac::{MacKey, MacKind};
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

    /// Wraps the private key of the key `key_id`. `None` when the library cannot encode it.
    pub fn wrap_key_pair(&self, key_id: &str, key: &PrivateKey) -> Option<WrappedKey> {
        let id = key.public_key().id(key_id);
        let aad: [&[u8]; 3] = [key_id.as_bytes(), key.kind().name().as_bytes(), id.as_bytes()];
        Some(wrap(&self.0, labels::KEY_PAIR, &aad, key.to_pkcs8()?.expose()))
    }

    /// The private key of this kind and identifier of the key `key_id`. Costs a check of the whole key, which for RSA
    /// is about as much as a signature: callers keep what they get.
    pub fn unwrap_key_pair(
        &self,
        key_id: &str,
        kind: KeyPairKind,
        id: &KeyMaterialId,
        wrapped: &WrappedKey,
    ) -> Result<PrivateKey, Unsealable> {
        let aad: [&[u8]; 3] = [key_id.as_bytes(), kind.name().as_bytes(), id.as_bytes()];
        let mut bytes = envelope::open(&self.0, labels::KEY_PAIR, &aad, &wrapped.0)?;
        PrivateKey::from_pkcs8(kind, &mut bytes).map_err(|_| Unsealable)
    }

    /// Wraps the HMAC key of the key `key_id`.
    pub fn wrap_mac_key(&self, key_id: &str, key: &MacKey) -> WrappedKey {
        let id = key.id(key_id);
        let aad: [&[u8]; 3] = [key_id.as_bytes(), key.kind().name().as_bytes(), id.as_bytes()];
        wrap(&self.0, labels::MAC_KEY, &aad, key.expose())
    }

    /// The HMAC key of this kind and identifier of the key `key_id`.
    pub fn unwrap_mac_key(
        &self,
        key_id: &str,
        kind: MacKind,
        id: &KeyMaterialId,
        wrapped: &WrappedKey,
    ) -> Result<MacKey, Unsealable> {
        let aad: [&[u8]; 3] = [key_id.as_bytes(), kind.name().as_bytes(), id.as_bytes()];
        let mut bytes = envelope::open(&self.0, labels::MAC_KEY, &aad, &wrapped.0)?;
        MacKey::import(kind, &mut bytes).map_err(|_| Unsealable)
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

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn root() -> RootKey {
        RootKey::from_unsealed(Zeroizing::new((0..32).collect())).unwrap()
    }

    fn wrapped(hex: &str) -> WrappedKey {
        WrappedKey::from_bytes(hex::decode(hex).unwrap())
    }

    // Values from vectors/vectors.py.
    #[test]
    fn unwraps_what_an_independent_implementation_wrapped() {
        assert_eq!(root().id(), "9bf9956da0ce4027404674029120b3ca");
        let domain = wrapped(
            "01808182838485868788898a8b8c8d8e8f909192939495969798999a9be28dbf07968fc927ed494415880e3f01ff76c5059da1e5adb\
             22840e47fc99242d1f1d34a6692cc247cae09a033baee32",
        );
        let domain = root().unwrap_domain("111122223333", "us-east-1", &domain).unwrap();
        assert_eq!(domain.0.expose(), [0x11; 32]);
        let store = wrapped(
            "01808182838485868788898a8b8c8d8e8f909192939495969798999a9b2d323221d5f089306fa30015457bd7718f6b5b13d9c770c96\
             e9349dab19eee223a0812d0d170bae47f05d1c02e03e9e6",
        );
        assert_eq!(root().unwrap_store_key(&store).unwrap().expose(), [0x33; 32]);
        let material = wrapped(
            "01808182838485868788898a8b8c8d8e8f909192939495969798999a9bb72487728a46d8a9579b1d4cb5ee3d36c5a124e6643fb8a08\
             79ddf0f19cbfe1b04dffe6c3be03fcf6db96fe5c1965c94",
        );
        let id = KeyMaterial::import(&mut [0x22; 32]).unwrap().id(KEY_ID);
        assert_eq!(domain.unwrap_material(KEY_ID, &id, &material).unwrap().expose(), [0x22; 32]);
        let secret = wrapped(
            "01808182838485868788898a8b8c8d8e8f909192939495969798999a9b90cff4afa6aa7d2a730748e86a8fdfc7926558f8caa5",
        );
        assert_eq!(domain.unwrap_secret("access-key", "AKIA1", &secret).unwrap().expose(), b"s3cret");
    }

    // Values from vectors/vectors.py.
    #[test]
    fn unwraps_key_pairs_and_mac_keys_that_an_independent_implementation_wrapped() {
        let domain = DomainKey(Secret::take(&mut [0x11; 32]));
        let id = "df6c8eb218b5eae6e990f6e34914f12103baf090228ede35aaeb5e6d943b1192".parse().unwrap();
        let pair = wrapped(
            "01808182838485868788898a8b8c8d8e8f909192939495969798999a9b23eaec17cde526eb742b62582e8c9ad873fda69964\
             438f1549d83e8a9161be44715afb27aa88ddfa4805e680dd446ce3d20eebce2d65389cd7e34131ca5ce647",
        );
        let pair = domain.unwrap_key_pair(KEY_ID, KeyPairKind::Ed25519, &id, &pair).unwrap();
        assert_eq!(pair.public_key().id(KEY_ID), id);
        assert!(pair.to_pkcs8().unwrap().expose().ends_with(&[0x22; 32]));
        let mac_key = wrapped(
            "01808182838485868788898a8b8c8d8e8f909192939495969798999a9b8abda5a582b73e5607200f8b6f146ea525d433dee3\
             f9cddd0b7ec62f22a58f7f195491c15be12ae6daf23f18c9a51d99",
        );
        let id = KeyMaterial::import(&mut [0x22; 32]).unwrap().id(KEY_ID);
        let mac_key = domain.unwrap_mac_key(KEY_ID, MacKind::Sha256, &id, &mac_key).unwrap();
        assert_eq!((mac_key.id(KEY_ID), mac_key.expose()), (id, &[0x22; 32][..]));
    }

    #[test]
    fn a_wrapped_key_opens_in_its_own_place_only() {
        let root = root();
        let (domain, wrapped) = root.new_domain("111122223333", "us-east-1");
        assert_eq!(root.unwrap_domain("111122223333", "us-east-1", &wrapped).unwrap().0.expose(), domain.0.expose());
        assert!(root.unwrap_domain("111122223334", "us-east-1", &wrapped).is_err());
        assert!(root.unwrap_domain("111122223333", "us-east-2", &wrapped).is_err());
        assert!(root.unwrap_store_key(&wrapped).is_err());
        assert!(RootKey::generate().unwrap_domain("111122223333", "us-east-1", &wrapped).is_err());

        let material = KeyMaterial::generate();
        let id = material.id(KEY_ID);
        let wrapped = domain.wrap_material(KEY_ID, &material);
        let opened = domain.unwrap_material(KEY_ID, &id, &wrapped).unwrap();
        assert_eq!(opened.expose(), material.expose());
        assert!(domain.unwrap_material("another", &id, &wrapped).is_err());
        assert!(domain.unwrap_material(KEY_ID, &KeyMaterial::generate().id(KEY_ID), &wrapped).is_err());
        assert!(root.new_domain("111122223333", "us-east-1").0.unwrap_material(KEY_ID, &id, &wrapped).is_err());

        let wrapped = domain.wrap_secret("access-key", "AKIA1", b"s3cret");
        assert!(domain.unwrap_secret("access-key", "AKIA2", &wrapped).is_err());
        assert!(domain.unwrap_secret("session", "AKIA1", &wrapped).is_err());
        assert!(domain.unwrap_secret("access-keyA", "KIA1", &wrapped).is_err());
    }

    #[test]
    fn wrapped_key_pairs_and_mac_keys_open_in_their_own_place_only() {
        let (domain, _) = root().new_domain("111122223333", "us-east-1");
        for kind in [KeyPairKind::P256, KeyPairKind::Secp256k1, KeyPairKind::Ed25519, KeyPairKind::MlKem512] {
            let key = PrivateKey::generate(kind).unwrap();
            let id = key.public_key().id(KEY_ID);
            let wrapped = domain.wrap_key_pair(KEY_ID, &key).unwrap();
            let opened = domain.unwrap_key_pair(KEY_ID, kind, &id, &wrapped).unwrap();
            assert_eq!(opened.public_key().to_der(), key.public_key().to_der());
            let other_id = key.public_key().id("another");
            assert_ne!(id, other_id);
            assert!(domain.unwrap_key_pair("another", kind, &id, &wrapped).is_err());
            assert!(domain.unwrap_key_pair(KEY_ID, KeyPairKind::P384, &id, &wrapped).is_err());
            assert!(domain.unwrap_key_pair(KEY_ID, kind, &other_id, &wrapped).is_err());
            assert!(domain.unwrap_mac_key(KEY_ID, MacKind::Sha256, &id, &wrapped).is_err());
        }
        let key = MacKey::generate(MacKind::Sha256);
        let (id, wrapped) = (key.id(KEY_ID), domain.wrap_mac_key(KEY_ID, &key));
        let opened = domain.unwrap_mac_key(KEY_ID, MacKind::Sha256, &id, &wrapped).unwrap();
        assert_eq!(opened.sign(b"message"), key.sign(b"message"));
        assert!(domain.unwrap_mac_key("another", MacKind::Sha256, &id, &wrapped).is_err());
        assert!(domain.unwrap_mac_key(KEY_ID, MacKind::Sha224, &id, &wrapped).is_err());
        assert!(domain.unwrap_mac_key(KEY_ID, MacKind::Sha256, &key.id("another"), &wrapped).is_err());
        assert!(domain.unwrap_material(KEY_ID, &id, &wrapped).is_err());
    }

    #[test]
    fn rotating_the_root_key_keeps_what_is_below() {
        let (old, new) = (RootKey::generate(), RootKey::generate());
        let (domain, wrapped) = old.new_domain("111122223333", "us-east-1");
        let rewrapped = old.rewrap_domain(&new, "111122223333", "us-east-1", &wrapped).unwrap();
        let reopened = new.unwrap_domain("111122223333", "us-east-1", &rewrapped).unwrap();
        assert_eq!(reopened.0.expose(), domain.0.expose());
        assert!(old.unwrap_domain("111122223333", "us-east-1", &rewrapped).is_err());
        assert!(new.rewrap_domain(&old, "111122223333", "us-east-1", &wrapped).is_err());

        let (store, wrapped) = old.new_store_key();
        let rewrapped = old.rewrap_store_key(&new, &wrapped).unwrap();
        assert_eq!(new.unwrap_store_key(&rewrapped).unwrap().expose(), store.expose());
        assert!(old.unwrap_store_key(&rewrapped).is_err());
    }

    #[test]
    fn wrapped_keys_are_base64_in_json() {
        let wrapped = WrappedKey::from_bytes(vec![0xFB, 0xFF, 0x00]);
        assert_eq!(serde_json::to_string(&wrapped).unwrap(), r#""+/8A""#);
        assert_eq!(serde_json::from_str::<WrappedKey>(r#""+/8A""#).unwrap(), wrapped);
        assert!(serde_json::from_str::<WrappedKey>(r#""+/8""#).is_err());
    }
}
