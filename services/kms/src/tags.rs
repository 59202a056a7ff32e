//! Tags on keys.

use std::collections::{BTreeMap, BTreeSet};

use claviger_shapes::InternalFailure;
use claviger_shapes::kms::{LimitExceededException, Tag, TagException};

use crate::key::Key;
use crate::{KmsCx, limits, quotas};

/// The tags of a request, by name. Reserved and repeated names are refused.
pub(crate) fn accept<E: From<TagException>>(tags: &[Tag]) -> Result<BTreeMap<String, String>, E> {
    let mut accepted = BTreeMap::new();
    for tag in tags {
        refuse_reserved::<E>(&tag.tag_key)?;
        if accepted.insert(tag.tag_key.clone(), tag.tag_value.clone()).is_some() {
            return Err(TagException::new("Duplicate tag keys").into());
        }
    }
    Ok(accepted)
}

/// Refuses a request with more tags than a key of the caller's may have.
pub(crate) async fn check_number<E>(cx: KmsCx<'_>, tags: &[Tag]) -> Result<(), E>
where
    E: From<TagException> + From<InternalFailure>,
{
    if tags.len() as u64 > limits::of_call(cx, &quotas::TAGS).await? {
        return Err(TagException::new("Too many tags").into());
    }
    Ok(())
}

/// Makes sure that `key` may have `number` tags.
pub(crate) async fn require_room<E>(cx: KmsCx<'_>, key: &Key, number: usize) -> Result<(), E>
where
    E: From<LimitExceededException> + From<InternalFailure>,
{
    let most = limits::of_key(cx, key, &quotas::TAGS).await?;
    if number as u64 <= most {
        return Ok(());
    }
    let text = format!("The key {} would have more than the maximum of {most} tags.", key.arn);
    Err(LimitExceededException::new(text).into())
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
