//! The server around the services: listeners, TLS, settings, data folders, metrics - and the command line over it.
//!
//! Owns everything that touches the operating system. Offers commands. Knows no AWS rule.

pub mod administration;
mod audit_watch;
pub mod commands;
pub mod config;
mod connection;
pub mod control;
pub mod development;
pub mod fetch;
pub mod foundation;
pub mod history;
pub mod logs;
pub mod metrics;
mod paths;
pub mod quotas;
pub mod server;
pub mod sinks;
pub mod tls;
pub mod unseal;

use std::path::Path;
use std::sync::Arc;

use claviger_audit_index::Index;
use claviger_cloudtrail::{CloudTrail, TrailWorker};
use claviger_kms::{KeyWorker, Kms};
use claviger_oidc::{Fetch, Verifier};
use claviger_pipeline::worker::{UseWorker, Worker};
use claviger_pipeline::{Engine, Listener, Observer, System};
use claviger_ssm::{PolicyWorker, Ssm};
use claviger_trail::sink::Directory;

/// The services of one server: their state, built before the system that tells them of changes.
pub struct Services {
    kms: Arc<Kms>,
    cloudtrail: Arc<CloudTrail>,
    ssm: Arc<Ssm>,
    verifier: Arc<Verifier>,
}

impl Services {
    /// With the way to identity providers' documents.
    pub fn new(documents: Arc<dyn Fetch>) -> Self {
        let verifier = Arc::new(Verifier::new(documents));
        Self { kms: Arc::default(), ssm: Arc::default(), cloudtrail: Arc::default(), verifier }
    }

    /// Names the folder whose folders are the buckets of trails. `make_buckets`: one that a trail names is made.
    pub fn deliver_trails_to(&self, folder: &Path, make_buckets: bool) {
        self.cloudtrail.trails.deliver_to(Arc::new(Directory::new(folder)), make_buckets);
    }

    /// Whoever must hear of changed records.
    pub fn listeners(&self) -> Vec<Arc<dyn Listener>> {
        vec![Arc::clone(&self.kms) as Arc<dyn Listener>, Arc::clone(&self.ssm) as Arc<dyn Listener>]
    }

    /// Background work.
    pub fn workers(&self) -> Vec<Arc<dyn Worker>> {
        vec![
            Arc::new(KeyWorker::new(Arc::clone(&self.kms))),
            Arc::new(PolicyWorker),
            Arc::new(UseWorker::default()),
            Arc::new(TrailWorker::new(Arc::clone(&self.cloudtrail))),
        ]
    }

    /// The way in to all of them.
    pub fn engine(&self, system: Arc<System>, observer: Arc<dyn Observer>) -> Engine {
        let mut services = vec![
            claviger_kms::service(&self.kms),
            claviger_ssm::service(&self.ssm),
            claviger_cloudtrail::service(&self.cloudtrail),
            claviger_quotas::service(&Arc::new(quotas::catalog())),
            claviger_cloudtrail::s3::service(&self.cloudtrail),
        ];
        services.extend(claviger_iam::services(&self.verifier));
        Engine::new(system, services, observer)
    }

    /// Names the index in which the event history is looked up, once, and how many days back calls may see.
    pub fn keep_history(&self, index: Arc<Index>, days: u32) {
        self.cloudtrail.history.look_into(index, days);
    }

    /// Stores what is only in memory.
    pub async fn flush(&self, system: &System) {
        if let Err(error) = self.kms.flush(system).await {
            tracing::error!(%error, "the last uses of keys could not be stored");
        }
        if let Err(error) = system.flush_last_uses().await {
            tracing::error!(%error, "the last uses of credentials could not be stored");
        }
    }
}
