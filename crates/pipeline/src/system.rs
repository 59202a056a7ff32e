//! What every service stands on: store, clock, keys, audit log, and the one way to change records.

use std::sync::{Arc, OnceLock};

use claviger_audit::Log;
use claviger_identity::Directory;
use claviger_store::{Batch, Change, CommitError, Store};

use crate::credentials::{ACCESS_KEYS, Credentials};
use crate::quota::{QUOTAS, QuotaSettings, Quotas};
use crate::recorder::Sweep;
use crate::{Clock, Service, Vault};

/// How strictly unknown credentials are treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Any unknown access key with a well-formed signature acts as root of `account`;
    /// an access key id of 12 digits chooses that account instead.
    Development {
        /// The account unknown access keys act for.
        account: Box<str>,
    },
    /// Only credentials this server issued are accepted.
    Enforced,
}

/// Told of every record that changed, so that caches drop what they hold of it.
pub trait Listener: Send + Sync {
    /// The record `id` of `space` was written or deleted.
    fn changed(&self, space: &str, id: &str);
}

/// The foundations a service may use.
pub struct System {
    /// Durable records.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<Clock>,
    /// The key hierarchy above key material.
    pub vault: Vault,
    /// The audit log.
    pub log: Arc<Log>,
    /// Who may call.
    pub mode: Mode,
    /// The account that owns the installation: failed authentications are recorded there.
    pub account: Box<str>,
    /// Who there is.
    pub identities: Directory,
    pub(crate) quotas: Quotas,
    pub(crate) credentials: Credentials,
    pub(crate) services: OnceLock<Arc<[Service]>>,
    pub(crate) sweep: Sweep,
    listeners: Vec<Arc<dyn Listener>>,
}

impl System {
    /// Puts the foundations together.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<Clock>,
        vault: Vault,
        log: Arc<Log>,
        mode: Mode,
        account: &str,
        listeners: Vec<Arc<dyn Listener>>,
    ) -> Self {
        Self {
            quotas: Quotas::new(QuotaSettings::default(), Arc::clone(&clock)),
            store,
            clock,
            vault,
            log,
            identities: Directory::new(matches!(mode, Mode::Development { .. })),
            services: OnceLock::new(),
            mode,
            account: account.into(),
            credentials: Credentials::default(),
            sweep: Sweep::default(),
            listeners,
        }
    }

    /// With the installation's own quotas.
    pub fn with_quotas(self, settings: QuotaSettings) -> Self {
        let quotas = Quotas::new(settings, Arc::clone(&self.clock));
        Self { quotas, ..self }
    }

    /// Commits a batch and drops whatever caches hold of the records it touched. The only way records change.
    pub async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let touched: Vec<(&'static str, String)> = batch
            .steps()
            .iter()
            .filter_map(|step| match &step.change {
                Change::Put { space, id, .. } | Change::Delete { space, id, .. } => Some((space.name, id.clone())),
                Change::Check { .. } => None,
            })
            .collect();
        let outcome = self.store.commit(batch).await;
        // Caches are dropped after a failure too: its outcome may be unknown.
        for (space, id) in &touched {
            self.forget(space, id);
        }
        outcome.map(|_revision| ())
    }

    fn forget(&self, space: &str, id: &str) {
        if self.identities.changed(space) || space == ACCESS_KEYS.name {
            self.credentials.forget();
        }
        if space == QUOTAS.name {
            self.quotas.changed(id);
        }
        for listener in &self.listeners {
            listener.changed(space, id);
        }
    }
}
