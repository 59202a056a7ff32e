//! Bytes and secrets: base64 on the wire, nothing in a debug print.

use std::fmt;

use base64_simd::{AsOut, STANDARD};
use serde::ser::{Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes that travel as standard, padded base64.
///
/// Printing one for debugging shows its length only: most blobs are ciphertexts, but whether one
/// matters is not for the type to judge.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Blob(pub Vec<u8>);

/// The bytes of a member that the model marks sensitive; wiped when dropped, never printed.
#[derive(Default)]
pub struct SecretBlob(pub Zeroizing<Vec<u8>>);

/// The text of a member that the model marks sensitive; wiped when dropped, never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretString(pub Zeroizing<String>);

impl Blob {
    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SecretBlob {
    /// Takes the bytes over; the vector is wiped with this value.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl SecretString {
    /// Takes the text over; the string is wiped with this value.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl ZeroizeOnDrop for SecretBlob {}
impl ZeroizeOnDrop for SecretString {}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl fmt::Debug for SecretBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBlob(..)")
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(..)")
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for SecretBlob {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SecretBlob {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = vec![0; STANDARD.encoded_length(self.0.len())];
        serializer.serialize_str(STANDARD.encode_as_str(&self.0, text.as_out()))
    }
}

impl Serialize for SecretBlob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Zeroizing::new(vec![0; STANDARD.encoded_length(self.0.len())]);
        serializer.serialize_str(STANDARD.encode_as_str(&self.0, text.as_mut_slice().as_out()))
    }
}

impl Serialize for SecretString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Why a text is not standard, padded base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotBase64;

/// Decodes standard, padded base64; whatever was decoded before a fault was found is wiped.
pub(crate) fn from_base64(text: &[u8]) -> Result<Vec<u8>, NotBase64> {
    let length = STANDARD.decoded_length(text).map_err(|_| NotBase64)?;
    let mut bytes = vec![0; length];
    match STANDARD.decode(text, bytes.as_mut_slice().as_out()) {
        Ok(_) => Ok(bytes),
        Err(_) => {
            bytes.zeroize();
            Err(NotBase64)
        }
    }
}
