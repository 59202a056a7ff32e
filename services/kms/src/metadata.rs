//! KeyMetadata: which members it has when.

use claviger_shapes::Timestamp;
use claviger_shapes::kms::{CustomerMasterKeySpec, KeyManagerType, KeyMetadata, KeyState, KeyUsageType};

use crate::key::Key;
use crate::record::{Deletion, Manager};
use crate::spec;

/// The metadata of a key as every operation shows it.
pub(crate) fn of(key: &Key) -> KeyMetadata {
    let record = &key.record;
    let state = record.state();
    let spec = record.key_spec();
    let expiration = record.expiration();
    let offered = |usage| record.key_usage() == usage;
    KeyMetadata {
        aws_account_id: Some(record.account.clone()),
        key_id: Some(record.key_id.clone()),
        arn: Some(key.arn.clone()),
        creation_date: Some(Timestamp(record.created)),
        enabled: Some(state == KeyState::Enabled),
        description: Some(record.description.clone()),
        key_usage: Some(record.key_usage()),
        key_state: Some(state),
        deletion_date: record.deletion.as_ref().and_then(Deletion::date).map(Timestamp),
        origin: Some(record.key_origin()),
        key_manager: Some(match record.manager {
            Manager::Customer => KeyManagerType::Customer,
            Manager::Aws(_) => KeyManagerType::Aws,
        }),
        // The older member repeats the spec for every spec it has a name for.
        customer_master_key_spec: record.spec.parse::<CustomerMasterKeySpec>().ok(),
        key_spec: Some(record.key_spec()),
        encryption_algorithms: offered(KeyUsageType::EncryptDecrypt).then(|| spec::encryption(spec).to_vec()),
        signing_algorithms: offered(KeyUsageType::SignVerify).then(|| spec::signing(spec).to_vec()),
        mac_algorithms: spec::mac(spec).map(|algorithm| vec![algorithm]),
        key_agreement_algorithms: offered(KeyUsageType::KeyAgreement).then(|| vec![spec::AGREEMENT]),
        encapsulation_algorithms: offered(KeyUsageType::EncapsulateDecapsulate).then(|| vec![spec::ENCAPSULATION]),
        multi_region: Some(record.multi_region.is_some()),
        multi_region_configuration: record.multi_region_configuration(),
        pending_deletion_window_in_days: match record.deletion {
            Some(Deletion::AfterReplicas { window_days }) => Some(window_days),
            _ => None,
        },
        // Only symmetric keys can have more than one.
        current_key_material_id: record
            .current_material
            .filter(|_| key.is_symmetric() && state != KeyState::Creating)
            .map(|id| id.to_string()),
        expiration_model: expiration.map(|(model, _)| model),
        valid_to: expiration.and_then(|(_, date)| date).map(Timestamp),
        ..Default::default()
    }
}
