//! Paths that are not AWS's: health, metrics, and the controls of a development server.

use bytes::Bytes;
use claviger_pipeline::System;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::metrics;
use crate::server::Shared;

/// Whether a path is the server's own.
pub(crate) fn is_ours(path: &str) -> bool {
    path.starts_with("/_claviger/") || path == "/metrics"
}

/// Answers one of them.
pub(crate) async fn answer(parts: &Parts, body: &Bytes, shared: &Shared) -> Response<Full<Bytes>> {
    let path = parts.uri.path();
    match (&parts.method, path) {
        (&Method::GET, "/metrics") => text(StatusCode::OK, metrics::CONTENT_TYPE, shared.metrics.text()),
        (&Method::GET, "/_claviger/health") => {
            let ready = shared.is_ready();
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let mut health = serde_json::json!({ "live": true, "ready": ready, "version": env!("CARGO_PKG_VERSION") });
            if let Some(problem) = shared.problem() {
                health["problem"] = problem.into();
            }
            json(status, &health)
        }
        (method, _) if path.starts_with("/_claviger/dev/") && shared.development.is_some() => {
            development(method, path, body, shared).await
        }
        _ => problem(StatusCode::NOT_FOUND, "no such path"),
    }
}

/// A change of the development clock: exactly one member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum ClockChange {
    /// Seconds, or a duration such as `30d` or `PT1H`.
    Advance(Amount),
    /// Seconds since 1970, or an RFC 3339 time.
    Set(Amount),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Seconds(f64),
    Text(String),
}

impl ClockChange {
    fn apply(&self, system: &System) -> Result<(), String> {
        let clock = &system.clock;
        match self {
            Self::Advance(Amount::Seconds(seconds)) => {
                let by = SignedDuration::try_from_secs_f64(*seconds).map_err(|error| error.to_string())?;
                clock.advance(by);
            }
            Self::Advance(Amount::Text(text)) => {
                let span: jiff::Span = text.parse().map_err(|error: jiff::Error| error.to_string())?;
                let utc = clock.now().to_zoned(jiff::tz::TimeZone::UTC);
                let by = span.to_duration(&utc).map_err(|error| error.to_string())?;
                clock.advance(by);
            }
            Self::Set(Amount::Seconds(seconds)) => {
                let since = SignedDuration::try_from_secs_f64(*seconds).map_err(|error| error.to_string())?;
                clock.set(Timestamp::from_duration(since).map_err(|error| error.to_string())?);
            }
            Self::Set(Amount::Text(text)) => clock.set(text.parse().map_err(|error: jiff::Error| error.to_string())?),
        }
        Ok(())
    }
}

async fn development(method: &Method, path: &str, body: &Bytes, shared: &Shared) -> Response<Full<Bytes>> {
    let engine = shared.engine();
    let system = engine.system();
    match (method, path) {
        (&Method::GET, "/_claviger/dev/clock") => clock(system),
        (&Method::POST, "/_claviger/dev/clock") => {
            let change = serde_json::from_slice::<ClockChange>(body).map_err(|error| error.to_string());
            match change.and_then(|change| change.apply(system)) {
                Ok(()) => {
                    // What became due by the change has happened when the answer arrives.
                    shared.bell.ring_and_wait().await;
                    clock(system)
                }
                Err(error) => problem(
                    StatusCode::BAD_REQUEST,
                    &format!("{error}; send {{\"advance\": SECONDS}} or {{\"set\": SECONDS-SINCE-1970}}"),
                ),
            }
        }
        (&Method::POST, "/_claviger/dev/reset") => match shared.reset().await {
            Ok(()) => json(StatusCode::OK, &serde_json::json!({ "reset": true })),
            Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        (_, "/_claviger/dev/clock" | "/_claviger/dev/reset") => {
            problem(StatusCode::METHOD_NOT_ALLOWED, "use POST (the clock can also be read with GET)")
        }
        _ => problem(StatusCode::NOT_FOUND, "no such control; there are clock and reset"),
    }
}

fn clock(system: &System) -> Response<Full<Bytes>> {
    let now = system.clock.now();
    let seconds = now.as_millisecond() as f64 / 1000.0;
    json(StatusCode::OK, &serde_json::json!({ "now": seconds, "time": now.to_string() }))
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response<Full<Bytes>> {
    text(status, "application/json", value.to_string())
}

fn problem(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    json(status, &serde_json::json!({ "error": message }))
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
