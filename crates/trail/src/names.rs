//! Where files lie in a bucket.

use claviger_crypto::digest::sha256;
use jiff::Timestamp;
use jiff::tz::Offset;

/// Letters and digits of the unique part of a log file's name.
const UNIQUE_CHARACTERS: usize = 16;

/// A trail's place in its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The trail's `S3KeyPrefix`, without a slash at its end.
    pub prefix: Option<&'a str>,
    /// The account whose events are in the files.
    pub account: &'a str,
    /// The trail's name.
    pub trail: &'a str,
    /// The Region the trail was made in.
    pub home_region: &'a str,
}

impl Place<'_> {
    /// `[prefix/]AWSLogs/A/CloudTrail/R/YYYY/MM/DD/A_CloudTrail_R_YYYYMMDDTHHmmZ_UNIQUE.json.gz`
    ///
    /// `seed` tells files of one minute apart: the same seed always gives the same name.
    pub fn log_key(&self, region: &str, written: Timestamp, seed: &str) -> String {
        let (account, start) = (self.account, self.start());
        let day = spell(written, "%Y/%m/%d");
        let minute = spell(written, "%Y%m%dT%H%MZ");
        let unique = unique(seed);
        format!(
            "{start}AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz"
        )
    }

    /// `[prefix/]AWSLogs/A/CloudTrail-Digest/R/YYYY/MM/DD/A_CloudTrail-Digest_R_TRAIL_HOME_YYYYMMDDTHHMMSSZ.json.gz`,
    /// with the time at which the digest's hour ends.
    pub fn digest_key(&self, region: &str, end: Timestamp) -> String {
        let (account, start, trail, home) = (self.account, self.start(), self.trail, self.home_region);
        let day = spell(end, "%Y/%m/%d");
        let second = spell(end, "%Y%m%dT%H%M%SZ");
        format!(
            "{start}AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/\
             {account}_CloudTrail-Digest_{region}_{trail}_{home}_{second}.json.gz"
        )
    }

    fn start(&self) -> String {
        self.prefix.filter(|prefix| !prefix.is_empty()).map(|prefix| format!("{prefix}/")).unwrap_or_default()
    }
}

fn spell(time: Timestamp, format: &str) -> String {
    Offset::UTC.to_datetime(time).strftime(format).to_string()
}

fn unique(seed: &str) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let hash = sha256(seed.as_bytes());
    hash.iter().take(UNIQUE_CHARACTERS).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> =
        Place { prefix: Some("audit/x"), account: "111122223333", trail: "t-1", home_region: "eu-west-1" };

    #[test]
    fn names_are_cloudtrails() {
        let time: Timestamp = "2026-01-10T03:04:05Z".parse().unwrap();
        let key = PLACE.log_key("us-east-1", time, "seed");
        let start = "audit/x/AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/10/\
                     111122223333_CloudTrail_us-east-1_20260110T0304Z_";
        let unique = key.strip_prefix(start).and_then(|rest| rest.strip_suffix(".json.gz")).unwrap();
        assert!(unique.len() == 16 && unique.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{unique}");
        assert_ne!(key, PLACE.log_key("us-east-1", time, "another"));
        assert_eq!(
            Place { prefix: None, ..PLACE }.digest_key("us-east-1", time),
            "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/10/\
             111122223333_CloudTrail-Digest_us-east-1_t-1_eu-west-1_20260110T030405Z.json.gz"
        );
    }
}
