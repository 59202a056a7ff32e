//! Tags on parameters.

use std::collections::BTreeMap;

use claviger_policy::Values;
use claviger_shapes::ssm::{InvalidResourceType, ResourceTypeForTagging, Tag};
use claviger_shapes::{InternalFailure, ValidationException};

use crate::subject::{Target, Targets};
use crate::{SsmCx, find, name};

/// Most tags of a parameter.
pub(crate) const TAGS_MAX: usize = 50;

/// The tags of a request, by key. Reserved and repeated keys are refused.
pub(crate) fn accept(tags: &[Tag]) -> Result<BTreeMap<String, String>, ValidationException> {
    let mut accepted = BTreeMap::new();
    for tag in tags {
        if tag.key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            return Err(ValidationException::new("Tag keys that begin with aws: are reserved."));
        }
        if accepted.insert(tag.key.clone(), tag.value.clone()).is_some() {
            return Err(ValidationException::new(format!("The tag key {} occurs more than once.", tag.key)));
        }
    }
    if accepted.len() > TAGS_MAX {
        return Err(ValidationException::new(format!("A parameter can have at most {TAGS_MAX} tags.")));
    }
    Ok(accepted)
}

/// `aws:RequestTag/KEY` and `aws:TagKeys`.
pub(crate) fn requested<'a>(tags: &'a [Tag], key: &str) -> Option<Values<'a>> {
    if key == "aws:tagkeys" {
        return keys(tags.iter().map(|tag| tag.key.as_str()));
    }
    let wanted = key.strip_prefix("aws:requesttag/")?;
    let tag = tags.iter().find(|tag| tag.key.eq_ignore_ascii_case(wanted))?;
    Some(Values::One(tag.value.as_str().into()))
}

/// `aws:TagKeys`.
pub(crate) fn keys<'a>(keys: impl Iterator<Item = &'a str>) -> Option<Values<'a>> {
    let keys: Vec<_> = keys.map(Into::into).collect();
    (!keys.is_empty()).then_some(Values::Many(keys))
}

/// The resource whose tags a request is about. Of what this service tags there are only parameters here.
pub(crate) async fn resource<E>(cx: SsmCx<'_>, kind: ResourceTypeForTagging, id: &str) -> Result<Targets, E>
where
    E: From<InvalidResourceType> + From<ValidationException> + From<InternalFailure>,
{
    if kind != ResourceTypeForTagging::Parameter {
        return Err(InvalidResourceType::bare().into());
    }
    let path = name::path(id)?;
    let parameter = find::own(cx, &path).await.map_err(InternalFailure::from)?;
    Ok(Targets::one(Target::own(cx, &path, parameter), ()))
}
