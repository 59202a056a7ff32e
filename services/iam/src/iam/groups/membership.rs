//! AddUserToGroup and RemoveUserFromGroup: permissions on the group.

use claviger_pipeline::{Permission, Subject};
use claviger_store::Stored;

use crate::iam::prelude::*;

/// Most groups a user is in.
const GROUPS_MAX: usize = 10;

/// The group, and the user who joins or leaves it.
pub(super) struct Membership {
    group: Target<GroupRecord>,
    user: Target<UserRecord>,
}

impl Membership {
    async fn find<E: From<InternalFailure>>(cx: IamCx<'_>, group: &str, user: &str) -> Result<Self, E> {
        Ok(Self { group: find::entity::<_, E>(cx, group).await?, user: find::entity::<_, E>(cx, user).await? })
    }

    fn there<E>(&self) -> Result<(&Stored<GroupRecord>, &Stored<UserRecord>), E>
    where
        E: From<iam::NoSuchEntityException>,
    {
        Ok((self.group.there::<E>()?, self.user.there::<E>()?))
    }
}

impl Subject for Membership {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.group.permissions(action)
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        self.group.condition(side, key)
    }
}

pub(super) struct AddUserToGroup;

impl Operation for AddUserToGroup {
    declare!(
        AddUserToGroup, Audit::write(),
        AddUserToGroupRequest => AddUserToGroupResponse, AddUserToGroupError, Membership
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Membership::find(cx, &input.group_name, &input.user_name).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (group, user) = subject.there::<Self::Error>()?;
        let mut record = user.record.clone();
        let mut batch = Batch::default();
        if record.groups.insert(group.record.group_id.clone()) {
            if record.groups.len() > GROUPS_MAX {
                let text = format!("Cannot exceed quota for GroupsPerUser: {GROUPS_MAX}");
                return Err(iam::LimitExceededException::new(text).into());
            }
            batch.update(user.version, &record);
            batch.update(group.version, &group.record);
        }
        Ok(Done::write(Default::default(), batch))
    }
}

pub(super) struct RemoveUserFromGroup;

impl Operation for RemoveUserFromGroup {
    declare!(
        RemoveUserFromGroup, Audit::write(),
        RemoveUserFromGroupRequest => RemoveUserFromGroupResponse, RemoveUserFromGroupError, Membership
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Membership::find(cx, &input.group_name, &input.user_name).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (group, user) = subject.there::<Self::Error>()?;
        let mut record = user.record.clone();
        if !record.groups.remove(&group.record.group_id) {
            let text = format!("User {} is not in group {}.", record.name, group.record.name);
            return Err(iam::NoSuchEntityException::new(text).into());
        }
        let mut batch = Batch::default();
        batch.update(user.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
