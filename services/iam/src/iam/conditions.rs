//! Condition keys that several operations share.

use std::borrow::Cow;

use claviger_policy::Values;
use claviger_shapes::iam::Tag;

/// A single text value.
pub(crate) fn one<'a>(text: impl Into<Cow<'a, str>>) -> Option<Values<'a>> {
    Some(Values::One(text.into()))
}

/// `aws:RequestTag/KEY` and `aws:TagKeys` of a request that sets tags.
pub(crate) fn request_tags<'a>(tags: Option<&'a [Tag]>, key: &str) -> Option<Values<'a>> {
    let tags = tags.unwrap_or_default();
    if key == "aws:tagkeys" {
        return tag_keys(tags.iter().map(|tag| tag.key.as_str()));
    }
    let wanted = key.strip_prefix("aws:requesttag/")?;
    let tag = tags.iter().find(|tag| tag.key.eq_ignore_ascii_case(wanted))?;
    one(tag.value.as_str())
}

/// `aws:TagKeys` of a request that names tags to remove.
pub(crate) fn removed_tags<'a>(keys: &'a [String], key: &str) -> Option<Values<'a>> {
    if key == "aws:tagkeys" { tag_keys(keys.iter().map(String::as_str)) } else { None }
}

fn tag_keys<'a>(keys: impl Iterator<Item = &'a str>) -> Option<Values<'a>> {
    let keys: Vec<Cow<'a, str>> = keys.map(Cow::Borrowed).collect();
    (!keys.is_empty()).then_some(Values::Many(keys))
}

/// `iam:PolicyARN`: the managed policy a request attaches or detaches.
pub(crate) fn policy_arn<'a>(arn: &'a str, key: &str) -> Option<Values<'a>> {
    if key == "iam:policyarn" { one(arn) } else { None }
}

/// `iam:PermissionsBoundary`: the boundary a request sets.
pub(crate) fn boundary<'a>(arn: Option<&'a str>, key: &str) -> Option<Values<'a>> {
    if key == "iam:permissionsboundary" { one(arn?) } else { None }
}
