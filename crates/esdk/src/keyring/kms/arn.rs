use std::fmt;

use crate::Error;

/// The ARN of a key or alias of KMS (`framework/aws-kms/aws-kms-key-arn.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyArn {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The Region.
    pub region: String,
    /// The account.
    pub account: String,
    /// `key/…` or `alias/…`.
    pub resource: String,
}

impl KeyArn {
    /// Reads an ARN; `None` unless it is one of KMS with nothing empty in it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let (arn, partition, service, region, account, resource) =
            (part()?, part()?, part()?, part()?, part()?, part()?);
        let (kind, id) = resource.split_once('/')?;
        if arn != "arn" || service != "kms" || !matches!(kind, "key" | "alias") || id.is_empty() {
            return None;
        }
        let owned = str::to_owned;
        Some(Self {
            partition: owned(partition),
            region: owned(region),
            account: owned(account),
            resource: owned(resource),
        })
    }

    /// Whether it names a key rather than an alias.
    pub fn is_key(&self) -> bool {
        self.resource.starts_with("key/")
    }

    /// Whether it names a multi-Region key.
    pub fn is_multi_region(&self) -> bool {
        self.resource.starts_with("key/mrk-")
    }

    /// The same in another Region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, resource } = self;
        write!(f, "arn:{partition}:kms:{region}:{account}:{resource}")
    }
}

/// What a keyring is configured with: an ARN, or the id of a key or an alias in the client's account and Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyIdentifier {
    /// An ARN.
    Arn(KeyArn),
    /// `alias/…`, or a key's id.
    Bare(String),
}

impl KeyIdentifier {
    /// Reads an identifier.
    ///
    /// # Errors
    /// [`Error::InvalidKeyring`]: nothing, or what begins like an ARN and is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.starts_with("arn:") {
            let arn = KeyArn::parse(text).map(Self::Arn);
            return arn.ok_or_else(|| Error::InvalidKeyring(format!("{text:?} is not the ARN of a key in KMS")));
        }
        if text.is_empty() || text == "alias/" || text.contains(':') {
            return Err(Error::InvalidKeyring(format!("{text:?} does not identify a key in KMS")));
        }
        Ok(Self::Bare(text.to_owned()))
    }

    /// Whether this is the key; with `across_regions` also the same multi-Region key elsewhere
    /// (`framework/aws-kms/aws-kms-mrk-match-for-decrypt.md`).
    pub fn matches(&self, arn: &KeyArn, across_regions: bool) -> bool {
        match self {
            Self::Arn(own) if across_regions && own.is_multi_region() => *own == arn.in_region(&own.region),
            Self::Arn(own) => own == arn,
            // The message names keys by ARN, so these do not match (and the account may be another).
            Self::Bare(_) => false,
        }
    }
}

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => arn.fmt(f),
            Self::Bare(text) => f.pad(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:us-east-1:222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const MULTI: &str = "arn:aws:kms:us-east-1:222222222222:key/mrk-4321abcd12ab34cd56ef1234567890ab";
    const ALIAS: &str = "arn:aws:kms:us-west-2:111122223333:alias/mrk-test-key";

    #[test]
    fn arns_come_back() {
        for (text, key, multi) in [(KEY, true, false), (MULTI, true, true), (ALIAS, false, false)] {
            let arn = KeyArn::parse(text).unwrap();
            assert_eq!(arn.to_string(), text);
            assert_eq!((arn.is_key(), arn.is_multi_region()), (key, multi));
        }
    }

    #[test]
    fn what_is_no_arn_of_kms_is_refused() {
        for wrong in [
            "",
            "arn",
            ":aws:kms:r:a:key/k",
            "arn::kms:r:a:key/k",
            "arn:aws:s3:r:a:key/k",
            "arn:aws:kms::a:key/k",
            "arn:aws:kms:r::key/k",
            "arn:aws:kms:r:a:",
            "arn:aws:kms:r:a:key",
            "arn:aws:kms:r:a:key/",
            "arn:aws:kms:r:a:/k",
            "arn:aws:kms:r:a:user/k",
            "arn:aws:kms:r:a:key:k",
            "ARN:aws:kms:r:a:key/k",
        ] {
            assert_eq!(KeyArn::parse(wrong), None, "{wrong}");
        }
        for wrong in ["", "alias/", "arn:aws:kms:r:a:key", "a:b"] {
            assert!(KeyIdentifier::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_multi_region_keys_match_elsewhere_and_only_when_asked() {
        let parse = |text: &str| KeyArn::parse(text).unwrap();
        for text in [KEY, MULTI] {
            let own = KeyIdentifier::parse(text).unwrap();
            assert!(own.matches(&parse(text), false) && own.matches(&parse(text), true));
            let elsewhere = parse(text).in_region("eu-west-1");
            assert!(!own.matches(&elsewhere, false));
            assert_eq!(own.matches(&elsewhere, true), text == MULTI);
            let other_account = KeyArn { account: "1".to_owned(), ..elsewhere };
            assert!(!own.matches(&other_account, true));
        }
        let bare = KeyIdentifier::parse("mrk-4321abcd12ab34cd56ef1234567890ab").unwrap();
        assert!(!bare.matches(&parse(MULTI), true));
    }
}
