//! Rules for values: what their data type, the pattern in force and their tier allow.

use std::net::{Ipv4Addr, Ipv6Addr};

use claviger_shapes::ValidationException;
use claviger_shapes::ssm::{InvalidAllowedPatternException, ParameterPatternMismatchException};
use regex_lite::{Regex, RegexBuilder};

use crate::record::{Kind, Tier};

/// The data type of values that are not checked.
pub(crate) const TEXT: &str = "text";
/// Most characters of a value in the standard tier; of a SecureString most bytes, for that much the key encrypts.
pub(crate) const STANDARD_CHARACTERS_MAX: usize = 4096;
/// Most characters of a value in the advanced tier.
pub(crate) const ADVANCED_CHARACTERS_MAX: usize = 8192;
/// What a pattern may take to compile, in bytes: patterns come from clients.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Names of webhook integrations begin with this.
const INTEGRATIONS: &str = "/d9d01087-4a3f-49e0-b0b4-d568d7826553/ssm/integrations/webhook/";

/// Data types whose values only the advanced tier holds.
pub(crate) fn is_advanced_only(data_type: &str) -> bool {
    matches!(data_type, "url" | "json" | "jsonc")
}

/// What is wrong with every value, whatever its type.
pub(crate) fn check(value: &str) -> Result<(), ValidationException> {
    if value.is_empty() {
        let text = "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have \
                    length greater than or equal to 1.";
        return Err(ValidationException::new(text));
    }
    if value.find("{{").is_some_and(|start| value[start..].contains("}}")) {
        let text = "Parameter value: can't hold text between double brackets {{}}: parameters can't be nested in the \
                    values of other parameters.";
        return Err(ValidationException::new(text));
    }
    Ok(())
}

/// Whether a value fits a tier.
pub(crate) fn fits(value: &str, kind: Kind, tier: Tier) -> bool {
    let characters = value.chars().count();
    match tier {
        // The key service takes no more bytes than that.
        Tier::Standard if kind == Kind::SecureString => value.len() <= STANDARD_CHARACTERS_MAX,
        Tier::Standard => characters <= STANDARD_CHARACTERS_MAX,
        Tier::Advanced => characters <= ADVANCED_CHARACTERS_MAX,
    }
}

/// The answer to a value that does not fit its tier.
pub(crate) fn too_large(tier: Tier) -> ValidationException {
    ValidationException::new(match tier {
        Tier::Standard => format!(
            "Standard tier parameters support a maximum parameter value of {STANDARD_CHARACTERS_MAX} characters. To \
             create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more \
             information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/\
             parameter-store-advanced-parameters.html"
        ),
        Tier::Advanced => {
            format!(
                "Advanced tier parameters support a maximum parameter value of {ADVANCED_CHARACTERS_MAX} characters."
            )
        }
    })
}

/// Compiles a pattern that values must match as a whole.
pub(crate) fn pattern(source: &str) -> Result<Regex, InvalidAllowedPatternException> {
    let compile = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
    // On its own first: what only makes sense between our anchors would leave them behind.
    compile(source).and_then(|_| compile(&format!("^(?:{source})$"))).map_err(|_| {
        let text = format!("Parameter pattern, {source} is not a regular expression that can be used.");
        InvalidAllowedPatternException::new(text)
    })
}

/// Checks a value against the pattern in force.
pub(crate) fn check_pattern<E>(value: &str, source: &str) -> Result<(), E>
where
    E: From<InvalidAllowedPatternException> + From<ParameterPatternMismatchException>,
{
    if pattern(source)?.is_match(value) {
        return Ok(());
    }
    let text = format!("Parameter value, cannot be validated against allowedPattern: {source}");
    Err(ParameterPatternMismatchException::new(text).into())
}

/// Checks a value against its data type.
pub(crate) fn check_data_type(data_type: &str, path: &str, kind: Kind, value: &str) -> Result<(), ValidationException> {
    let good = match data_type {
        TEXT => true,
        // No images are known here: the form is all that can be checked.
        "aws:ec2:image" => matches(value, "ami-[0-9a-zA-Z]{8,17}"),
        "aws:ssm:integration" => kind == Kind::SecureString && path.starts_with(INTEGRATIONS),
        "aws:region" => matches(value, "[a-z]{2,}(-[a-z]+)+-[0-9]+"),
        "aws:account:id" => matches(value, "[0-9]{12}"),
        "boolean" => matches!(value, "true" | "false"),
        "integer" => matches(value, "[+-]?[0-9]+"),
        "float" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "binary" => base64_simd::STANDARD.check(value.as_bytes()).is_ok(),
        "hostname" => is_hostname(value),
        "email" => value
            .rsplit_once('@')
            .is_some_and(|(local, host)| is_hostname(host) && matches(local, r"[^\s@<>(),;:\\\x22\[\]]{1,64}")),
        "ipv4-address" => value.parse::<Ipv4Addr>().is_ok(),
        "ipv6-address" => value.parse::<Ipv6Addr>().is_ok(),
        "url" => matches(value, r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?#]+\S*"),
        "json" => serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok(),
        // JSON with comments, in no one form.
        "jsonc" => true,
        other => {
            let text =
                format!("The following data type is not supported: {other} (Data type names are all lowercase.)");
            return Err(ValidationException::new(text));
        }
    };
    if good {
        return Ok(());
    }
    Err(ValidationException::new(format!("The parameter value is not of the data type {data_type}.")))
}

fn matches(value: &str, source: &str) -> bool {
    pattern(source).is_ok_and(|pattern| pattern.is_match(value))
}

fn is_hostname(value: &str) -> bool {
    value.len() <= 253
        && matches(
            value,
            r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*",
        )
}
