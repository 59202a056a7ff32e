//! CreateKey.

use std::sync::Arc;

use claviger_pipeline::{Caller, Via, bool_text, internal};

use super::prelude::*;
use crate::backing::Backing;
use crate::create::{NewKey, new_key_id};
use crate::key::{KEY_TYPE, Key, key_arn};
use crate::multi_region::MultiRegion;
use crate::policy::KeyPolicy;
use crate::record::Manager;
use crate::spec::{self, Kind};
use crate::{conditions, key_store, metadata, policy, tags};

pub(super) struct CreateKey;

/// The key to be made; its id is chosen before its policy is judged, because the policy may name it.
pub(super) struct Proposal {
    account: NoResource,
    owner: String,
    key_id: String,
    arn: String,
    policy: KeyPolicy,
    tagged: bool,
    caller: Arc<Caller>,
    via: Option<Arc<Via>>,
}

impl Subject for Proposal {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        let mut needed = self.account.permissions(action);
        if self.tagged {
            needed.extend(self.account.permissions("kms:TagResource"));
        }
        needed
    }

    fn condition(&self, _side: usize, key: &str) -> Option<Values<'_>> {
        match key {
            "kms:calleraccount" => conditions::one(&*self.caller.account),
            "kms:viaservice" => conditions::one(&*self.via.as_ref()?.endpoint),
            _ => None,
        }
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        vec![(&self.arn, &self.owner, KEY_TYPE)]
    }
}

impl Operation for CreateKey {
    type Service = Kms;
    const NAME: &'static str = "CreateKey";
    const ACTION: &'static str = "kms:CreateKey";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::CreateKeyRequest;
    type Output = kms::CreateKeyResponse;
    type Error = kms::CreateKeyError;
    type Subject = Proposal;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        check_combination(input)?;
        tags::check_number::<Self::Error>(cx, input.tags.as_deref().unwrap_or_default()).await?;
        tags::accept::<Self::Error>(input.tags.as_deref().unwrap_or_default())?;
        let key_id = new_key_id(input.multi_region == Some(true));
        let arn = key_arn(cx.call.partition, &cx.call.region, cx.call.account(), &key_id);
        let bypass = input.bypass_policy_lockout_safety_check == Some(true);
        let policy = match &input.policy {
            Some(text) => policy::accept::<Self::Error>(cx, text, &arn, bypass).await?,
            None => claviger_policy::default_key_policy(cx.call.partition, cx.call.account()).into(),
        };
        let tagged = input.tags.as_ref().is_some_and(|tags| !tags.is_empty());
        let owner = cx.call.account().to_owned();
        let (caller, via) = (Arc::clone(&cx.call.caller), cx.call.via.clone());
        Ok(Proposal { account: NoResource::of(&cx), owner, key_id, arn, policy, tagged, caller, via })
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:keyspec" => conditions::one(spec(input).as_str()),
            "kms:keyusage" => conditions::one(input.key_usage.unwrap_or(kms::KeyUsageType::EncryptDecrypt).as_str()),
            "kms:keyorigin" => conditions::one(input.origin.unwrap_or(kms::OriginType::AwsKms).as_str()),
            "kms:multiregionkeytype" => {
                let primary = kms::MultiRegionKeyType::Primary.as_str();
                (input.multi_region == Some(true)).then(|| Values::One(primary.into()))
            }
            "kms:multiregion" => conditions::one(bool_text(input.multi_region == Some(true))),
            "kms:bypasspolicylockoutsafetycheck" => {
                conditions::one(bool_text(input.bypass_policy_lockout_safety_check == Some(true)))
            }
            _ => {
                let tags = input.tags.as_deref().unwrap_or_default();
                let tags = tags.iter().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()));
                conditions::request_tags(tags, key)
            }
        }
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        match key {
            "kms:keyspec" => input.key_spec.is_none() && input.customer_master_key_spec.is_none(),
            "kms:keyusage" => input.key_usage.is_none(),
            "kms:keyorigin" => input.origin.is_none(),
            "kms:multiregion" => input.multi_region.is_none(),
            "kms:bypasspolicylockoutsafetycheck" => input.bypass_policy_lockout_safety_check.is_none(),
            _ => false,
        }
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let kind = kind(input)?;
        let (account, region) = (cx.call.account(), &*cx.call.region);
        let domain = cx.system.vault.domain(&*cx.system.store, account, region).await;
        let domain = domain.map_err(|error| InternalFailure::from(internal(error)))?;
        let origin = input.origin.unwrap_or(kms::OriginType::AwsKms);
        let new = NewKey {
            account: account.to_owned(),
            region: region.to_owned(),
            key_id: subject.key_id.clone(),
            spec: spec(input),
            usage: input.key_usage.unwrap_or(kms::KeyUsageType::EncryptDecrypt),
            description: input.description.clone().unwrap_or_default(),
            policy: subject.policy.clone(),
            tags: tags::accept::<Self::Error>(input.tags.as_deref().unwrap_or_default())?,
            manager: Manager::Customer,
            created: cx.call.now,
            period_days: None,
            enabled: true,
            origin,
            multi_region: (input.multi_region == Some(true)).then(|| MultiRegion::new(region)),
        };
        cx.service.room_for_key::<Self::Error>(cx.system, account, region).await?;
        let mut batch = Batch::default();
        let record = if origin == kms::OriginType::External {
            let record = new.record();
            batch.insert(&record);
            record
        } else {
            let backing = Backing::generate(kind).await.map_err(InternalFailure::from)?;
            new.add_to(&mut batch, &domain, &backing).map_err(InternalFailure::from)?
        };
        let key = Key::new(record, 0, cx.call.partition, Vec::new()).map_err(InternalFailure::from)?;
        Ok(Done::write(kms::CreateKeyResponse { key_metadata: Some(metadata::of(&key)) }, batch))
    }
}

