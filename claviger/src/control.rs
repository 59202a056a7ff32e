//! The operator's way to a running server: HTTP over a Unix socket in the data folder, which only its owner can open.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use bytes::Bytes;
use claviger_audit::Anchor;
use claviger_kms::record::{KeyRecord, Manager};
use claviger_pipeline::{Foundation, System};
use claviger_store::{Batch, Records, Store};
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::{UnixListener, UnixStream};
use zeroize::Zeroizing;

use crate::administration::{Administration, Operator, administer, explain};
use crate::foundation::AnchorRecord;
use crate::server::Shared;
use crate::unseal::Opener;

/// What an operator asks of an installation, running or not.
#[derive(Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// How it is.
    Status,
    /// The enrolled seals.
    Seals,
    /// Enrolls a key file.
    AddKeyFile {
        /// The file; must exist.
        path: PathBuf,
    },
    /// Enrolls a passphrase.
    AddPassphrase {
        /// The passphrase.
        passphrase: Zeroizing<String>,
    },
    /// Removes a seal; the last one stays.
    RemoveSeal {
        /// Its id.
        id: String,
    },
    /// Replaces the root key and wraps everything under it anew.
    RotateRootKey,
    /// Writes a consistent copy of the database.
    Backup {
        /// The new file.
        to: PathBuf,
    },
    /// The heads of the audit log that were kept.
    Anchors {
        /// And the present one: only of a server that has been writing the log, for what lies in the files between two
        /// servers is what has to be found out.
        present: bool,
    },
    /// The keys there are.
    Keys,
    /// Accounts, policies over them, break-glass, questions.
    Administer(Administration),
}

/// Carries a command out on an opened installation.
pub async fn execute(system: &System, operator: Operator, command: Command) -> anyhow::Result<serde_json::Value> {
    let store = &*system.store;
    Ok(match command {
        Command::Administer(request) => administer(system, operator, request).await?,
        Command::Status => serde_json::Value::Null,
        Command::Anchors { present } => serde_json::to_value(anchors(system, present).await?)?,
        Command::Keys => serde_json::to_value(keys(store).await?)?,
        Command::Seals => serde_json::to_value(summary(&foundation(store).await?.record))?,
        Command::AddKeyFile { path } => enroll(system, &Opener::KeyFile(path)).await?,
        Command::AddPassphrase { passphrase } => enroll(system, &Opener::Passphrase(passphrase)).await?,
        Command::RemoveSeal { id } => {
            let mut stored = foundation(store).await?;
            stored.record.seals.remove(&id)?;
            save(store, stored).await?;
            // What the removed seal wrapped must not be found in the files any more.
            store.scrub().await?;
            serde_json::json!({ "removed": id })
        }
        Command::RotateRootKey => {
            let id = system.vault.rotate_root(store).await?;
            store.scrub().await?;
            serde_json::json!({ "rootKeyId": id })
        }
        Command::Backup { to } => {
            store.snapshot(&to).await?;
            serde_json::json!({ "backup": to })
        }
    })
}

async fn anchors(system: &System, present: bool) -> anyhow::Result<Vec<Anchor>> {
    let (kept, _) = system.store.list::<AnchorRecord>(None, "", None, None, 1000).await?;
    let mut anchors: Vec<Anchor> = kept.into_iter().map(|stored| stored.record.0).collect();
    if present {
        let log = Arc::clone(&system.log);
        anchors.push(tokio::task::spawn_blocking(move || log.anchor()).await?);
    }
    Ok(anchors)
}

/// A key, as far as AWS's prices go.
#[derive(Serialize, Deserialize)]
pub struct KeyCount {
    /// Its ARN.
    pub arn: String,
    /// Its spec.
    pub spec: String,
    /// Whether it costs anything by itself: AWS's own keys and keys that wait for deletion do not.
    pub is_charged: bool,
}

async fn keys(store: &dyn Store) -> anyhow::Result<Vec<KeyCount>> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = store.list::<KeyRecord>(None, "", None, after.as_deref(), 500).await?;
        keys.extend(page.into_iter().map(|stored| {
            let KeyRecord { account, region, key_id, spec, manager, deletion, .. } = stored.record;
            let partition = claviger_wire::arn::partition_of(&region);
            let arn = format!("arn:{partition}:kms:{region}:{account}:key/{key_id}");
            KeyCount { arn, spec, is_charged: manager == Manager::Customer && deletion.is_none() }
        }));
        after = next;
        if after.is_none() {
            return Ok(keys);
        }
    }
}

/// Whether a server uses the folder and can be asked.
pub fn is_running(dir: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket_path(dir)).is_ok()
}

