//! UntagPolicy: removes tags.

use crate::iam::find::ManagedTarget;
use crate::iam::prelude::*;

pub(super) struct UntagPolicy;

impl Operation for UntagPolicy {
    declare!(UntagPolicy, Audit::write(), UntagPolicyRequest => UntagPolicyResponse, UntagPolicyError, ManagedTarget);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::policy(cx, &input.policy_arn).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        conditions::removed_tags(&input.tag_keys, key)
    }

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let stored = subject.own::<Self::Error>()?;
        let mut record = stored.record.clone();
        tags::remove(&mut record.tags, &input.tag_keys);
        let mut batch = Batch::default();
        batch.update(stored.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
