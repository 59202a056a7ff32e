//! From names to records.

use claviger_identity::{Builtin, Entity, EntityArn, PolicyRecord, builtin, entity_path};
use claviger_pipeline::{Permission, Subject, Wording};
use claviger_policy::Values;
use claviger_shapes::iam::{InvalidInputException, NoSuchEntityException};
use claviger_shapes::{AccessDeniedException, InternalFailure, ValidationException};
use claviger_store::{Batch, Records, Stored};

use super::IamCx;
use super::subject::Target;

/// The user, group or role of the caller's account that has this name. Names are not distinguished by case.
pub(crate) async fn entity<R: Entity, E: From<InternalFailure>>(cx: IamCx<'_>, name: &str) -> Result<Target<R>, E> {
    let account = cx.call.account();
    let found = cx.system.store.load::<R>(&entity_path(account, name)).await.map_err(InternalFailure::new)?;
    let arn = match &found {
        Some(stored) => stored.record.arn(cx.call.partition),
        None => claviger_identity::arn(cx.call.partition, account, R::KIND, "/", name),
    };
    let missing = format!("The {} with name {name} cannot be found.", R::KIND.word());
    Ok(Target::new(found, arn, account, missing).worded(Wording::KindAndName))
}

/// A managed policy.
pub(crate) enum Managed {
    /// The account's own.
    Own(Box<Stored<PolicyRecord>>),
    /// One of AWS's.
    Aws(&'static Builtin),
}

/// A managed policy that a request names by its ARN, there or not.
pub(crate) struct ManagedTarget {
    own: Target<PolicyRecord>,
    aws: Option<&'static Builtin>,
    of_aws: bool,
}

impl ManagedTarget {
    /// The policy.
    pub(crate) fn there<E: From<NoSuchEntityException>>(&self) -> Result<Managed, E> {
        match self.aws {
            Some(builtin) => Ok(Managed::Aws(builtin)),
            None => Ok(Managed::Own(Box::new(self.own.there::<E>()?.clone()))),
        }
    }

    /// The policy, to be changed.
    pub(crate) fn own<E>(&self) -> Result<&Stored<PolicyRecord>, E>
    where
        E: From<NoSuchEntityException> + From<AccessDeniedException>,
    {
        if self.of_aws {
            return Err(AccessDeniedException::new("Policy is outside your own account.").into());
        }
        self.own.there()
    }
}

impl Subject for ManagedTarget {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.own.permissions(action)
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        self.own.condition(side, key)
    }
}

/// The managed policy of this ARN.
pub(crate) async fn policy<E>(cx: IamCx<'_>, text: &str) -> Result<ManagedTarget, E>
where
    E: From<InvalidInputException> + From<ValidationException> + From<InternalFailure>,
{
    let arn = policy_arn::<E>(cx, text)?;
    let of_aws = arn.account == "aws";
    let aws = if of_aws { builtin(arn.path, arn.name) } else { None };
    let found = cx.system.identities.policy_by_arn(&*cx.system.store, text).await.map_err(InternalFailure::new)?;
    // What is AWS's is everybody's to read.
    let owner = if of_aws { cx.call.account() } else { arn.account };
    let own = Target::new(found, text.to_owned(), owner, format!("Policy {text} was not found."));
    let own = own.worded(Wording::KindAndArn);
    Ok(ManagedTarget { own, aws, of_aws })
}

/// Cuts the ARN of a managed policy.
pub(crate) fn policy_arn<'a, E>(cx: IamCx<'_>, text: &'a str) -> Result<EntityArn<'a>, E>
where
    E: From<InvalidInputException> + From<ValidationException>,
{
    if !text.starts_with("arn:") || text.splitn(6, ':').count() < 6 {
        return Err(ValidationException::new("Invalid ARN:  Could not be parsed!").into());
    }
    let arn = EntityArn::parse(text);
    let arn = arn.filter(|arn| arn.service == "iam" && arn.kind == "policy" && arn.partition == cx.call.partition);
    arn.ok_or_else(|| InvalidInputException::new(format!("ARN {text} is not valid.")).into())
}

/// A managed policy that is to be attached or to be a boundary: it must be the account's own or AWS's, and there.
/// `what` is how the text for a missing one begins.
pub(crate) async fn attachable<E>(cx: IamCx<'_>, text: &str, what: &str) -> Result<Managed, E>
where
    E: From<InvalidInputException> + From<ValidationException> + From<NoSuchEntityException> + From<InternalFailure>,
{
    let arn = policy_arn::<E>(cx, text)?;
    let found = match arn.account {
        "aws" => builtin(arn.path, arn.name).map(Managed::Aws),
        account if account == cx.call.account() => {
            let own = cx.system.identities.policy_by_arn(&*cx.system.store, text).await;
            own.map_err(InternalFailure::new)?.map(|policy| Managed::Own(Box::new(policy)))
        }
        _ => None,
    };
    let missing = || format!("{what} {text} does not exist or is not attachable.");
    found.ok_or_else(|| NoSuchEntityException::new(missing()).into())
}

/// A managed policy that something new is to have as its boundary.
pub(crate) async fn boundary<E>(cx: IamCx<'_>, text: &str, batch: &mut Batch) -> Result<(), E>
where
    E: From<InvalidInputException> + From<ValidationException> + From<NoSuchEntityException> + From<InternalFailure>,
{
    if let Managed::Own(policy) = attachable::<E>(cx, text, "Scope ARN:").await? {
        // Writing the policy too makes its use and its deletion exclude each other.
        batch.update(policy.version, &policy.record);
    }
    Ok(())
}
