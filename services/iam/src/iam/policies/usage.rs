//! Who holds a managed policy.

use std::collections::BTreeMap;

use claviger_identity::{Entity, GroupRecord, RoleRecord, UserRecord};
use claviger_shapes::InternalFailure;
use claviger_store::Records;

use crate::iam::IamCx;
use crate::iam::views::Uses;

/// Those who hold a policy in one way.
#[derive(Default)]
pub(super) struct Holders {
    /// Users.
    pub users: Vec<UserRecord>,
    /// Groups.
    pub groups: Vec<GroupRecord>,
    /// Roles.
    pub roles: Vec<RoleRecord>,
}

impl Holders {
    fn count(&self) -> usize {
        self.users.len() + self.groups.len() + self.roles.len()
    }
}

/// Those it is attached to.
pub(super) async fn attached(cx: IamCx<'_>, arn: &str) -> Result<Holders, InternalFailure> {
    Ok(Holders {
        users: holding(cx, "by_policy", arn, holds).await?,
        groups: holding(cx, "by_policy", arn, holds).await?,
        roles: holding(cx, "by_policy", arn, holds).await?,
    })
}

/// Those it bounds.
pub(super) async fn bounded(cx: IamCx<'_>, arn: &str) -> Result<Holders, InternalFailure> {
    Ok(Holders {
        users: holding(cx, "by_boundary", arn, is_bounded).await?,
        groups: Vec::new(),
        roles: holding(cx, "by_boundary", arn, is_bounded).await?,
    })
}

fn holds<E: Entity>(entity: &E, arn: &str) -> bool {
    entity.held().attached.contains(arn)
}

fn is_bounded<E: Entity>(entity: &E, arn: &str) -> bool {
    entity.boundary() == Some(arn)
}

async fn holding<E: Entity>(
    cx: IamCx<'_>,
    index: &'static str,
    arn: &str,
    held: fn(&E, &str) -> bool,
) -> Result<Vec<E>, InternalFailure> {
    let key = format!("{}/{arn}", cx.call.account());
    let found = cx.system.store.all::<E>(Some(index), &key).await.map_err(InternalFailure::new)?;
    // The key of a policy may begin that of another.
    Ok(found.into_iter().map(|stored| stored.record).filter(|entity| held(entity, arn)).collect())
}

/// How often one policy is used.
pub(super) async fn of(cx: IamCx<'_>, arn: &str) -> Result<Uses, InternalFailure> {
    Ok(Uses { attachments: attached(cx, arn).await?.count(), boundaries: bounded(cx, arn).await?.count() })
}

/// Every user, group and role of the account.
pub(super) async fn everybody(cx: IamCx<'_>) -> Result<Holders, InternalFailure> {
    Ok(Holders { users: every(cx).await?, groups: every(cx).await?, roles: every(cx).await? })
}

async fn every<E: Entity>(cx: IamCx<'_>) -> Result<Vec<E>, InternalFailure> {
    let prefix = format!("{}/", cx.call.account());
    let found = cx.system.store.all::<E>(None, &prefix).await.map_err(InternalFailure::new)?;
    Ok(found.into_iter().map(|stored| stored.record).collect())
}

/// How often each policy that is used at all is used, by ARN.
pub(super) fn census(everybody: &Holders) -> BTreeMap<String, Uses> {
    let mut census = BTreeMap::new();
    everybody.users.iter().for_each(|user| count(user, &mut census));
    everybody.groups.iter().for_each(|group| count(group, &mut census));
    everybody.roles.iter().for_each(|role| count(role, &mut census));
    census
}

fn count(entity: &impl Entity, census: &mut BTreeMap<String, Uses>) {
    for arn in &entity.held().attached {
        census.entry(arn.clone()).or_default().attachments += 1;
    }
    if let Some(arn) = entity.boundary() {
        census.entry(arn.to_owned()).or_default().boundaries += 1;
    }
}
