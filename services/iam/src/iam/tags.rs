//! Tags of users, roles, policies and providers. Their keys are told apart without regard to case and keep the case they
//! were set with.

use std::collections::BTreeMap;

use claviger_shapes::iam::{InvalidInputException, LimitExceededException, Tag};

/// Most tags of one thing.
const TAGS_MAX: usize = 50;

/// The tags of a request, by key.
pub(crate) fn accept<E: From<InvalidInputException>>(tags: Option<&[Tag]>) -> Result<BTreeMap<String, String>, E> {
    let mut accepted = BTreeMap::new();
    for tag in tags.unwrap_or_default() {
        if tag.key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            let text = "Tag keys beginning with aws: are reserved for system use.";
            return Err(InvalidInputException::new(text).into());
        }
        if held(&accepted, &tag.key).is_some() {
            let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(InvalidInputException::new(text).into());
        }
        accepted.insert(tag.key.clone(), tag.value.clone());
    }
    Ok(accepted)
}

/// Adds tags or replaces those of the same keys.
pub(crate) fn add<E>(to: &mut BTreeMap<String, String>, tags: &[Tag]) -> Result<(), E>
where
    E: From<InvalidInputException> + From<LimitExceededException>,
{
    for (key, value) in accept::<E>(Some(tags))? {
        remove(to, std::slice::from_ref(&key));
        to.insert(key, value);
    }
    if to.len() > TAGS_MAX {
        let text = "The number of tags has reached the maximum limit.";
        return Err(LimitExceededException::new(text).into());
    }
    Ok(())
}

/// Removes tags; keys that are not there do not matter.
pub(crate) fn remove(from: &mut BTreeMap<String, String>, keys: &[String]) {
    for key in keys {
        if let Some(held) = held(from, key) {
            from.remove(&held);
        }
    }
}

fn held(tags: &BTreeMap<String, String>, key: &str) -> Option<String> {
    tags.keys().find(|held| held.to_lowercase() == key.to_lowercase()).cloned()
}

/// Tags as answers show them; left out where there are none.
pub(crate) fn shown(tags: &BTreeMap<String, String>) -> Option<Vec<Tag>> {
    Some(all(tags)).filter(|tags| !tags.is_empty())
}

/// Tags as lists of them show them.
pub(crate) fn all(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}
