//! Key material: the 256-bit secrets under KMS keys.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::secret::Secret;
use crate::{kdf, labels};

/// Bytes of a symmetric backing key.
pub const LEN: usize = 32;

/// A 256-bit symmetric backing key. Every rotation of a KMS key adds one.
pub struct KeyMaterial(Secret);

/// Imported bytes are not [`LEN`] long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("symmetric key material is {LEN} bytes long, not {0}")]
pub struct WrongLength(pub usize);

impl KeyMaterial {
    /// New random material.
    pub fn generate() -> Self {
        Self(Secret::random(LEN))
    }

    /// Material made elsewhere. `bytes` are wiped, whether they are accepted or not.
    pub fn import(bytes: &mut [u8]) -> Result<Self, WrongLength> {
        let len = bytes.len();
        let secret = Secret::take(bytes);
        if len == LEN { Ok(Self(secret)) } else { Err(WrongLength(len)) }
    }

    /// The identifier of this material in the key `key_id`.
    ///
    /// A pseudo-random function of the key id, keyed by the material: stable when the same bytes are imported again,
    /// equal for related multi-Region keys (they share key id and material), different for the same bytes in another
    /// key. It tells nothing about material of full entropy; imported material that can be guessed can be confirmed
    /// by it.
    pub fn id(&self, key_id: &str) -> KeyMaterialId {
        KeyMaterialId(*kdf::derive(self.expose(), labels::MATERIAL_ID, key_id.as_bytes()))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

/// Names one key material of one KMS key (or of a set of related multi-Region keys). Public; written as 64 lower-case
/// hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyMaterialId([u8; 32]);

impl KeyMaterialId {
    /// The identifier with these bytes, as read from a place that holds it in binary.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the identifier.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyMaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        match hex::encode_to_slice(self.0, &mut text).ok().and_then(|()| std::str::from_utf8(&text).ok()) {
            Some(text) => f.pad(text),
            None => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for KeyMaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key material id is 64 lower-case hexadecimal digits")]
pub struct NotAKeyMaterialId;

impl FromStr for KeyMaterialId {
    type Err = NotAKeyMaterialId;

    fn from_str(text: &str) -> Result<Self, NotAKeyMaterialId> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(NotAKeyMaterialId);
        }
        let mut id = [0; 32];
        hex::decode_to_slice(text, &mut id).map_err(|_| NotAKeyMaterialId)?;
        Ok(Self(id))
    }
}

impl Serialize for KeyMaterialId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyMaterialId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const ID: &str = "0562e7f786b6a0f033ceeffeef8bb298da9e9a47160fff1841fbcb3f865c8315";

    fn material() -> KeyMaterial {
        KeyMaterial::import(&mut (0..32).collect::<Vec<u8>>()).unwrap()
    }

    // Value from vectors/vectors.py.
    #[test]
    fn id_depends_on_key_id_and_material_only() {
        assert_eq!(material().id(KEY_ID).to_string(), ID);
        assert_ne!(material().id("1234abcd-12ab-34cd-56ef-1234567890ac").to_string(), ID);
        assert_ne!(KeyMaterial::generate().id(KEY_ID), KeyMaterial::generate().id(KEY_ID));
    }

    #[test]
    fn import_wipes_and_refuses_other_lengths() {
        for len in [0, 16, 31, 33, 64] {
            let mut bytes = vec![7; len];
            assert_eq!(KeyMaterial::import(&mut bytes).err(), Some(WrongLength(len)));
            assert_eq!(bytes, vec![0; len]);
        }
        let mut bytes = [7; LEN];
        assert_eq!(KeyMaterial::import(&mut bytes).unwrap().expose(), [7; LEN]);
        assert_eq!(bytes, [0; LEN]);
    }

    #[test]
    fn id_text_is_exactly_64_lower_case_digits() {
        let id: KeyMaterialId = ID.parse().unwrap();
        assert_eq!(id, material().id(KEY_ID));
        assert_eq!(KeyMaterialId::from_bytes(*id.as_bytes()), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{ID}\""));
        assert_eq!(serde_json::from_str::<KeyMaterialId>(&format!("\"{ID}\"")).unwrap(), id);
        for wrong in
            ["", &ID[1..], &ID.to_uppercase(), &format!("{ID}0"), &ID.replace('0', "g"), &ID.replace('0', "\u{e9}")]
        {
            assert_eq!(wrong.parse::<KeyMaterialId>(), Err(NotAKeyMaterialId), "{wrong}");
            assert!(serde_json::from_str::<KeyMaterialId>(&format!("\"{wrong}\"")).is_err());
        }
    }
}
