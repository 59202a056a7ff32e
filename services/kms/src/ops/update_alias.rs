//! UpdateAlias: the alias stands for another key from now on.

use claviger_store::Records;

use super::prelude::*;
use crate::alias::{self, AliasSubject};
use crate::find;
use crate::record::{AliasRecord, alias_path};
use crate::state;

pub(super) struct UpdateAlias;

impl Operation for UpdateAlias {
    type Service = Kms;
    const NAME: &'static str = "UpdateAlias";
    const ACTION: &'static str = "kms:UpdateAlias";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::UpdateAliasRequest;
    type Output = kms::UpdateAliasResponse;
    type Error = kms::UpdateAliasError;
    type Subject = AliasSubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        alias::check_name::<Self::Error>(&input.alias_name)?;
        let old = find::find_any::<Self::Error>(cx, &input.alias_name, Self::ACTION).await?;
        let new = alias::target::<Self::Error>(cx, &input.target_key_id, Self::ACTION).await?;
        Ok(AliasSubject::new(cx, &input.alias_name, vec![old, new]))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let [old, new] = subject.keys.as_slice() else {
            return Err(InternalFailure::new("an alias without old and new target").into());
        };
        let (old, new) = (&old.key, &new.key);
        new.require_manageable::<Self::Error>(&state::ALIAS)?;
        if old.record.spec != new.record.spec && old.record.usage != new.record.usage {
            let text = "The alias can only be associated with a key of the same type and usage.";
            return Err(ValidationException::new(text).into());
        }
        let path = alias_path(cx.call.account(), &cx.call.region, &input.alias_name);
        let stored = cx.system.store.load::<AliasRecord>(&path).await.map_err(InternalFailure::new)?;
        let Some(stored) = stored else {
            let text = format!("Alias {} is not found.", subject.arn);
            return Err(kms::NotFoundException::new(text).into());
        };
        let moves = old.path != new.path;
        if moves {
            alias::require_room::<Self::Error>(cx, new).await?;
        }
        let mut record = stored.record;
        record.target.clone_from(&new.record.key_id);
        record.updated = cx.call.now;
        let mut batch = Batch::default();
        batch.update(stored.version, &record);
        // Both keys are written, so that what they know of their aliases is read anew.
        if moves {
            batch.update(old.version, &old.record);
        }
        batch.update(new.version, &new.record);
        Ok(Done::write(Default::default(), batch))
    }
}
