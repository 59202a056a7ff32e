//! The versions of a parameter.

use claviger_pipeline::{System, internal};
use claviger_shapes::InternalFailure;
use claviger_store::{Record, Records};

use crate::parameter::Parameter;
use crate::record::{Version, VersionRecord, version_id};

/// Versions after a number, the oldest first.
pub(crate) async fn page(
    system: &System,
    parameter: &Parameter,
    after: Option<i64>,
    limit: usize,
) -> Result<Vec<Version>, InternalFailure> {
    let record = &parameter.record;
    let from = after.map_or(1, |after| after.saturating_add(1)).max(record.oldest());
    let newest = record.current.version;
    let id = record.id();
    let past: Vec<String> = (from..newest).take(limit).map(|number| version_id(&id, number)).collect();
    let past = system.store.load_many::<VersionRecord>(&past).await.map_err(internal)?;
    let mut versions: Vec<Version> = past.into_iter().flatten().map(|stored| stored.record.version).collect();
    if versions.len() < limit && from <= newest {
        versions.push(record.current.clone());
    }
    Ok(versions)
}
