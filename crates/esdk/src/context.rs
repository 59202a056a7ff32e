//! The encryption context and its byte form.

use std::collections::BTreeMap;

use crate::Error;
use crate::bytes::{Reader, put_u16};

/// Names and values that a message is bound to; not secret (`framework/structures.md`, Encryption Context). Sorted as
/// its byte form is: by the UTF-8 bytes of the names.
pub type EncryptionContext = BTreeMap<String, String>;

/// What names reserved for the format begin with (`client-apis/encrypt.md`, Encryption Context).
pub const RESERVED_PREFIX: &str = "aws-crypto-";

/// Where a signed message's verification key is (`framework/default-cmm.md`).
pub const PUBLIC_KEY_NAME: &str = "aws-crypto-public-key";

/// The byte form (`framework/structures.md`, Serialization): nothing for an empty context.
///
/// # Errors
/// [`Error::ContextTooLong`] for more than 65535 pairs, bytes in a name or value, or bytes altogether.
pub fn serialize(context: &EncryptionContext) -> Result<Vec<u8>, Error> {
    serialize_some(context, |_| true)
}

/// [`serialize`] of the pairs whose names are picked.
pub(crate) fn serialize_some(context: &EncryptionContext, pick: impl Fn(&str) -> bool) -> Result<Vec<u8>, Error> {
    let mut out = vec![0, 0];
    let mut count = 0_usize;
    for (name, value) in context.iter().filter(|(name, _)| pick(name)) {
        put_u16(&mut out, name.as_bytes()).ok_or(Error::ContextTooLong)?;
        put_u16(&mut out, value.as_bytes()).ok_or(Error::ContextTooLong)?;
        count += 1;
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let count = u16::try_from(count).map_err(|_| Error::ContextTooLong)?;
    out[..2].copy_from_slice(&count.to_be_bytes());
    if out.len() > usize::from(u16::MAX) {
        return Err(Error::ContextTooLong);
    }
    Ok(out)
}

/// Reads the byte form. Names may be in any order, because published messages of other writers have them so; a name that
/// is there twice, or bytes after the last pair, are refused.
///
/// # Errors
/// [`Error::Malformed`].
pub fn parse(bytes: &[u8]) -> Result<EncryptionContext, Error> {
    let mut context = EncryptionContext::new();
    if bytes.is_empty() {
        return Ok(context);
    }
    let mut reader = Reader::new(bytes);
    let malformed = Error::Malformed("the encryption context's lengths do not fit together");
    let count = reader.u16().ok_or(malformed.clone())?;
    if count == 0 {
        return Err(Error::Malformed("the encryption context has no pairs but is not empty"));
    }
    for _ in 0..count {
        let (name, value) = reader.prefixed().zip(reader.prefixed()).ok_or(malformed.clone())?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
        let (Ok(name), Ok(value)) = (text(name), text(value)) else {
            return Err(Error::Malformed("the encryption context is not UTF-8"));
        };
        if context.insert(name, value).is_some() {
            return Err(Error::Malformed("a name is twice in the encryption context"));
        }
    }
    if reader.is_empty() { Ok(context) } else { Err(malformed) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn has_the_specified_form() {
        // The example of `data-format/message-header.md`, AAD, without the signature's key: 0134 is its length there.
        let form = serialize(&context(&[("this", "is"), ("a", "test")])).unwrap();
        assert_eq!(form, b"\x00\x02\x00\x01a\x00\x04test\x00\x04this\x00\x02is");
        assert_eq!(serialize(&EncryptionContext::new()).unwrap(), b"");
        assert_eq!(parse(b""), Ok(EncryptionContext::new()));
    }

    #[test]
    fn other_forms_are_refused() {
        for wrong in [
            &b"\x00\x00"[..],
            b"\x00",
            b"\x00\x01",
            b"\x00\x01\x00\x01a\x00\x01b\x00",
            b"\x00\x02\x00\x01a\x00\x01b",
            b"\x00\x01\x00\x01a\x00\x02b",
            b"\x00\x02\x00\x01a\x00\x00\x00\x01a\x00\x00",
            b"\x00\x01\x00\x01\xff\x00\x01b",
        ] {
            assert!(matches!(parse(wrong), Err(Error::Malformed(_))), "{wrong:?}");
        }
    }

    #[test]
    fn lengths_have_limits() {
        // 2 for the count, 2 + 1 + 2 for a pair with a name of one byte.
        let long = |len| context(&[("n", &"v".repeat(len))]);
        assert_eq!(serialize(&long(65535 - 7)).unwrap().len(), 65535);
        assert_eq!(serialize(&long(65535 - 6)), Err(Error::ContextTooLong));
        assert_eq!(serialize(&long(70000)), Err(Error::ContextTooLong));
        let many = (0..65536).map(|number| (number.to_string(), String::new())).collect();
        assert_eq!(serialize(&many), Err(Error::ContextTooLong));
    }

    proptest! {
        #[test]
        fn comes_back(context: EncryptionContext, rubbish: Vec<u8>) {
            let form = serialize(&context).unwrap();
            prop_assert_eq!(parse(&form).unwrap(), context);
            if let Ok(parsed) = parse(&rubbish) {
                let form = serialize(&parsed).unwrap();
                prop_assert_eq!(form.len(), rubbish.len());
                prop_assert_eq!(parse(&form).unwrap(), parsed);
            }
        }
    }
}
