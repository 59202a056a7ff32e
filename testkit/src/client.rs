//! A client that speaks awsJson 1.1 and awsQuery.

use std::net::SocketAddr;

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::sign::Dialect;
use crate::{REGION, Signing, xml};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `x-amzn-RequestId`.
    pub request_id: String,
    /// The body; null when empty. Of Query services what stands in the result element, or the error in the form of the
    /// JSON services.
    pub body: Value,
}

impl Answer {
    /// The error code, or an empty text.
    pub fn code(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default()
    }

    /// The error message, or an empty text.
    pub fn message(&self) -> &str {
        let spelled = ["message", "Message"].iter().find_map(|member| self.body[member].as_str());
        spelled.unwrap_or_default()
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

    /// Calls a CloudTrail operation.
    pub async fn cloudtrail(&self, operation: &str, input: &Value) -> anyhow::Result<Answer> {
        let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
        self.send("cloudtrail", &target, input.to_string().into_bytes()).await
    }

    /// Calls a Parameter Store operation.
    pub async fn ssm(&self, operation: &str, input: &Value) -> anyhow::Result<Answer> {
        self.send("ssm", &format!("AmazonSSM.{operation}"), input.to_string().into_bytes()).await
    }

    /// Calls a Service Quotas operation.
    pub async fn service_quotas(&self, operation: &str, input: &Value) -> anyhow::Result<Answer> {
        self.send("servicequotas", &format!("ServiceQuotasV20190624.{operation}"), input.to_string().into_bytes()).await
    }

    /// Sends a body to an operation of a service.
    pub async fn send(&self, service: &str, target: &str, body: Vec<u8>) -> anyhow::Result<Answer> {
        let (status, request_id, bytes) = self.exchange(service, Dialect::Json(target), body).await?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).context("the body")? };
        Ok(Answer { status, request_id, body })
    }

    /// Calls an IAM operation.
    pub async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.query("iam", "2010-05-08", action, parameters).await
    }

    /// Calls an STS operation.
    pub async fn sts(&self, action: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.query("sts", "2011-06-15", action, parameters).await
    }

    /// Calls an operation of a Query service. Lists are written out (`Tags.member.1.Key`). In the answer all leaves are
    /// texts, and an empty list, map or structure is an empty text.
    pub async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        // The serializer cannot be held while waiting: it may not go to another thread.
        let body = {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("Action", action).append_pair("Version", version).extend_pairs(parameters).finish()
        };
        let (status, request_id, bytes) = self.exchange(service, Dialect::Query, body.into_bytes()).await?;
        let text = std::str::from_utf8(&bytes).context("the body")?;
        Ok(Answer { status, request_id, body: xml::answer(text, action).context("the body")? })
    }

    async fn exchange(
        &self,
        service: &str,
        dialect: Dialect<'_>,
        body: Vec<u8>,
    ) -> anyhow::Result<(u16, String, Bytes)> {
        let headers = self.signing.headers(&self.region, service, &self.address.to_string(), dialect, &body);
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
        Ok((status, request_id, bytes))
    }
}
