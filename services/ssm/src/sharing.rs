//! Resource policies: what lets principals of other accounts read a parameter.

use std::collections::{BTreeMap, BTreeSet};

use claviger_crypto::digest::sha256;
use claviger_identity::{BindError, rebind};
use claviger_pipeline::internal;
use claviger_policy::{Document, Kind as PolicyKind};
use claviger_shapes::InternalFailure;
use claviger_shapes::ssm::{
    MalformedResourcePolicyDocumentException, ResourceNotFoundException, ResourcePolicyConflictException,
    ResourcePolicyInvalidParameterException, ResourcePolicyLimitExceededException, ResourcePolicyNotFoundException,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::name::Asked;
use crate::parameter::Parameter;
use crate::record::{Kind, Tier};
use crate::secure::DEFAULT_KEY;
use crate::subject::{Target, Targets};
use crate::{SsmCx, find};

/// Longest resource policy, in bytes.
pub(crate) const POLICY_BYTES_MAX: usize = 1024;
/// All that can be shared.
const READS: [&str; 4] = ["ssm:describeparameters", "ssm:getparameter", "ssm:getparameters", "ssm:getparameterhistory"];

/// A parameter's resource policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// Its id; stays the same when the text changes.
    pub id: String,
    /// The text as put.
    pub text: String,
    /// The principals it names, with the unique ids they had then.
    pub bound: BTreeMap<String, String>,
    /// Whole accounts that find the parameter among those shared with them.
    pub accounts: BTreeSet<String>,
}

impl Sharing {
    /// What changes with the text.
    pub(crate) fn hash(&self) -> String {
        hex::encode(sha256(self.text.as_bytes()))
    }

    /// The policy as it decides. One that can no longer be read lets nobody in.
    pub(crate) fn compile(&self) -> Option<Document> {
        let compiled = Document::parse(&rebind(&self.text, &self.bound), PolicyKind::Resource);
        compiled.inspect_err(|error| tracing::error!(%error, "a stored resource policy is not readable")).ok()
    }
}

/// The parameter whose policies a request is about.
pub(crate) async fn subject<E>(cx: SsmCx<'_>, arn: &str) -> Result<Targets, E>
where
    E: From<ResourcePolicyInvalidParameterException> + From<InternalFailure>,
{
    let asked = Asked::without_version(cx.call, arn).ok().filter(|asked| asked.spelled.is_none());
    let asked = asked.ok_or_else(|| invalid("ResourceArn: must be the ARN of a parameter."))?;
    let parameter = find::asked(cx, &asked).await.map_err(InternalFailure::from)?;
    // Whoever may read it may not share it on.
    let mut target = Target::asked(cx, &asked, parameter);
    target.is_read = false;
    Ok(Targets::one(target, ()))
}

/// The answer when there is no such parameter.
pub(crate) fn no_resource(subject: &Targets) -> ResourceNotFoundException {
    let arn = subject.targets.first().map_or("", |target| target.arn.as_str());
    ResourceNotFoundException::new(format!("The resource {arn} does not exist."))
}

/// A wrong member of a request.
pub(crate) fn invalid(text: &str) -> ResourcePolicyInvalidParameterException {
    ResourcePolicyInvalidParameterException::new(text.to_owned())
}

/// Finds the policy that a request wants to change, by its id and in the state it was last seen in.
pub(crate) fn current<'a, E>(parameter: &'a Parameter, id: &str, hash: &str) -> Result<&'a Sharing, E>
where
    E: From<ResourcePolicyNotFoundException> + From<ResourcePolicyConflictException>,
{
    let sharing = parameter.record.sharing.as_ref().filter(|sharing| sharing.id == id);
    let sharing =
        sharing.ok_or_else(|| ResourcePolicyNotFoundException::new(format!("There is no resource policy {id}.")))?;
    if sharing.hash() != hash {
        let text = "The hash provided in the call doesn't match the stored hash.";
        return Err(ResourcePolicyConflictException::new(text).into());
    }
    Ok(sharing)
}

/// Whether a parameter can be shared at all.
pub(crate) fn check_shareable(parameter: &Parameter) -> Result<(), ResourcePolicyInvalidParameterException> {
    let current = &parameter.record.current;
    if current.tier != Tier::Advanced {
        return Err(invalid("ResourceArn: only parameters of the advanced-parameter tier can be shared."));
    }
    let default = current.key_id.as_deref().is_some_and(|key| key == DEFAULT_KEY || key.ends_with(":alias/aws/ssm"));
    if current.kind == Kind::SecureString && default {
        return Err(invalid(
            "ResourceArn: a SecureString parameter can be shared only if it is encrypted with a customer managed key.",
        ));
    }
    Ok(())
}

/// Accepts the text of a policy.
pub(crate) async fn accept<E>(cx: SsmCx<'_>, id: String, text: &str) -> Result<Sharing, E>
where
    E: From<ResourcePolicyLimitExceededException>
        + From<MalformedResourcePolicyDocumentException>
        + From<InternalFailure>,
{
    if text.len() > POLICY_BYTES_MAX {
        let text = format!("A policy can't be greater than {POLICY_BYTES_MAX} bytes in size.");
        return Err(ResourcePolicyLimitExceededException::new(text).into());
    }
    let malformed = |error: &dyn std::fmt::Display| MalformedResourcePolicyDocumentException::new(error.to_string());
    Document::parse(text, PolicyKind::Resource).map_err(|error| malformed(&error))?;
    let parsed: Value = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    let mut accounts = BTreeSet::new();
    for statement in many(&parsed["Statement"]) {
        let actions: Vec<String> =
            many(&statement["Action"]).filter_map(Value::as_str).map(str::to_lowercase).collect();
        let shared = !actions.is_empty() && actions.iter().all(|action| READS.contains(&action.as_str()));
        if !shared {
            return Err(malformed(
                &"A parameter can be shared only for reading: ssm:GetParameter, ssm:GetParameters, \
                                   ssm:GetParameterHistory and ssm:DescribeParameters.",
            )
            .into());
        }
        let described = actions.iter().any(|action| action == READS[0]);
        if statement["Effect"] == "Allow" && statement.get("Condition").is_none() && described {
            accounts.extend(many(&statement["Principal"]["AWS"]).filter_map(Value::as_str).filter_map(whole_account));
        }
    }
    let bound = match cx.system.identities.bind(&*cx.system.store, text).await {
        Ok(bound) => bound,
        Err(BindError::Store(error)) => return Err(InternalFailure::from(internal(error)).into()),
        Err(error) => return Err(malformed(&error).into()),
    };
    Ok(Sharing { id, text: text.to_owned(), bound, accounts })
}

/// One value, or the values of a list.
fn many(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(values) => values.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
    .iter()
}

/// The account that a principal stands for as a whole.
fn whole_account(principal: &str) -> Option<String> {
    let account = match principal.strip_suffix(":root") {
        Some(arn) => arn.rsplit(':').next()?,
        None => principal,
    };
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then(|| account.to_owned())
}
