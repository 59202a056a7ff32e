//! RotateKeyOnDemand: new key material now. The request is accepted here and completed by the worker.

use claviger_store::Stored;

use super::prelude::*;
use crate::find::{self, Forms};
use crate::imported::Held;
use crate::key::Key;
use crate::record::KeyRecord;
use crate::rotation::CONFLICT_WINDOW;
use crate::{limits, multi_region, state};

pub(super) struct RotateKeyOnDemand;

impl Operation for RotateKeyOnDemand {
    type Service = Kms;
    const NAME: &'static str = "RotateKeyOnDemand";
    const ACTION: &'static str = "kms:RotateKeyOnDemand";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::RotateKeyOnDemandRequest;
    type Output = kms::RotateKeyOnDemandResponse;
    type Error = kms::RotateKeyOnDemandError;
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
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        let arn = &key.arn;
        key.require::<Self::Error>(&state::ON_DEMAND)?;
        if !key.is_symmetric() {
            return Err(kms::UnsupportedOperationException::bare().into());
        }
        key.require_not_replica::<Self::Error>(Self::NAME)?;
        let related = multi_region::related(cx.system, &key.record).await.map_err(InternalFailure::from)?;
        let mut record = key.record.clone();
        let rotation = &mut record.rotation;
        let mut batch = Batch::default();
        // While one is under way another request succeeds and changes nothing.
        if rotation.on_demand_start.is_none() {
            if key.record.is_external() {
                require_staged(key, &related)?;
            }
            if u64::from(rotation.on_demand_count) >= limits::of_key(cx, key, &quotas::ON_DEMAND_ROTATIONS).await? {
                let text = format!(
                    "The on-demand rotations limit has been reached for the given keyId. \
                     No more on-demand rotations can be performed for this key: {arn}"
                );
                return Err(kms::LimitExceededException::new(text).into());
            }
            if rotation.next.is_some_and(|next| next.duration_since(cx.call.now) <= CONFLICT_WINDOW) {
                let text = format!("An automatic rotation of {arn} is in progress or due within 20 minutes.");
                return Err(kms::ConflictException::new(text).into());
            }
            rotation.on_demand_start = Some(cx.call.now);
            rotation.on_demand_count += 1;
            batch.update(key.version, &record);
            multi_region::share(&record, related, &mut batch);
        }
        Ok(Done::write(kms::RotateKeyOnDemandResponse { key_id: Some(arn.clone()) }, batch))
    }
}

/// Imported keys rotate to material that was imported for it, in every Region that has a related key.
fn require_staged(key: &Key, related: &[Stored<KeyRecord>]) -> Result<(), kms::RotateKeyOnDemandError> {
    let Some(staged) = key.record.staged_import() else {
        let text = format!("No available key material pending rotation for the key: {}.", key.arn);
        return Err(kms::KMSInvalidStateException::new(text).into());
    };
    let lacking = |key: &Stored<KeyRecord>| key.record.import(&staged.id).is_none_or(|own| own.held == Held::Absent);
    if related.iter().any(lacking) {
        let text = "Cannot perform key material rotation: Key material has not been imported for replicas of the \
                    Multi-Region key.";
        return Err(kms::KMSInvalidStateException::new(text).into());
    }
    Ok(())
}
