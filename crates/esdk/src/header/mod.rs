//! What stands before a message's body (`data-format/message-header.md`).

mod parse;
mod scan;
#[cfg(test)]
mod tests;

pub use scan::{HEADER_BYTES_MAX, HeaderReader};

pub(crate) use parse::{ParsedHeader, parse};

use claviger_crypto::aead::{NONCE_BYTES, TAG_BYTES};

use crate::bytes::put_u16;
use crate::context::{self, EncryptionContext};
use crate::suite::Version;
use crate::{Error, Suite};

/// The type of every message of version 1.0: customer authenticated encrypted data.
const TYPE: u8 = 0x80;
const NON_FRAMED: u8 = 1;
const FRAMED: u8 = 2;

/// A data key as one wrapping key wrapped it (`framework/structures.md`, Encrypted Data Key).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedDataKey {
    /// Which kind of keyring wrote it: `aws-kms`, or the namespace of a raw key.
    pub provider_id: String,
    /// Which key: an ARN, or the name of a raw key and what its algorithm needs.
    pub provider_info: Vec<u8>,
    /// The wrapped data key.
    pub ciphertext: Vec<u8>,
}

/// A message's header without its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm suite.
    pub suite: Suite,
    /// Random, [`Suite::message_id_bytes`] long.
    pub message_id: Vec<u8>,
    /// The pairs that travel with the message.
    pub context: EncryptionContext,
    /// The data key under each wrapping key; at least one.
    pub encrypted_data_keys: Vec<EncryptedDataKey>,
    /// Bytes of plaintext in each frame but the last; `None` for a body in one piece.
    pub frame_length: Option<u32>,
    /// The commitment; there exactly with a suite that [commits](Suite::commits).
    pub commitment: Option<[u8; 32]>,
}

impl Header {
    /// The header body's bytes.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`]; [`Error::InvalidMaterials`] for encrypted data keys that do not fit: none, more than
    /// 65535, or fields of more than 65535 bytes.
    pub fn serialize(&self) -> Result<Vec<u8>, Error> {
        let invalid = || Error::InvalidMaterials("an encrypted data key does not fit into the header");
        let mut out = Vec::with_capacity(512);
        match self.suite.version() {
            Version::V1 => out.extend_from_slice(&[1, TYPE]),
            Version::V2 => out.push(2),
        }
        out.extend_from_slice(&self.suite.id().to_be_bytes());
        out.extend_from_slice(&self.message_id);
        put_u16(&mut out, &context::serialize(&self.context)?).ok_or(Error::ContextTooLong)?;
        let count =
            u16::try_from(self.encrypted_data_keys.len()).ok().filter(|count| *count > 0).ok_or_else(invalid)?;
        out.extend_from_slice(&count.to_be_bytes());
        for key in &self.encrypted_data_keys {
            for field in [key.provider_id.as_bytes(), &key.provider_info, &key.ciphertext] {
                put_u16(&mut out, field).ok_or_else(invalid)?;
            }
        }
        out.push(if self.frame_length.is_some() { FRAMED } else { NON_FRAMED });
        if self.suite.version() == Version::V1 {
            out.extend_from_slice(&[0, 0, 0, 0, NONCE_BYTES as u8]);
        }
        out.extend_from_slice(&self.frame_length.unwrap_or(0).to_be_bytes());
        out.extend_from_slice(self.commitment.as_ref().map_or(&[], |commitment| commitment));
        Ok(out)
    }

    /// Bytes of what follows the header body: nonce and tag, or the tag alone.
    pub(crate) const fn authentication_bytes(suite: Suite) -> usize {
        match suite.version() {
            Version::V1 => NONCE_BYTES + TAG_BYTES,
            Version::V2 => TAG_BYTES,
        }
    }
}
