//! An answer on its way out.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// An answer before the HTTP library frames it. `Content-Length` is not among the headers: the body's size is exact and
/// the listener writes it for every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers in the order they were set; names in lower case.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body, empty for operations without output.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of the header with this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }

    /// The same answer in the HTTP library's type. A header whose value HTTP cannot carry is left out, and a status
    /// outside 100-999 becomes 500: an answer always results.
    pub fn into_http(self) -> http::Response<Bytes> {
        let mut headers = HeaderMap::with_capacity(self.headers.len() + 2);
        for (name, value) in self.headers {
            let value = match value {
                Cow::Borrowed(text) => HeaderValue::from_str(text),
                Cow::Owned(text) => HeaderValue::try_from(text),
            };
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
                headers.append(name, value);
            }
        }
        let mut response = http::Response::new(Bytes::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn becomes_the_library_type() {
        let response = Response {
            status: 403,
            headers: vec![("content-type", "text/xml".into()), ("x-amzn-requestid", String::from("r-1").into())],
            body: b"<a/>".to_vec(),
        }
        .into_http();
        assert_eq!(response.status(), 403);
        assert_eq!(response.headers()["x-amzn-requestid"], "r-1");
        assert_eq!(response.headers().len(), 2);
        assert_eq!(response.body().as_ref(), b"<a/>");
    }

    #[test]
    fn what_http_cannot_carry_is_left_out() {
        let response =
            Response { status: 42, headers: vec![("x-amzn-requestid", "a\r\nb: c".into())], body: Vec::new() };
        let response = response.into_http();
        assert_eq!(response.status(), 500);
        assert!(response.headers().is_empty());
    }
}
