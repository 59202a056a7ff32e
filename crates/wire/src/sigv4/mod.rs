//! Signature Version 4: who signed a request, and whether the signature holds.
//!
//! [`parse`] reads and judges everything that needs no secret, in AWS's order and with AWS's texts; the caller then finds
//! the access key, and [`Presented::verify`] compares signatures in constant time. Both the `Authorization` header and
//! signed query strings (presigned URLs) are read. Signature Version 4A and chunked uploads are refused: no service here
//! uses them.
//!
//! The path is canonicalised as every service but S3 wants it: dot segments and doubled slashes removed, then
//! percent-encoded once more than it was sent.

mod canonical;
mod parse;
mod verify;

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;

pub use parse::parse;
pub use verify::{SigningKey, signing_key};

/// The one algorithm that is understood.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The last part of every credential scope.
pub const TERMINATOR: &str = "aws4_request";

/// A well-formed, current signature for the right service; not yet proven.
#[derive(Clone)]
pub struct Presented<'a> {
    /// Which key claims to have signed.
    pub access_key_id: &'a str,
    /// Day of the credential scope, `yyyymmdd`; the same day as [`timestamp`](Self::timestamp).
    pub date: &'a str,
    /// Region of the credential scope; well-formed, see [`is_region`](crate::arn::is_region).
    pub region: &'a str,
    /// Service of the credential scope; the expected one.
    pub service: &'a str,
    /// When the request was signed, whole seconds.
    pub timestamp: Timestamp,
    /// The session token of temporary credentials, as sent: percent-encoded when [`from_query`](Self::from_query).
    /// [`token`](Self::token) decodes it.
    pub session_token: Option<&'a str>,
    /// Whether the signature came in the query string (a presigned URL) instead of the `Authorization` header.
    pub from_query: bool,
    /// Names of the signed headers, joined by `;`, as the client listed them.
    pub signed_headers: Cow<'a, str>,
    /// When the request was signed, as the string to sign spells it: `yyyymmddThhmmssZ`.
    time: Cow<'a, str>,
    signature: &'a str,
}

impl Presented<'_> {
    /// The session token as it was issued.
    pub fn token(&self) -> Option<Cow<'_, str>> {
        self.session_token.map(|token| if self.from_query { parse::decoded(token) } else { Cow::Borrowed(token) })
    }
}

impl fmt::Debug for Presented<'_> {
    /// Leaves out signature and session token: who has them can replay the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = [self.access_key_id, self.date, self.region, self.service].join("/");
        f.debug_struct("Presented")
            .field("scope", &scope)
            .field("timestamp", &self.timestamp)
            .field("signed_headers", &self.signed_headers)
            .field("from_query", &self.from_query)
            .field("session", &self.session_token.is_some())
            .finish_non_exhaustive()
    }
}

/// The pieces of a text between occurrences of an ASCII character. The standard library's search is made for long
/// texts; these pieces are so short that it costs more than the rest of the parsing.
fn pieces(text: &str, delimiter: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (piece, after) = match cut(rest?, delimiter) {
            Some((piece, after)) => (piece, Some(after)),
            None => (rest?, None),
        };
        rest = after;
        Some(piece)
    })
}

/// What is before and what is after the first occurrence of an ASCII character.
fn cut(text: &str, delimiter: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == delimiter)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests;
