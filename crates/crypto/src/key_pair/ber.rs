//! Private keys in BER, as some tools export them, brought into DER.

use zeroize::Zeroizing;

use super::der::tlv;

const CONSTRUCTED: u8 = 0x20;
const OCTET_STRING: u8 = 0x04;
const INDEFINITE: u8 = 0x80;
const END: [u8; 2] = [0, 0];

/// How deep elements may lie in each other: a `PrivateKeyInfo` needs three.
const DEPTH_MAX: usize = 8;

/// The same element with definite, minimal lengths and octet strings in one piece. `None` unless the bytes are one
/// element with nothing after it. What octet strings contain is left as it is, and so are values that BER would write
/// in more ways than one: what reads them decides.
pub(super) fn to_der(ber: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (der, rest) = element(ber, DEPTH_MAX)?;
    rest.is_empty().then_some(der)
}

/// The first element, rewritten, and what follows it.
fn element(ber: &[u8], depth: usize) -> Option<(Zeroizing<Vec<u8>>, &[u8])> {
    let depth = depth.checked_sub(1)?;
    let (&tag, after_tag) = ber.split_first()?;
    // Tags of several bytes occur in no key.
    if tag & 0x1F == 0x1F {
        return None;
    }
    let (len, contents) = length(after_tag)?;
    let Some(len) = len else {
        if tag & CONSTRUCTED == 0 {
            return None;
        }
        let mut parts = Vec::new();
        let mut rest = contents;
        loop {
            if let Some(after) = rest.strip_prefix(&END) {
                return Some((whole(tag, &parts)?, after));
            }
            let (part, after) = element(rest, depth)?;
            parts.push(part);
            rest = after;
        }
    };
    let (contents, rest) = contents.split_at_checked(len)?;
    if tag & CONSTRUCTED == 0 {
        return Some((tlv(tag, &[contents]), rest));
    }
    let (mut parts, mut left) = (Vec::new(), contents);
    while !left.is_empty() {
        let (part, after) = element(left, depth)?;
        parts.push(part);
        left = after;
    }
    Some((whole(tag, &parts)?, rest))
}

/// A constructed element of these parts; an octet string of pieces becomes one piece.
fn whole(tag: u8, parts: &[Zeroizing<Vec<u8>>]) -> Option<Zeroizing<Vec<u8>>> {
    if tag != CONSTRUCTED | OCTET_STRING {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_slice()).collect();
        return Some(tlv(tag, &parts));
    }
    let mut pieces = Vec::new();
    for part in parts {
        let (&tag, after_tag) = part.split_first()?;
        let (_, piece) = length(after_tag)?;
        if tag != OCTET_STRING {
            return None;
        }
        pieces.push(piece);
    }
    Some(tlv(OCTET_STRING, &pieces))
}

/// A length, `None` inside when it is indefinite, and what follows it.
fn length(bytes: &[u8]) -> Option<(Option<usize>, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..=0x7F => Some((Some(usize::from(first)), rest)),
        INDEFINITE => Some((None, rest)),
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            let len = digits
                .iter()
                .try_fold(0usize, |len, digit| len.checked_mul(256).map(|len| len | usize::from(*digit)))?;
            Some((Some(len), rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn der(ber: &str) -> Option<String> {
        to_der(&hex::decode(ber.replace(' ', "")).unwrap()).map(|der| hex::encode(&*der))
    }

    /// Encodings by hand, from the rules of X.690 §8.1.3 and §8.7.
    #[test]
    fn lengths_become_definite_and_minimal_and_octet_strings_whole() {
        assert_eq!(der("30 80 02 01 00 00 00").as_deref(), Some("3003020100"));
        assert_eq!(der("30 82 0004 02 81 01 00").as_deref(), Some("3003020100"));
        assert_eq!(der("24 80 04 01 AA 04 02 BBCC 00 00").as_deref(), Some("0403aabbcc"));
        assert_eq!(der("24 07 04 01 AA 24 02 04 00").as_deref(), Some("0401aa"));
        assert_eq!(der("30 80 A0 80 30 80 00 00 00 00 00 00").as_deref(), Some("3004a0023000"));
    }

    #[test]
    fn what_is_not_one_element_is_refused() {
        for wrong in [
            "",
            "30",
            "30 80",
            "30 80 00",
            "30 03 02 01",
            "04 80 00 00",
            "30 00 00",
            "30 84 FFFFFFFF 00",
            "1F 01 00 00",
            "24 80 02 01 00 00 00",
            "30 89 010000000000000000",
        ] {
            assert_eq!(der(wrong), None, "{wrong}");
        }
        assert_eq!(to_der(&[0x30, 0x80].repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn rubbish_neither_panics_nor_grows(bytes: Vec<u8>) {
            if let Some(der) = to_der(&bytes) {
                prop_assert!(der.len() <= bytes.len());
                prop_assert_eq!(to_der(&der), Some(der));
            }
        }
    }
}
