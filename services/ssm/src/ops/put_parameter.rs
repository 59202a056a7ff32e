//! PutParameter: a new parameter, or a new version of one.

use super::prelude::*;
use crate::counts::Counts;
use crate::put::{self, Change};
use crate::record::{ParameterRecord, VERSIONS_MAX, VersionRecord, version_id};
use crate::{tags, value};

/// The permission that tags need, besides the operation's own.
const TAGGING: &str = "ssm:AddTagsToResource";

pub(super) struct PutParameter;

impl Operation for PutParameter {
    type Service = Ssm;
    const NAME: &'static str = "PutParameter";
    const ACTION: &'static str = "ssm:PutParameter";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(3);
    type Input = ssm::PutParameterRequest;
    type Output = ssm::PutParameterResponse;
    type Error = ssm::PutParameterError;
    /// The parameter's path.
    type Subject = Targets<String>;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let path = name::new_path::<Self::Error>(cx.call, &input.name)?;
        value::check(input.value.expose())?;
        let tagged = input.tags.as_ref().is_some_and(|tags| !tags.is_empty());
        if tagged && input.overwrite == Some(true) {
            let text = "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, \
                        please remove overwrite flag. To update tags for an existing parameter, please use \
                        AddTagsToResource or RemoveTagsFromResource.";
            return Err(ValidationException::new(text).into());
        }
        tags::accept(input.tags.as_deref().unwrap_or_default())?;
        let parameter = find::own(cx, &path).await.map_err(InternalFailure::from)?;
        let mut subject = Targets::one(Target::own(cx, &path, parameter), path);
        subject.also = tagged.then_some(TAGGING);
        Ok(subject)
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "ssm:overwrite" => Some(Values::One(bool_text(input.overwrite == Some(true)).into())),
            "ssm:policies" => Some(Values::One(bool_text(input.policies.is_some()).into())),
            _ => tags::requested(input.tags.as_deref().unwrap_or_default(), key),
        }
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        match key {
            "ssm:overwrite" => input.overwrite.is_none(),
            "ssm:policies" => input.policies.is_none(),
            _ => false,
        }
    }

    fn overtaken() -> Option<Self::Error> {
        Some(super::too_many_updates().into())
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let path = &subject.known;
        let existing = subject.parameter();
        if existing.is_some() && input.overwrite != Some(true) {
            let text = "The parameter already exists. To overwrite this value, set the overwrite option in the request \
                        to true.";
            return Err(ssm::ParameterAlreadyExists::new(text).into());
        }
        let mut counts = Counts::read(cx.system, cx.call.home()).await.map_err(InternalFailure::from)?;
        let change = Change::of(cx, path, existing.map(|existing| &existing.record.current), input, &counts).await?;
        let (number, tier) = (change.number, change.tier);
        let mut batch = Batch::default();
        match existing {
            Some(existing) => {
                let record = &existing.record;
                let dropped = number - VERSIONS_MAX;
                if record.labels.values().any(|version| *version == dropped) {
                    return Err(ssm::ParameterMaxVersionLimitExceeded::new(put::labelled(&record.name, dropped)).into());
                }
                let current = change.version::<Self::Error>(cx, &existing.arn).await?;
                let id = claviger_store::Record::id(record);
                if dropped > 0 {
                    batch.remove::<VersionRecord>(version_id(&id, dropped), None);
                }
                let replaced = VersionRecord { parameter: id, version: record.current.clone() };
                batch.insert(&replaced);
                if record.current.tier != tier {
                    counts.change(record, record.current.tier, -1);
                    counts.change(record, tier, 1);
                }
                batch.update(existing.stored, &ParameterRecord { current, ..record.clone() });
            }
            None => {
                let arn = name::arn(cx.call.partition, &cx.call.region, cx.call.account(), path);
                let record = ParameterRecord {
                    account: cx.call.account().to_owned(),
                    region: cx.call.region.to_string(),
                    path: path.clone(),
                    name: input.name.trim_matches(' ').to_owned(),
                    current: change.version::<Self::Error>(cx, &arn).await?,
                    labels: Default::default(),
                    tags: tags::accept(input.tags.as_deref().unwrap_or_default())?,
                    sharing: None,
                };
                counts.change(&record, tier, 1);
                batch.insert(&record);
            }
        }
        counts.add_to(&mut batch);
        Ok(Done::write(ssm::PutParameterResult { version: Some(number), tier: Some(tier.into()) }, batch))
    }
}
