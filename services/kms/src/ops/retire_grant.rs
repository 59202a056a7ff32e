//! RetireGrant: the grant's side ends it. Who may, the grant says: the key policy has no part in it.

use std::sync::Arc;

use claviger_policy::{GrantKind, ResourceRule};
use claviger_shapes::AccessDeniedException;
use claviger_store::{Records, Stored};

use super::prelude::*;
use crate::find;
use crate::grant::{GrantRecord, end, find_by_id, token, worth_to_retire};
use crate::key::Key;
use crate::record::key_path;
use crate::reference::Reference;
use crate::{conditions, symmetric};

pub(super) struct RetireGrant;

/// A grant and its key.
pub(super) struct Retirable {
    key: KeySubject,
    grant: Stored<GrantRecord>,
    right: Option<GrantKind>,
}

impl Subject for Retirable {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        vec![Permission { policy: None, rule: ResourceRule::KmsKey, grant: self.right, ..self.key.permission(action) }]
    }

    fn condition(&self, _side: usize, key: &str) -> Option<Values<'_>> {
        let constraints = &self.grant.record.constraints;
        let (equals, subset) = (constraints.equals.as_ref(), constraints.subset.as_ref());
        let of_grant = conditions::grant(equals, subset, constraints.source_arn.is_some(), key);
        of_grant.or_else(|| self.key.key_condition(key))
    }

    fn additional(&self) -> Vec<(&'static str, &str)> {
        vec![("grantId", &self.grant.record.grant_id)]
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        self.key.resources()
    }
}

impl Operation for RetireGrant {
    type Service = Kms;
    const NAME: &'static str = "RetireGrant";
    const ACTION: &'static str = "kms:RetireGrant";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(50);
    type Input = kms::RetireGrantRequest;
    type Output = kms::RetireGrantResponse;
    type Error = kms::RetireGrantError;
    type Subject = Retirable;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let (key, grant) = match (&input.grant_token, &input.key_id, &input.grant_id) {
            (Some(token), None, None) => by_token(cx, token).await?,
            (None, Some(key_id), Some(grant_id)) => by_id(cx, key_id, grant_id).await?,
            _ => {
                let text = "You must specify either a GrantToken, or a KeyId and a GrantId.";
                return Err(ValidationException::new(text).into());
            }
        };
        let right = worth_to_retire(&cx.call.caller, &key, &grant.record);
        Ok(Retirable { key: KeySubject::new(cx.call, Self::ACTION, key, None, true), grant, right })
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        Ok(Done::write(kms::RetireGrantResponse, end(&subject.key.key, &subject.grant)))
    }
}

type Found = (Arc<Key>, Stored<GrantRecord>);

async fn by_token(cx: KmsCx<'_>, text: &str) -> Result<Found, kms::RetireGrantError> {
    let path = token::open::<kms::RetireGrantError>(cx.system, text).await?;
    let gone = || kms::NotFoundException::new("The grant of this grant token does not exist.");
    let grant = cx.system.store.load::<GrantRecord>(&path).await.map_err(InternalFailure::new)?.ok_or_else(gone)?;
    let (_, region, _) = grant.record.key_parts();
    if region != &*cx.call.region {
        return Err(gone().into());
    }
    let key = cx.service.key(cx.system, grant.record.key.clone()).await.map_err(InternalFailure::from)?;
    Ok((key.ok_or_else(gone)?, grant))
}

async fn by_id(cx: KmsCx<'_>, key_id: &str, grant_id: &str) -> Result<Found, kms::RetireGrantError> {
    let reference = Reference::parse(key_id, cx.call)?;
    let action = RetireGrant::ACTION;
    let (account, id) = match reference {
        Reference::Key { account, key_id, bare: false } => (account, key_id),
        Reference::Elsewhere { .. } => return Err(find::missing(cx.call, &reference, action)),
        Reference::Alias { .. } => {
            return Err(kms::InvalidArnException::new("Key Aliases are not supported for this operation.").into());
        }
        Reference::Key { .. } => {
            return Err(kms::InvalidArnException::new(format!("ARN is not valid: {key_id}")).into());
        }
    };
    super::check_grant_id::<kms::RetireGrantError>(Some(grant_id))?;
    let key = cx.service.key(cx.system, key_path(account, &cx.call.region, id)).await.map_err(InternalFailure::from)?;
    let Some(key) = key else { return Err(find::missing(cx.call, &reference, action)) };
    match find_by_id(cx.system, &key, grant_id).await.map_err(InternalFailure::from)? {
        Some(grant) => Ok((key, grant)),
        // Not even that the key is there is told to another account.
        None if key.record.account != cx.call.account() => {
            let text = claviger_pipeline::unseen(cx.call, action, claviger_pipeline::Wording::Named);
            Err(AccessDeniedException::new(text).into())
        }
        None => Err(super::no_such_grant(grant_id).into()),
    }
}
