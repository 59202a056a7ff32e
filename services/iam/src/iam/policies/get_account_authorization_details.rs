//! GetAccountAuthorizationDetails: every user, group, role and policy of the account, with what ties them together.

use std::collections::BTreeMap;

use claviger_identity::builtins;
use claviger_shapes::iam::EntityType;
use claviger_store::Records;

use super::usage::{self, Holders};
use crate::iam::prelude::*;

pub(super) struct GetAccountAuthorizationDetails;

/// One entry of the four lists.
enum Detail {
    User(Box<UserRecord>),
    Group(Box<GroupRecord>),
    Role(Box<RoleRecord>),
    Policy(Box<iam::ManagedPolicyDetail>),
}

impl Operation for GetAccountAuthorizationDetails {
    declare!(
        GetAccountAuthorizationDetails, Audit::read_only(),
        GetAccountAuthorizationDetailsRequest => GetAccountAuthorizationDetailsResponse,
        GetAccountAuthorizationDetailsError, NoResource
    );

    async fn subject(cx: IamCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let filter = input.filter.as_deref().unwrap_or_default();
        let wanted = |kind| filter.is_empty() || filter.contains(&kind);
        let everybody = usage::everybody(cx).await?;
        let census = usage::census(&everybody);
        let groups: BTreeMap<String, String> =
            everybody.groups.iter().map(|group| (group.group_id.clone(), group.name.clone())).collect();

        // The lists come one after the other, so that a page may end in any of them.
        let mut entries: Vec<(String, Detail)> = Vec::new();
        let Holders { users, groups: group_records, roles } = everybody;
        if wanted(EntityType::User) {
            entries.extend(users.into_iter().map(|user| (format!("1{}", user.name), Detail::User(user.into()))));
        }
        if wanted(EntityType::Group) {
            let listed = group_records.into_iter();
            entries.extend(listed.map(|group| (format!("2{}", group.name), Detail::Group(group.into()))));
        }
        if wanted(EntityType::Role) {
            entries.extend(roles.into_iter().map(|role| (format!("3{}", role.name), Detail::Role(role.into()))));
        }
        let mut add = |order: char, policy: iam::ManagedPolicyDetail| {
            let arn = policy.arn.clone().unwrap_or_default();
            entries.push((format!("{order}{arn}"), Detail::Policy(policy.into())));
        };
        if wanted(EntityType::LocalManagedPolicy) {
            for policy in own_policies(cx, &census).await? {
                add('4', policy);
            }
        }
        if wanted(EntityType::AwsManagedPolicy) {
            used_builtins(cx.call.partition, &census).for_each(|policy| add('5', policy));
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let cut = pager.cut(entries);

        let mut output = iam::GetAccountAuthorizationDetailsResponse {
            user_detail_list: Some(Vec::new()),
            group_detail_list: Some(Vec::new()),
            role_detail_list: Some(Vec::new()),
            policies: Some(Vec::new()),
            is_truncated: cut.is_truncated(),
            marker: cut.marker,
        };
        for detail in cut.items {
            match detail {
                Detail::User(user) => {
                    output.user_detail_list.get_or_insert_default().push(user_detail(
                        &user,
                        &groups,
                        cx.call.partition,
                    ));
                }
                Detail::Group(group) => {
                    output.group_detail_list.get_or_insert_default().push(group_detail(&group, cx.call.partition));
                }
                Detail::Role(role) => {
                    output.role_detail_list.get_or_insert_default().push(role_detail(cx, &role).await?)
                }
                Detail::Policy(policy) => output.policies.get_or_insert_default().push(*policy),
            }
        }
        Ok(Done::read(output))
    }
}

fn inline_policies(entity: &impl Entity) -> Vec<iam::PolicyDetail> {
    let detail = |(name, text): (&String, &String)| iam::PolicyDetail {
        policy_name: Some(name.clone()),
        policy_document: Some(documents::encoded(text)),
    };
    entity.held().inline.iter().map(detail).collect()
}

fn attached_policies(entity: &impl Entity) -> Vec<iam::AttachedPolicy> {
    entity.held().attached.iter().filter_map(|arn| views::attached(arn)).map(|(policy, _)| policy).collect()
}

fn user_detail(user: &UserRecord, groups: &BTreeMap<String, String>, partition: &str) -> iam::UserDetail {
    iam::UserDetail {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.user_id.clone()),
        arn: Some(user.arn(partition)),
        create_date: Some(user.created.into()),
        user_policy_list: Some(inline_policies(user)),
        group_list: Some(user.groups.iter().filter_map(|id| groups.get(id)).cloned().collect()),
        attached_managed_policies: Some(attached_policies(user)),
        permissions_boundary: views::boundary(user.boundary.as_deref()),
        tags: Some(tags::all(&user.tags)),
    }
}

