//! DeleteParameter: with all its versions, labels, tags and policies.

use super::prelude::*;
use crate::counts::Counts;
use crate::remove;

pub(super) struct DeleteParameter;

impl Operation for DeleteParameter {
    type Service = Ssm;
    const NAME: &'static str = "DeleteParameter";
    const ACTION: &'static str = "ssm:DeleteParameter";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::DeleteParameterRequest;
    type Output = ssm::DeleteParameterResponse;
    type Error = ssm::DeleteParameterError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let path = name::path(&input.name)?;
        let parameter = find::own(cx, &path).await.map_err(InternalFailure::from)?;
        Ok(Targets::one(Target::own(cx, &path, parameter), ()))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let parameter = subject.parameter().ok_or_else(ssm::ParameterNotFound::bare)?;
        let mut counts = Counts::read(cx.system, cx.call.home()).await.map_err(InternalFailure::from)?;
        let mut batch = Batch::default();
        remove::parameter(&parameter.record, parameter.stored, &mut counts, &mut batch);
        counts.add_to(&mut batch);
        Ok(Done::write(ssm::DeleteParameterResult, batch))
    }
}
