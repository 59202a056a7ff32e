//! Tags on keys.

use std::collections::{BTreeMap, BTreeSet};

use claviger_shapes::kms::{LimitExceededException, Tag, TagException};

/// Most tags of a key.
pub(crate) const TAGS_MAX: usize = 50;

/// The tags of a request, by name. Reserved and repeated names are refused.
pub(crate) fn accept<E: From<TagException>>(tags: &[Tag]) -> Result<BTreeMap<String, String>, E> {
    if tags.len() > TAGS_MAX {
        return Err(TagException::new("Too many tags").into());
    }
    let mut accepted = BTreeMap::new();
    for tag in tags {
        refuse_reserved::<E>(&tag.tag_key)?;
        if accepted.insert(tag.tag_key.clone(), tag.tag_value.clone()).is_some() {
            return Err(TagException::new("Duplicate tag keys").into());
        }
    }
    Ok(accepted)
}

/// The answer when a key would have more than 50 tags.
pub(crate) fn over_limit<E: From<LimitExceededException>>(key_arn: &str) -> E {
    LimitExceededException::new(format!("The key {key_arn} would have more than the maximum of {TAGS_MAX} tags."))
        .into()
}

/// Names to be removed; reserved names are refused here too.
pub(crate) fn accept_names<E: From<TagException>>(names: &[String]) -> Result<BTreeSet<&str>, E> {
    for name in names {
        refuse_reserved::<E>(name)?;
    }
    Ok(names.iter().map(String::as_str).collect())
}

fn refuse_reserved<E: From<TagException>>(name: &str) -> Result<(), E> {
    if name.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
        return Err(TagException::new("Tags beginning with aws: are reserved").into());
    }
    Ok(())
}