fn group_detail(group: &GroupRecord, partition: &str) -> iam::GroupDetail {
    iam::GroupDetail {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.group_id.clone()),
        arn: Some(group.arn(partition)),
        create_date: Some(group.created.into()),
        group_policy_list: Some(inline_policies(group)),
        attached_managed_policies: Some(attached_policies(group)),
    }
}

async fn role_detail(cx: IamCx<'_>, role: &RoleRecord) -> Result<iam::RoleDetail, InternalFailure> {
    let trust = cx.system.identities.read_back(&*cx.system.store, &role.trust, &role.trusted).await;
    let used = cx.system.last_use(&role.role_id).await?;
    Ok(iam::RoleDetail {
        path: Some(role.path.clone()),
        role_name: Some(role.name.clone()),
        role_id: Some(role.role_id.clone()),
        arn: Some(role.arn(cx.call.partition)),
        create_date: Some(role.created.into()),
        assume_role_policy_document: Some(documents::encoded(&trust.map_err(InternalFailure::new)?)),
        instance_profile_list: Some(Vec::new()),
        role_policy_list: Some(inline_policies(role)),
        attached_managed_policies: Some(attached_policies(role)),
        permissions_boundary: views::boundary(role.boundary.as_deref()),
        tags: Some(tags::all(&role.tags)),
        role_last_used: Some(iam::RoleLastUsed {
            last_used_date: used.as_ref().map(|used| used.time.into()),
            region: used.map(|used| used.region),
        }),
    })
}

type Census = BTreeMap<String, views::Uses>;

async fn own_policies(cx: IamCx<'_>, census: &Census) -> Result<Vec<iam::ManagedPolicyDetail>, InternalFailure> {
    let prefix = format!("{}/", cx.call.account());
    let found = cx.system.store.all::<PolicyRecord>(None, &prefix).await.map_err(InternalFailure::new)?;
    let detail = |record: PolicyRecord| {
        let uses = census.get(&record.arn(cx.call.partition)).copied().unwrap_or_default();
        let versions = record.versions.iter().rev().map(|version| iam::PolicyVersion {
            document: Some(documents::encoded(&version.document)),
            ..views::version(version, record.default_version)
        });
        let detail = managed_detail(views::policy(&record, cx.call.partition, uses), versions.collect());
        iam::ManagedPolicyDetail { description: record.description.clone(), ..detail }
    };
    Ok(found.into_iter().map(|stored| detail(stored.record)).collect())
}

/// Of AWS's policies only those that somebody holds: the others are the same for every account.
fn used_builtins(partition: &str, census: &Census) -> impl Iterator<Item = iam::ManagedPolicyDetail> {
    builtins().iter().filter_map(move |builtin| {
        let arn = claviger_identity::policy_arn(partition, "aws", builtin.path, builtin.name);
        let uses = census.get(&arn)?;
        let versions = vec![views::builtin_version(builtin)];
        Some(managed_detail(views::builtin(builtin, partition, *uses), versions))
    })
}

fn managed_detail(policy: iam::Policy, versions: Vec<iam::PolicyVersion>) -> iam::ManagedPolicyDetail {
    iam::ManagedPolicyDetail {
        policy_name: policy.policy_name,
        policy_id: policy.policy_id,
        arn: policy.arn,
        path: policy.path,
        default_version_id: policy.default_version_id,
        attachment_count: policy.attachment_count,
        permissions_boundary_usage_count: policy.permissions_boundary_usage_count,
        is_attachable: policy.is_attachable,
        description: policy.description,
        create_date: policy.create_date,
        update_date: policy.update_date,
        policy_version_list: Some(versions),
    }
}
