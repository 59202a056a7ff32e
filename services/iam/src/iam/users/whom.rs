//! Whom a request means that may leave the user's name out.

use claviger_identity::{UserRecord, root_arn};
use claviger_pipeline::{Permission, Subject};
use claviger_policy::{PrincipalKind, Values};
use claviger_shapes::{InternalFailure, ValidationException};

use crate::iam::subject::Target;
use crate::iam::{IamCx, find};

/// The user a request names, or its caller.
pub(crate) enum Whom {
    /// The account's root user, who can only mean itself.
    Root {
        /// Its ARN.
        arn: String,
        /// The account.
        account: Box<str>,
    },
    /// A user.
    User(Box<Target<UserRecord>>),
}

/// The user of this name; without one, the caller.
pub(crate) async fn whom<E>(cx: IamCx<'_>, name: Option<&str>) -> Result<Whom, E>
where
    E: From<ValidationException> + From<InternalFailure>,
{
    let caller = &cx.call.caller;
    let name = match (name, caller.kind) {
        (Some(name), _) => name,
        (None, PrincipalKind::User) => &caller.name,
        (None, PrincipalKind::Root) => {
            let account = cx.call.account();
            return Ok(Whom::Root { arn: root_arn(cx.call.partition, account), account: account.into() });
        }
        _ => {
            let text = "Must specify userName when calling with non-User credentials";
            return Err(ValidationException::new(text).into());
        }
    };
    Ok(Whom::User(Box::new(find::entity::<_, E>(cx, name).await?)))
}

impl Subject for Whom {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        match self {
            Self::Root { arn, account } => {
                vec![Permission { resource: arn, ..Permission::on_account(action, account) }]
            }
            Self::User(user) => user.permissions(action),
        }
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        match self {
            Self::Root { .. } => None,
            Self::User(user) => user.condition(side, key),
        }
    }
}
