//! DeleteParameters: up to ten at once, all of them or none. What does not exist is told and is no error.

use super::prelude::*;
use crate::counts::Counts;
use crate::remove;

pub(super) struct DeleteParameters;

impl Operation for DeleteParameters {
    type Service = Ssm;
    const NAME: &'static str = "DeleteParameters";
    const ACTION: &'static str = "ssm:DeleteParameters";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::DeleteParametersRequest;
    type Output = ssm::DeleteParametersResponse;
    type Error = ssm::DeleteParametersError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let mut targets = Vec::with_capacity(input.names.len());
        for text in &input.names {
            let path = name::path(text)?;
            let parameter = find::own(cx, &path).await.map_err(InternalFailure::from)?;
            targets.push(Target::own(cx, &path, parameter));
        }
        Ok(Targets::many(targets, ()))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let mut counts = Counts::read(cx.system, cx.call.home()).await.map_err(InternalFailure::from)?;
        let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
        let mut gone = std::collections::BTreeSet::new();
        let mut batch = Batch::default();
        for (name, target) in input.names.iter().zip(&subject.targets) {
            match &target.parameter {
                None => invalid.push(name.clone()),
                // The same one under its other spelling.
                Some(parameter) if !gone.insert(&parameter.record.path) => {}
                Some(parameter) => {
                    remove::parameter(&parameter.record, parameter.stored, &mut counts, &mut batch);
                    deleted.push(name.clone());
                }
            }
        }
        counts.add_to(&mut batch);
        let output =
            ssm::DeleteParametersResult { deleted_parameters: Some(deleted), invalid_parameters: Some(invalid) };
        Ok(Done::write(output, batch))
    }
}
