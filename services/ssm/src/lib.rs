//! AWS Systems Manager Parameter Store.
//!
//! Owns parameters, their versions, labels, tags and policies, and the settings of the service. Offers its operations to
//! the pipeline and a worker for what is due. Values of SecureString parameters are encrypted by the key service, called
//! through the pipeline as the caller. Knows nothing of HTTP, SQL, signatures or cryptographic primitives.

mod counts;
mod envelope;
mod filter;
mod find;
mod history;
mod keys;
mod listing;
mod name;
mod ops;
mod page;
mod parameter;
pub mod policies;
mod put;
mod read;
pub mod record;
mod remove;
mod secure;
mod settings;
pub mod sharing;
mod subject;
mod tags;
mod value;
mod worker;

use std::sync::Arc;

use claviger_pipeline::{Listener, LoadCache};

use crate::parameter::Parameter;
use crate::record::PARAMETERS;

pub use ops::all as service;
pub use worker::PolicyWorker;

/// The name requests are signed for.
pub const SIGNING_NAME: &str = "ssm";
/// The name in audit records.
pub const EVENT_SOURCE: &str = "ssm.amazonaws.com";

/// Parameters held in memory.
const PARAMETERS_CACHED_MAX: u64 = 100_000;

/// The service's state between calls.
pub struct Ssm {
    parameters: LoadCache<String, Arc<Parameter>>,
}

impl Default for Ssm {
    fn default() -> Self {
        Self { parameters: LoadCache::new(PARAMETERS_CACHED_MAX) }
    }
}

impl Listener for Ssm {
    fn changed(&self, space: &str, id: &str) {
        if space == PARAMETERS.name {
            self.parameters.invalidate(id);
        }
    }
}

/// What an operation of this service works with.
pub(crate) type SsmCx<'a> = claviger_pipeline::Cx<'a, Ssm>;
