//! Names of parameters: the rules for new ones, the forms in which existing ones are asked for, and their ARNs.
//!
//! Inside the service a name is a path that begins with a slash: `x` and `/x` are one parameter.

use claviger_pipeline::Call;
use claviger_shapes::ssm::HierarchyLevelLimitExceededException;
use claviger_shapes::{AccessDeniedException, ValidationException};

/// Most levels of a name.
pub(crate) const LEVELS_MAX: usize = 15;
/// Most characters of a name together with what stands before it in the ARN.
const ARN_CHARACTERS_MAX: usize = 1011;

const NOT_QUALIFIED: &str = "Parameter name must be a fully qualified name.";
const RESERVED: &str = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";
const SUB_PATHS: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
                         consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, \
                         numbers and the following 3 symbols .-_";
const BAD_SELECTOR: &str = "Invalid parameter name. Please use correct syntax for referencing a version/label \
                            <name>:<version/label>";
pub(crate) const BAD_PATH: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a \
                        forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must \
                        use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). \
                        Special characters are not allowed. All sub-paths, if specified, must use the forward slash \
                        symbol \"/\". Valid example: /get/parameters2-/by1./path0_.";

/// Where references to secrets of the other service begin.
pub(crate) const SECRETS: &str = "/aws/reference/secretsmanager/";

/// The ARN of a parameter, or of a node above some.
pub(crate) fn arn(partition: &str, region: &str, account: &str, path: &str) -> String {
    format!("arn:{partition}:ssm:{region}:{account}:parameter{path}")
}

/// The path of a name that is well-formed, whether or not it is reserved.
pub(crate) fn path(text: &str) -> Result<String, ValidationException> {
    let text = text.trim_matches(' ');
    let inside = match text.strip_prefix('/') {
        Some(inside) => inside,
        None if text.contains('/') => return Err(ValidationException::new(NOT_QUALIFIED)),
        None => text,
    };
    if !inside.split('/').all(is_level) {
        return Err(ValidationException::new(SUB_PATHS));
    }
    Ok(format!("/{inside}"))
}

fn is_level(level: &str) -> bool {
    !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn begins_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether a path refers to a secret of the other service.
pub(crate) fn is_reference(path: &str) -> bool {
    begins_with(path, SECRETS)
}

/// Whether the names below a path are AWS's own.
pub(crate) fn is_reserved(path: &str) -> bool {
    begins_with(path, "/aws") || begins_with(path, "/ssm")
}

/// The path of a name that a new parameter may have.
pub(crate) fn new_path<E>(call: &Call, text: &str) -> Result<String, E>
where
    E: From<ValidationException> + From<AccessDeniedException> + From<HierarchyLevelLimitExceededException>,
{
    let text = text.trim_matches(' ');
    if begins_with(text, "aws") || begins_with(text, "ssm") {
        return Err(ValidationException::new(RESERVED).into());
    }
    if begins_with(text, "/ssm") {
        return Err(ValidationException::new(SUB_PATHS).into());
    }
    if begins_with(text, "/aws") {
        return Err(AccessDeniedException::new(format!("No access to reserved parameter name: {text}.")).into());
    }
    let path = path(text)?;
    let levels = path.matches('/').count();
    if levels > LEVELS_MAX {
        let text = format!(
            "A hierarchy can have a maximum of {LEVELS_MAX} levels. The name {path} has {levels}. Use fewer levels."
        );
        return Err(HierarchyLevelLimitExceededException::new(text).into());
    }
    let length = arn(call.partition, &call.region, call.account(), &path).len();
    if length > ARN_CHARACTERS_MAX {
        let text = format!(
            "Parameter name: together with its ARN it has {length} characters. The maximum is {ARN_CHARACTERS_MAX}."
        );
        return Err(ValidationException::new(text).into());
    }
    Ok(path)
}

/// The path of a node that parameters are listed below: `/` is the empty path.
pub(crate) fn node(text: &str) -> Result<String, ValidationException> {
    let bad = || ValidationException::new(BAD_PATH);
    let text = text.trim_matches(' ');
    let inside = text.strip_prefix('/').ok_or_else(bad)?;
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    if inside.is_empty() {
        // Two slashes are no path.
        return if text == "/" { Ok(String::new()) } else { Err(bad()) };
    }
    if !inside.split('/').all(is_level) {
        return Err(bad());
    }
    Ok(format!("/{inside}"))
}

/// Which version of a parameter is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selector {
    /// By its number.
    Version(i64),
    /// By one of its labels.
    Label(String),
}

