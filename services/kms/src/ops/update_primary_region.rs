//! UpdatePrimaryRegion: a replica becomes the primary, and the primary a replica.

use claviger_pipeline::Limit;

use super::prelude::*;
use crate::conditions;
use crate::find::{self, Forms};
use crate::key::KEY_TYPE;
use crate::multi_region::{self, TRANSITION};
use crate::record::{Transition, key_path};
use crate::state;

pub(super) struct UpdatePrimaryRegion;

/// The primary key and the one that takes its place, if there is one.
pub(super) struct Promotion {
    primary: KeySubject,
    next: Option<KeySubject>,
}

impl Promotion {
    fn sides(&self) -> impl Iterator<Item = &KeySubject> {
        std::iter::once(&self.primary).chain(&self.next)
    }
}

impl Subject for Promotion {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.sides().map(|key| key.permission(action)).collect()
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        self.sides().nth(side)?.key_condition(key)
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        self.sides().map(|key| (key.key.arn.as_str(), key.key.record.account.as_str(), KEY_TYPE)).collect()
    }
}

impl Operation for UpdatePrimaryRegion {
    type Service = Kms;
    const NAME: &'static str = "UpdatePrimaryRegion";
    const ACTION: &'static str = "kms:UpdatePrimaryRegion";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::UpdatePrimaryRegionRequest;
    type Output = kms::UpdatePrimaryRegionResponse;
    type Error = kms::UpdatePrimaryRegionError;
    type Subject = Promotion;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let primary = find::find::<Self::Error>(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await?;
        let record = &primary.key.record;
        let mut next = None;
        let related = record.multi_region.as_ref().filter(|_| !record.is_replica());
        if related.is_some_and(|set| set.replicas.contains(&input.primary_region)) {
            let path = key_path(&record.account, &input.primary_region, &record.key_id);
            let key = cx.service.key(cx.system, path).await.map_err(InternalFailure::from)?;
            next = key.map(|key| KeySubject::new(cx.call, Self::ACTION, key, None, false));
        }
        Ok(Promotion { primary, next })
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:primaryregion" => conditions::one(&*input.primary_region),
            _ => None,
        }
    }

    fn elsewhere(input: &Self::Input) -> Option<(&str, &'static Limit, u32)> {
        Some((&input.primary_region, &quotas::UPDATE_PRIMARY_REGION, 1))
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.primary.key;
        if key.record.is_replica() {
            let text = format!("{} is not a multi-Region primary key.", key.arn);
            return Err(kms::KMSInvalidStateException::new(text).into());
        }
        let mut record = key.record.clone();
        let Some(set) = &mut record.multi_region else {
            let text = format!("{} is not a multi-region primary key.", key.arn);
            return Err(kms::UnsupportedOperationException::new(text).into());
        };
        if set.primary == input.primary_region {
            return Ok(Done::read(Default::default()));
        }
        let Some(next) = &subject.next else {
            let text = format!("{} does not have a replica key in the specified Region.", record.key_id);
            return Err(ValidationException::new(text).into());
        };
        key.require::<Self::Error>(&state::PROMOTE)?;
        next.key.require::<Self::Error>(&state::PROMOTE)?;

        set.replicas.remove(&input.primary_region);
        set.replicas.insert(std::mem::replace(&mut set.primary, input.primary_region.clone()));
        let until = cx.call.now.checked_add(TRANSITION).unwrap_or(cx.call.now);
        record.transition = Some(Transition::Updating { until });
        let mut related = multi_region::related(cx.system, &key.record).await.map_err(InternalFailure::from)?;
        if let Some(promoted) = related.iter_mut().find(|stored| stored.record.region == input.primary_region) {
            promoted.record.transition.clone_from(&record.transition);
        }
        let mut batch = Batch::default();
        batch.update(key.version, &record);
        multi_region::share(&record, related, &mut batch);
        Ok(Done::write(Default::default(), batch))
    }
}
