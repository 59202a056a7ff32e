//! From the names in requests to parties of grants.

use claviger_pipeline::{Internal, internal};
use claviger_shapes::InternalFailure;
use claviger_shapes::kms::InvalidArnException;

use super::record::{Party, PartyKind};
use crate::KmsCx;

/// The principal a text names today; `None` for none, and for what cannot be party to a grant.
pub(crate) async fn look_up(cx: KmsCx<'_>, text: &str) -> Result<Option<Party>, Internal> {
    if let Some(rest) = text.strip_prefix("arn:")
        && rest.split(':').next() != Some(cx.call.partition)
    {
        return Ok(None);
    }
    let named = cx.system.identities.principal(&*cx.system.store, text).await.map_err(internal)?;
    let party = |named: claviger_identity::Named| {
        let kind = PartyKind::of(named.kind)?;
        Some(Party { kind, account: named.account, id: named.id })
    };
    Ok(named.and_then(party))
}

/// The principal a text names; `unnamed` is what to say of text that is no ARN and names nobody.
pub(crate) async fn require<E>(cx: KmsCx<'_>, text: &str, unnamed: &str) -> Result<Party, E>
where
    E: From<InvalidArnException> + From<InternalFailure>,
{
    if has_path_in_session(text) {
        return Err(InvalidArnException::new(format!("ARN is not valid: {text}")).into());
    }
    match look_up(cx, text).await.map_err(InternalFailure::from)? {
        Some(party) => Ok(party),
        None => Err(nobody(text, unnamed).into()),
    }
}

/// What is said of a name nobody has.
pub(crate) fn nobody(text: &str, unnamed: &str) -> InvalidArnException {
    if text.starts_with("arn:") {
        InvalidArnException::new(format!("ARN does not refer to a valid principal: {text}"))
    } else {
        InvalidArnException::new(unnamed.to_owned())
    }
}

/// ARNs of sessions leave out the path of their role.
pub(crate) fn has_path_in_session(text: &str) -> bool {
    let resource = text.splitn(6, ':').nth(5).filter(|_| text.starts_with("arn:"));
    resource.and_then(|resource| resource.strip_prefix("assumed-role/")).is_some_and(|rest| rest.split('/').count() > 2)
}
