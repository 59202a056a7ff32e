//! From a system to a running server and back: what `dev`, `serve` and `tour` share.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use claviger_pipeline::System;
use claviger_store::Batch;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::development::Development;
use crate::foundation::{AnchorRecord, Folder, NODE};
use crate::history::{self, Follower};
use crate::metrics::Metrics;
use crate::server::{self, Running, Shared};
use crate::{Services, control};

/// How often the audit log's head is anchored in the store.
const ANCHOR_SECONDS: u64 = 5;

/// A server with what it must put away at the end.
pub(super) struct Server {
    running: Running,
    services: Services,
    follower: Follower,
    folder: Option<Folder>,
    url: String,
    started: Instant,
}

/// Starts listening.
pub(super) fn start(
    system: System,
    services: Services,
    folder: Option<Folder>,
    config: &Config,
    listen: SocketAddr,
    tls: Option<TlsAcceptor>,
    development: Option<Development>,
) -> anyhow::Result<Server> {
    let started = Instant::now();
    let metrics = Arc::new(Metrics::default());
    let scheme = if tls.is_some() { "https" } else { "http" };
    let index = history::open(folder.as_ref(), &system.log)?;
    services.keep_history(Arc::clone(&index), config.audit.lookup_days);
    let follower = Follower::start(index, Arc::clone(&system.log))?;
    let engine = services.engine(Arc::new(system), Arc::clone(&metrics) as _);
    let shared = Arc::new(Shared::new(engine, metrics, config.server.clone(), development));
    crate::sinks::start(&config.sinks, shared.engine().system(), &shared.metrics)?;
    let running = server::start(shared, listen, tls, services.workers(), NODE.to_owned())?;
    let url = format!("{scheme}://{}", running.address);
    Ok(Server { running, services, follower, folder, url, started })
}

impl Server {
    /// How clients reach it.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The system underneath.
    pub(super) fn system(&self) -> &Arc<System> {
        self.running.shared().engine().system()
    }

    /// Says that it is ready, then looks after the control socket and the anchors until asked to stop.
    pub(super) async fn until_stopped(&self, command: &str) -> anyhow::Result<()> {
        // Signals and the control socket come before the ready line: whoever reads it may use them at once.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let durable = self.folder.is_some();
        let listener = self.folder.as_ref().and_then(|folder| control::listen(folder.path()));
        let mut out = std::io::stdout().lock();
        writeln!(out, "claviger {command} is ready: {}", self.url)?;
        out.flush()?;
        drop(out);
        let control = async {
            if let Some(listener) = listener {
                control::serve(listener, Arc::clone(self.running.shared()), self.started, self.url.clone()).await;
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = async { control.await; std::future::pending().await } => {}
            () = self.anchor_forever(), if durable => {}
        }
        Ok(())
    }

    async fn anchor_forever(&self) {
        let mut last = 0;
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(ANCHOR_SECONDS)).await;
            let anchor = self.system().log.anchor();
            if anchor.sequence != last {
                last = anchor.sequence;
                keep(self.system(), AnchorRecord(anchor)).await;
            }
        }
    }

    /// Finishes calls in flight and puts everything away.
    pub(super) async fn stop(self) {
        let system = Arc::clone(self.system());
        let running = self.running;
        // The event loops end on threads of their own; this one must stay free to run the rest.
        let _ = tokio::task::spawn_blocking(move || running.stop()).await;
        drop(self.follower);
        self.services.flush(&system).await;
        if let Err(error) = system.sweep_outbox().await {
            tracing::warn!(%error, "audit outbox");
        }
        if self.folder.is_some() {
            match system.log.close() {
                Ok(anchor) => keep(&system, AnchorRecord(anchor)).await,
                Err(error) => tracing::error!(%error, "the audit log could not be closed"),
            }
        }
    }
}

async fn keep(system: &System, anchor: AnchorRecord) {
    let mut batch = Batch::default();
    batch.put(&anchor);
    if let Err(error) = system.commit(batch).await {
        tracing::warn!(%error, "the audit log's head could not be anchored");
    }
}

/// Settles what a server process must not do: be dumped, or swap out its keys.
pub(super) fn harden() {
    for warning in claviger_crypto::process::harden().warnings {
        tracing::warn!("{warning}");
    }
}
