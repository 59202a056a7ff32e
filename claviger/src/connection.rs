//! One client connection: HTTP framing, limits, and the few paths that are not AWS's.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use claviger_wire::{Request, Tls};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::sync::watch;

use crate::config::Server;
use crate::paths;
use crate::server::Shared;

/// What an oversized body may still send before the connection is cut: enough for a client to finish and read the
/// refusal, not enough to keep a server busy.
const DISCARD_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How long a client may pause before its oversized body is no longer read.
const DISCARD_PAUSE: Duration = Duration::from_secs(1);

/// Who is on the other end.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    /// Address.
    pub ip: IpAddr,
    /// TLS parameters, unless plain.
    pub tls: Option<Tls>,
}

/// Serves a connection until it closes or the server stops.
pub(crate) async fn serve<I>(io: I, peer: Peer, shared: Arc<Shared>, mut stop: watch::Receiver<bool>)
where
    I: Read + Write + Unpin + Send + 'static,
{
    let head_limit = Duration::from_secs(shared.limits.header_seconds_max);
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(request, peer, &shared).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_limit)
        // A client that stops sending still gets its answer. It also spares a read, and a buffer for it, while a call
        // is under way.
        .half_close(true)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    loop {
        tokio::select! {
            // What ends a connection is the client's affair: truncated requests, resets, silence.
            _ = connection.as_mut() => return,
            changed = stop.changed() => {
                if changed.is_err() || *stop.borrow() {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.as_mut().await;
                    return;
                }
            }
        }
    }
}

async fn answer(request: http::Request<Incoming>, peer: Peer, shared: &Shared) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    if parts.version == http::Version::HTTP_11 && !parts.headers.contains_key(header::HOST) {
        return Refusal::NoHost.into_response();
    }
    let body = match read(&parts.headers, body, &shared.limits).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    if paths::is_ours(parts.uri.path()) {
        return paths::answer(&parts, &body, shared).await;
    }
    let request = Request { parts, body, remote: peer.ip, tls: peer.tls };
    let engine = shared.engine();
    engine.handle(request).await.into_http().map(Full::new)
}

enum Refusal {
    NoHost,
    TooLarge,
    TooSlow,
    Broken,
}

impl Refusal {
    fn into_response(self) -> Response<Full<Bytes>> {
        let (status, code, message) = match self {
            Self::NoHost => (StatusCode::BAD_REQUEST, "SerializationException", "The request names no host."),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLargeException",
                "The request body is larger than this service accepts.",
            ),
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", "The request body did not arrive in time.")
            }
            Self::Broken => (StatusCode::BAD_REQUEST, "SerializationException", "The request body ended early."),
        };
        let body = serde_json::json!({ "__type": code, "message": message }).to_string();
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// Reads a body within its limits of size and time.
async fn read(headers: &http::HeaderMap, body: Incoming, limits: &Server) -> Result<Bytes, Refusal> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let bytes_max = limits.body_bytes_max;
    if body.size_hint().lower() > bytes_max as u64 {
        // A client that waits for leave to send does not get it.
        if !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(Refusal::TooLarge);
    }
    let time = Duration::from_secs(limits.body_seconds_max);
    match tokio::time::timeout(time, collect(body, bytes_max)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(Unread::Broken)) => Err(Refusal::Broken),
        Ok(Err(Unread::TooLarge(rest))) => {
            discard(rest).await;
            Err(Refusal::TooLarge)
        }
        Err(_) => Err(Refusal::TooSlow),
    }
}

/// Reads on without keeping anything, until the client pauses, so that it gets to read the refusal instead of finding
/// its connection reset.
async fn discard(mut body: Incoming) {
    let mut total = 0usize;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(DISCARD_PAUSE, body.frame()).await {
        total = total.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if total > DISCARD_BYTES_MAX {
            return;
        }
    }
}

enum Unread {
    TooLarge(Incoming),
    Broken,
}

async fn collect(mut body: Incoming, bytes_max: usize) -> Result<Bytes, Unread> {
    let mut whole = BytesMut::new();
    let mut first: Option<Bytes> = None;
    let mut total = 0usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total > bytes_max {
            return Err(Unread::TooLarge(body));
        }
        // Nearly every body arrives in one piece, which need not be copied.
        match first.take() {
            None if whole.is_empty() => first = Some(data),
            None => whole.extend_from_slice(&data),
            Some(earlier) => {
                whole.extend_from_slice(&earlier);
                whole.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}
