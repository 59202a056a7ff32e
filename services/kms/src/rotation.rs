//! New key material for an existing key.

use claviger_crypto::hierarchy::{DomainKey, WrappedKey};
use claviger_crypto::material::{KeyMaterial, KeyMaterialId};
use claviger_shapes::kms::RotationType;
use claviger_store::Batch;
use jiff::{SignedDuration, Timestamp};

use crate::record::{KeyRecord, MaterialRecord, Rotated};

/// Days between automatic rotations when the request names no period.
pub(crate) const PERIOD_DAYS_DEFAULT: i32 = 365;
/// On-demand rotations a key may have.
pub(crate) const ON_DEMAND_MAX: u32 = 25;
/// An accepted on-demand rotation completes this much later. Rotation is asynchronous at AWS (about two minutes); what
/// clients rely on is that a second request meanwhile does not rotate twice.
pub(crate) const ON_DEMAND_DELAY: SignedDuration = SignedDuration::from_millis(500);
/// On-demand rotation is refused when the automatic one is due within this time.
pub(crate) const CONFLICT_WINDOW: SignedDuration = SignedDuration::from_mins(20);

/// `days` after `from`.
pub(crate) fn days_after(from: Timestamp, days: i32) -> Timestamp {
    from.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}

/// Gives a new key its first material, wrapped already.
pub(crate) fn first_material(record: &mut KeyRecord, id: KeyMaterialId, wrapped: WrappedKey, batch: &mut Batch) {
    add(record, id, wrapped, None, batch);
}

/// Makes fresh material the current one; what came before still decrypts.
pub(crate) fn rotate(
    record: &mut KeyRecord,
    domain: &DomainKey,
    date: Timestamp,
    kind: RotationType,
    batch: &mut Batch,
) {
    let material = KeyMaterial::generate();
    let wrapped = domain.wrap_material(&record.key_id, &material);
    add(record, material.id(&record.key_id), wrapped, Some(Rotated::new(date, kind)), batch);
}

fn add(
    record: &mut KeyRecord,
    material_id: KeyMaterialId,
    wrapped: WrappedKey,
    rotated: Option<Rotated>,
    batch: &mut Batch,
) {
    use claviger_store::Record;
    batch.insert(&MaterialRecord { key: record.id(), material_id, wrapped, number: record.materials, rotated });
    record.materials += 1;
    record.current_material = material_id;
}
