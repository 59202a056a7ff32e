//! The four ways to name a key.

use claviger_pipeline::Call;
use claviger_shapes::kms::NotFoundException;
use claviger_wire::arn::Arn;

/// A key identifier as a request gives it, understood but not looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference<'a> {
    /// A key of `account`, the caller's own unless an ARN says otherwise.
    Key {
        /// Owning account.
        account: &'a str,
        /// Bare key id.
        key_id: &'a str,
        /// Given as a bare id: the account was not named.
        bare: bool,
    },
    /// An alias of `account`.
    Alias {
        /// Owning account.
        account: &'a str,
        /// `alias/NAME`.
        name: &'a str,
    },
    /// A key ARN of another Region. No key can be reached through it.
    Elsewhere {
        /// The Region named.
        region: &'a str,
        /// Bare key id.
        key_id: &'a str,
    },
}

impl<'a> Reference<'a> {
    /// Reads an identifier. Text of no known form, another partition and another service are not found.
    pub(crate) fn parse(text: &'a str, call: &'a Call) -> Result<Self, NotFoundException> {
        let own = call.account();
        if text.starts_with("alias/") {
            return Ok(Self::Alias { account: own, name: text });
        }
        if is_key_id(text) {
            return Ok(Self::Key { account: own, key_id: text, bare: true });
        }
        if !text.starts_with("arn:") {
            return Err(NotFoundException::new(format!("Invalid keyId '{text}'")));
        }
        let invalid = || NotFoundException::new(format!("Invalid arn {text}"));
        let arn = Arn::parse(text).ok_or_else(invalid)?;
        if arn.service != "kms" || arn.account.len() != 12 {
            return Err(invalid());
        }
        if arn.partition != call.partition {
            return Err(NotFoundException::new(format!("Invalid arn {}", arn.partition)));
        }
        let key_id = arn.resource.strip_prefix("key/");
        if arn.region != &*call.region {
            return match key_id.filter(|id| is_key_id(id)) {
                Some(key_id) => Ok(Self::Elsewhere { region: arn.region, key_id }),
                None => Err(NotFoundException::new(format!("Invalid arn {}", arn.region))),
            };
        }
        match key_id {
            Some(key_id) if is_key_id(key_id) => Ok(Self::Key { account: arn.account, key_id, bare: false }),
            Some(key_id) => Err(NotFoundException::new(format!("Invalid keyId '{key_id}'"))),
            None if arn.resource.starts_with("alias/") => Ok(Self::Alias { account: arn.account, name: arn.resource }),
            None => Err(invalid()),
        }
    }
}

/// A lower-case UUID, or `mrk-` and 32 lower-case hex digits.
pub(crate) fn is_key_id(text: &str) -> bool {
    let hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if let Some(rest) = text.strip_prefix("mrk-") {
        return rest.len() == 32 && hex(rest);
    }
    let parts = text.split('-');
    text.len() == 36 && parts.clone().map(str::len).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ids() {
        assert!(is_key_id("1234abcd-12ab-34cd-56ef-1234567890ab"));
        assert!(is_key_id("mrk-1234abcd12ab34cd56ef1234567890ab"));
        for wrong in [
            "",
            "fake-key-id",
            "1234ABCD-12ab-34cd-56ef-1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890a",
            "1234abcd12ab34cd56ef1234567890ab",
            "1234abcd-12ab-34cd-56ef1-234567890ab",
            "mrk-1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-1234abcd12ab34cd56ef1234567890a",
            "mrk-",
        ] {
            assert!(!is_key_id(wrong), "{wrong}");
        }
    }
}