fn spec(input: &kms::CreateKeyRequest) -> kms::KeySpec {
    let older = input.customer_master_key_spec.and_then(|spec| spec.as_str().parse().ok());
    input.key_spec.or(older).unwrap_or(kms::KeySpec::SymmetricDefault)
}

/// Members that contradict each other.
fn check_combination(input: &kms::CreateKeyRequest) -> Result<(), kms::CreateKeyError> {
    let refuse = |text: String| Err(ValidationException::new(text).into());
    if let (Some(spec), Some(older)) = (input.key_spec, input.customer_master_key_spec)
        && spec.as_str() != older.as_str()
    {
        return refuse("You cannot specify KeySpec and CustomerMasterKeySpec in the same request.".to_owned());
    }
    let spec = spec(input);
    match input.key_usage {
        None if spec != kms::KeySpec::SymmetricDefault => {
            return refuse(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.".to_owned(),
            );
        }
        Some(usage) if !spec::usages(spec).contains(&usage) => {
            return refuse(format!("KeyUsage {} is not compatible with KeySpec {}", usage.as_str(), spec.as_str()));
        }
        _ => {}
    }
    let origin = input.origin.unwrap_or(kms::OriginType::AwsKms);
    let quantum = matches!(
        spec,
        kms::KeySpec::MlDsa44
            | kms::KeySpec::MlDsa65
            | kms::KeySpec::MlDsa87
            | kms::KeySpec::MlKem512
            | kms::KeySpec::MlKem768
            | kms::KeySpec::MlKem1024
    );
    if origin == kms::OriginType::External && quantum {
        return refuse(format!("KeySpec {} is not supported for Origin EXTERNAL", spec.as_str()));
    }
    let in_store = matches!(origin, kms::OriginType::AwsCloudhsm | kms::OriginType::ExternalKeyStore);
    if in_store != input.custom_key_store_id.is_some() {
        return refuse("CustomKeyStoreId is required for, and only valid with, a custom key store origin.".to_owned());
    }
    if (origin == kms::OriginType::ExternalKeyStore) != input.xks_key_id.is_some() {
        return refuse("XksKeyId is required for, and only valid with, Origin EXTERNAL_KEY_STORE.".to_owned());
    }
    Ok(())
}

/// What stands behind the key. Key stores there are none, and SM2 is offered in China only.
fn kind(input: &kms::CreateKeyRequest) -> Result<Kind, kms::CreateKeyError> {
    if let Some(store) = &input.custom_key_store_id {
        return Err(key_store::not_found(store).into());
    }
    let spec = spec(input);
    spec::kind(spec).ok_or_else(|| {
        kms::UnsupportedOperationException::new(format!("KeySpec {} is not supported.", spec.as_str())).into()
    })
}
