//! Documents of identity providers over HTTP: which are asked at all, and how.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use claviger_oidc::{BoxFuture, Fetch, FetchError};
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::Oidc;

/// For one document, from the name's resolution to its last byte.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest document.
const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;

/// Fetches what identity providers publish.
///
/// Redirects are not followed, so a provider cannot send this server elsewhere; its keys may lie on another host, which
/// its configuration names, but then only behind TLS.
pub struct ProviderDocuments {
    issuers: Vec<String>,
    development: bool,
    patience: Duration,
    /// Loaded when the first provider is asked: most servers never ask one.
    tls: OnceLock<Option<TlsConnector>>,
}

impl ProviderDocuments {
    /// By the settings; a development server also talks to every provider on its own machine.
    ///
    /// # Errors
    /// The file of certificates cannot be used.
    pub fn new(settings: &Oidc, development: bool) -> anyhow::Result<Self> {
        let tls = OnceLock::new();
        if let Some(path) = &settings.ca_file {
            let _ = tls.set(Some(trusting(Some(path))?));
        }
        Ok(Self { issuers: settings.issuers.clone(), development, patience: PATIENCE, tls })
    }

    fn tls(&self) -> Result<&TlsConnector, FetchError> {
        let connector = self.tls.get_or_init(|| trusting(None).ok());
        connector.as_ref().ok_or_else(|| FetchError::Unreachable("no trusted certificates are known".to_owned()))
    }

    async fn fetch(&self, url: &Place) -> Result<Vec<u8>, FetchError> {
        let stream = TcpStream::connect((&*url.host, url.port)).await.map_err(unreachable)?;
        if !url.secure {
            return read(stream, url).await;
        }
        let name = ServerName::try_from(url.host.clone()).map_err(unreachable)?;
        read(self.tls()?.connect(name, stream).await.map_err(unreachable)?, url).await
    }
}

impl Fetch for ProviderDocuments {
    fn permits(&self, issuer: &str) -> bool {
        let Some(place) = Place::parse(issuer) else { return false };
        let bare = |url: &str| url.strip_suffix('/').unwrap_or(url).to_owned();
        self.issuers.iter().any(|listed| bare(listed) == bare(issuer))
            || (place.secure && self.issuers.is_empty())
            || (self.development && place.is_loopback())
    }

    fn get<'a>(&'a self, issuer: &'a str, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchError>> {
        Box::pin(async move {
            let refused = || FetchError::Refused(url.to_owned());
            let (home, place) = Place::parse(issuer).zip(Place::parse(url)).ok_or_else(refused)?;
            let same = (home.secure, &home.host, home.port) == (place.secure, &place.host, place.port);
            if !self.permits(issuer) || !(same || place.secure) {
                return Err(refused());
            }
            let answer = tokio::time::timeout(self.patience, self.fetch(&place)).await;
            answer.map_err(|_| FetchError::Unreachable(format!("{url} did not answer in time")))?
        })
    }
}

fn unreachable(error: impl std::fmt::Display) -> FetchError {
    FetchError::Unreachable(error.to_string())
}

/// An `http` or `https` URL, cut.
pub(crate) struct Place {
    pub(crate) secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) authority: String,
    pub(crate) path: String,
}

impl Place {
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Some(Self {
            secure,
            host: host.to_ascii_lowercase(),
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            authority: authority.to_string(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// One request on a connection of its own: keys are asked for every few minutes.
async fn read<S>(stream: S, url: &Place) -> Result<Vec<u8>, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(unreachable)?;
    // It ends by itself once the request and its answer are dropped.
    tokio::spawn(connection);
    let request = Request::get(&url.path)
        .header(HOST, &url.authority)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("claviger/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(unreachable)?;
    let answer = sender.send_request(request).await.map_err(unreachable)?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Unreachable(format!("{}{} answered {}", url.authority, url.path, answer.status())));
    }
    let body = Limited::new(answer.into_body(), DOCUMENT_BYTES_MAX).collect().await.map_err(unreachable)?;
    Ok(body.to_bytes().to_vec())
}

/// Connects to whoever shows a certificate of these roots; of the operating system's without a file.
pub(crate) fn trusting(ca_file: Option<&Path>) -> anyhow::Result<TlsConnector> {
    if let Some(path) = ca_file {
        return connector(read_roots(path)?);
    }
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "the system's trusted certificates cannot all be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    connector(roots)
}

fn connector(roots: RootCertStore) -> anyhow::Result<TlsConnector> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn read_roots(path: &Path) -> anyhow::Result<RootCertStore> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .with_context(|| format!("cannot read the certificates {}", path.display()))?
        .collect();
    let mut roots = RootCertStore::empty();
    for certificate in certificates.with_context(|| format!("{} holds something else than PEM", path.display()))? {
        roots.add(certificate).with_context(|| format!("{} holds no usable certificate", path.display()))?;
    }
    if roots.is_empty() {
        bail!("{} holds no certificate", path.display());
    }
    Ok(roots)
}

#[cfg(test)]
mod tests;
