//! Starting servers.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use claviger::Services;
use claviger::config::Config;
use claviger::development::Development;
use claviger::fetch::ProviderDocuments;
use claviger::foundation::{Parts, in_memory};
use claviger::metrics::Metrics;
use claviger::server::{Running, Shared, start};
use claviger_audit_index::{Index, Source};
use claviger_identity::AccountRecord;
use claviger_oidc::Fetch;
use claviger_pipeline::{Clock, Mode, QuotaSettings, System, credentials};
use claviger_store::{Batch, Records};

use crate::{ACCOUNT, Client, Signing};

/// A server on a free port of the loopback interface; stopped when dropped.
pub struct Server {
    running: Option<Running>,
    services: Services,
    address: SocketAddr,
    system: Arc<System>,
}

impl Server {
    /// A development server: unknown access keys act as root of [`ACCOUNT`].
    pub fn development() -> anyhow::Result<Self> {
        let development = Development { account: ACCOUNT.to_owned(), seed: None };
        Self::start(
            Mode::Development { account: ACCOUNT.into() },
            Some(development),
            system_documents()?,
            QuotaSettings::default(),
        )
    }

    /// A server that accepts only credentials it issued.
    pub fn enforced() -> anyhow::Result<Self> {
        Self::with_quotas(QuotaSettings::default())
    }

    /// Like [`Server::enforced`], with quotas of its own.
    pub fn with_quotas(quotas: QuotaSettings) -> anyhow::Result<Self> {
        Self::start(Mode::Enforced, None, system_documents()?, quotas)
    }

    /// Like [`Server::enforced`], with identity providers that publish what `documents` says.
    pub fn with_providers(documents: Arc<dyn Fetch>) -> anyhow::Result<Self> {
        Self::start(Mode::Enforced, None, documents, QuotaSettings::default())
    }

    fn start(
        mode: Mode,
        development: Option<Development>,
        documents: Arc<dyn Fetch>,
        quotas: QuotaSettings,
    ) -> anyhow::Result<Self> {
        let services = Services::new(documents);
        let parts = Parts { clock: Arc::new(Clock::default()), mode, listeners: services.listeners() };
        let metrics = Arc::new(Metrics::default());
        let system = in_memory(ACCOUNT, parts).with_quotas(quotas);
        let index = Index::in_memory(Source::Memory(Arc::clone(&system.log)))?;
        services.keep_history(Arc::new(index), Config::default().audit.lookup_days);
        let engine = services.engine(Arc::new(system), Arc::clone(&metrics) as _);
        let system = Arc::clone(engine.system());
        let mut limits = Config::default().server;
        limits.threads = 1;
        let shared = Arc::new(Shared::new(engine, metrics, limits, development));
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let running = start(shared, listen, None, services.workers(), "test".to_owned())?;
        Ok(Self { address: running.address, running: Some(running), services, system })
    }

    /// The foundations, to look behind the answers.
    pub fn system(&self) -> &Arc<System> {
        &self.system
    }

    /// What the server counts, and its operations.
    pub fn shared(&self) -> &Arc<Shared> {
        match &self.running {
            Some(running) => running.shared(),
            None => unreachable!("the server runs until it is dropped"),
        }
    }

    /// A client that signs in this way.
    pub fn client(&self, signing: Signing) -> Client {
        Client::new(self.address, signing)
    }

    /// Root credentials of an account, which is made if it is not there.
    pub async fn issue(&self, account: &str) -> anyhow::Result<Signing> {
        let issued = credentials::issue_root(&self.system, account).await.map_err(|e| anyhow::anyhow!("{e}"))?;
        let mut batch = Batch::default();
        batch.insert(&issued.record);
        if self.system.store.load::<AccountRecord>(account).await?.is_none() {
            batch.insert(&AccountRecord::new(account, "test", self.system.clock.now()));
        }
        self.system.commit(batch).await.context("credentials")?;
        Ok(Signing::With { access_key_id: issued.record.access_key_id, secret: issued.secret.to_string() })
    }

    /// The records of the audit log.
    pub fn audit(&self) -> Vec<serde_json::Value> {
        let records = self.system.log.recent(usize::MAX);
        records.iter().map(|record| serde_json::from_str(&record.json).unwrap_or_default()).collect()
    }
}

fn system_documents() -> anyhow::Result<Arc<dyn Fetch>> {
    Ok(Arc::new(ProviderDocuments::new(&Config::default().oidc, false)?))
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
        let _ = &self.services;
    }
}

/// Runs a test's future.
pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
