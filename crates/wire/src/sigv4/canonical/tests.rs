//! Against the canonical requests that botocore made, and the cases where two spellings mean the same.

use super::*;
use crate::sigv4::tests::cases;

/// Path and query as they are signed.
pub(in crate::sigv4) fn target(request: &Request) -> String {
    let mut out = Vec::new();
    path(request.parts.uri.path(), &mut out);
    out.push(b'?');
    query(request.parts.uri.query().unwrap_or(""), false, &mut out);
    String::from_utf8(out).unwrap()
}

fn canonical_path(text: &str) -> String {
    let mut out = Vec::new();
    path(text, &mut out);
    String::from_utf8(out).unwrap()
}

fn canonical_query(text: &str) -> String {
    let mut out = Vec::new();
    query(text, true, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn equals_what_botocore_hashed() {
    for case in cases() {
        let lines: Vec<&str> = case.canonical.rsplitn(3, '\n').collect();
        let (payload_hash, signed_headers) = (lines[0], lines[1]);
        let request = case.request();
        let from_query = request.parts.uri.query().is_some_and(|query| query.contains("X-Amz-Signature"));
        let mut out = Vec::new();
        write(&request, signed_headers, from_query, None, payload_hash.as_bytes(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), case.canonical);
        let hashed = hash(&request, signed_headers, from_query, None, payload_hash.as_bytes());
        assert_eq!(hashed, Some(sha256(case.canonical.as_bytes())));
    }
}

#[test]
fn paths() {
    for (sent, signed) in [
        ("/", "/"),
        ("", "/"),
        ("//", "/"),
        ("/.", "/"),
        ("/..", "/"),
        ("/a/..", "/"),
        ("/a/../", "/"),
        ("/a/b/..", "/a"),
        ("/a/b/../", "/a/"),
        ("/a//b/", "/a/b/"),
        ("/a%20b", "/a%2520b"),
        ("/%2E%2E/a", "/%252E%252E/a"),
        ("/é", "/%C3%A9"),
        ("/-_.~", "/-_.~"),
        ("/a+b*c:d", "/a%2Bb%2Ac%3Ad"),
    ] {
        assert_eq!(canonical_path(sent), signed, "{sent}");
    }
}

#[test]
fn queries() {
    for (sent, signed) in [
        ("", ""),
        ("a", "a="),
        ("b=1&a=2", "a=2&b=1"),
        ("a=2&a=10&a=1", "a=1&a=10&a=2"),
        ("a=%7e%41", "a=~A"),
        ("a=b+c", "a=b%20c"),
        ("a=b=c", "a=b%3Dc"),
        ("&&a=1&", "a=1"),
        ("a=%ff%zz", "a=%FF%25zz"),
        ("X-Amz-Signature=x&a=1", "a=1"),
        ("a-b=1&a=2", "a=2&a-b=1"),
    ] {
        assert_eq!(canonical_query(sent), signed, "{sent}");
    }
}

#[test]
fn header_lists_are_sorted_and_lowered() {
    assert!(matches!(sorted("a;host;x-amz-date"), Cow::Borrowed(_)));
    assert_eq!(sorted("host;a;Content-Type"), "a;content-type;host");
}

#[test]
fn blanks_are_folded() {
    for (sent, signed) in [
        ("", ""),
        ("a", "a"),
        ("  a  ", "a"),
        ("a b", "a b"),
        ("a  b", "a b"),
        ("a\tb", "a b"),
        ("a \t b  c", "a b c"),
        ("\" a   b \"", "\" a b \""),
    ] {
        let mut out = Vec::new();
        folded(sent.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), signed, "{sent:?}");
    }
}

#[test]
fn the_sink_hashes_what_it_is_given() {
    for length in [0, 1, SINK - 1, SINK, SINK + 1, 3 * SINK + 7] {
        let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
        for step in [1, 7, 100, SINK, SINK + 1] {
            let mut sink = Sink::new();
            bytes.chunks(step).for_each(|chunk| sink.put(chunk));
            assert_eq!(sink.finish(), sha256(&bytes), "{length} in steps of {step}");
        }
    }
}
