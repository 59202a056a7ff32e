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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    // Value from vectors/vectors.py.
    #[test]
    fn has_the_documented_form() {
        let form = canonical(&context(&[("\u{fc}nit", ""), ("purpose", "test")])).unwrap();
        assert_eq!(hex::encode(form), "010000000200000007707572706f7365000000047465737400000005c3bc6e697400000000");
        assert_eq!(canonical(&context(&[])).unwrap(), [1, 0, 0, 0, 0]);
    }

    #[test]
    fn borders_between_name_value_and_pair_count() {
        let forms = [
            context(&[("a", "bc")]),
            context(&[("ab", "c")]),
            context(&[("abc", "")]),
            context(&[("a", "b"), ("c", "")]),
            context(&[("A", "bc")]),
            // The same letter, composed and decomposed: no normalisation.
            context(&[("\u{fc}", "")]),
            context(&[("u\u{308}", "")]),
        ]
        .map(|context| canonical(&context).unwrap());
        assert_eq!(forms.iter().collect::<std::collections::BTreeSet<_>>().len(), forms.len());
    }

    #[test]
    fn the_limit_is_exact() {
        let fitting = CANONICAL_BYTES_MAX - 5 - 8 - 1;
        let longest = context(&[("n", &"v".repeat(fitting))]);
        assert_eq!(canonical(&longest).unwrap().len(), CANONICAL_BYTES_MAX);
        assert_eq!(canonical(&context(&[("n", &"v".repeat(fitting + 1))])), Err(ContextTooLong));
        let many = (0..1000).map(|number| (number.to_string(), String::new())).collect();
        assert_eq!(canonical(&many), Err(ContextTooLong));
    }

    proptest! {
        #[test]
        fn equal_forms_mean_equal_contexts(one: EncryptionContext, other: EncryptionContext) {
            if let (Ok(left), Ok(right)) = (canonical(&one), canonical(&other)) {
                prop_assert_eq!(left == right, one == other);
            }
        }
    }
}
