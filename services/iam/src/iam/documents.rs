//! Policy documents: what is accepted, and how answers carry them.

use claviger_identity::Kind;
use claviger_policy::Document;
use claviger_shapes::iam::{LimitExceededException, MalformedPolicyDocumentException};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Longest managed policy, in characters that are not blanks.
pub(crate) const MANAGED_CHARACTERS_MAX: usize = 6_144;

/// Most characters that are not blanks in all inline policies of one entity.
pub(crate) const fn inline_characters_max(kind: Kind) -> usize {
    match kind {
        Kind::User => 2_048,
        Kind::Group => 5_120,
        Kind::Role => 10_240,
    }
}

/// All but what RFC 3986 leaves as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A policy in an answer: percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The length that quotas count.
pub(crate) fn characters(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// Reads an inline policy of a user, group or role.
pub(crate) fn inline<E: From<MalformedPolicyDocumentException>>(text: &str) -> Result<(), E> {
    parse(text).map(|_| ())
}

/// Reads a version of a managed policy.
pub(crate) fn managed<E>(text: &str) -> Result<(), E>
where
    E: From<MalformedPolicyDocumentException> + From<LimitExceededException>,
{
    let document = parse::<E>(text)?;
    document.require_2012().map_err(|error| MalformedPolicyDocumentException::new(error.to_string()))?;
    if characters(text) > MANAGED_CHARACTERS_MAX {
        let text = format!("Cannot exceed quota for PolicySize: {MANAGED_CHARACTERS_MAX}");
        return Err(LimitExceededException::new(text).into());
    }
    Ok(())
}

fn parse<E: From<MalformedPolicyDocumentException>>(text: &str) -> Result<Document, E> {
    Document::parse(text, claviger_policy::Kind::Identity)
        .map_err(|error| MalformedPolicyDocumentException::new(error.to_string()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_leave_only_unreserved_characters() {
        assert_eq!(encoded("{\"a-b_c.d~\": [\u{e4} *]}"), "%7B%22a-b_c.d~%22%3A%20%5B%C3%A4%20%2A%5D%7D");
    }

    #[test]
    fn blanks_do_not_count() {
        assert_eq!(characters(" {\t\r\n\"a\": 1 } "), 7);
    }
}
