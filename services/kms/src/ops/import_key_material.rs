//! ImportKeyMaterial: material made elsewhere becomes, or becomes again, that of a key with origin `EXTERNAL`.

use claviger_crypto::material::KeyMaterialId;
use claviger_pipeline::{Work, internal, offload};

use super::prelude::*;
use crate::find::{self, Forms};
use crate::import::{self, Refused, VALID_DAYS_MAX};
use crate::imported::{Held, ImportedMaterial};
use crate::key::Key;
use crate::record::{KeyRecord, MaterialRecord};
use crate::rotation::days_after;
use crate::{conditions, multi_region, state};

pub(super) struct ImportKeyMaterial;

type Request = kms::ImportKeyMaterialRequest;
type Error = kms::ImportKeyMaterialError;

impl Operation for ImportKeyMaterial {
    type Service = Kms;
    const NAME: &'static str = "ImportKeyMaterial";
    const ACTION: &'static str = "kms:ImportKeyMaterial";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(15);
    type Input = Request;
    type Output = kms::ImportKeyMaterialResponse;
    type Error = Error;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Request) -> Result<Self::Subject, Error> {
        check_expiry(input, cx.call.now)?;
        if input.key_material_id.is_some() && input.import_type == Some(kms::ImportType::NewKeyMaterial) {
            return refuse("Input parameter keyMaterialId cannot be used with NEW_KEY_MATERIAL importType.");
        }
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(input: &'a Request, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:expirationmodel" => conditions::one(expiration_model(input).as_str()),
            "kms:validto" => conditions::one(input.valid_to?.0.to_string()),
            _ => None,
        }
    }

    fn omitted(input: &Request, _side: usize, key: &str) -> bool {
        key == "kms:expirationmodel" && input.expiration_model.is_none()
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Request,
    ) -> Result<Done<Self::Output>, Error> {
        let key = &subject.key;
        key.require_external::<Error>()?;
        key.require_manageable::<Error>(&state::IMPORT_MATERIAL)?;
        check_key(key, input)?;
        let failure = |error| InternalFailure::from(internal(error));
        let record = &key.record;
        let domain = cx.system.vault.domain(&*cx.system.store, &record.account, &record.region).await;
        let domain = domain.map_err(|error| failure(error.to_string()))?;

        let kind = key.kind().map_err(InternalFailure::from)?;
        let (path, now) = (key.path.clone(), cx.call.now);
        let (token, wrapped) = (input.import_token.0.clone(), input.encrypted_key_material.0.clone());
        let opener = std::sync::Arc::clone(&domain);
        let opened = offload(Work::Short, move || {
            import::open_token(&opener, &path, &token, now).map(|opened| opened.material(kind, &wrapped))
        });
        let backing = match opened.await.map_err(InternalFailure::from)? {
            Ok(Some(backing)) => backing,
            Ok(None) => return Err(kms::InvalidCiphertextException::bare().into()),
            Err(Refused::Invalid) => return Err(kms::InvalidImportTokenException::bare().into()),
            Err(Refused::Expired) => {
                return Err(kms::ExpiredImportTokenException::new("The import token is expired.").into());
            }
        };

        let mut record = record.clone();
        let id = backing.id(&record.key_id);
        accept(key, &mut record, id, input)?;
        let number = record.imports.iter().position(|material| material.id == id).unwrap_or_default();
        record.materials = record.materials.max(record.imports.len() as u64);
        record.enabled = true;
        let wrapped = backing.wrap(&domain, &record.key_id).map_err(InternalFailure::from)?;
        let mut batch = Batch::default();
        let path = key.path.to_string();
        batch.put(&MaterialRecord { key: path, material_id: id, wrapped, number: number as u64, rotated: None });
        batch.update(key.version, &record);
        if !record.is_replica() {
            let related = multi_region::related(cx.system, &record).await.map_err(InternalFailure::from)?;
            multi_region::share(&record, related, &mut batch);
        }
        let output = kms::ImportKeyMaterialResponse {
            key_id: Some(key.arn.clone()),
            key_material_id: key.is_symmetric().then(|| id.to_string()),
        };
        Ok(Done::write(output, batch))
    }
}

