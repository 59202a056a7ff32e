//! Amazon Resource Names, Regions and partitions: syntax only.

use std::fmt;

/// An ARN in its six colon-separated parts, borrowed from the text it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov` and so on.
    pub partition: &'a str,
    /// Service prefix, such as `kms` or `iam`.
    pub service: &'a str,
    /// Region, empty for global resources.
    pub region: &'a str,
    /// Account number, empty where the service has none in its names.
    pub account: &'a str,
    /// All the rest, colons and slashes included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads an ARN. `None` unless there are six parts, the first is `arn`, and partition, service and resource are
    /// not empty; whether Region and account exist is not judged here.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        if next()? != "arn" {
            return None;
        }
        let arn = Self { partition: next()?, service: next()?, region: next()?, account: next()?, resource: next()? };
        let named = !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty();
        named.then_some(arn)
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

/// The partition a Region belongs to, by the prefix of its name; every other name belongs to `aws`.
pub fn partition_of(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// Whether a name has the form of a Region: a short area, one or more places, a number, joined by hyphens
/// (`eu-central-1`, `us-gov-west-1`). Which Regions AWS runs today is deliberately not asked: every Region answers.
pub fn is_region(name: &str) -> bool {
    let name = name.as_bytes();
    let Some(hyphen) = name.iter().rposition(|byte| *byte == b'-') else { return false };
    let (places, number) = (&name[..hyphen], &name[hyphen + 1..]);
    let lower = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_lowercase);
    let mut parts = places.split(|byte| *byte == b'-');
    let area = parts.next().unwrap_or_default();
    let mut places = parts.peekable();
    name.len() <= LONGEST_REGION
        && (1..=2).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
        && (2..=4).contains(&area.len())
        && lower(area)
        && places.peek().is_some()
        && places.all(lower)
}

/// Longer than any Region name so far, short enough to be a column or a metric label.
const LONGEST_REGION: usize = 32;

/// Prefix of the Region's name and partition, as AWS's endpoint data pairs them.
const PARTITIONS: &[(&str, &str)] = &[
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn six_parts() {
        let text = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let arn = Arn::parse(text).unwrap();
        assert_eq!((arn.partition, arn.service, arn.region), ("aws", "kms", "eu-central-1"));
        assert_eq!((arn.account, arn.resource), ("111122223333", "key/1234abcd-12ab-34cd-56ef-1234567890ab"));
        assert_eq!(arn.to_string(), text);
    }

    #[test]
    fn the_resource_keeps_its_colons_and_empty_parts_may_stand() {
        let arn = Arn::parse("arn:aws:logs:us-east-1:1:log-group:x:*").unwrap();
        assert_eq!(arn.resource, "log-group:x:*");
        let arn = Arn::parse("arn:aws:iam::111122223333:root").unwrap();
        assert_eq!((arn.region, arn.account), ("", "111122223333"));
    }

    #[test]
    fn malformed() {
        for text in ["", "arn", "arn:aws:kms:us-east-1:1", "ARN:aws:kms:us-east-1:1:key/x", "arn::kms:r:1:key/x"] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
        for text in ["arn:aws::r:1:key/x", "arn:aws:kms:r:1:", "xarn:aws:kms:r:1:key/x", " arn:aws:kms:r:1:key/x"] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn partitions() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("mx-central-1", "aws"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-east-1", "aws-us-gov"),
            ("us-iso-west-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition_of(region), partition, "{region}");
            assert!(is_region(region), "{region}");
        }
    }

    #[test]
    fn not_regions() {
        for name in ["", "-", "us", "us-east", "us-east-", "us-east-x", "US-east-1", "us--1", "us-1", "u-east-1"] {
            assert!(!is_region(name), "{name}");
        }
        for name in ["us-east-1a", "us-east-100", "us east-1", "us-ea%st-1", "north-east-1", "us-east-1\n"] {
            assert!(!is_region(name), "{name}");
        }
        assert!(!is_region(&format!("us-{}-1", "a".repeat(40))));
    }

    proptest! {
        #[test]
        fn what_parses_prints_the_same(text in "(arn|x)(:[a-z0-9/*-]{0,6}){3,7}") {
            if let Some(arn) = Arn::parse(&text) {
                prop_assert_eq!(arn.to_string(), text);
            }
        }
    }
}
