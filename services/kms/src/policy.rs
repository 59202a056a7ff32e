//! Key policies: what is accepted, and the fixed ones.

use std::sync::Arc;

use claviger_pipeline::{Call, Internal, internal};
use claviger_policy::{Document, Kind, lockout};
use claviger_shapes::kms::{LimitExceededException, MalformedPolicyDocumentException};

/// Longest key policy, in bytes.
pub const POLICY_BYTES_MAX: usize = 32 * 1024;

/// Reads a policy for the key `arn` of the caller's account, and makes sure the caller could change it again unless
/// that check is bypassed.
pub fn accept<E>(call: &Call, text: &str, key_arn: &str, bypass: bool) -> Result<(), E>
where
    E: From<LimitExceededException> + From<MalformedPolicyDocumentException>,
{
    if text.len() > POLICY_BYTES_MAX {
        return Err(LimitExceededException::new(format!(
            "The key policy is longer than the maximum of {POLICY_BYTES_MAX} bytes."
        ))
        .into());
    }
    let document =
        Document::parse(text, Kind::Key).map_err(|error| MalformedPolicyDocumentException::new(error.to_string()))?;
    let caller = &*call.caller;
    if !bypass && !lockout::key_policy_keeps_access(&document, &caller.principal(), key_arn, call.account()) {
        return Err(MalformedPolicyDocumentException::new(
            "The new key policy will not allow you to update the key policy in the future.",
        )
        .into());
    }
    Ok(())
}

/// A stored policy, compiled. Only text that parsed is ever stored; should the rules have become stricter since, the
/// key cannot be used until its policy is put right.
pub fn compile(text: &str) -> Result<Arc<Document>, Internal> {
    let parsed = Document::parse(text, Kind::Key);
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
