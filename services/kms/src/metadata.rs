//! KeyMetadata: which members it has when.

use claviger_shapes::Timestamp;
use claviger_shapes::kms::{
    CustomerMasterKeySpec, EncryptionAlgorithmSpec, KeyManagerType, KeyMetadata, KeyState, KeyUsageType,
};

use crate::key::Key;
use crate::record::Manager;

/// The metadata of a key as every operation shows it.
pub(crate) fn of(key: &Key) -> KeyMetadata {
    let record = &key.record;
    let state = record.state();
    let encrypts = record.key_usage() == KeyUsageType::EncryptDecrypt;
    KeyMetadata {
        aws_account_id: Some(record.account.clone()),
        key_id: Some(record.key_id.clone()),
        arn: Some(key.arn.clone()),
        creation_date: Some(Timestamp(record.created)),
        enabled: Some(state == KeyState::Enabled),
        description: Some(record.description.clone()),
        key_usage: Some(record.key_usage()),
        key_state: Some(state),
        deletion_date: record.deletion.as_ref().map(|deletion| Timestamp(deletion.date)),
        origin: Some(record.key_origin()),
        key_manager: Some(match record.manager {
            Manager::Customer => KeyManagerType::Customer,
            Manager::Aws(_) => KeyManagerType::Aws,
        }),
        // The older member repeats the spec for every spec it has a name for.
        customer_master_key_spec: record.spec.parse::<CustomerMasterKeySpec>().ok(),
        key_spec: Some(record.key_spec()),
        encryption_algorithms: encrypts.then(|| vec![EncryptionAlgorithmSpec::SymmetricDefault]),
        multi_region: Some(false),
        current_key_material_id: Some(record.current_material.to_string()),
        ..Default::default()
    }
}
