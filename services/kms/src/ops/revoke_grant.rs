//! RevokeGrant: the key's side ends a grant, at once and in every state of the key.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::grant::{end, find_by_id};
use crate::symmetric;

pub(super) struct RevokeGrant;

impl Operation for RevokeGrant {
    type Service = Kms;
    const NAME: &'static str = "RevokeGrant";
    const ACTION: &'static str = "kms:RevokeGrant";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(50);
    type Input = kms::RevokeGrantRequest;
    type Output = kms::RevokeGrantResponse;
    type Error = kms::RevokeGrantError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let found = find::find::<Self::Error>(cx, &input.key_id, Forms::NoAlias, true, Self::ACTION).await?;
        super::check_grant_id::<Self::Error>(Some(&input.grant_id))?;
        Ok(found)
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let found = find_by_id(cx.system, &subject.key, &input.grant_id).await.map_err(InternalFailure::from)?;
        let found = found.ok_or_else(|| super::no_such_grant(&input.grant_id))?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        Ok(Done::write(kms::RevokeGrantResponse, end(&subject.key, &found)))
    }
}
