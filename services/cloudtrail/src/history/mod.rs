//! The event history: what was recorded of an account in a Region, whatever its trails deliver.

mod lookup_events;
mod tokens;

use std::sync::{Arc, OnceLock};

use claviger_audit_index::Index;
use claviger_pipeline::Service;

use crate::CloudTrail;

/// Where the history is looked up.
#[derive(Default)]
pub struct History {
    book: OnceLock<Book>,
}

/// An index, and how far back it may be looked into.
struct Book {
    index: Arc<Index>,
    days: u32,
}

impl History {
    /// Names the index, once, before the first call, and how many days back calls may see.
    pub fn look_into(&self, index: Arc<Index>, days: u32) {
        let _ = self.book.set(Book { index, days });
    }
}

/// Adds the operations.
pub(crate) fn add(service: Service, cloudtrail: &Arc<CloudTrail>) -> Service {
    service.with::<lookup_events::LookupEvents>(cloudtrail)
}
