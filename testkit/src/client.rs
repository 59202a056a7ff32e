//! A client that speaks awsJson 1.1.

use std::net::SocketAddr;

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::{REGION, Signing};

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
    /// Of the server at `address`.
    pub fn new(address: SocketAddr, signing: Signing) -> Self {
        Self { address, signing, region: REGION.to_owned() }
    }

    /// Calls a KMS operation.
    pub async fn kms(&self, operation: &str, input: &Value) -> anyhow::Result<Answer> {
        self.send("kms", &format!("TrentService.{operation}"), input.to_string().into_bytes()).await
    }

    /// Sends a body to an operation of a service.
    pub async fn send(&self, service: &str, target: &str, body: Vec<u8>) -> anyhow::Result<Answer> {
        let headers = self.signing.headers(&self.region, service, &self.address.to_string(), target, &body);
        let mut request = Request::post("/").body(Full::new(Bytes::from(body)))?;
        for (name, value) in &headers {
            request.headers_mut().insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
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
}
