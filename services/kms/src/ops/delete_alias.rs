//! DeleteAlias: the name goes, the key stays.

use super::prelude::*;
use crate::alias::{self, AliasSubject};
use crate::find;
use crate::record::{AliasRecord, alias_path};

pub(super) struct DeleteAlias;

impl Operation for DeleteAlias {
    type Service = Kms;
    const NAME: &'static str = "DeleteAlias";
    const ACTION: &'static str = "kms:DeleteAlias";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(15);
    type Input = kms::DeleteAliasRequest;
    type Output = kms::DeleteAliasResponse;
    type Error = kms::DeleteAliasError;
    type Subject = AliasSubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        alias::check_name::<Self::Error>(&input.alias_name)?;
        let key = find::find_any::<Self::Error>(cx, &input.alias_name, Self::ACTION).await?;
        Ok(AliasSubject::new(cx, &input.alias_name, vec![key]))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let mut batch = Batch::default();
        let path = alias_path(cx.call.account(), &cx.call.region, &input.alias_name);
        batch.remove::<AliasRecord>(&path, None);
        for subject in &subject.keys {
            batch.update(subject.key.version, &subject.key.record);
        }
        Ok(Done::write(Default::default(), batch))
    }
}
