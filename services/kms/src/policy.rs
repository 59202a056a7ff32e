//! Key policies: what is accepted, and the fixed ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_identity::{BindError, rebind};
use claviger_pipeline::{Internal, System, internal};
use claviger_policy::{Document, Kind, invalid_principal, lockout};
use claviger_shapes::InternalFailure;
use claviger_shapes::kms::{LimitExceededException, MalformedPolicyDocumentException};

use crate::{KmsCx, limits, quotas};

/// A key policy that was accepted.
#[derive(Clone)]
pub struct KeyPolicy {
    /// The text as put.
    pub text: String,
    /// The principals it names, with the unique ids they have now.
    pub bound: BTreeMap<String, String>,
}

/// A policy of our own making: it names accounts at most.
impl From<String> for KeyPolicy {
    fn from(text: String) -> Self {
        Self { text, bound: BTreeMap::new() }
    }
}

/// Reads a policy for the key `arn` of the caller's account, makes sure that everybody it names exists, and that the
/// caller could change it again unless that check is bypassed.
pub(crate) async fn accept<E>(cx: KmsCx<'_>, text: &str, key_arn: &str, bypass: bool) -> Result<KeyPolicy, E>
where
    E: From<LimitExceededException> + From<MalformedPolicyDocumentException> + From<InternalFailure>,
{
    let most = limits::of_call(cx, &quotas::POLICY_BYTES).await?;
    if text.len() as u64 > most {
        let text = format!("The key policy is longer than the maximum of {most} bytes.");
        return Err(LimitExceededException::new(text).into());
    }
    let malformed = |error: &dyn std::fmt::Display| MalformedPolicyDocumentException::new(error.to_string());
    Document::parse(text, Kind::Key).map_err(|error| malformed(&error))?;
    let bound = match bind(cx.system, text).await {
        Ok(bound) => bound,
        Err(BindError::Store(error)) => return Err(InternalFailure::from(internal(error)).into()),
        Err(error) => return Err(malformed(&error).into()),
    };
    let document = Document::parse(&rebind(text, &bound), Kind::Key).map_err(|error| malformed(&error))?;
    let (caller, account) = (&*cx.call.caller, cx.call.account());
    if !bypass && !lockout::key_policy_keeps_access(&document, &caller.principal(), key_arn, account) {
        return Err(malformed(&"The new key policy will not allow you to update the key policy in the future.").into());
    }
    Ok(KeyPolicy { text: text.to_owned(), bound })
}

/// Finds everybody a policy names.
///
/// # Errors
/// [`BindError::Malformed`], in the words of this service, when somebody does not exist.
pub(crate) async fn bind(system: &System, text: &str) -> Result<BTreeMap<String, String>, BindError> {
    let bound = system.identities.bind(&*system.store, text).await;
    bound.map_err(|error| match error {
        BindError::Unknown(name) => BindError::Malformed(invalid_principal(Kind::Key, "AWS", &name)),
        other => other,
    })
}

/// A stored policy, compiled. Only text that parsed is ever stored; should the rules have become stricter since, the
/// key cannot be used until its policy is put right.
pub fn compile(text: &str, bound: &BTreeMap<String, String>) -> Result<Arc<Document>, Internal> {
    let parsed = if bound.is_empty() {
        Document::parse(text, Kind::Key)
    } else {
        Document::parse(&rebind(text, bound), Kind::Key)
    };
    parsed.map(Arc::new).map_err(|error| internal(format!("a stored key policy is not readable: {error}")))
}

/// The fixed policy of an AWS-managed key: everybody in the account may use it, but only through its service.
pub fn managed(partition: &str, account: &str, region: &str, service: &str) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "auto-{service}-1",
  "Statement" : [ {{
    "Sid" : "Allow access through {service} for all principals in the account that are authorized to use {service}",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:CallerAccount" : "{account}",
        "kms:ViaService" : "{endpoint}.{region}.amazonaws.com"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  }} ]
}}"#,
        endpoint = if service == "ebs" { "ec2" } else { service },
    )
}
