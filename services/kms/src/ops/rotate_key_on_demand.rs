//! RotateKeyOnDemand: new key material now. The request is accepted here and completed by the worker.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::rotation::{CONFLICT_WINDOW, ON_DEMAND_MAX};
use crate::state;

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
        let mut record = key.record.clone();
        let rotation = &mut record.rotation;
        let mut batch = Batch::default();
        // While one is under way another request succeeds and changes nothing.
        if rotation.on_demand_start.is_none() {
            if rotation.on_demand_count >= ON_DEMAND_MAX {
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
        }
        Ok(Done::write(kms::RotateKeyOnDemandResponse { key_id: Some(arn.clone()) }, batch))
    }
}