fn refuse<T>(text: impl Into<String>) -> Result<T, Error> {
    Err(ValidationException::new(text.into()).into())
}

fn expiration_model(input: &Request) -> kms::ExpirationModelType {
    input.expiration_model.unwrap_or(kms::ExpirationModelType::KeyMaterialExpires)
}

fn check_expiry(input: &Request, now: jiff::Timestamp) -> Result<(), Error> {
    match (expiration_model(input), input.valid_to) {
        (kms::ExpirationModelType::KeyMaterialExpires, None) => {
            refuse("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
        }
        (kms::ExpirationModelType::KeyMaterialDoesNotExpire, Some(_)) => {
            refuse("A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE")
        }
        (_, Some(Timestamp(date))) if date <= now => refuse("ValidTo must be in the future"),
        (_, Some(Timestamp(date))) if date > days_after(now, VALID_DAYS_MAX) => {
            refuse("ValidTo must be less than 365 days in the future")
        }
        _ => Ok(()),
    }
}

/// Members that only some keys take.
fn check_key(key: &Key, input: &Request) -> Result<(), Error> {
    let given = [
        (input.import_type.is_some(), "importType"),
        (input.key_material_id.is_some(), "keyMaterialId"),
        (input.key_material_description.is_some(), "keyMaterialDescription"),
    ];
    if !key.is_symmetric()
        && let Some((_, member)) = given.iter().find(|(given, _)| *given)
    {
        let spec = &key.record.spec;
        return refuse(format!("Input parameter {member} cannot be used with {spec} imported keys."));
    }
    if key.record.is_replica() {
        if input.key_material_description.is_some() {
            return refuse("Key material description can only be specified on primary Multi-Region keys");
        }
        if input.import_type == Some(kms::ImportType::NewKeyMaterial) {
            return refuse("Input parameter ImportType NEW_KEY_MATERIAL cannot be used on replica Multi-Region keys");
        }
    }
    Ok(())
}

/// Enters the material into the key's list, or says why it does not belong there.
fn accept(key: &Key, record: &mut KeyRecord, id: KeyMaterialId, input: &Request) -> Result<(), Error> {
    let arn = &key.arn;
    let is_first = record.imports.is_empty();
    let is_new = match input.import_type {
        Some(kms::ImportType::NewKeyMaterial) => true,
        Some(kms::ImportType::ExistingKeyMaterial) => false,
        None => is_first,
    };
    let unexpected = |expected: String| {
        let text = format!("Imported key material does not have the expected identifier ({expected}).");
        Err(kms::IncorrectKeyMaterialException::new(text).into())
    };
    if let Some(expected) = input.key_material_id.as_ref().filter(|expected| **expected != id.to_string()) {
        return unexpected(expected.clone());
    }
    if is_new {
        if record.import(&id).is_some() {
            let text = format!(
                "Key material (id: {id}) being imported as NEW_KEY_MATERIAL is already associated with KMS key {arn}."
            );
            return Err(kms::IncorrectKeyMaterialException::new(text).into());
        }
        if let Some(staged) = record.staged_import().filter(|_| !is_first) {
            let staged = staged.id;
            let text = format!(
                "New key material (id: {id}) cannot be imported into KMS key {arn}, because another key material \
                 (id: {staged}) is pending rotation."
            );
            return Err(kms::KMSInvalidStateException::new(text).into());
        }
        record.imports.push(ImportedMaterial::absent(id, None, None));
        if is_first {
            record.current_material = Some(id);
        }
    } else if is_first {
        return refuse("Input parameter ImportType EXISTING_KEY_MATERIAL cannot be used before material was imported.");
    } else if record.import(&id).is_none() {
        return unexpected(record.current_material.map(|id| id.to_string()).unwrap_or_default());
    }
    if let Some(material) = record.import_mut(&id) {
        material.held = Held::Present;
        material.valid_to = input.valid_to.map(|date| date.0);
        if input.key_material_description.is_some() {
            material.description.clone_from(&input.key_material_description);
        }
    }
    Ok(())
}
