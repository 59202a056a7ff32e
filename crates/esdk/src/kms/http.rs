use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use claviger_crypto::random;
use claviger_crypto::secret::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::sigv4::authorization;
use super::{KeyUse, KmsClient, KmsClients, KmsError, Wrapped};
use crate::materials::BoxFuture;

/// For one attempt, from the name's resolution to the answer's last byte.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a call is made before its failure counts, when trying again may help.
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt; it doubles for the third.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
const CONTENT: &str = "application/x-amz-json-1.1";

/// An access key.
pub struct Credentials {
    /// Its id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Zeroizing<String>,
    /// The token of temporary credentials.
    pub session_token: Option<String>,
}

impl Credentials {
    /// From `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; `None` without the first two.
    pub fn from_environment() -> Option<Self> {
        let value = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        Some(Self {
            access_key_id: value("AWS_ACCESS_KEY_ID")?,
            secret_access_key: value("AWS_SECRET_ACCESS_KEY")?.into(),
            session_token: value("AWS_SESSION_TOKEN"),
        })
    }
}

/// Where KMS is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// At AWS, by the Region's name.
    Aws,
    /// At one place for all Regions.
    At(Uri),
}

impl Endpoint {
    /// From `AWS_ENDPOINT_URL_KMS` or `AWS_ENDPOINT_URL`; AWS when neither is set.
    ///
    /// # Errors
    /// What is set is not an `http` or `https` URL.
    pub fn from_environment() -> Result<Self, String> {
        let value = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let Some(url) = value("AWS_ENDPOINT_URL_KMS").or_else(|| value("AWS_ENDPOINT_URL")) else {
            return Ok(Self::Aws);
        };
        let uri: Option<Uri> = url.parse().ok();
        let usable = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
        uri.filter(usable).map(Self::At).ok_or_else(|| format!("{url:?} is not an http or https URL"))
    }

    fn of(&self, region: &str) -> Option<Uri> {
        match self {
            Self::At(uri) => Some(uri.clone()),
            Self::Aws => {
                let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
                format!("https://kms.{region}.{domain}").parse().ok()
            }
        }
    }
}

/// KMS over HTTP, at AWS or anywhere else. Calls wait inside a tokio runtime that the caller provides; idle
/// connections are kept.
pub struct HttpKms {
    shared: Arc<Shared>,
    regions: Mutex<HashMap<String, Arc<Regional>>>,
}

struct Shared {
    endpoint: Endpoint,
    credentials: Credentials,
    /// Loaded with the first connection that needs it.
    tls: OnceLock<Option<TlsConnector>>,
}

struct Regional {
    shared: Arc<Shared>,
    region: String,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

impl HttpKms {
    /// At an endpoint, as the owner of an access key.
    pub fn new(endpoint: Endpoint, credentials: Credentials) -> Self {
        let shared = Shared { endpoint, credentials, tls: OnceLock::new() };
        Self { shared: Arc::new(shared), regions: Mutex::default() }
    }
}

impl KmsClients for HttpKms {
    fn in_region(&self, region: &str) -> Arc<dyn KmsClient> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let regional = regions.entry(region.to_owned()).or_insert_with(|| {
            let (shared, region) = (Arc::clone(&self.shared), region.to_owned());
            Arc::new(Regional { shared, region, idle: Mutex::default() })
        });
        Arc::clone(regional) as Arc<dyn KmsClient>
    }
}

/// The members of answers that anybody asks for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    key_id: String,
    #[serde(default)]
    plaintext: Zeroizing<String>,
    #[serde(default)]
    ciphertext_blob: String,
}

/// AWS writes `message` or `Message`.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(alias = "Message", default)]
    message: String,
}

