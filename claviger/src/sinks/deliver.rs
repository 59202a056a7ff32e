//! One event to one receiver.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use claviger_stream::{Envelope, Facility, Secret, message, sign};
use http::Request;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use super::settings::{Kind, Sink};
use crate::fetch::{Place, trusting};

/// For one event, from the connection to the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where events go.
pub(super) enum Target {
    File { path: PathBuf },
    Syslog { place: Endpoint, facility: Facility, host: String, connection: Mutex<Option<Box<dyn Stream>>> },
    Webhook { place: Place, connector: Option<TlsConnector>, secret: Secret },
}

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A host to connect to.
pub(super) struct Endpoint {
    host: String,
    port: u16,
    connector: Option<TlsConnector>,
}

impl Target {
    pub(super) fn new(sink: &Sink) -> Result<Self> {
        match sink.kind {
            Kind::File => Ok(Self::File { path: sink.path.clone().context("a sink of type file needs `path`")? }),
            Kind::Syslog => {
                let address = sink.address.as_deref().context("a sink of type syslog needs `address`")?;
                let facility =
                    sink.facility.map_or(Some(Facility::AUDIT), Facility::new).context("facility is 0-23")?;
                // Without a name the message has the mark for none.
                let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
                let place = Endpoint::new(address, sink)?;
                Ok(Self::Syslog { place, facility, host, connection: Mutex::default() })
            }
            Kind::Webhook => {
                let url = sink.url.as_deref().context("a sink of type webhook needs `url`")?;
                let place = Place::parse(url).with_context(|| format!("`{url}` is no http or https URL"))?;
                ensure!(place.secure || place.is_loopback(), "events go over plain HTTP to this machine only");
                let file = sink.secret_file.as_ref().context("a sink of type webhook needs `secret_file`")?;
                let text = zeroize::Zeroizing::new(
                    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
                );
                let secret = Secret::parse(&text)
                    .with_context(|| format!("{} holds no whsec_ and base64 of 24-64 bytes", file.display()))?;
                let connector = place.secure.then(|| trusting(sink.ca_file.as_deref())).transpose()?;
                Ok(Self::Webhook { place, connector, secret })
            }
        }
    }

    /// Delivers one event, once.
    pub(super) async fn send(&self, event: &Envelope) -> Result<()> {
        let sent = async {
            match self {
                Self::File { path } => append(path, event).await,
                Self::Syslog { place, facility, host, connection } => {
                    let framed = message(event, *facility, host);
                    let mut connection = connection.lock().await;
                    let mut stream = match connection.take() {
                        Some(stream) => stream,
                        None => place.connect().await?,
                    };
                    stream.write_all(&framed).await?;
                    stream.flush().await?;
                    // Only a connection that took the message is used again.
                    *connection = Some(stream);
                    Ok(())
                }
                Self::Webhook { place, connector, secret } => post(place, connector.as_ref(), secret, event).await,
            }
        };
        tokio::time::timeout(PATIENCE, sent).await.context("no answer in time")?
    }
}

/// The file is opened for every event, so that whoever rotates it may simply move it away.
async fn append(path: &std::path::Path, event: &Envelope) -> Result<()> {
    let (path, mut line) = (path.to_owned(), event.to_json());
    line.push('\n');
    tokio::task::spawn_blocking(move || {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).mode(0o640).open(&path)?;
        file.write_all(line.as_bytes())
    })
    .await?
    .context("cannot append to the file")
}

impl Endpoint {
    fn new(address: &str, sink: &Sink) -> Result<Self> {
        let (secure, rest) = match address.split_once("://") {
            Some(("tcp", rest)) => (false, rest),
            Some(("tls", rest)) => (true, rest),
            _ => bail!("`{address}` does not begin with tcp:// or tls://"),
        };
        let (host, port) = rest.rsplit_once(':').context("an address is HOST:PORT")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = port.parse().with_context(|| format!("`{port}` is no port"))?;
        let connector = secure.then(|| trusting(sink.ca_file.as_deref())).transpose()?;
        Ok(Self { host, port, connector })
    }

    async fn connect(&self) -> Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        match &self.connector {
            None => Ok(Box::new(stream)),
            Some(connector) => {
                let name = ServerName::try_from(self.host.clone())?;
                Ok(Box::new(connector.connect(name, stream).await?))
            }
        }
    }
}

async fn post(place: &Place, connector: Option<&TlsConnector>, secret: &Secret, event: &Envelope) -> Result<()> {
    let body = event.to_json().into_bytes();
    let signed = sign(secret, &event.id, Timestamp::now().as_second(), &body);
    let request = Request::post(&place.path)
        .header(HOST, &place.authority)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("claviger/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", signed.id)
        .header("webhook-timestamp", signed.timestamp)
        .header("webhook-signature", signed.signature)
        .body(Full::new(Bytes::from(body)))?;
    let stream = TcpStream::connect((&*place.host, place.port)).await?;
    let stream: Box<dyn Stream> = match connector {
        None => Box::new(stream),
        Some(connector) => Box::new(connector.connect(ServerName::try_from(place.host.clone())?, stream).await?),
    };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends by itself once the request and its answer are dropped.
    tokio::spawn(connection);
    let status = sender.send_request(request).await?.status();
    ensure!(status.is_success(), "the receiver answered {status}");
    Ok(())
}
