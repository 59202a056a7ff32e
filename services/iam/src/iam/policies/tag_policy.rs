//! TagPolicy: adds tags or replaces their values.

use crate::iam::find::ManagedTarget;
use crate::iam::prelude::*;

pub(super) struct TagPolicy;

impl Operation for TagPolicy {
    declare!(TagPolicy, Audit::write(), TagPolicyRequest => TagPolicyResponse, TagPolicyError, ManagedTarget);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::policy(cx, &input.policy_arn).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        conditions::request_tags(Some(&input.tags), key)
    }

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let stored = subject.own::<Self::Error>()?;
        let mut record = stored.record.clone();
        tags::add::<Self::Error>(&mut record.tags, &input.tags)?;
        let mut batch = Batch::default();
        batch.update(stored.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
