//! CreateGroup.

use claviger_identity::{Held, entity_path};
use claviger_pipeline::credentials::new_unique_id;
use claviger_store::Records;

use crate::iam::prelude::*;

pub(super) struct CreateGroup;

impl Operation for CreateGroup {
    declare!(
        CreateGroup, Audit::write().with_response(),
        CreateGroupRequest => CreateGroupResponse, CreateGroupError, Target<GroupRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let path = input.path.as_deref().unwrap_or("/");
        let (partition, account) = (cx.call.partition, cx.call.account());
        let arn = claviger_identity::arn(partition, account, GroupRecord::KIND, path, &input.group_name);
        Ok(Target::planned(arn, account))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (account, name) = (cx.call.account(), &input.group_name);
        let found = cx.system.store.load::<GroupRecord>(&entity_path(account, name)).await;
        if found.map_err(InternalFailure::new)?.is_some() {
            return Err(iam::EntityAlreadyExistsException::new(super::taken(name)).into());
        }
        let record = GroupRecord {
            account: account.to_owned(),
            name: name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            group_id: new_unique_id("AGPA"),
            created: cx.call.now,
            held: Held::default(),
        };
        let mut batch = Batch::default();
        batch.insert(&record);
        let group = super::shown(&record, cx.call.partition);
        Ok(Done::write(iam::CreateGroupResponse { group: Some(group) }, batch))
    }
}
