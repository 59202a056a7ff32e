//! The user, group or role whose policies are simulated.

use std::sync::Arc;

use claviger_identity::{Entity, EntityArn, GroupRecord, RoleRecord, UserRecord};
use claviger_pipeline::{Permission, Subject};
use claviger_policy::{Document, Kind, Values};
use claviger_shapes::InternalFailure;
use claviger_shapes::iam::{
    AttachmentType, InvalidInputException, NoSuchEntityException, PolicyIdentifier, PolicyIdentifierPolicyType,
};
use claviger_store::{Records, StoreError};

use super::source::{BOUNDARY, IDENTITY, Origin, Source};
use crate::iam::IamCx;
use crate::iam::find as by_name;
use crate::iam::subject::Target;

/// An entity, there or not.
pub(crate) enum Simulated {
    /// A user, with the policies of its groups.
    User(Target<UserRecord>),
    /// A group.
    Group(Target<GroupRecord>),
    /// A role.
    Role(Target<RoleRecord>),
}

impl Subject for Simulated {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        match self {
            Self::User(target) => target.permissions(action),
            Self::Group(target) => target.permissions(action),
            Self::Role(target) => target.permissions(action),
        }
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        match self {
            Self::User(target) => target.condition(side, key),
            Self::Group(target) => target.condition(side, key),
            Self::Role(target) => target.condition(side, key),
        }
    }
}

/// Cuts the ARN of a user, group or role.
pub(super) fn parse<E: From<InvalidInputException>>(text: &str) -> Result<EntityArn<'_>, E> {
    let arn =
        EntityArn::parse(text).filter(|arn| arn.service == "iam" && matches!(arn.kind, "user" | "group" | "role"));
    arn.ok_or_else(|| {
        let text = format!("Invalid Entity Arn: {text} does not clearly define entity type and name.");
        InvalidInputException::new(text).into()
    })
}

