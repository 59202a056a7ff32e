//! Trust policies: who may become a role.

use std::collections::BTreeMap;

use claviger_identity::{BindError, RoleRecord};
use claviger_policy::{Document, Kind, invalid_principal};
use claviger_shapes::InternalFailure;
use claviger_shapes::iam::{LimitExceededException, MalformedPolicyDocumentException};

use crate::iam::{IamCx, documents};

/// Longest trust policy, in characters that are not blanks.
const CHARACTERS_MAX: usize = 2_048;

/// Reads a trust policy; its principals with the unique ids they have now, so that it never means anybody who comes to
/// one of the names later.
pub(crate) async fn bind<E>(cx: IamCx<'_>, text: &str) -> Result<BTreeMap<String, String>, E>
where
    E: From<MalformedPolicyDocumentException> + From<LimitExceededException> + From<InternalFailure>,
{
    let malformed = |text: &dyn std::fmt::Display| MalformedPolicyDocumentException::new(text.to_string());
    Document::parse(text, Kind::Trust).map_err(|error| malformed(&error))?;
    if documents::characters(text) > CHARACTERS_MAX {
        let text = format!("Cannot exceed quota for ACLSizePerRole: {CHARACTERS_MAX}");
        return Err(LimitExceededException::new(text).into());
    }
    cx.system.identities.bind(&*cx.system.store, text).await.map_err(|error| match error {
        BindError::Unknown(name) => malformed(&invalid_principal(Kind::Trust, "AWS", &name)).into(),
        BindError::Malformed(error) => malformed(&error).into(),
        BindError::Store(error) => InternalFailure::new(error).into(),
    })
}

/// A role's trust policy as answers carry it: whoever is gone shows as a unique id.
pub(crate) async fn shown(cx: IamCx<'_>, role: &RoleRecord) -> Result<String, InternalFailure> {
    let text = cx.system.identities.read_back(&*cx.system.store, &role.trust, &role.trusted).await;
    Ok(documents::encoded(&text.map_err(InternalFailure::new)?))
}
