use claviger_crypto::aead::{NONCE_BYTES, TAG_BYTES};

use super::{EncryptedDataKey, FRAMED, Header, NON_FRAMED, TYPE};
use crate::bytes::Reader;
use crate::context;
use crate::suite::Version;
use crate::{Error, Suite};

/// A header with what authenticates it; nothing of it is authenticated yet.
pub(crate) struct ParsedHeader {
    pub(crate) header: Header,
    /// How many bytes the header body has.
    pub(crate) body_bytes: usize,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) tag: [u8; TAG_BYTES],
}

/// Reads one whole header, nothing after it.
pub(crate) fn parse(bytes: &[u8]) -> Result<ParsedHeader, Error> {
    let mut reader = Reader::new(bytes);
    let suite = start(&mut reader)?;
    let mut take = |len| reader.take(len).ok_or(Error::Truncated);
    let message_id = take(suite.message_id_bytes())?.to_vec();
    let context = context::parse(reader.prefixed().ok_or(Error::Truncated)?)?;
    let count = reader.u16().ok_or(Error::Truncated)?;
    if count == 0 {
        return Err(Error::Malformed("the header has no encrypted data key"));
    }
    let mut encrypted_data_keys = Vec::new();
    for _ in 0..count {
        let mut field = || reader.prefixed().ok_or(Error::Truncated);
        let (id, info, ciphertext) = (field()?, field()?, field()?);
        encrypted_data_keys.push(EncryptedDataKey {
            provider_id: String::from_utf8(id.to_vec())
                .map_err(|_| Error::Malformed("a key provider id is not UTF-8"))?,
            provider_info: info.to_vec(),
            ciphertext: ciphertext.to_vec(),
        });
    }
    let content_type = reader.u8().ok_or(Error::Truncated)?;
    if suite.version() == Version::V1 {
        if reader.u32().ok_or(Error::Truncated)? != 0 {
            return Err(Error::Malformed("the header's reserved bytes are not zero"));
        }
        if usize::from(reader.u8().ok_or(Error::Truncated)?) != NONCE_BYTES {
            return Err(Error::Malformed("the header's IV length is not that of its algorithm suite"));
        }
    }
    let frame_length = match (content_type, reader.u32().ok_or(Error::Truncated)?) {
        (NON_FRAMED, 0) => None,
        (FRAMED, length) if length > 0 => Some(length),
        (NON_FRAMED | FRAMED, _) => {
            return Err(Error::Malformed("the header's frame length does not go with its content type"));
        }
        _ => return Err(Error::Malformed("the header's content type is not known")),
    };
    let commitment = match suite.suite_data_bytes() {
        0 => None,
        _ => Some(reader.array().ok_or(Error::Truncated)?),
    };
    let header = Header { suite, message_id, context, encrypted_data_keys, frame_length, commitment };
    let body_bytes = bytes.len().checked_sub(Header::authentication_bytes(suite)).ok_or(Error::Truncated)?;
    let nonce = match suite.version() {
        Version::V1 => reader.array().ok_or(Error::Truncated)?,
        Version::V2 => [0; NONCE_BYTES],
    };
    let tag = reader.array().ok_or(Error::Truncated)?;
    if !reader.is_empty() {
        return Err(Error::Malformed("there are bytes after the header"));
    }
    Ok(ParsedHeader { header, body_bytes, nonce, tag })
}

/// Version, type and suite.
pub(super) fn start(reader: &mut Reader<'_>) -> Result<Suite, Error> {
    let version = match reader.u8().ok_or(Error::Truncated)? {
        1 => Version::V1,
        2 => Version::V2,
        // `AY` and `Ag` are how base64 of either version begins.
        b'A' if matches!(reader.u8(), None | Some(b'Y' | b'g')) => return Err(Error::Base64),
        _ => return Err(Error::Malformed("its first byte is not a version of the format")),
    };
    if version == Version::V1 && reader.u8().ok_or(Error::Truncated)? != TYPE {
        return Err(Error::Malformed("the message type is not known"));
    }
    let id = reader.u16().ok_or(Error::Truncated)?;
    let suite = Suite::from_id(id).ok_or(Error::Malformed("the algorithm suite is not known"))?;
    if suite.version() != version {
        return Err(Error::Malformed("the algorithm suite does not go with the message's version"));
    }
    Ok(suite)
}
