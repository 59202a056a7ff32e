//! Backing keys of every kind: made, wrapped, unwrapped.

use claviger_crypto::hierarchy::{DomainKey, WrappedKey};
use claviger_crypto::key_pair::PrivateKey;
use claviger_crypto::mac::MacKey;
use claviger_crypto::material::{KeyMaterial, KeyMaterialId};
use claviger_pipeline::{Internal, Work, internal, offload};

use crate::spec::Kind;

/// The secret under a KMS key.
pub enum Backing {
    /// Encrypts symmetrically.
    Symmetric(KeyMaterial),
    /// Signs, decrypts, agrees or decapsulates.
    Pair(Box<PrivateKey>),
    /// Makes MACs.
    Mac(MacKey),
}

impl Backing {
    /// Makes a fresh one. RSA keys are made aside: one takes up to seconds, any other at most a tenth of a millisecond.
    pub async fn generate(kind: Kind) -> Result<Self, Internal> {
        match kind {
            Kind::Symmetric => Ok(Self::Symmetric(KeyMaterial::generate())),
            Kind::Mac(mac) => Ok(Self::Mac(MacKey::generate(mac))),
            Kind::Pair(pair) => {
                let make = move || PrivateKey::generate(pair);
                let made = if pair.modulus_bytes().is_some() { offload(Work::Long, make).await? } else { make() };
                made.map(|key| Self::Pair(Box::new(key))).ok_or_else(|| internal("a key pair could not be made"))
            }
        }
    }

    /// Takes key material made elsewhere: raw bytes of symmetric and HMAC keys, PKCS#8 of key pairs. `bytes` are wiped. `None`
    /// when they are not what `kind` needs.
    pub fn import(kind: Kind, bytes: &mut [u8]) -> Option<Self> {
        match kind {
            Kind::Symmetric => KeyMaterial::import(bytes).ok().map(Self::Symmetric),
            Kind::Mac(mac) => MacKey::import(mac, bytes).ok().map(Self::Mac),
            Kind::Pair(pair) => PrivateKey::from_pkcs8(pair, bytes).ok().map(|key| Self::Pair(Box::new(key))),
        }
    }

    /// Its identifier in the key `key_id`.
    pub fn id(&self, key_id: &str) -> KeyMaterialId {
        match self {
            Self::Symmetric(material) => material.id(key_id),
            Self::Pair(key) => key.public_key().id(key_id),
            Self::Mac(key) => key.id(key_id),
        }
    }

    /// Wraps it for the store.
    pub fn wrap(&self, domain: &DomainKey, key_id: &str) -> Result<WrappedKey, Internal> {
        match self {
            Self::Symmetric(material) => Ok(domain.wrap_material(key_id, material)),
            Self::Pair(key) => {
                domain.wrap_key_pair(key_id, key).ok_or_else(|| internal("a key pair could not be encoded"))
            }
            Self::Mac(key) => Ok(domain.wrap_mac_key(key_id, key)),
        }
    }

    /// Unwraps what the store has.
    pub fn unwrap(
        domain: &DomainKey,
        kind: Kind,
        key_id: &str,
        id: &KeyMaterialId,
        wrapped: &WrappedKey,
    ) -> Result<Self, Internal> {
        let opened = match kind {
            Kind::Symmetric => domain.unwrap_material(key_id, id, wrapped).map(Self::Symmetric),
            Kind::Pair(pair) => domain.unwrap_key_pair(key_id, pair, id, wrapped).map(|key| Self::Pair(Box::new(key))),
            Kind::Mac(mac) => domain.unwrap_mac_key(key_id, mac, id, wrapped).map(Self::Mac),
        };
        opened.map_err(|_| internal(format!("key material {id} of {key_id} does not open under its domain key")))
    }

    /// The symmetric key.
    pub fn symmetric(&self) -> Result<&KeyMaterial, Internal> {
        match self {
            Self::Symmetric(material) => Ok(material),
            _ => Err(internal("a symmetric key was expected")),
        }
    }

    /// The key pair.
    pub fn pair(&self) -> Result<&PrivateKey, Internal> {
        match self {
            Self::Pair(key) => Ok(key),
            _ => Err(internal("a key pair was expected")),
        }
    }

    /// The HMAC key.
    pub fn mac(&self) -> Result<&MacKey, Internal> {
        match self {
            Self::Mac(key) => Ok(key),
            _ => Err(internal("an HMAC key was expected")),
        }
    }
}
