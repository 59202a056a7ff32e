//! DeleteImportedKeyMaterial: the bytes go at once; the key waits for them to be imported again.

use claviger_crypto::material::KeyMaterialId;

use super::prelude::*;
use crate::find::{self, Forms};
use crate::imported::Held;
use crate::record::{MaterialRecord, material_path};
use crate::{multi_region, state};

pub(super) struct DeleteImportedKeyMaterial;

impl Operation for DeleteImportedKeyMaterial {
    type Service = Kms;
    const NAME: &'static str = "DeleteImportedKeyMaterial";
    const ACTION: &'static str = "kms:DeleteImportedKeyMaterial";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(15);
    type Input = kms::DeleteImportedKeyMaterialRequest;
    type Output = kms::DeleteImportedKeyMaterialResponse;
    type Error = kms::DeleteImportedKeyMaterialError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require_external::<Self::Error>()?;
        key.require_manageable::<Self::Error>(&state::DELETE_MATERIAL)?;
        let mut record = key.record.clone();
        let never = |id: &str| {
            let text = format!("Key material (id: {id}) has never been imported into KMS key {}.", key.arn);
            Self::Error::from(ValidationException::new(text))
        };
        let asked = match &input.key_material_id {
            Some(text) => {
                let id = text.parse::<KeyMaterialId>().ok().filter(|id| record.import(id).is_some());
                Some(id.ok_or_else(|| never(text))?)
            }
            None => record.current_material,
        };
        let mut batch = Batch::default();
        if let Some(id) = asked {
            let staged = record.staged_import().is_some_and(|staged| staged.id == id);
            if staged && !record.is_replica() {
                record.imports.retain(|material| material.id != id);
            } else if let Some(material) = record.import_mut(&id) {
                material.held = Held::Absent;
                material.valid_to = None;
            }
            if record.imports != key.record.imports {
                batch.remove::<MaterialRecord>(material_path(&key.path, &id), None);
                batch.update(key.version, &record);
                if !record.is_replica() {
                    let related = multi_region::related(cx.system, &record).await.map_err(InternalFailure::from)?;
                    multi_region::share(&record, related, &mut batch);
                }
                cx.service.scrub_soon();
            }
        }
        let output = kms::DeleteImportedKeyMaterialResponse {
            key_id: Some(key.arn.clone()),
            key_material_id: asked.filter(|_| key.is_symmetric()).map(|id| id.to_string()),
        };
        Ok(Done::write(output, batch))
    }
}
