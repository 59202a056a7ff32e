//! The end of a parameter.

use claviger_store::{Batch, Record};

use crate::counts::Counts;
use crate::record::{ParameterRecord, VersionRecord, version_id};

/// Removes a parameter with everything that hangs on it; `stored` is the version its record was read with.
pub(crate) fn parameter(record: &ParameterRecord, stored: u64, counts: &mut Counts, batch: &mut Batch) {
    let id = record.id();
    for number in record.oldest()..record.current.version {
        batch.remove::<VersionRecord>(version_id(&id, number), None);
    }
    batch.remove::<ParameterRecord>(id, Some(stored));
    counts.change(record, record.current.tier, -1);
}
