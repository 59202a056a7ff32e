//! UnlabelParameterVersion: takes names from a version.

use super::prelude::*;
use crate::read;
use crate::record::ParameterRecord;

pub(super) struct UnlabelParameterVersion;

impl Operation for UnlabelParameterVersion {
    type Service = Ssm;
    const NAME: &'static str = "UnlabelParameterVersion";
    const ACTION: &'static str = "ssm:UnlabelParameterVersion";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::UnlabelParameterVersionRequest;
    type Output = ssm::UnlabelParameterVersionResponse;
    type Error = ssm::UnlabelParameterVersionError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let path = name::path(&input.name)?;
        let parameter = find::own(cx, &path).await.map_err(InternalFailure::from)?;
        Ok(Targets::one(Target::own(cx, &path, parameter), ()))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    fn overtaken() -> Option<Self::Error> {
        Some(super::too_many_updates().into())
    }

    async fn run(
        _cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let parameter = subject.parameter().ok_or_else(ssm::ParameterNotFound::bare)?;
        let record = &parameter.record;
        let number = input.parameter_version;
        if !(record.oldest()..=record.current.version).contains(&number) {
            return Err(ssm::ParameterVersionNotFound::new(read::no_version(&record.name, number)).into());
        }
        let mut labels = record.labels.clone();
        let (mut removed, mut invalid) = (Vec::new(), Vec::new());
        for label in &input.labels {
            if labels.get(label) == Some(&number) {
                labels.remove(label);
                removed.push(label.clone());
            } else if !removed.contains(label) {
                invalid.push(label.clone());
            }
        }
        let mut batch = Batch::default();
        if !removed.is_empty() {
            batch.update(parameter.stored, &ParameterRecord { labels, ..record.clone() });
        }
        let output =
            ssm::UnlabelParameterVersionResult { removed_labels: Some(removed), invalid_labels: Some(invalid) };
        Ok(Done::write(output, batch))
    }
}
