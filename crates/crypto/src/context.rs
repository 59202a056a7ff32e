//! The encryption context: what a ciphertext is bound to besides its key.

use std::collections::BTreeMap;

/// Name-value pairs that a caller gives with a symmetric operation. Both are case-sensitive Unicode and are compared
/// byte by byte, without normalisation; an absent context equals an empty one.
pub type EncryptionContext = BTreeMap<String, String>;

/// The longest canonical form accepted, in bytes: what an external key store can be asked to carry as additional
/// data.
pub const CANONICAL_BYTES_MAX: usize = 8192;

/// Version of the canonical form.
const VERSION: u8 = 1;

/// The canonical form of the context is longer than [`CANONICAL_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the encryption context is longer than {CANONICAL_BYTES_MAX} bytes in canonical form")]
pub struct ContextTooLong;

/// The bytes that stand for `context` as additional authenticated data.
///
/// Version byte 1, u32be number of pairs, then for every pair, sorted by the UTF-8 bytes of its name: u32be length
/// and bytes of the name, u32be length and bytes of the value. Every length is written, so two contexts have the
/// same form only when they are equal.
pub fn canonical(context: &EncryptionContext) -> Result<Vec<u8>, ContextTooLong> {
    let mut out = Vec::with_capacity(canonical_len(context)?);
    append_canonical(&mut out, context)?;
    Ok(out)
}

/// Bytes that [`canonical`] will take.
pub(crate) fn canonical_len(context: &EncryptionContext) -> Result<usize, ContextTooLong> {
    let mut len = 1 + 4;
    for (name, value) in context {
        len += 4 + name.len() + 4 + value.len();
        if len > CANONICAL_BYTES_MAX {
            return Err(ContextTooLong);
        }
    }
    Ok(len)
}

/// Appends [`canonical`] to `out`.
pub(crate) fn append_canonical(out: &mut Vec<u8>, context: &EncryptionContext) -> Result<(), ContextTooLong> {
    canonical_len(context)?;
    out.push(VERSION);
    append_u32(out, context.len());
    // A BTreeMap of strings iterates in the order of their UTF-8 bytes.
    for (name, value) in context {
        append_u32(out, name.len());
        out.extend_from_slice(name.as_bytes());
        append_u32(out, value.len());
        out.extend_from_slice(value.as_bytes());
    }
    Ok(())
}

/// The bound on the whole form bounds every number in it, so nothing is cut off here.
fn append_u32(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&(number as u32).to_be_bytes());
}
