//! ListEntitiesForPolicy: who holds a managed policy.

use std::collections::BTreeMap;

use claviger_shapes::iam::{EntityType, PolicyUsageType};

use super::usage::{self, Holders};
use crate::iam::find::ManagedTarget;
use crate::iam::prelude::*;

/// Name and id of one that holds the policy.
enum Holder {
    User(String, String),
    Group(String, String),
    Role(String, String),
}

impl Holder {
    /// Whether the filter lets it through. Policies hold no policies.
    fn passes(&self, filter: Option<EntityType>) -> bool {
        match filter {
            None => true,
            Some(EntityType::User) => matches!(self, Self::User(..)),
            Some(EntityType::Group) => matches!(self, Self::Group(..)),
            Some(EntityType::Role) => matches!(self, Self::Role(..)),
            Some(EntityType::LocalManagedPolicy | EntityType::AwsManagedPolicy) => false,
        }
    }
}

/// Its place in the list, its path, and what is shown of it.
fn entry<E: Entity>(entity: &E, holder: fn(String, String) -> Holder) -> (String, (String, Holder)) {
    let holder = holder(entity.name().to_owned(), entity.unique_id().to_owned());
    (format!("{}/{}", E::KIND.word(), entity.name()), (entity.path().to_owned(), holder))
}

pub(super) struct ListEntitiesForPolicy;

impl Operation for ListEntitiesForPolicy {
    declare!(
        ListEntitiesForPolicy, Audit::read_only(),
        ListEntitiesForPolicyRequest => ListEntitiesForPolicyResponse, ListEntitiesForPolicyError, ManagedTarget
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::policy(cx, &input.policy_arn).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        subject.there::<Self::Error>()?;
        let arn = &input.policy_arn;
        let mut holders = Vec::new();
        if input.policy_usage_filter != Some(PolicyUsageType::PermissionsBoundary) {
            holders.push(usage::attached(cx, arn).await?);
        }
        if input.policy_usage_filter != Some(PolicyUsageType::PermissionsPolicy) {
            holders.push(usage::bounded(cx, arn).await?);
        }
        let mut all = BTreeMap::new();
        for Holders { users, groups, roles } in holders {
            all.extend(users.into_iter().map(|user| entry(&user, Holder::User)));
            all.extend(groups.into_iter().map(|group| entry(&group, Holder::Group)));
            all.extend(roles.into_iter().map(|role| entry(&role, Holder::Role)));
        }
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        all.retain(|_, (path, holder)| path.starts_with(prefix) && holder.passes(input.entity_filter));
        let cut = pager.cut(all.into_iter().map(|(key, (_, holder))| (key, holder)));
        let mut output = iam::ListEntitiesForPolicyResponse {
            policy_groups: Some(Vec::new()),
            policy_users: Some(Vec::new()),
            policy_roles: Some(Vec::new()),
            is_truncated: cut.is_truncated(),
            marker: cut.marker,
        };
        for holder in cut.items {
            match holder {
                Holder::User(user_name, user_id) => output
                    .policy_users
                    .get_or_insert_default()
                    .push(iam::PolicyUser { user_name: Some(user_name), user_id: Some(user_id) }),
                Holder::Group(group_name, group_id) => {
                    output
                        .policy_groups
                        .get_or_insert_default()
                        .push(iam::PolicyGroup { group_name: Some(group_name), group_id: Some(group_id) });
                }
                Holder::Role(role_name, role_id) => output
                    .policy_roles
                    .get_or_insert_default()
                    .push(iam::PolicyRole { role_name: Some(role_name), role_id: Some(role_id) }),
            }
        }
        Ok(Done::read(output))
    }
}
