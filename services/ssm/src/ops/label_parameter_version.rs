//! LabelParameterVersion: names for a version, taken from other versions where they were.

use super::prelude::*;
use crate::read;
use crate::record::ParameterRecord;

/// Most labels of a version.
const LABELS_MAX: usize = 10;

pub(super) struct LabelParameterVersion;

impl Operation for LabelParameterVersion {
    type Service = Ssm;
    const NAME: &'static str = "LabelParameterVersion";
    const ACTION: &'static str = "ssm:LabelParameterVersion";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::LabelParameterVersionRequest;
    type Output = ssm::LabelParameterVersionResponse;
    type Error = ssm::LabelParameterVersionError;
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
        let number = input.parameter_version.unwrap_or(record.current.version);
        if !(record.oldest()..=record.current.version).contains(&number) {
            return Err(ssm::ParameterVersionNotFound::new(read::no_version(&record.name, number)).into());
        }
        let (good, invalid): (Vec<_>, Vec<_>) = input.labels.iter().partition(|label| name::is_label(label));
        let mut labels = record.labels.clone();
        labels.extend(good.into_iter().map(|label| (label.clone(), number)));
        if labels.values().filter(|version| **version == number).count() > LABELS_MAX {
            let text = format!(
                "A parameter version can have maximum {LABELS_MAX} labels.Move one or more labels to another version \
                 and try again."
            );
            return Err(ssm::ParameterVersionLabelLimitExceeded::new(text).into());
        }
        let mut batch = Batch::default();
        if labels != record.labels {
            batch.update(parameter.stored, &ParameterRecord { labels, ..record.clone() });
        }
        let output = ssm::LabelParameterVersionResult {
            invalid_labels: Some(invalid.into_iter().cloned().collect()),
            parameter_version: Some(number),
        };
        Ok(Done::write(output, batch))
    }
}
