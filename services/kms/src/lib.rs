//! AWS Key Management Service.
//!
//! Owns keys, key material, aliases, tags, key policies and rotation. Offers its operations to the pipeline and a
//! worker for what is due. Knows nothing of HTTP, SQL, signatures or cryptographic primitives.

mod alias;
mod asymmetric;
mod backing;
mod ciphertext;
mod conditions;
pub mod create;
mod data_key;
mod encryption;
mod find;
pub mod grant;
mod import;
pub mod imported;
pub mod key;
mod key_store;
mod limits;
mod metadata;
pub mod multi_region;
mod ops;
mod page;
mod paged;
pub mod policy;
pub mod quotas;
pub mod record;
mod reference;
mod regions;
pub mod rescue;
mod rotation;
pub mod seed;
pub mod spec;
mod state;
mod symmetric;
mod tags;
mod uses;
mod worker;

use std::sync::atomic::AtomicBool;

pub use find::Keys;
pub use ops::all as service;
pub use worker::KeyWorker;

/// The name requests are signed for.
pub const SIGNING_NAME: &str = "kms";
/// The name in audit records.
pub const EVENT_SOURCE: &str = "kms.amazonaws.com";

/// The service's state between calls.
#[derive(Default)]
pub struct Kms {
    keys: Keys,
    /// Key material was removed whose bytes may still lie in the engine's files.
    scrub_due: AtomicBool,
    tallies: limits::Tallies,
}

impl Kms {
    /// Stores what is only in memory. Called before a clean stop.
    pub async fn flush(&self, system: &claviger_pipeline::System) -> Result<(), claviger_pipeline::Internal> {
        self.keys.uses.flush(system).await
    }
}

/// What an operation of this service works with.
pub(crate) type KmsCx<'a> = claviger_pipeline::Cx<'a, Kms>;
