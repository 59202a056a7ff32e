//! `claviger status`.

use std::path::Path;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::block_on;
use crate::control::{self, Command};

pub(super) fn run(dir: Option<&Path>, endpoint: &str) -> anyhow::Result<()> {
    block_on(async {
        match dir {
            Some(dir) => match control::send(dir, &Command::Status).await? {
                Some(status) => {
                    println!("{}", serde_json::to_string_pretty(&status)?);
                    Ok(())
                }
                None => bail!("no server is running on {}", dir.display()),
            },
            None => by_url(endpoint).await,
        }
    })
}

async fn by_url(endpoint: &str) -> anyhow::Result<()> {
    let uri: http::Uri = endpoint.parse().with_context(|| format!("`{endpoint}` is not a URL"))?;
    if uri.scheme_str() != Some("http") {
        bail!("this command speaks plain HTTP only; for a server with TLS use --data-dir on its own machine");
    }
    let host = uri.host().with_context(|| format!("`{endpoint}` names no host"))?;
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host, port))
        .await
        .with_context(|| format!("no server answers at {endpoint}; is `claviger dev` or `claviger serve` running?"))?;
    let (status, body) =
        control::exchange(TokioIo::new(stream), Method::GET, "/_claviger/health", Bytes::new()).await?;
    let health: serde_json::Value =
        serde_json::from_slice(&body).with_context(|| format!("what answers at {endpoint} is not Claviger"))?;
    let version = health["version"].as_str().unwrap_or("?");
    let ready = if status == StatusCode::OK { "ready" } else { "not ready" };
    println!("claviger {version} at {endpoint}: {ready}");
    if status == StatusCode::OK { Ok(()) } else { bail!("the server is not ready") }
}
