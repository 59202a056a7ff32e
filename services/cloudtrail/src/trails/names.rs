//! Names and ARNs of trails.

use claviger_shapes::cloudtrail::{CloudTrailARNInvalidException, InvalidTrailNameException};
use claviger_wire::arn::Arn;

const NAME_CHARACTERS_MIN: usize = 3;
const NAME_CHARACTERS_MAX: usize = 128;

/// Refuses what cannot be the name of a trail.
pub(crate) fn check<E: From<InvalidTrailNameException>>(name: &str) -> Result<(), E> {
    match fault(name) {
        Some(message) => Err(InvalidTrailNameException::new(message).into()),
        None => Ok(()),
    }
}

fn fault(name: &str) -> Option<String> {
    let length = name.chars().count();
    if length < NAME_CHARACTERS_MIN {
        return Some(format!(
            "Trail name too short. Minimum allowed length: {NAME_CHARACTERS_MIN} characters. Specified name length: \
             {length} characters."
        ));
    }
    if length > NAME_CHARACTERS_MAX {
        return Some(format!(
            "Trail name too long. Maximum allowed length: {NAME_CHARACTERS_MAX} characters. Specified name length: \
             {length} characters."
        ));
    }
    let bytes = name.as_bytes();
    if !bytes.first().is_some_and(u8::is_ascii_alphanumeric) {
        return Some("Trail name must starts with a letter or number.".to_owned());
    }
    if !bytes.last().is_some_and(u8::is_ascii_alphanumeric) {
        return Some("Trail name must ends with a letter or number.".to_owned());
    }
    let symbol = |byte: &u8| matches!(byte, b'.' | b'-' | b'_');
    if !bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || symbol(byte)) {
        return Some(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens \
             (-), and underscores (_)."
                .to_owned(),
        );
    }
    if bytes.iter().zip(bytes.iter().skip(1)).any(|(one, next)| symbol(one) && symbol(next)) {
        return Some("Trail name must not have adjacent periods, underscores or hyphens.".to_owned());
    }
    name.parse::<std::net::Ipv4Addr>().is_ok().then(|| "Trail name must not be in IP address format.".to_owned())
}

/// A trail as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Only in an ARN.
    pub account: Option<String>,
    /// Only in an ARN.
    pub region: Option<String>,
    /// The name.
    pub name: String,
}

impl Named {
    /// Reads a name or an ARN.
    pub(crate) fn parse<E>(text: &str) -> Result<Self, E>
    where
        E: From<InvalidTrailNameException> + From<CloudTrailARNInvalidException>,
    {
        if text.starts_with("arn:") {
            return Self::parse_arn(text);
        }
        check::<E>(text)?;
        Ok(Self { account: None, region: None, name: text.to_owned() })
    }

    /// Reads an ARN.
    pub(crate) fn parse_arn<E: From<CloudTrailARNInvalidException>>(text: &str) -> Result<Self, E> {
        let named = Arn::parse(text).filter(|arn| arn.service == "cloudtrail").and_then(|arn| {
            let name = arn.resource.strip_prefix("trail/").filter(|name| fault(name).is_none())?;
            let (account, region) = (Some(arn.account.to_owned()), Some(arn.region.to_owned()));
            Some(Self { account, region, name: name.to_owned() })
        });
        let message = format!("The trail ARN {text} is not valid.");
        named.ok_or_else(|| CloudTrailARNInvalidException::new(message).into())
    }
}

#[cfg(test)]
mod tests {
    use claviger_shapes::cloudtrail::GetTrailError;

    use super::*;

    /// The rules and words are those of the API reference and of what AWS answers.
    #[test]
    fn names_follow_the_rules() {
        let longest = "a".repeat(128);
        for good in ["abc", "My-Trail_1.x", "123", longest.as_str()] {
            assert_eq!(check::<GetTrailError>(good), Ok(()), "{good}");
        }
        let longer = "a".repeat(129);
        for bad in ["", "ab", longer.as_str(), "-abc", "abc-", "a b c", "a--b", "a._b", "ab/c", "10.0.0.1", "äbc"] {
            assert!(check::<GetTrailError>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn arns_are_taken_apart() {
        let arn = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/my-trail";
        let named = Named::parse::<GetTrailError>(arn).unwrap();
        assert_eq!(named.region.as_deref(), Some("eu-west-1"));
        assert_eq!((named.account.as_deref(), &*named.name), (Some("111122223333"), "my-trail"));
        for bad in
            ["arn:aws:kms:eu-west-1:111122223333:trail/x", "arn:aws:cloudtrail:eu-west-1:111122223333:trail", "arn:"]
        {
            assert!(Named::parse::<GetTrailError>(bad).is_err(), "{bad}");
        }
    }
}
