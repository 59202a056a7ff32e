//! ListKeyRotations: completed rotations, oldest first; on request all other material too.

use claviger_crypto::material::KeyMaterialId;
use claviger_pipeline::{Internal, internal};
use claviger_store::Records;

use super::prelude::*;
use crate::find::{self, Forms};
use crate::imported::Held;
use crate::key::Key;
use crate::multi_region;
use crate::page::{Bounds, Markers};
use crate::paged::Paged;
use crate::record::{MaterialRecord, Rotated};

const BOUNDS: Bounds = Bounds { default: 100, max: 1000 };

pub(super) struct ListKeyRotations;

fn question(input: &kms::ListKeyRotationsRequest) -> String {
    format!("{}/{}", input.key_id, shows_all(input))
}

fn shows_all(input: &kms::ListKeyRotationsRequest) -> bool {
    input.include_key_material == Some(kms::IncludeKeyMaterial::AllKeyMaterial)
}

impl Operation for ListKeyRotations {
    type Service = Kms;
    const NAME: &'static str = "ListKeyRotations";
    const ACTION: &'static str = "kms:ListKeyRotations";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(100);
    type Input = kms::ListKeyRotationsRequest;
    type Output = kms::ListKeyRotationsResponse;
    type Error = kms::ListKeyRotationsError;
    type Subject = Paged<KeySubject>;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &question(input));
        let after = markers.open::<Self::Error>(input.marker.as_deref()).await?;
        let subject = find::find::<Self::Error>(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await?;
        Ok(Paged::new(subject, after))
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
        let all = shows_all(input);
        if all && !key.is_symmetric() {
            let text = "Input parameter includeKeyMaterial can only be used with symmetric keys.";
            return Err(ValidationException::new(text).into());
        }
        let limit = BOUNDS.limit(input.limit);
        let (rotations, next) = if key.record.is_external() {
            imported(cx, key, all, subject.after.as_deref(), limit).await.map_err(InternalFailure::from)?
        } else {
            made_here(cx, key, all, subject.after.as_deref(), limit).await.map_err(InternalFailure::from)?
        };
        let truncated = next.is_some();
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &question(input));
        Ok(Done::read(kms::ListKeyRotationsResponse {
            rotations: Some(rotations),
            next_marker: markers.seal(next).await?,
            truncated: Some(truncated),
        }))
    }
}

type Page = (Vec<kms::RotationsListEntry>, Option<String>);

/// The materials of a key that makes its own, a row each.
async fn made_here(cx: KmsCx<'_>, key: &Key, all: bool, after: Option<&str>, limit: usize) -> Result<Page, Internal> {
    // The first material is the only one no rotation brought: reading one more row makes up for leaving it out.
    let limit = limit + usize::from(!all && after.is_none());
    let prefix = format!("{}/", key.path);
    let rows = cx.system.store.list::<MaterialRecord>(Some("by_key"), &prefix, None, after, limit).await;
    let (rows, next) = rows.map_err(internal)?;
    let entries = rows.into_iter().map(|row| row.record).filter(|material| all || material.rotated.is_some());
    let entries = entries.map(|material| {
        let current = Some(material.material_id) == key.record.current_material;
        let state = if current { kms::KeyMaterialState::Current } else { kms::KeyMaterialState::NonCurrent };
        entry(key, &material.material_id, state, material.rotated.as_ref())
    });
    Ok((entries.collect(), next))
}

/// The materials of a key whose material comes from outside: what the key remembers of them.
async fn imported(cx: KmsCx<'_>, key: &Key, all: bool, after: Option<&str>, limit: usize) -> Result<Page, Internal> {
    let record = &key.record;
    let staged = match record.staged_import() {
        Some(staged) => {
            let mut holders = multi_region::related(cx.system, record).await?;
            holders.retain(|key| key.record.import(&staged.id).is_none_or(|own| own.held == Held::Absent));
            let here = staged.held != Held::Absent || record.multi_region.is_none();
            if holders.is_empty() && here {
                kms::KeyMaterialState::PendingRotation
            } else {
                kms::KeyMaterialState::PendingMultiRegionImportAndRotation
            }
        }
        None => kms::KeyMaterialState::PendingRotation,
    };
    let needed = record.needed_imports().len();
    let from = after.and_then(|index| index.parse().ok()).unwrap_or(0);
    let listed = record.imports.iter().enumerate().filter(|(_, material)| all || material.rotated.is_some());
    let mut page: Vec<_> = listed.skip_while(|(index, _)| *index < from).take(limit + 1).collect();
    let next = page.get(limit).map(|(index, _)| index.to_string());
    page.truncate(limit);
    let entries = page.into_iter().map(|(index, material)| {
        let state = match index + 1 {
            place if place < needed => kms::KeyMaterialState::NonCurrent,
            place if place == needed => kms::KeyMaterialState::Current,
            _ => staged,
        };
        kms::RotationsListEntry {
            key_material_description: material.description.clone(),
            import_state: Some(material.import_state()),
            expiration_model: material.expiration_model(),
            valid_to: material.valid_to.map(Timestamp),
            ..entry(key, &material.id, state, material.rotated.as_ref())
        }
    });
    Ok((entries.collect(), next))
}

fn entry(
    key: &Key,
    id: &KeyMaterialId,
    state: kms::KeyMaterialState,
    rotated: Option<&Rotated>,
) -> kms::RotationsListEntry {
    kms::RotationsListEntry {
        key_id: Some(key.arn.clone()),
        key_material_id: Some(id.to_string()),
        key_material_state: Some(state),
        rotation_date: rotated.map(|rotated| Timestamp(rotated.date)),
        rotation_type: rotated.and_then(|rotated| rotated.kind.parse().ok()),
        ..Default::default()
    }
}