impl KmsClient for Regional {
    fn generate_data_key<'a>(
        &'a self,
        key: KeyUse<'a>,
        bytes: usize,
    ) -> BoxFuture<'a, Result<(Secret, Wrapped), KmsError>> {
        Box::pin(async move {
            let mut input = input(key);
            input["NumberOfBytes"] = json!(bytes);
            let answer = self.call("GenerateDataKey", &input).await?;
            Ok((plaintext(&answer)?, wrapped(answer)?))
        })
    }

    fn encrypt<'a>(&'a self, key: KeyUse<'a>, plaintext: &'a Secret) -> BoxFuture<'a, Result<Wrapped, KmsError>> {
        Box::pin(async move {
            let mut input = input(key);
            input["Plaintext"] = json!(base64_simd::STANDARD.encode_to_string(plaintext.expose()));
            wrapped(self.call("Encrypt", &input).await?)
        })
    }

    fn decrypt<'a>(
        &'a self,
        key: KeyUse<'a>,
        ciphertext: &'a [u8],
    ) -> BoxFuture<'a, Result<(Secret, String), KmsError>> {
        Box::pin(async move {
            let mut input = input(key);
            input["CiphertextBlob"] = json!(base64_simd::STANDARD.encode_to_string(ciphertext));
            let answer = self.call("Decrypt", &input).await?;
            Ok((plaintext(&answer)?, answer.key_id))
        })
    }
}

fn input(key: KeyUse<'_>) -> Value {
    let mut input = json!({ "KeyId": key.key_id });
    if !key.context.is_empty() {
        input["EncryptionContext"] = json!(key.context);
    }
    if !key.grant_tokens.is_empty() {
        input["GrantTokens"] = json!(key.grant_tokens);
    }
    if let Some(algorithm) = key.algorithm {
        input["EncryptionAlgorithm"] = json!(algorithm);
    }
    input
}

fn plaintext(answer: &Answer) -> Result<Secret, KmsError> {
    let plaintext = base64_simd::STANDARD.decode_to_vec(&*answer.plaintext).ok().filter(|bytes| !bytes.is_empty());
    let mut plaintext = plaintext.ok_or_else(|| unusable("the answer has no plaintext"))?;
    Ok(Secret::take(&mut plaintext))
}

fn wrapped(answer: Answer) -> Result<Wrapped, KmsError> {
    let ciphertext = base64_simd::STANDARD.decode_to_vec(answer.ciphertext_blob).ok();
    let ciphertext = ciphertext.filter(|bytes| !bytes.is_empty());
    let ciphertext = ciphertext.ok_or_else(|| unusable("the answer has no ciphertext"))?;
    Ok(Wrapped { ciphertext, key_arn: answer.key_id })
}

fn unusable(message: impl std::fmt::Display) -> KmsError {
    KmsError { code: "UnusableAnswer".to_owned(), message: message.to_string() }
}

fn unreachable(place: &Uri, error: impl std::fmt::Display) -> KmsError {
    KmsError {
        code: "NotReached".to_owned(),
        message: format!("{}: {error}", place.authority().map_or("", |a| a.as_str())),
    }
}

impl Regional {
    async fn call(&self, operation: &str, input: &Value) -> Result<Answer, KmsError> {
        let body = Bytes::from(input.to_string());
        let mut attempt = 1;
        loop {
            let error = match self.attempt(operation, &body).await {
                Ok(answer) => return Ok(answer),
                Err((error, again)) if again && attempt < ATTEMPTS => error,
                Err((error, _)) => return Err(error),
            };
            drop(error);
            // Anywhere up to the longest wait, so that callers who failed together do not come back together.
            let share = f64::from(u16::from_be_bytes(random::bytes())) / f64::from(u16::MAX);
            tokio::time::sleep(PAUSE.mul_f64(share * f64::from(attempt))).await;
            attempt += 1;
        }
    }