/// The entity of this ARN.
pub(crate) async fn find<E>(cx: IamCx<'_>, text: &str) -> Result<Simulated, E>
where
    E: From<InvalidInputException> + From<InternalFailure>,
{
    let arn = parse::<E>(text)?;
    Ok(match arn.kind {
        "user" => Simulated::User(target(cx, &arn, text).await?),
        "group" => Simulated::Group(target(cx, &arn, text).await?),
        _ => Simulated::Role(target(cx, &arn, text).await?),
    })
}

async fn target<R: Entity>(cx: IamCx<'_>, arn: &EntityArn<'_>, text: &str) -> Result<Target<R>, InternalFailure> {
    let found = by_name::entity::<R, InternalFailure>(cx, arn.name).await?.found;
    let found = found.filter(|stored| stored.record.arn(cx.call.partition) == text);
    let missing = format!("The {} with name {} cannot be found.", R::KIND.word(), arn.name);
    // The owner is the ARN's: of other accounts nothing is told.
    Ok(Target::new(found, text.to_owned(), arn.account, missing))
}

/// The policies an entity stands under.
#[derive(Default)]
pub(crate) struct Standing {
    /// Identity policies.
    pub identity: Vec<Source>,
    /// The permissions boundary.
    pub boundary: Option<Source>,
}

impl Simulated {
    /// Its policies, its groups' too; none of those that are left out.
    pub(crate) async fn standing<E>(&self, cx: IamCx<'_>, without: &[PolicyIdentifier]) -> Result<Standing, E>
    where
        E: From<NoSuchEntityException> + From<InternalFailure>,
    {
        let mut standing = Standing::default();
        match self {
            Self::User(target) => {
                let user = &target.there::<E>()?.record;
                standing.add(cx, user, AttachmentType::User).await.map_err(InternalFailure::new)?;
                for id in &user.groups {
                    let found = cx.system.store.list::<GroupRecord>(Some("by_id"), id, Some(id), None, 1).await;
                    for group in found.map_err(InternalFailure::new)?.0 {
                        let added = standing.add(cx, &group.record, AttachmentType::Group).await;
                        added.map_err(InternalFailure::new)?;
                    }
                }
            }
            Self::Group(target) => {
                let group = &target.there::<E>()?.record;
                standing.add(cx, group, AttachmentType::Group).await.map_err(InternalFailure::new)?;
            }
            Self::Role(target) => {
                let role = &target.there::<E>()?.record;
                standing.add(cx, role, AttachmentType::Role).await.map_err(InternalFailure::new)?;
            }
        }
        standing.identity.retain(|source| !without.iter().any(|pattern| names(pattern, &source.origin)));
        if leaves_out(without, PolicyIdentifierPolicyType::PermissionBoundary) {
            standing.boundary = None;
        }
        Ok(standing)
    }
}

impl Standing {
    async fn add<R: Entity>(&mut self, cx: IamCx<'_>, entity: &R, of: AttachmentType) -> Result<(), StoreError> {
        let identities = &cx.system.identities;
        for (policy, text) in &entity.held().inline {
            self.identity.push(Source {
                id: format!("{}_{}_{policy}", of.as_str(), entity.name()),
                kind: IDENTITY,
                text: text.clone(),
                document: identities.document(text, Kind::Identity)?,
                origin: Origin::Inline { of, entity: entity.name().to_owned(), policy: policy.clone() },
            });
        }
        for arn in &entity.held().attached {
            self.identity.push(managed(cx, arn, IDENTITY).await?);
        }
        if let Some(arn) = entity.boundary() {
            self.boundary = Some(managed(cx, arn, BOUNDARY).await?);
        }
        Ok(())
    }
}

async fn managed(cx: IamCx<'_>, arn: &str, kind: &'static str) -> Result<Source, StoreError> {
    let identities = &cx.system.identities;
    let text = identities.policy_text(&*cx.system.store, arn).await?;
    let text = text.ok_or_else(|| StoreError::Invalid(format!("the policy {arn} is attached but not there")))?;
    let document: Arc<Document> = identities.document(&text, Kind::Identity)?;
    let id = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    Ok(Source { id, kind, text, document, origin: Origin::Managed(arn.to_owned()) })
}

/// Whether a kind of policy is left out as a whole.
pub(crate) fn leaves_out(without: &[PolicyIdentifier], kind: PolicyIdentifierPolicyType) -> bool {
    without.iter().any(|pattern| pattern.policy_type == Some(kind))
}

/// Whether the pattern means the policy.
fn names(pattern: &PolicyIdentifier, origin: &Origin) -> bool {
    use PolicyIdentifierPolicyType::{AwsManaged, Inline, UserManaged};
    match origin {
        Origin::Request => false,
        Origin::Managed(arn) => {
            let of_aws = EntityArn::parse(arn).is_some_and(|arn| arn.account == "aws");
            let kind = if of_aws { AwsManaged } else { UserManaged };
            pattern.policy_type == Some(kind) || pattern.policy_arn.as_deref().is_some_and(|glob| matches(glob, arn))
        }
        Origin::Inline { of, entity, policy } => {
            let named = pattern.inline_policy_identifier.as_ref().is_some_and(|wanted| {
                wanted.policy_name == *policy
                    && wanted.attachment_type == *of
                    && matches(&wanted.attachment_name, entity)
            });
            pattern.policy_type == Some(Inline) || named
        }
    }
}

/// Whether a pattern with at most one `*` and any number of `?` matches the whole text.
fn matches(pattern: &str, text: &str) -> bool {
    let fits = |pattern: &str, text: &str| {
        let pairs = pattern.chars().zip(text.chars());
        pattern.chars().count() == text.chars().count()
            && pairs.clone().all(|(wanted, found)| wanted == '?' || wanted == found)
    };
    let Some((head, tail)) = pattern.split_once('*') else { return fits(pattern, text) };
    let (letters, ends) = (text.chars().count(), [head.chars().count(), tail.chars().count()]);
    let Some(between) = letters.checked_sub(ends[0] + ends[1]) else { return false };
    let start: String = text.chars().take(ends[0]).collect();
    let end: String = text.chars().skip(ends[0] + between).collect();
    fits(head, &start) && fits(tail, &end)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn one_star_and_any_number_of_question_marks() {
        assert!(matches("dev*", "dev") && matches("dev*ops", "dev-and-ops") && !matches("d?v*", "d"));
        assert!(matches("a?c", "abc") && !matches("a?c", "ac") && !matches("a*bc", "abd"));
        assert!(!matches("ab*ba", "aba") && matches("*", "") && matches("\u{e4}?", "\u{e4}\u{f6}"));
    }
}
