//! CreateAlias: a name for a key, unique in the account and Region.

use super::prelude::*;
use crate::alias::{self, AliasSubject};
use crate::record::{AliasRecord, alias_path};
use crate::state;

pub(super) struct CreateAlias;

impl Operation for CreateAlias {
    type Service = Kms;
    const NAME: &'static str = "CreateAlias";
    const ACTION: &'static str = "kms:CreateAlias";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::CreateAliasRequest;
    type Output = kms::CreateAliasResponse;
    type Error = kms::CreateAliasError;
    type Subject = AliasSubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        alias::check_name::<Self::Error>(&input.alias_name)?;
        alias::check_not_empty::<Self::Error>(&input.alias_name)?;
        let target = alias::target::<Self::Error>(cx, &input.target_key_id, Self::ACTION).await?;
        Ok(AliasSubject::new(cx, &input.alias_name, vec![target]))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let [target] = subject.keys.as_slice() else {
            return Err(InternalFailure::new("an alias without a target").into());
        };
        let key = &target.key;
        key.require_manageable::<Self::Error>(&state::ALIAS)?;
        let path = alias_path(cx.call.account(), &cx.call.region, &input.alias_name);
        let taken = cx.service.alias_target(cx.system, path).await.map_err(InternalFailure::from)?;
        if taken.is_some() {
            let text = format!("An alias with the name {} already exists", subject.arn);
            return Err(kms::AlreadyExistsException::new(text).into());
        }
        alias::require_room::<Self::Error>(cx, key).await?;
        let mut batch = Batch::default();
        batch.insert(&AliasRecord {
            account: cx.call.account().to_owned(),
            region: cx.call.region.to_string(),
            name: input.alias_name.clone(),
            target: key.record.key_id.clone(),
            created: cx.call.now,
            updated: cx.call.now,
        });
        // Writing the key too makes counting its aliases, and its deletion, exclude each other.
        batch.update(key.version, &key.record);
        Ok(Done::write(Default::default(), batch))
    }
}
