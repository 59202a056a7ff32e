//! Trails: what is delivered where, and the operations on it.

mod bucket;
pub mod delivery;
mod find;
mod keys;
mod names;
mod ops;
pub mod record;
mod selectors;
mod subject;
mod tags;
mod view;

use std::sync::{Arc, OnceLock};

use claviger_trail::Sink;

pub(crate) use ops::add;

/// Where trails may deliver to.
#[derive(Default)]
pub struct Trails {
    target: OnceLock<Target>,
    keys: keys::Keys,
}

struct Target {
    sink: Arc<dyn Sink>,
    make_buckets: bool,
}

impl Trails {
    /// Names the storage, once, before the first call. `make_buckets`: a bucket that a trail names is made if it is not
    /// there; otherwise somebody else has to make it first. Without a storage there are no buckets.
    pub fn deliver_to(&self, sink: Arc<dyn Sink>, make_buckets: bool) {
        let _ = self.target.set(Target { sink, make_buckets });
    }

    pub(crate) fn sink(&self) -> Option<&Arc<dyn Sink>> {
        self.target.get().map(|target| &target.sink)
    }
}
