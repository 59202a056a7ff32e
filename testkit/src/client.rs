//! A client that speaks awsJson 1.1 and signs with SigV4.

use std::net::SocketAddr;

use anyhow::Context;
use bytes::Bytes;
use claviger_crypto::digest::{hmac_sha256, sha256};
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::REGION;

/// How requests are signed.
#[derive(Clone, Debug)]
pub enum Signing {
    /// Not at all.
    Unsigned,
    /// With an access key the server does not know and a signature that is only well-formed. The id picks the account
    /// of a development server.
    Unknown(String),
    /// Properly.
    With {
        /// Access key id.
        access_key_id: String,
        /// Secret access key.
        secret: String,
    },
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `x-amzn-RequestId`.
    pub request_id: String,
    /// The body; null when empty.
    pub body: Value,
}

impl Answer {
    /// The error code, or an empty text.
    pub fn code(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default()
    }

    /// The error message, or an empty text.
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// The body of a successful answer.
    pub fn ok(self) -> anyhow::Result<Value> {
        anyhow::ensure!(self.status == 200, "status {}: {}", self.status, self.body);
        Ok(self.body)
    }
}

/// A client of one server.
pub struct Client {
    address: SocketAddr,
    signing: Signing,
    /// The Region of the credential scope.
    pub region: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, signing: Signing) -> Self {
        Self { address, signing, region: REGION.to_owned() }
    }

    /// Calls a KMS operation.
    pub async fn kms(&self, operation: &str, input: &Value) -> anyhow::Result<Answer> {
        self.send("kms", &format!("TrentService.{operation}"), input.to_string().into_bytes()).await
    }

    /// Sends a body to an operation of a service.
    pub async fn send(&self, service: &str, target: &str, body: Vec<u8>) -> anyhow::Result<Answer> {
        let host = self.address.to_string();
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let headers = vec![
            ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
            ("host".to_owned(), host),
            ("x-amz-date".to_owned(), now.clone()),
            ("x-amz-target".to_owned(), target.to_owned()),
        ];
        let mut request = Request::post("/").body(Full::new(Bytes::from(body.clone())))?;
        for (name, value) in &headers {
            request.headers_mut().insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        if let Some(authorization) = self.authorization(service, &now, &headers, &body) {
            request.headers_mut().insert("authorization", HeaderValue::try_from(authorization)?);
        }
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let request_id = response.headers().get("x-amzn-requestid").and_then(|id| id.to_str().ok());
        let request_id = request_id.unwrap_or_default().to_owned();
        let bytes = response.into_body().collect().await?.to_bytes();
        driver.abort();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).context("the body")? };
        Ok(Answer { status, request_id, body })
    }

    fn authorization(&self, service: &str, now: &str, headers: &[(String, String)], body: &[u8]) -> Option<String> {
        let (id, secret) = match &self.signing {
            Signing::Unsigned => return None,
            Signing::Unknown(id) => (id, None),
            Signing::With { access_key_id, secret } => (access_key_id, Some(secret)),
        };
        let date = &now[..8];
        let scope = format!("{date}/{}/{service}/aws4_request", self.region);
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let signature = match secret {
            None => "0".repeat(64),
            Some(secret) => {
                let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
                let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", hex::encode(sha256(body)));
                let to_sign =
                    format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", hex::encode(sha256(canonical.as_bytes())));
                let mut key = hmac_sha256(format!("AWS4{secret}").as_bytes(), &[date.as_bytes()]);
                for part in [self.region.as_str(), service, "aws4_request"] {
                    key = hmac_sha256(&key, &[part.as_bytes()]);
                }
                hex::encode(hmac_sha256(&key, &[to_sign.as_bytes()]))
            }
        };
        Some(format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"))
    }
}