/// A parameter as a reader asks for it: by name or ARN, with or without a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The account that owns it.
    pub(crate) account: String,
    /// Its Region.
    pub(crate) region: String,
    /// Its path.
    pub(crate) path: String,
    /// The name as it was written; `None` when the ARN was.
    pub(crate) spelled: Option<String>,
    /// The version asked for.
    pub(crate) selector: Option<Selector>,
    /// What was written for the version, with its colon.
    pub(crate) suffix: Option<String>,
}

impl Asked {
    /// Reads `name`, `name:version`, `name:label` and the same with ARNs.
    pub(crate) fn parse(call: &Call, text: &str) -> Result<Self, ValidationException> {
        let text = text.trim_matches(' ');
        let by_arn = Self::arn_parts(text);
        let (account, region, rest) = by_arn.unwrap_or((call.account(), &call.region, text));
        let (name, suffix) = match rest.split_once(':') {
            Some((name, suffix)) => (name, Some(suffix)),
            None => (rest, None),
        };
        let selector = suffix.map(|suffix| Self::selector(suffix, name)).transpose()?;
        let path = if is_reference(name) { name.to_owned() } else { path(name)? };
        Ok(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            path,
            spelled: by_arn.is_none().then(|| name.to_owned()),
            selector,
            suffix: suffix.map(|suffix| format!(":{suffix}")),
        })
    }

    /// The same for operations on whole parameters.
    pub(crate) fn without_version(call: &Call, text: &str) -> Result<Self, ValidationException> {
        let asked = Self::parse(call, text)?;
        if asked.selector.is_some() {
            return Err(ValidationException::new(SUB_PATHS));
        }
        Ok(asked)
    }

    /// Account, Region and what follows `parameter` of an ARN of this service.
    fn arn_parts(text: &str) -> Option<(&str, &str, &str)> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" || parts.next()?.is_empty() || parts.next()? != "ssm" {
            return None;
        }
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        // Accounts and names make up the ids of records: what is no account must not look like one with a name.
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let rest = resource.strip_prefix("parameter").filter(|rest| rest.starts_with('/'))?;
        Some((account, region, rest))
    }

    fn selector(suffix: &str, name: &str) -> Result<Selector, ValidationException> {
        if suffix.is_empty() || suffix.contains([':', '/']) || name.is_empty() {
            return Err(ValidationException::new(BAD_SELECTOR));
        }
        if suffix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Selector::Version(suffix.parse().unwrap_or(i64::MAX)));
        }
        Ok(Selector::Label(suffix.to_owned()))
    }
}

/// Whether a label may be attached. Those that may not are told in the answer and are no error.
pub(crate) fn is_label(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    text.bytes().all(letters)
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && !begins_with(text, "aws")
        && !begins_with(text, "ssm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_with_one_slash_and_have_no_empty_level() {
        for (text, expected) in
            [("x", "/x"), ("/x", "/x"), (" /a/b.c_D-1 ", "/a/b.c_D-1"), ("/a/../b", "/a/../b"), ("..", "/..")]
        {
            assert_eq!(path(text).as_deref().ok(), Some(expected), "{text}");
        }
        for text in ["", "/", "//", "/a/", "/a//b", "a/b", "/a b", "/ä", "/a:1", "/a\u{0}", "/a\n", "\u{a0}x"] {
            assert!(path(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn nodes_may_end_with_a_slash() {
        for (text, expected) in [("/", ""), ("/a", "/a"), ("/a/", "/a"), ("/aws/service", "/aws/service")] {
            assert_eq!(node(text).as_deref().ok(), Some(expected), "{text}");
        }
        for text in ["", "a", "//", "///", "/a//", "/a//b", "/ä"] {
            assert!(node(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn labels_do_not_look_like_versions_or_reserved_names() {
        assert!(["prod", "v1", "_x", ".", "a-b.c_d"].iter().all(|label| is_label(label)));
        assert!(!["1st", "AWS1", "ssm", "a b", "ä", "a/b", "a:b"].iter().any(|label| is_label(label)));
    }
}
