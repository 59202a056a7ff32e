//! Result pages. A token says where to go on; it names nothing that its bearer could not list.

use claviger_shapes::service_quotas::InvalidPaginationTokenException;

/// Entries of a page unless the request asks for fewer.
const PAGE: i32 = 100;

/// Tokens are text of the alphabet that the API model allows.
const ENCODING: base64_simd::Base64 = base64_simd::STANDARD;

/// How many entries a page has.
pub(crate) fn size(asked: Option<i32>) -> usize {
    usize::try_from(asked.unwrap_or(PAGE).clamp(1, PAGE)).unwrap_or(1)
}

/// The token of a position.
pub(crate) fn token(position: &str) -> String {
    ENCODING.encode_to_string(position.as_bytes())
}

/// The position of a token.
pub(crate) fn position(token: Option<&str>) -> Result<Option<String>, InvalidPaginationTokenException> {
    let Some(token) = token else { return Ok(None) };
    let bytes = ENCODING.decode_to_vec(token.as_bytes()).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(Some).ok_or_else(invalid)
}

/// The answer to a token that was not given out, or for another question.
pub(crate) fn invalid() -> InvalidPaginationTokenException {
    InvalidPaginationTokenException::new("Invalid NextToken.")
}

/// One page of entries that are named by codes, and the token of the next.
pub(crate) fn cut<'a, T>(
    entries: &'a [T],
    code: impl Fn(&T) -> &str,
    token_of_last: Option<&str>,
    asked: Option<i32>,
) -> Result<(&'a [T], Option<String>), InvalidPaginationTokenException> {
    let start = match position(token_of_last)? {
        None => 0,
        Some(last) => entries.iter().position(|entry| code(entry) == last).ok_or_else(invalid)? + 1,
    };
    let end = entries.len().min(start + size(asked));
    let page = entries.get(start..end).unwrap_or_default();
    let next = page.last().filter(|_| end < entries.len());
    Ok((page, next.map(|last| token(code(last)))))
}
