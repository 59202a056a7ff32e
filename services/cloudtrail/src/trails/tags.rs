//! Tags on trails.

use std::collections::BTreeMap;

use claviger_shapes::cloudtrail::{InvalidTagParameterException, Tag, TagsLimitExceededException};

const TAGS_MAX: usize = 50;

/// The tags of a request, by key. Reserved and repeated keys are refused.
pub(crate) fn accept<E: From<InvalidTagParameterException>>(tags: &[Tag]) -> Result<BTreeMap<String, String>, E> {
    let mut accepted = BTreeMap::new();
    for tag in tags {
        if tag.key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return Err(InvalidTagParameterException::new("Tag keys that begin with aws: are reserved.").into());
        }
        let value = tag.value.clone().unwrap_or_default();
        if accepted.insert(tag.key.clone(), value).is_some() {
            return Err(InvalidTagParameterException::new(format!("The tag key {} is named twice.", tag.key)).into());
        }
    }
    Ok(accepted)
}

/// Refuses more tags than a trail can have.
pub(crate) fn check<E: From<TagsLimitExceededException>>(tags: &BTreeMap<String, String>) -> Result<(), E> {
    if tags.len() <= TAGS_MAX {
        return Ok(());
    }
    let message = format!("The number of tags per trail has exceeded the permissible amount of {TAGS_MAX}.");
    Err(TagsLimitExceededException::new(message).into())
}

/// As answers show them.
pub(crate) fn show(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: Some(value.clone()) }).collect()
}
