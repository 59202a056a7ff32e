//! The operations, a file each.

mod prelude;

mod cancel_key_deletion;
mod connect_custom_key_store;
mod create_alias;
mod create_custom_key_store;
mod create_grant;
mod create_key;
mod decapsulate;
mod decrypt;
mod delete_alias;
mod delete_custom_key_store;
mod delete_imported_key_material;
mod derive_shared_secret;
mod describe_custom_key_stores;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
mod disconnect_custom_key_store;
mod enable_key;
mod enable_key_rotation;
mod encapsulate;
mod encrypt;
mod generate_data_key;
mod generate_data_key_pair;
mod generate_data_key_pair_without_plaintext;
mod generate_data_key_without_plaintext;
mod generate_mac;
mod generate_random;
mod get_key_last_usage;
mod get_key_policy;
mod get_key_rotation_status;
mod get_parameters_for_import;
mod get_public_key;
mod import_key_material;
mod list_aliases;
mod list_grants;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod list_retirable_grants;
mod put_key_policy;
mod re_encrypt;
mod replicate_key;
mod retire_grant;
mod revoke_grant;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod sign;
mod tag_resource;
mod untag_resource;
mod update_alias;
mod update_custom_key_store;
mod update_key_description;
mod update_primary_region;
mod verify;
mod verify_mac;

use std::sync::Arc;

use claviger_pipeline::Service;
use claviger_shapes::kms::{DryRunModifierType, InvalidGrantIdException, NotFoundException};
use claviger_shapes::{ThrottlingException, ValidationException};

use crate::{EVENT_SOURCE, Kms, SIGNING_NAME, quotas};

/// Every operation of this service.
pub fn all(kms: &Arc<Kms>) -> Service {
    Service::new(SIGNING_NAME, EVENT_SOURCE)
        .with_quotas(quotas::ALL, ThrottlingException::new(quotas::THROTTLED).into())
        .with::<cancel_key_deletion::CancelKeyDeletion>(kms)
        .with::<connect_custom_key_store::ConnectCustomKeyStore>(kms)
        .with::<create_alias::CreateAlias>(kms)
        .with::<create_custom_key_store::CreateCustomKeyStore>(kms)
        .with::<create_grant::CreateGrant>(kms)
        .with::<create_key::CreateKey>(kms)
        .with::<decapsulate::Decapsulate>(kms)
        .with::<decrypt::Decrypt>(kms)
        .with::<delete_alias::DeleteAlias>(kms)
        .with::<delete_custom_key_store::DeleteCustomKeyStore>(kms)
        .with::<delete_imported_key_material::DeleteImportedKeyMaterial>(kms)
        .with::<derive_shared_secret::DeriveSharedSecret>(kms)
        .with::<describe_custom_key_stores::DescribeCustomKeyStores>(kms)
        .with::<describe_key::DescribeKey>(kms)
        .with::<disable_key::DisableKey>(kms)
        .with::<disable_key_rotation::DisableKeyRotation>(kms)
        .with::<disconnect_custom_key_store::DisconnectCustomKeyStore>(kms)
        .with::<enable_key::EnableKey>(kms)
        .with::<enable_key_rotation::EnableKeyRotation>(kms)
        .with::<encapsulate::Encapsulate>(kms)
        .with::<encrypt::Encrypt>(kms)
        .with::<generate_data_key::GenerateDataKey>(kms)
        .with::<generate_data_key_pair::GenerateDataKeyPair>(kms)
        .with::<generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintext>(kms)
        .with::<generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext>(kms)
        .with::<generate_mac::GenerateMac>(kms)
        .with::<generate_random::GenerateRandom>(kms)
        .with::<get_key_last_usage::GetKeyLastUsage>(kms)
        .with::<get_key_policy::GetKeyPolicy>(kms)
        .with::<get_key_rotation_status::GetKeyRotationStatus>(kms)
        .with::<get_parameters_for_import::GetParametersForImport>(kms)
        .with::<get_public_key::GetPublicKey>(kms)
        .with::<import_key_material::ImportKeyMaterial>(kms)
        .with::<list_aliases::ListAliases>(kms)
        .with::<list_grants::ListGrants>(kms)
        .with::<list_key_policies::ListKeyPolicies>(kms)
        .with::<list_key_rotations::ListKeyRotations>(kms)
        .with::<list_keys::ListKeys>(kms)
        .with::<list_resource_tags::ListResourceTags>(kms)
        .with::<list_retirable_grants::ListRetirableGrants>(kms)
        .with::<put_key_policy::PutKeyPolicy>(kms)
        .with::<re_encrypt::ReEncrypt>(kms)
        .with::<replicate_key::ReplicateKey>(kms)
        .with::<retire_grant::RetireGrant>(kms)
        .with::<revoke_grant::RevokeGrant>(kms)
        .with::<rotate_key_on_demand::RotateKeyOnDemand>(kms)
        .with::<schedule_key_deletion::ScheduleKeyDeletion>(kms)
        .with::<sign::Sign>(kms)
        .with::<tag_resource::TagResource>(kms)
        .with::<untag_resource::UntagResource>(kms)
        .with::<update_alias::UpdateAlias>(kms)
        .with::<update_custom_key_store::UpdateCustomKeyStore>(kms)
        .with::<update_key_description::UpdateKeyDescription>(kms)
        .with::<update_primary_region::UpdatePrimaryRegion>(kms)
        .with::<verify::Verify>(kms)
        .with::<verify_mac::VerifyMac>(kms)
}

/// A recipient's attestation document cannot be trusted by a server that has no attestation root.
fn refuse_recipient<E: From<ValidationException>>(given: bool) -> Result<(), E> {
    if given {
        let text = "The attestation document is not valid: no attestation root is configured.";
        return Err(ValidationException::new(text).into());
    }
    Ok(())
}

fn is_ignoring(modifiers: Option<&[DryRunModifierType]>) -> bool {
    modifiers.is_some_and(|modifiers| modifiers.contains(&DryRunModifierType::IgnoreCiphertext))
}

/// Whether a dry run looks away from the ciphertext. Outside a dry run the modifier is refused, and without it the
/// ciphertext is required.
fn ignores_ciphertext<E: From<ValidationException>>(
    modifiers: Option<&[DryRunModifierType]>,
    dry_run: Option<bool>,
    given: bool,
    member: &str,
) -> Result<bool, E> {
    if is_ignoring(modifiers) {
        if dry_run == Some(true) {
            return Ok(true);
        }
        return Err(ValidationException::new("DryRunModifiers can only be used when DryRun is true.").into());
    }
    if given {
        return Ok(false);
    }
    let text = format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    );
    Err(ValidationException::new(text).into())
}

/// Grant ids are 64 hexadecimal digits.
fn check_grant_id<E: From<InvalidGrantIdException>>(id: Option<&str>) -> Result<(), E> {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if id.is_none_or(|id| id.len() == 64 && id.bytes().all(hex)) {
        return Ok(());
    }
    Err(InvalidGrantIdException::new("The grant ID is not valid.").into())
}

fn no_such_grant(id: &str) -> NotFoundException {
    NotFoundException::new(format!("Grant '{id}' does not exist"))
}