    /// The error with whether trying again may help: throttling, faults of the service, broken connections.
    async fn attempt(&self, operation: &str, body: &Bytes) -> Result<Answer, (KmsError, bool)> {
        let no_place = || (unusable(format!("{:?} is not a Region", self.region)), false);
        let place = self.shared.endpoint.of(&self.region).ok_or_else(no_place)?;
        let exchange = self.exchange(&place, operation, body);
        let (status, answer) = match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err((error, true)),
            Err(_) => return Err((unreachable(&place, "no answer in time"), true)),
        };
        if status == StatusCode::OK {
            return serde_json::from_slice(&answer).map_err(|_| (unusable("not what KMS answers"), false));
        }
        let refusal: Refusal = serde_json::from_slice(&answer)
            .map_err(|_| (unusable(format!("{} answered {status}", self.region)), status.is_server_error()))?;
        let code = refusal.kind.rsplit('#').next().unwrap_or_default().to_owned();
        let again = status.is_server_error() || code.starts_with("Throttling");
        Err((KmsError { code, message: refusal.message }, again))
    }

    async fn exchange(
        &self,
        place: &Uri,
        operation: &str,
        body: &Bytes,
    ) -> Result<(StatusCode, Zeroizing<Vec<u8>>), KmsError> {
        let lost = |error: hyper::Error| unreachable(place, error);
        let mut sender = self.sender(place).await?;
        let answer = sender.send_request(self.request(place, operation, body.clone())?).await.map_err(lost)?;
        let status = answer.status();
        let answer = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let answer = answer.map_err(|error| unreachable(place, error))?.to_bytes();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok((status, Zeroizing::new(answer.to_vec())))
    }

    fn request(&self, place: &Uri, operation: &str, body: Bytes) -> Result<Request<Full<Bytes>>, KmsError> {
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let host = place.authority().map_or("", |authority| authority.as_str());
        let target = format!("TrentService.{operation}");
        let credentials = &self.shared.credentials;
        let mut headers = vec![("content-type", CONTENT), ("host", host), ("x-amz-date", &*time)];
        if let Some(token) = &credentials.session_token {
            headers.push(("x-amz-security-token", token));
        }
        headers.push(("x-amz-target", &target));
        // Slashes at the end of an endpoint's URL mean nothing.
        let path = format!("{}/", place.path().trim_end_matches('/'));
        let authorization = authorization(credentials, &self.region, &time, &path, &headers, &body);
        let mut request = Request::post(path)
            .header(USER_AGENT, concat!("claviger-esdk/", env!("CARGO_PKG_VERSION")))
            .header(AUTHORIZATION, authorization);
        for (name, value) in headers {
            let name = match name {
                "host" => HOST,
                "content-type" => CONTENT_TYPE,
                other => {
                    http::HeaderName::from_lowercase(other.as_bytes()).map_err(|error| unreachable(place, error))?
                }
            };
            request = request.header(name, value);
        }
        request.body(Full::new(body)).map_err(|error| unreachable(place, error))
    }

    /// An idle connection that still stands, or a new one.
    async fn sender(&self, place: &Uri) -> Result<SendRequest<Full<Bytes>>, KmsError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some(mut sender) => {
                    if sender.ready().await.is_ok() {
                        return Ok(sender);
                    }
                }
                None => return self.connect(place).await,
            }
        }
    }

    async fn connect(&self, place: &Uri) -> Result<SendRequest<Full<Bytes>>, KmsError> {
        let host = place.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned();
        let secure = place.scheme_str() == Some("https");
        let port = place.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let stream = TcpStream::connect((&*host, port)).await.map_err(|error| unreachable(place, error))?;
        let _ = stream.set_nodelay(true);
        if !secure {
            return handshake(place, stream).await;
        }
        let tls = self.shared.tls.get_or_init(connector).as_ref();
        let tls = tls.ok_or_else(|| unreachable(place, "no trusted certificates are known"))?;
        let name = ServerName::try_from(host).map_err(|error| unreachable(place, error))?;
        handshake(place, tls.connect(name, stream).await.map_err(|error| unreachable(place, error))?).await
    }
}

async fn handshake<S>(place: &Uri, stream: S) -> Result<SendRequest<Full<Bytes>>, KmsError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(|error| unreachable(place, error))?;
    // Ends by itself when the sender is dropped or the other side closes.
    tokio::spawn(connection);
    Ok(sender)
}

fn connector() -> Option<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}