pub(crate) async fn foundation(store: &dyn Store) -> anyhow::Result<claviger_store::Stored<Foundation>> {
    store.load::<Foundation>("foundation").await?.context("this server keeps nothing on disk, so nothing is sealed")
}

async fn save(store: &dyn Store, stored: claviger_store::Stored<Foundation>) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    batch.update(stored.version, &stored.record);
    store.commit(batch).await?;
    Ok(())
}

async fn enroll(system: &System, opener: &Opener) -> anyhow::Result<serde_json::Value> {
    let mut stored = foundation(&*system.store).await?;
    let id = stored.record.seals.enroll(&system.vault.root(), opener.as_unsealer())?;
    save(&*system.store, stored).await?;
    Ok(serde_json::json!({ "enrolled": id }))
}

/// The seals without what they wrap.
fn summary(foundation: &Foundation) -> serde_json::Value {
    let seals: Vec<_> = foundation
        .seals
        .seals
        .iter()
        .map(|seal| serde_json::json!({ "id": seal.id, "kind": seal.kind.name(), "created": seal.created }))
        .collect();
    serde_json::json!({ "rootKeyId": foundation.seals.root_key_id, "seals": seals })
}

fn socket_path(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

/// Opens the socket. Without one the server works, but its seals cannot be changed while it runs.
pub(crate) fn listen(dir: &Path) -> Option<UnixListener> {
    let path = socket_path(dir);
    // The folder's lock is held, so whatever lies there is left from a process that is gone.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).and_then(|listener| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    });
    match listener {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "no control socket; seals cannot be changed while running");
            None
        }
    }
}

/// Serves commands until dropped.
pub(crate) async fn serve(listener: UnixListener, shared: Arc<Shared>, started: Instant, listening: String) {
    while let Ok((stream, _)) = listener.accept().await {
        // Without a known peer there is nobody to put into the record.
        let Ok(peer) = stream.peer_cred() else { continue };
        let operator = Operator { uid: peer.uid() };
        let (shared, listening) = (Arc::clone(&shared), listening.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &shared, operator, started, &listening));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: http::Request<Incoming>,
    shared: &Shared,
    operator: Operator,
    started: Instant,
    listening: &str,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let body = Zeroizing::new(request.into_body().collect().await?.to_bytes().to_vec());
    let outcome = match serde_json::from_slice::<Command>(&body) {
        Ok(Command::Status) => Ok(status(shared, started, listening).await),
        Ok(Command::Administer(Administration::Explain(question))) => explain(shared.engine(), question).await,
        Ok(command) => execute(shared.engine().system(), operator, command).await,
        Err(error) => Err(error.into()),
    };
    let (status, value) = match outcome {
        Ok(value) => (StatusCode::OK, value),
        Err(error) => (StatusCode::BAD_REQUEST, serde_json::json!({ "error": format!("{error:#}") })),
    };
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    Ok(response)
}

async fn status(shared: &Shared, started: Instant, listening: &str) -> serde_json::Value {
    let system = shared.engine().system();
    let head = system.log.head();
    let seals = match foundation(&*system.store).await {
        Ok(stored) => summary(&stored.record),
        Err(_) => serde_json::Value::Null,
    };
    serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "endpoint": listening,
        "uptimeSeconds": started.elapsed().as_secs(),
        "ready": shared.is_ready(),
        "connections": shared.metrics.connections.get(),
        "auditRecords": head.sequence,
        "lockedMemory": claviger_crypto::secret::locked_pages_ok(),
        "seal": seals,
    })
}

/// Sends a command to the server that uses `dir`. `None`: no server is running there.
pub async fn send(dir: &Path, command: &Command) -> anyhow::Result<Option<serde_json::Value>> {
    let path = socket_path(dir);
    let Ok(stream) = UnixStream::connect(&path).await else { return Ok(None) };
    let body = Bytes::from(serde_json::to_vec(command)?);
    let (status, body) = exchange(TokioIo::new(stream), Method::POST, "/", body).await?;
    let value: serde_json::Value = serde_json::from_slice(&body)?;
    if status != StatusCode::OK {
        bail!("{}", value["error"].as_str().unwrap_or("the server refused"));
    }
    Ok(Some(value))
}

/// One request over a fresh connection.
pub async fn exchange<I>(io: I, method: Method, path: &str, body: Bytes) -> anyhow::Result<(StatusCode, Bytes)>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
    tokio::spawn(connection);
    let request = http::Request::builder().method(method).uri(path).header("host", "localhost");
    let response = sender.send_request(request.body(Full::new(body))?).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}
