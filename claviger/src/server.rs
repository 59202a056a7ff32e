//! Listeners and event loops: one loop a core, each with a socket of its own on the same port, so that a request is
//! answered on the thread that received it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use claviger_pipeline::Engine;
use claviger_pipeline::worker::{self, Bell, Worker};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::audit_watch::AuditWatch;
use crate::config::Server;
use crate::connection::{self, Peer};
use crate::development::Development;
use crate::metrics::Metrics;

/// Pending connections the kernel holds for a loop.
const BACKLOG: i32 = 1024;
/// Seconds a TLS handshake may take.
const HANDSHAKE_SECONDS_MAX: u64 = 10;

/// What every connection sees.
pub struct Shared {
    engine: Engine,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Limits.
    pub limits: Server,
    /// Wakes the workers.
    pub bell: Arc<Bell>,
    /// The controls of a development server.
    pub development: Option<Development>,
    ready: AtomicBool,
    open: AtomicUsize,
}

impl Shared {
    /// Puts an engine behind limits and counters.
    pub fn new(engine: Engine, metrics: Arc<Metrics>, limits: Server, development: Option<Development>) -> Self {
        let (ready, open) = (AtomicBool::new(false), AtomicUsize::new(0));
        Self { engine, metrics, limits, bell: Arc::default(), development, ready, open }
    }

    /// The way in.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether calls are answered.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed) && self.problem().is_none()
    }

    /// What keeps calls from being answered, besides starting and stopping.
    pub fn problem(&self) -> Option<String> {
        let failure = self.engine.system().log.failure()?;
        Some(format!("{} (since {})", failure.error, failure.since))
    }

    /// Back to the state after the start.
    pub async fn reset(&self) -> anyhow::Result<()> {
        match &self.development {
            Some(development) => development.reset(self.engine.system()).await,
            None => Ok(()),
        }
    }
}

/// A server that accepts connections.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    workers: JoinHandle<()>,
    watch: AuditWatch,
}

/// Starts listeners and workers.
pub fn start(
    shared: Arc<Shared>,
    listen: SocketAddr,
    tls: Option<TlsAcceptor>,
    workers: Vec<Arc<dyn Worker>>,
    holder: String,
) -> anyhow::Result<Running> {
    // Sockets that share a port would also share it with another server of the same user; so ask first without sharing.
    drop(bind(listen, false).with_context(|| format!("cannot listen on {listen}"))?);
    let first = bind(listen, true).with_context(|| format!("cannot listen on {listen}"))?;
    let address = first.local_addr()?.as_socket().context("not an IP address")?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let count = if shared.limits.threads == 0 { cores } else { shared.limits.threads };
    let mut sockets = vec![first];
    for _ in 1..count {
        sockets.push(bind(address, true).with_context(|| format!("cannot listen on {address}"))?);
    }
    let (stop, stopping) = watch::channel(false);
    let mut threads = Vec::with_capacity(count);
    for (index, socket) in sockets.into_iter().enumerate() {
        let (shared, tls, stopping) = (Arc::clone(&shared), tls.clone(), stopping.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(format!("loop-{index}")).spawn(move || {
            runtime.block_on(accept(socket, tls, shared, stopping));
        })?;
        threads.push(thread);
    }
    let workers = {
        let (shared, mut stopping) = (Arc::clone(&shared), stopping);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("workers".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let system = Arc::clone(shared.engine.system());
                let bell = Arc::clone(&shared.bell);
                tokio::select! {
                    () = worker::run(system, workers, bell, holder) => {}
                    _ = stopping.wait_for(|stop| *stop) => {}
                }
            });
        })?
    };
    let watch = AuditWatch::start(Arc::clone(&shared))?;
    shared.ready.store(true, Ordering::Relaxed);
    Ok(Running { address, shared, stop, threads, workers, watch })
}

impl Running {
    /// What the connections see.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Stops accepting, lets calls in flight finish, and returns when everything is closed.
    pub fn stop(self) {
        self.shared.ready.store(false, Ordering::Relaxed);
        let _ = self.stop.send(true);
        for thread in self.threads {
            let _ = thread.join();
        }
        let _ = self.workers.join();
        self.watch.stop();
    }
}

fn bind(address: SocketAddr, shared: bool) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

async fn accept(socket: Socket, tls: Option<TlsAcceptor>, shared: Arc<Shared>, mut stopping: watch::Receiver<bool>) {
    let listener = match TcpListener::from_std(socket.into()) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "a listener could not be registered");
            return;
        }
    };
    let here = Arc::new(AtomicUsize::new(0));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, remote)) => take(stream, remote.ip(), tls.clone(), &shared, &stopping, &here),
            Err(error) => {
                // Out of descriptors, most likely: wait for connections to close instead of spinning.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let deadline = Instant::now() + Duration::from_secs(shared.limits.stop_seconds_max);
    while here.load(Ordering::Relaxed) > 0 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Counts a connection for as long as it lives.
struct Counted {
    shared: Arc<Shared>,
    here: Arc<AtomicUsize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        self.here.fetch_sub(1, Ordering::Relaxed);
        self.shared.metrics.connections.dec();
    }
}

fn take(
    stream: TcpStream,
    ip: IpAddr,
    tls: Option<TlsAcceptor>,
    shared: &Arc<Shared>,
    stopping: &watch::Receiver<bool>,
    here: &Arc<AtomicUsize>,
) {
    if shared.open.fetch_add(1, Ordering::Relaxed) >= shared.limits.connections_max {
        shared.open.fetch_sub(1, Ordering::Relaxed);
        shared.metrics.refused.inc();
        return;
    }
    here.fetch_add(1, Ordering::Relaxed);
    shared.metrics.connections.inc();
    let counted = Counted { shared: Arc::clone(shared), here: Arc::clone(here) };
    let (shared, stopping) = (Arc::clone(shared), stopping.clone());
    // Answers are small; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    tokio::spawn(async move {
        let _counted = counted;
        let Some(tls) = tls else {
            connection::serve(TokioIo::new(stream), Peer { ip, tls: None }, shared, stopping).await;
            return;
        };
        let handshake = tokio::time::timeout(Duration::from_secs(HANDSHAKE_SECONDS_MAX), tls.accept(stream)).await;
        if let Ok(Ok(stream)) = handshake {
            let details = crate::tls::details(stream.get_ref().1);
            connection::serve(TokioIo::new(stream), Peer { ip, tls: details }, shared, stopping).await;
        }
    });
}
