//! Aliases as subjects: an alias is a resource of its own, judged by identity policies, beside the key it stands for.

use claviger_pipeline::{Permission, Subject};
use claviger_policy::Values;
use claviger_shapes::kms::{InvalidAliasNameException, LimitExceededException, NotFoundException};
use claviger_shapes::{AccessDeniedException, InternalFailure, NotAuthorizedException, ValidationException};

use crate::key::{Key, KeySubject, alias_arn};
use crate::reference::Reference;
use crate::{KmsCx, find, limits, quotas};

/// Type of an alias in audit records.
const ALIAS_TYPE: &str = "AWS::KMS::Alias";

/// An alias and the keys it stands for, before and after.
pub(crate) struct AliasSubject {
    /// The alias's ARN.
    pub arn: String,
    /// The caller's account.
    pub account: String,
    /// Keys judged, in order.
    pub keys: Vec<KeySubject>,
}

impl AliasSubject {
    /// `name` in the caller's account and Region, with the keys concerned.
    pub(crate) fn new(cx: KmsCx<'_>, name: &str, keys: Vec<KeySubject>) -> Self {
        let arn = alias_arn(cx.call.partition, &cx.call.region, cx.call.account(), name);
        Self { arn, account: cx.call.account().to_owned(), keys }
    }
}

impl Subject for AliasSubject {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        let alias = Permission { resource: &self.arn, ..Permission::on_account(action, &self.account) };
        std::iter::once(alias).chain(self.keys.iter().map(|key| key.permission(action))).collect()
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        self.keys.get(side.checked_sub(1)?)?.key_condition(key)
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        let alias = (self.arn.as_str(), self.account.as_str(), ALIAS_TYPE);
        std::iter::once(alias).chain(self.keys.iter().flat_map(KeySubject::resources)).collect()
    }
}

/// The rules for names of aliases that customers make, change and delete.
pub(crate) fn check_name<E>(name: &str) -> Result<(), E>
where
    E: From<ValidationException> + From<NotAuthorizedException>,
{
    let Some(rest) = name.strip_prefix("alias/") else {
        let text = "Alias must start with the prefix \"alias/\". \
                    Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
        return Err(ValidationException::new(text).into());
    };
    if name.contains(':') {
        return Err(ValidationException::new(format!("{name} contains invalid characters for an alias")).into());
    }
    if rest.starts_with("aws") {
        return Err(NotAuthorizedException::bare().into());
    }
    Ok(())
}

/// `alias/` names nothing.
pub(crate) fn check_not_empty<E: From<InvalidAliasNameException>>(name: &str) -> Result<(), E> {
    if name == "alias/" {
        return Err(InvalidAliasNameException::bare().into());
    }
    Ok(())
}

/// Finds the key an alias shall stand for: one of the caller's own, named by id or ARN.
pub(crate) async fn target<E>(cx: KmsCx<'_>, key_id: &str, action: &'static str) -> Result<KeySubject, E>
where
    E: From<ValidationException> + From<NotFoundException> + From<AccessDeniedException> + From<InternalFailure>,
{
    if matches!(Reference::parse(key_id, cx.call), Ok(Reference::Alias { .. })) {
        return Err(ValidationException::new("Aliases must refer to keys. Not aliases").into());
    }
    let subject = find::find_any::<E>(cx, key_id, action).await?;
    Ok(KeySubject { cross_account: false, ..subject })
}

/// Makes sure of room for one alias more. The text was recorded from the service.
pub(crate) async fn require_room<E>(cx: KmsCx<'_>, key: &Key) -> Result<(), E>
where
    E: From<LimitExceededException> + From<InternalFailure>,
{
    let (limit, there) = (limits::of_key(cx, key, &quotas::ALIASES).await?, key.aliases.len() as u64);
    if there < limit {
        return Ok(());
    }
    let text = format!("Aliases per key quota for this account in this region is {limit}, current usage is {there}.");
    Err(LimitExceededException::new(text).into())
}
