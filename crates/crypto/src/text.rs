//! Bytes as base64 text, for values that live in JSON.

use serde::{Deserialize, Deserializer, Serializer, de};

/// `#[serde(with = "text::base64")]` for byte vectors.
pub(crate) mod base64 {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64_simd::STANDARD.encode_to_string(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64_simd::STANDARD.decode_to_vec(text.as_bytes()).map_err(|_| de::Error::custom("not base64"))
    }
}
