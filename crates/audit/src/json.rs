//! Writing JSON text straight into a buffer.
//!
//! An audit record is written on every call, so it is never a tree of values first: constant text is copied, and only
//! the parts that come from outside are looked at.

use serde_json::value::RawValue;

/// What stands at the end of a text that was cut because it was too long.
pub(crate) const CUT_MARK: &str = "...[truncated]";

/// Appends `value` as a JSON string, at most `bytes_max` bytes of it; a longer one is cut at a character and ends in
/// [`CUT_MARK`], which counts.
pub(crate) fn text(out: &mut Vec<u8>, value: &str, bytes_max: usize) {
    if value.len() > bytes_max {
        let kept = value.floor_char_boundary(bytes_max.saturating_sub(CUT_MARK.len()));
        let mut cut = String::with_capacity(bytes_max);
        cut.push_str(&value[..kept]);
        cut.push_str(CUT_MARK);
        return string(out, &cut);
    }
    string(out, value);
}

fn string(out: &mut Vec<u8>, value: &str) {
    // Nearly every text is plain. A fold without an early exit becomes vector instructions, so looking first costs
    // less than escaping byte by byte.
    let plain = value.bytes().fold(true, |plain, byte| plain & (byte >= 0x20) & (byte != b'"') & (byte != b'\\'));
    if plain {
        out.reserve(value.len() + 2);
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, value).is_err() {
        // Writing a string into memory has no way to fail; should that ever change, the record stays well-formed.
        out.extend_from_slice(b"null");
    }
}

/// Appends a value that already is JSON, or, when it is longer than `bytes_max`, an object that says so. The member
/// `omitted` is how CloudTrail marks a field it left out.
pub(crate) fn raw(out: &mut Vec<u8>, value: &RawValue, bytes_max: usize) {
    let value = value.get().as_bytes();
    if value.len() > bytes_max {
        out.extend_from_slice(br#"{"omitted":true,"originalSize":"#);
        out.extend_from_slice(value.len().to_string().as_bytes());
        out.extend_from_slice(br#","reason":"field exceeds the size limit"}"#);
        return;
    }
    one_line(out, value);
}

/// Appends JSON bytes with line breaks turned into blanks. Inside a JSON text a raw line break can only be white space
/// between tokens, and the log keeps one record a line.
pub(crate) fn one_line(out: &mut Vec<u8>, json: &[u8]) {
    let start = out.len();
    out.extend_from_slice(json);
    if json.contains(&b'\n') || json.contains(&b'\r') {
        for byte in &mut out[start..] {
            if matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: &str, bytes_max: usize) -> String {
        let mut out = Vec::new();
        text(&mut out, value, bytes_max);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn hostile_text_is_escaped() {
        assert_eq!(written("a\"b\\c\n\u{1}\u{7f}é", 100), "\"a\\\"b\\\\c\\n\\u0001\u{7f}é\"");
    }

    #[test]
    fn long_text_is_cut_at_a_character_and_marked() {
        assert_eq!(written(&"x".repeat(20), 20), format!("\"{}\"", "x".repeat(20)));
        assert_eq!(written(&"x".repeat(21), 20), "\"xxxxxx...[truncated]\"");
        // Three bytes each: two fit into the six that are left beside the mark, and into the seven.
        assert_eq!(written(&"€".repeat(10), 20), "\"€€...[truncated]\"");
        assert_eq!(written(&"€".repeat(10), 21), "\"€€...[truncated]\"");
    }

    #[test]
    fn long_objects_are_replaced_by_a_note() {
        let value = RawValue::from_string(format!("{{\"a\":\"{}\"}}", "x".repeat(92))).unwrap();
        let mut out = Vec::new();
        raw(&mut out, &value, 100);
        assert_eq!(out, value.get().as_bytes());
        out.clear();
        raw(&mut out, &value, 99);
        let note: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(note["omitted"], true);
        assert_eq!(note["originalSize"], 100);
    }

    #[test]
    fn pretty_printed_json_becomes_one_line() {
        let value = RawValue::from_string("{\r\n  \"a\": 1\n}".to_owned()).unwrap();
        let mut out = Vec::new();
        raw(&mut out, &value, 100);
        assert_eq!(out, b"{    \"a\": 1 }");
    }

    proptest! {
        #[test]
        fn every_text_reads_back(value in any::<String>()) {
            let read: String = serde_json::from_str(&written(&value, usize::MAX)).unwrap();
            prop_assert_eq!(read, value);
        }

        #[test]
        fn a_cut_text_never_exceeds_its_limit(value in "\\PC{0,80}", bytes_max in 14_usize..60) {
            let read: String = serde_json::from_str(&written(&value, bytes_max)).unwrap();
            prop_assert!(read.len() <= bytes_max);
            prop_assert_eq!(read == value, value.len() <= bytes_max);
        }
    }
}
