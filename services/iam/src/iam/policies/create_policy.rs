//! CreatePolicy: a managed policy, whose text is its first version.

use claviger_identity::{PolicyVersion, entity_path, policy_arn};
use claviger_pipeline::Wording;
use claviger_pipeline::credentials::new_unique_id;
use claviger_store::Records;

use crate::iam::prelude::*;

pub(super) struct CreatePolicy;

impl Operation for CreatePolicy {
    declare!(
        CreatePolicy, Audit::write().with_response(),
        CreatePolicyRequest => CreatePolicyResponse, CreatePolicyError, Target<PolicyRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = policy_arn(cx.call.partition, cx.call.account(), path, &input.policy_name);
        Ok(Target::planned(arn, cx.call.account()).worded(Wording::KindAndName))
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        conditions::request_tags(input.tags.as_deref(), key)
    }

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        documents::managed::<Self::Error>(&input.policy_document)?;
        let tags = tags::accept::<Self::Error>(input.tags.as_deref())?;
        let (account, name) = (cx.call.account(), &input.policy_name);
        let taken = cx.system.store.load::<PolicyRecord>(&entity_path(account, name)).await;
        if taken.map_err(InternalFailure::new)?.is_some() {
            let text = format!("A policy called {name} already exists. Duplicate names are not allowed.");
            return Err(iam::EntityAlreadyExistsException::new(text).into());
        }
        let now = cx.call.now;
        let record = PolicyRecord {
            account: account.to_owned(),
            name: name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            policy_id: new_unique_id("ANPA"),
            created: now,
            updated: now,
            description: input.description.clone(),
            tags,
            default_version: 1,
            next_version: 2,
            versions: vec![PolicyVersion { number: 1, document: input.policy_document.clone(), created: now }],
        };
        let mut batch = Batch::default();
        batch.insert(&record);
        let policy = views::policy_with_tags(&record, cx.call.partition, views::Uses::default());
        Ok(Done::write(iam::CreatePolicyResponse { policy: Some(policy) }, batch))
    }
}
