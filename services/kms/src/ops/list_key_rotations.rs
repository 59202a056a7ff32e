//! ListKeyRotations: completed rotations, oldest first; on request the first material too.

use claviger_store::Records;

use super::prelude::*;
use crate::find::{self, Forms};
use crate::key::Key;
use crate::page::{Bounds, Markers};
use crate::paged::Paged;
use crate::record::MaterialRecord;

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
        let prefix = format!("{}/", key.path);
        let all = shows_all(input);
        if all && !key.is_symmetric() {
            let text = "Input parameter includeKeyMaterial can only be used with symmetric keys.";
            return Err(ValidationException::new(text).into());
        }
        // The first material is the only one no rotation brought: reading one more row makes up for leaving it out.
        let first_page = subject.after.is_none();
        let limit = BOUNDS.limit(input.limit) + usize::from(!all && first_page);
        let (rows, next) = cx
            .system
            .store
            .list::<MaterialRecord>(Some("by_key"), &prefix, None, subject.after.as_deref(), limit)
            .await
            .map_err(InternalFailure::new)?;
        let rotations = rows
            .into_iter()
            .filter(|row| all || row.record.rotated.is_some())
            .map(|row| entry(key, row.record))
            .collect();
        let truncated = next.is_some();
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &question(input));
        Ok(Done::read(kms::ListKeyRotationsResponse {
            rotations: Some(rotations),
            next_marker: markers.seal(next).await?,
            truncated: Some(truncated),
        }))
    }
}

fn entry(key: &Key, material: MaterialRecord) -> kms::RotationsListEntry {
    let current = material.material_id == key.record.current_material;
    let state = if current { kms::KeyMaterialState::Current } else { kms::KeyMaterialState::NonCurrent };
    kms::RotationsListEntry {
        key_id: Some(key.arn.clone()),
        key_material_id: Some(material.material_id.to_string()),
        key_material_state: Some(state),
        rotation_date: material.rotated.as_ref().map(|rotated| Timestamp(rotated.date)),
        rotation_type: material.rotated.as_ref().and_then(|rotated| rotated.kind.parse().ok()),
        ..Default::default()
    }
}
