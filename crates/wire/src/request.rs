//! A whole request as the listener hands it over.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};

/// One HTTP request with its body read to the end.
#[derive(Debug)]
pub struct Request {
    /// Method, URI and headers exactly as received; signatures are over these bytes.
    pub parts: http::request::Parts,
    /// The body after transfer decoding.
    pub body: Bytes,
    /// The caller's address, for audit records and `aws:SourceIp`.
    pub remote: IpAddr,
    /// How the connection was protected, or `None` for plain HTTP.
    pub tls: Option<Tls>,
}

/// The parameters of a TLS connection, as audit records name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tls {
    /// Protocol version, such as `TLSv1.3`.
    pub version: &'static str,
    /// IANA name of the cipher suite, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: &'static str,
}

impl Request {
    /// The first value of a header, if it is text.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        std::str::from_utf8(self.parts.headers.get(name)?.as_bytes()).ok()
    }

    /// What the client calls itself, for audit records and `aws:UserAgent`.
    pub fn user_agent(&self) -> Option<&str> {
        self.header(http::header::USER_AGENT)
    }

    /// The name the client connected to: the `Host` header, or the authority of the URI (HTTP/2).
    pub fn host(&self) -> Option<&str> {
        self.header(http::header::HOST).or_else(|| Some(self.parts.uri.authority()?.as_str()))
    }

    /// The parameters of a Query-protocol request: the form in the body of a POST, else the query string.
    ///
    /// AWS answers a GET and a POST of the same parameters alike.
    pub fn form(&self) -> &[u8] {
        if self.body.is_empty() { self.parts.uri.query().unwrap_or("").as_bytes() } else { &self.body }
    }

    /// The media type of the body without its parameters, in the spelling received.
    pub(crate) fn media_type(&self) -> &str {
        let value = self.header(CONTENT_TYPE).unwrap_or("");
        value.split(';').next().unwrap_or("").trim()
    }
}
