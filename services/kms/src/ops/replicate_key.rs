//! ReplicateKey: a related key in another Region.

use claviger_pipeline::Limit;

use super::prelude::*;
use crate::create::NewKey;
use crate::find::{self, Forms};
use crate::key::{KEY_TYPE, Key};
use crate::multi_region::{self, TRANSITION};
use crate::record::{Manager, Transition};
use crate::regions::{NoReplica, can_replicate};
use crate::{conditions, metadata, policy, state, tags};

pub(super) struct ReplicateKey;

/// The primary key, and the replica that does not exist yet.
pub(super) struct Replication {
    primary: KeySubject,
    replica_arn: String,
    tagged: bool,
}

impl Subject for Replication {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        let account = &*self.primary.key.record.account;
        let mut needed = vec![self.primary.permission(action), Permission::on_account("kms:CreateKey", account)];
        needed.extend(self.tagged.then(|| Permission::on_account("kms:TagResource", account)));
        needed
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        match (side, key) {
            (0, _)
            | (_, "kms:keyspec" | "kms:keyusage" | "kms:keyorigin" | "kms:multiregion" | "kms:calleraccount") => {
                self.primary.key_condition(key)
            }
            (_, "kms:multiregionkeytype") => conditions::one(kms::MultiRegionKeyType::Replica.as_str()),
            _ => None,
        }
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        let primary = &self.primary.key;
        let account = &*primary.record.account;
        vec![(&primary.arn, account, KEY_TYPE), (&self.replica_arn, account, KEY_TYPE)]
    }
}

type Request = kms::ReplicateKeyRequest;
type Error = kms::ReplicateKeyError;

impl Operation for ReplicateKey {
    type Service = Kms;
    const NAME: &'static str = "ReplicateKey";
    const ACTION: &'static str = "kms:ReplicateKey";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(5);
    type Input = Request;
    type Output = kms::ReplicateKeyResponse;
    type Error = Error;
    type Subject = Replication;

    async fn subject(cx: KmsCx<'_>, input: &Request) -> Result<Self::Subject, Error> {
        let (here, there) = (&*cx.call.region, &*input.replica_region);
        let invalid = |text: String| Error::from(ValidationException::new(text));
        can_replicate(here, there).map_err(|reason| match reason {
            NoReplica::Unknown => invalid(format!(
                "Region {there} is not a valid Region or multi-Region keys are not supported in Region {there}."
            )),
            NoReplica::Partition => {
                invalid("The replica key Region must be in the same AWS partition as the primary key Region.".into())
            }
        })?;
        let primary = find::find::<Error>(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await?;
        let replica_arn = primary.key.record.arn_in(there);
        let tagged = input.tags.as_ref().is_some_and(|tags| !tags.is_empty());
        Ok(Replication { primary, replica_arn, tagged })
    }

    fn condition<'a>(input: &'a Request, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:replicaregion" => conditions::one(&*input.replica_region),
            "kms:bypasspolicylockoutsafetycheck" => {
                let bypass = input.bypass_policy_lockout_safety_check == Some(true);
                conditions::one(claviger_pipeline::bool_text(bypass))
            }
            _ => {
                let tags = input.tags.as_deref().unwrap_or_default();
                conditions::request_tags(tags.iter().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str())), key)
            }
        }
    }

    fn omitted(input: &Request, _side: usize, key: &str) -> bool {
        key == "kms:bypasspolicylockoutsafetycheck" && input.bypass_policy_lockout_safety_check.is_none()
    }

    /// A dry run and the making of the replica.
    fn elsewhere(input: &Request) -> Option<(&str, &'static Limit, u32)> {
        Some((&input.replica_region, &quotas::CREATE_KEY, 2))
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Request,
    ) -> Result<Done<Self::Output>, Error> {
        let primary = &subject.primary.key;
        let region = &input.replica_region;
        let mut record = primary.record.clone();
        let Some(set) = record.multi_region.as_mut().filter(|_| !primary.record.is_replica()) else {
            let text = format!("{} is not a multi-region primary key.", primary.arn);
            return Err(kms::UnsupportedOperationException::new(text).into());
        };
        if *region == primary.record.region {
            let text = format!("{region} cannot have a replica because it contains the primary.");
            return Err(ValidationException::new(text).into());
        }
        primary.require::<Error>(&state::REPLICATE)?;
        if !set.replicas.insert(region.clone()) {
            let text = "You can create only one replica of each primary key in each AWS Region.";
            return Err(kms::AlreadyExistsException::new(text).into());
        }
        let policy = match &input.policy {
            Some(text) => {
                let bypass = input.bypass_policy_lockout_safety_check == Some(true);
                policy::accept::<Error>(cx, text, &subject.replica_arn, bypass).await?
            }
            None => claviger_policy::default_key_policy(cx.call.partition, cx.call.account()).into(),
        };
        tags::check_number::<Error>(cx, input.tags.as_deref().unwrap_or_default()).await?;
        let tags = tags::accept::<Error>(input.tags.as_deref().unwrap_or_default())?;
        cx.service.room_for_key::<Error>(cx.system, &record.account, region).await?;

        let mut replica = NewKey {
            account: record.account.clone(),
            region: region.clone(),
            key_id: record.key_id.clone(),
            spec: record.key_spec(),
            usage: record.key_usage(),
            description: input.description.clone().unwrap_or_default(),
            policy,
            tags,
            manager: Manager::Customer,
            created: cx.call.now,
            period_days: None,
            enabled: true,
            origin: record.key_origin(),
            multi_region: None,
        }
        .record();
        replica.follow(&record);
        let until = cx.call.now.checked_add(TRANSITION).unwrap_or(cx.call.now);
        replica.transition = Some(Transition::Creating { until });

        let mut batch = Batch::default();
        if !record.is_external() {
            let copied = multi_region::copy_materials(cx.system, primary, &replica, &mut batch).await;
            copied.map_err(InternalFailure::from)?;
        }
        batch.update(primary.version, &record);
        let related = multi_region::related(cx.system, &primary.record).await.map_err(InternalFailure::from)?;
        multi_region::share(&record, related, &mut batch);
        batch.insert(&replica);

        let shown = Key::new(replica, 0, cx.call.partition, Vec::new()).map_err(InternalFailure::from)?;
        let mut replica_key_metadata = metadata::of(&shown);
        // The answer, unlike every later one, has the primary's.
        if let Some((model, _)) = record.expiration() {
            replica_key_metadata.expiration_model = Some(model);
        }
        let output = kms::ReplicateKeyResponse {
            replica_key_metadata: Some(replica_key_metadata),
            replica_policy: Some(shown.record.policy.clone()),
            replica_tags: input.tags.clone().filter(|tags| !tags.is_empty()),
        };
        Ok(Done::write(output, batch))
    }
}
