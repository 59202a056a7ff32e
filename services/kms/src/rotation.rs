//! New key material for an existing key.

use claviger_crypto::hierarchy::WrappedKey;
use claviger_crypto::material::KeyMaterialId;
use claviger_store::Batch;
use jiff::{SignedDuration, Timestamp};

use crate::record::{KeyRecord, MaterialRecord, Rotated};

/// Days between automatic rotations when the request names no period.
pub(crate) const PERIOD_DAYS_DEFAULT: i32 = 365;
/// An accepted on-demand rotation completes this much later. Rotation is asynchronous at AWS (about two minutes); what
/// clients rely on is that a second request meanwhile does not rotate twice.
pub(crate) const ON_DEMAND_DELAY: SignedDuration = SignedDuration::from_millis(500);
/// On-demand rotation is refused when the automatic one is due within this time.
pub(crate) const CONFLICT_WINDOW: SignedDuration = SignedDuration::from_mins(20);

/// `days` after `from`.
pub(crate) fn days_after(from: Timestamp, days: i32) -> Timestamp {
    from.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}

/// Adds a material, wrapped already, and makes it the current one; what came before still decrypts.
pub(crate) fn add(
    record: &mut KeyRecord,
    material_id: KeyMaterialId,
    wrapped: WrappedKey,
    rotated: Option<Rotated>,
    batch: &mut Batch,
) {
    use claviger_store::Record;
    batch.insert(&MaterialRecord { key: record.id(), material_id, wrapped, number: record.materials, rotated });
    record.materials += 1;
    record.current_material = Some(material_id);
}
