//! The ciphertext blob: what `Encrypt` returns and `Decrypt` takes.
//!
//! ```text
//! header ‖ nonce (16) ‖ iv (12) ‖ ciphertext ‖ tag (16)
//! ```
//!
//! The header names account, Region, key and key material, so that a blob can be opened without being
//! told its key. Nothing in it is secret and all of it is authenticated: the additional data is the header followed
//! by the canonical encryption context, which itself is not in the blob.

use zeroize::Zeroizing;

use crate::context::{self, ContextTooLong, EncryptionContext};
use crate::material::KeyMaterial;
use crate::{labels, message};

mod foreign;
mod origin;

pub use origin::Origin;

#[cfg(test)]
mod tests;

/// Seals `plaintext` under `material`, bound to `origin` and `context`. Two calls never return the same blob.
///
/// The blob is 116 bytes longer than the plaintext for a key with an ordinary id in a Region whose name has nine
/// characters.
pub fn seal(
    material: &KeyMaterial,
    origin: &Origin,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, ContextTooLong> {
    let mut blob = Vec::with_capacity(origin::LEN_HINT + message::OVERHEAD + plaintext.len());
    origin.write(&mut blob);
    let aad = additional_data(&blob, context)?;
    message::seal(&mut blob, material.expose(), labels::BLOB, &aad, plaintext);
    Ok(blob)
}

/// Reads what a blob says about itself. Nothing is verified before [`Parsed::open`].
pub fn parse(blob: &[u8]) -> Result<Parsed<'_>, ParseError> {
    match origin::read(blob) {
        Some((origin, header_len)) if blob.len() >= header_len + message::OVERHEAD => {
            let (header, sealed) = blob.split_at(header_len);
            Ok(Parsed { origin, header, sealed })
        }
        _ if foreign::is_aws_kms(blob) => Err(ParseError::Foreign),
        _ => Err(ParseError::Malformed),
    }
}

/// A blob of ours, not yet verified.
#[derive(Debug, Clone)]
pub struct Parsed<'a> {
    origin: Origin,
    header: &'a [u8],
    sealed: &'a [u8],
}

impl Parsed<'_> {
    /// What the blob claims to be sealed under. Proven only by a successful [`open`](Self::open).
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The plaintext. `material` is the one that [`origin`](Self::origin) names; whether the caller may use that key
    /// is decided before.
    pub fn open(
        &self,
        material: &KeyMaterial,
        context: &EncryptionContext,
    ) -> Result<Zeroizing<Vec<u8>>, InvalidCiphertext> {
        let aad = additional_data(self.header, context).map_err(|ContextTooLong| InvalidCiphertext)?;
        message::open(material.expose(), labels::BLOB, &aad, self.sealed).ok_or(InvalidCiphertext)
    }
}

/// Bytes that are not a blob of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No blob at all: truncated, damaged, or of an unknown version.
    #[error("not a ciphertext blob")]
    Malformed,
    /// Has the outer layout of a blob made by AWS KMS itself. Its key is not here, whatever it is.
    #[error("a ciphertext blob of another key service")]
    Foreign,
}

/// The blob was changed, or the encryption context differs, or the material is not the blob's; which of these cannot
/// be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext is invalid")]
pub struct InvalidCiphertext;

fn additional_data(header: &[u8], context: &EncryptionContext) -> Result<Vec<u8>, ContextTooLong> {
    let mut aad = Vec::with_capacity(header.len() + context::canonical_len(context)?);
    aad.extend_from_slice(header);
    context::append_canonical(&mut aad, context)?;
    Ok(aad)
}
