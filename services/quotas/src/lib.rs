//! AWS Service Quotas, the part that reads quotas and asks for more.
//!
//! Owns the requests for more and grants them: whoever may ask gets what the server can do, at once. Offers its operations
//! to the pipeline, which enforces what was granted. Knows the other services by the tables it is given.

mod find;
mod history;
mod increase;
mod ops;
mod page;
mod record;
mod show;

use claviger_pipeline::Limit;

pub use ops::all as service;
pub use record::REQUESTS;

/// The name requests are signed for.
pub const SIGNING_NAME: &str = "servicequotas";
/// The name in audit records.
pub const EVENT_SOURCE: &str = "servicequotas.amazonaws.com";

/// A service and its quotas.
pub struct Entry {
    /// Its code (`kms`).
    pub code: &'static str,
    /// Its name (`AWS Key Management Service (AWS KMS)`).
    pub name: &'static str,
    /// Its quotas.
    pub limits: &'static [&'static Limit],
}

/// The services that have quotas, in the order they are listed.
pub struct Catalog {
    entries: Vec<Entry>,
}

impl Catalog {
    /// Of these services.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }
}

/// What an operation of this service works with.
pub(crate) type QuotasCx<'a> = claviger_pipeline::Cx<'a, Catalog>;
