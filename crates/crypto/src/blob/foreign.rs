//! Telling AWS KMS's own blobs from rubbish.
//!
//! AWS promises nothing about its layout; this is what its blobs look like from outside. A blob that passes is
//! answered as one whose key is not here, instead of as damaged data, so that clients which try several key services
//! go on to the next one.

/// Bytes before the nonce or length field: type and version, then the 32-byte material id.
const PREFIX_LEN: usize = 5 + 32;
/// An ASN.1 SEQUENCE, the first byte of the CMS structure that ends the blob.
const SEQUENCE: u8 = 0x30;

/// Whether `blob` has the outer layout of a symmetric ciphertext blob of AWS KMS: a type and version field, a 32-byte
/// material id, and a CMS structure whose length is stated and correct.
pub(super) fn is_aws_kms(blob: &[u8]) -> bool {
    let Some((prefix, rest)) = blob.split_at_checked(PREFIX_LEN) else { return false };
    let cms = match prefix {
        // Since about 2018: a marker and a 16-byte nonce come before the length.
        [0x01, 0x02, 0x02 | 0x03, 0x00, 0x78, ..] => rest.strip_prefix(&[0x01]).and_then(|rest| rest.get(16..)),
        // Before, and still for data keys in old documents.
        [0x01, 0x01, 0x02 | 0x03, 0x00, 0x78, ..] => Some(rest),
        _ => None,
    };
    cms.and_then(<[u8]>::split_first_chunk::<4>).is_some_and(|(stated, cms)| {
        cms.first() == Some(&SEQUENCE) && u32::from_be_bytes(*stated) as usize == cms.len()
    })
}
