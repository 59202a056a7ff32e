//! Condition keys that several operations share.

use std::collections::BTreeMap;

use claviger_policy::Values;
use claviger_shapes::kms::EncryptionAlgorithmSpec;

/// `kms:EncryptionContext:NAME` (the name is compared without regard to case, the value as the operator says),
/// `kms:EncryptionContextKeys` and `kms:EncryptionAlgorithm` of one side of a symmetric operation.
pub(crate) fn symmetric<'a>(
    context: Option<&'a BTreeMap<String, String>>,
    algorithm: Option<EncryptionAlgorithmSpec>,
    key: &str,
) -> Option<Values<'a>> {
    if let Some(name) = key.strip_prefix("kms:encryptioncontext:") {
        let (_, value) = context?.iter().find(|(pair, _)| pair.eq_ignore_ascii_case(name))?;
        return Some(Values::One(value.as_str().into()));
    }
    match key {
        "kms:encryptioncontextkeys" => {
            let context = context.filter(|context| !context.is_empty())?;
            Some(Values::Many(context.keys().map(|name| name.as_str().into()).collect()))
        }
        "kms:encryptionalgorithm" => {
            Some(Values::One(algorithm.unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault).as_str().into()))
        }
        _ => None,
    }
}

/// `kms:GrantConstraintType`, and the encryption context keys of what a grant demands.
pub(crate) fn grant<'a>(
    equals: Option<&'a BTreeMap<String, String>>,
    subset: Option<&'a BTreeMap<String, String>>,
    has_source: bool,
    key: &str,
) -> Option<Values<'a>> {
    if key == "kms:grantconstrainttype" {
        let kind = match (equals, subset, has_source) {
            (Some(_), ..) => "EncryptionContextEquals",
            (None, Some(_), _) => "EncryptionContextSubset",
            (None, None, true) => "SourceArn",
            (None, None, false) => return None,
        };
        return one(kind);
    }
    if key.starts_with("kms:encryptioncontext") {
        return symmetric(equals.or(subset), None, key);
    }
    None
}

/// A single text value.
pub(crate) fn one<'a>(text: impl Into<std::borrow::Cow<'a, str>>) -> Option<Values<'a>> {
    Some(Values::One(text.into()))
}

/// `aws:RequestTag/KEY` and `aws:TagKeys`.
pub(crate) fn request_tags<'a>(
    tags: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    key: &str,
) -> Option<Values<'a>> {
    if key == "aws:tagkeys" {
        let names: Vec<_> = tags.map(|(name, _)| name.into()).collect();
        return (!names.is_empty()).then_some(Values::Many(names));
    }
    let wanted = key.strip_prefix("aws:requesttag/")?;
    let (_, value) = tags.clone().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    one(value)
}
