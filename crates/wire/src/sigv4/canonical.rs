//! The canonical request: one spelling for all the ways HTTP lets a request be written.

use std::borrow::Cow;

use claviger_crypto::digest::{Sha256, sha256};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

use super::pieces;
use crate::Request;

/// SHA-256 of the canonical request, or `None` when a signed header is not in the request: nothing the client can have
/// signed. `payload_hash` is lower-case hex.
pub(super) fn hash(
    request: &Request,
    signed_headers: &str,
    from_query: bool,
    host: Option<&str>,
    payload_hash: &[u8],
) -> Option<[u8; 32]> {
    let mut sink = Sink::new();
    write(request, signed_headers, from_query, host, payload_hash, &mut sink)?;
    Some(sink.finish())
}

/// Writes the canonical request to `out`.
pub(super) fn write(
    request: &Request,
    signed_headers: &str,
    from_query: bool,
    host: Option<&str>,
    payload_hash: &[u8],
    out: &mut impl Out,
) -> Option<()> {
    let uri = &request.parts.uri;
    out.put(request.parts.method.as_str().as_bytes());
    out.put(b"\n");
    path(uri.path(), out);
    out.put(b"\n");
    if let Some(text) = uri.query() {
        query(text, from_query, out);
    }
    out.put(b"\n");
    let signed_headers = sorted(signed_headers);
    for name in pieces(&signed_headers, b';') {
        header(request, name, host, out)?;
    }
    out.put(b"\n");
    out.put(signed_headers.as_bytes());
    out.put(b"\n");
    out.put(payload_hash);
    Some(())
}

/// Where a canonical request goes.
pub(super) trait Out {
    fn put(&mut self, bytes: &[u8]);
}

impl Out for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Hashes what is put into it, without allocating and with few calls of the hash function.
struct Sink {
    buffer: [u8; SINK],
    used: usize,
    full: Option<Sha256>,
}

impl Sink {
    fn new() -> Self {
        Self { buffer: [0; SINK], used: 0, full: None }
    }

    fn finish(self) -> [u8; 32] {
        let rest = &self.buffer[..self.used];
        match self.full {
            None => sha256(rest),
            Some(mut hash) => {
                hash.update(rest);
                hash.finish()
            }
        }
    }
}

impl Out for Sink {
    fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.buffer.get_mut(self.used..self.used + bytes.len()) {
            place.copy_from_slice(bytes);
            self.used += bytes.len();
            return;
        }
        let hash = self.full.get_or_insert_with(Sha256::new);
        hash.update(&self.buffer[..self.used]);
        hash.update(bytes);
        self.used = 0;
    }
}

/// The path without dot segments and doubled slashes, percent-encoded once more than it was sent. A trailing slash stays
/// unless nothing is left before it; `..` takes its parent with it but leaves no slash, as AWS's clients have it.
fn path(path: &str, out: &mut impl Out) {
    let mut segments: Vec<&str> = Vec::new();
    if path != "/" {
        for segment in path.split('/') {
            match segment {
                "" | "." => {}
                ".." => drop(segments.pop()),
                _ => segments.push(segment),
            }
        }
    }
    if segments.is_empty() {
        return out.put(b"/");
    }
    for segment in &segments {
        out.put(b"/");
        percent_encode(segment.as_bytes(), ENCODED).for_each(|part| out.put(part.as_bytes()));
    }
    if path.ends_with('/') {
        out.put(b"/");
    }
}

/// Parameters in one encoding, sorted by name and then value as encoded; without the signature that is being checked.
fn query(text: &str, from_query: bool, out: &mut impl Out) {
    let mut pairs: Vec<(String, String)> = text
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded_once(name), encoded_once(value)))
        .filter(|(name, _)| !(from_query && name == "X-Amz-Signature"))
        .collect();
    pairs.sort();
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            out.put(b"&");
        }
        out.put(name.as_bytes());
        out.put(b"=");
        out.put(value.as_bytes());
    }
}

/// A query component in the one encoding that is signed; a plus sign means a blank.
fn encoded_once(component: &str) -> String {
    let blanks = component.replace('+', " ");
    let bytes: Cow<'_, [u8]> = percent_decode(blanks.as_bytes()).into();
    percent_encode(&bytes, ENCODED).to_string()
}

/// The signed headers in the order and case of the canonical request.
fn sorted(signed_headers: &str) -> Cow<'_, str> {
    let lower = !signed_headers.bytes().any(|byte| byte.is_ascii_uppercase());
    if lower && pieces(signed_headers, b';').is_sorted() {
        return Cow::Borrowed(signed_headers);
    }
    let lower = signed_headers.to_ascii_lowercase();
    let mut names: Vec<&str> = pieces(&lower, b';').collect();
    names.sort_unstable();
    Cow::Owned(names.join(";"))
}

/// One header as `name:value`, several values of a name joined by commas. HTTP/2 sends `host` as part of the URI.
fn header(request: &Request, name: &str, host: Option<&str>, out: &mut impl Out) -> Option<()> {
    out.put(name.as_bytes());
    out.put(b":");
    // Comparing a handful of names is cheaper than hashing one.
    let named = request.parts.headers.iter().filter(|(known, _)| known.as_str() == name);
    let mut values = named.map(|(_, value)| value.as_bytes());
    match (name, host, values.next()) {
        ("host", Some(host), _) => out.put(host.as_bytes()),
        ("host", None, None) => out.put(request.parts.uri.authority()?.as_str().as_bytes()),
        (_, _, first) => {
            folded(first?, out);
            for value in values {
                out.put(b",");
                folded(value, out);
            }
        }
    }
    out.put(b"\n");
    Some(())
}

/// A header value without blanks around it and with every run of blanks inside made one.
fn folded(value: &[u8], out: &mut impl Out) {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let value = value.trim_ascii();
    // Without an early exit, this runs over many bytes at a time.
    let pairs = value.iter().zip(value.iter().skip(1));
    let plain = pairs.fold(true, |plain, (a, b)| plain & !((*a == b' ') & (*b == b' ')) & (*a != b'\t'));
    if plain {
        return out.put(value);
    }
    let words = value.split(blank).filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.put(b" ");
        }
        out.put(word);
    }
}

/// A canonical request without a session token is shorter.
const SINK: usize = 1024;

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[cfg(test)]
pub(super) mod tests;
