//! Condition keys that do not exist, and operators and values that do not fit them.

use std::net::IpAddr;

use super::vocabulary::{Key, KeyType, vocabulary};
use super::{Code, Notes, Statement};
use crate::condition::decimal::Decimal;
use crate::condition::network::Network;
use crate::condition::operator::{Comparison, Quantifier};
use crate::condition::{binary, boolean};
use crate::document::Version;
use crate::parse::DraftCondition;

/// Multi-valued keys that no request for their actions lacks.
const ALWAYS_THERE: [&str; 1] = ["kms:grantoperations"];

pub(super) fn check(statement: &Statement<'_>, found: &mut Notes) {
    for condition in &statement.draft.conditions {
        values(statement, condition, found);
        second_factor(statement, condition, found);
        let (of, fixed) = match vocabulary().key(&condition.key) {
            Key::Known { of, fixed } => (of, fixed),
            Key::Unknown { near } => {
                let meant = near.map_or(".".to_owned(), |near| format!("; did you mean `{near}`?"));
                let text = format!("There is no condition key `{}`{meant}", condition.key);
                found.note(condition.start, Code::UnknownKey, text);
                continue;
            }
            Key::Foreign => continue,
        };
        not_in_request(statement, condition, found);
        if condition.operator.comparison == Comparison::Null {
            continue;
        }
        if fixed && !fits(condition.operator.comparison, of) {
            let text = format!(
                "{} holds {}, which {} does not compare; use {}.",
                condition.key,
                what(of),
                condition.written,
                operators(of)
            );
            found.note(condition.start, Code::WrongOperator, text);
        }
        quantifier(statement, condition, of, found);
    }
}

fn fits(comparison: Comparison, of: KeyType) -> bool {
    use Comparison::{Arn, Bool, Date, IpAddress, Null, Numeric, StringEquals, StringEqualsIgnoreCase, StringLike};
    let text = matches!(comparison, StringEquals | StringEqualsIgnoreCase | StringLike | Null);
    match of {
        KeyType::String | KeyType::ArrayOfString => text,
        // An ARN may be compared as text, if with less care for its parts.
        KeyType::Arn | KeyType::ArrayOfArn => text || comparison == Arn,
        KeyType::Bool => comparison == Bool,
        KeyType::Numeric => matches!(comparison, Numeric(_)),
        // Seconds since 1970 are a number too.
        KeyType::Date => matches!(comparison, Date(_) | Numeric(_)),
        KeyType::IpAddress => comparison == IpAddress,
    }
}

fn what(of: KeyType) -> &'static str {
    match of {
        KeyType::String | KeyType::ArrayOfString => "text",
        KeyType::Arn | KeyType::ArrayOfArn => "an ARN",
        KeyType::Bool => "true or false",
        KeyType::Numeric => "a number",
        KeyType::Date => "a date",
        KeyType::IpAddress => "an address",
    }
}

fn operators(of: KeyType) -> &'static str {
    match of {
        KeyType::String | KeyType::ArrayOfString => "StringEquals or StringLike",
        KeyType::Arn | KeyType::ArrayOfArn => "ArnEquals or ArnLike",
        KeyType::Bool => "Bool",
        KeyType::Numeric => "NumericEquals, NumericLessThan and so on",
        KeyType::Date => "DateEquals, DateLessThan and so on",
        KeyType::IpAddress => "IpAddress or NotIpAddress",
    }
}

fn quantifier(statement: &Statement<'_>, condition: &DraftCondition, of: KeyType, found: &mut Notes) {
    let (key, place) = (&condition.key, condition.start);
    match (condition.operator.quantifier, of.is_set()) {
        (Quantifier::Single, true) => {
            let text = format!(
                "{key} has many values, which {} never matches; write ForAnyValue:{0} or ForAllValues:{0}.",
                condition.written
            );
            found.note(place, Code::NeedsSetOperator, text);
        }
        (Quantifier::All, false) => {
            let text = format!(
                "{key} has one value, and ForAllValues also holds for requests without any; remove ForAllValues."
            );
            found.note(place, Code::SetOperatorOnSingle, text);
        }
        (Quantifier::All, true) if statement.allow && !ALWAYS_THERE.contains(&key.to_ascii_lowercase().as_str()) => {
            let required = statement.draft.conditions.iter().any(|other| {
                let null = other.operator.comparison == Comparison::Null;
                null && other.key.eq_ignore_ascii_case(key)
                    && other.values.iter().all(|value| value.eq_ignore_ascii_case("false"))
            });
            if !required {
                let text = format!(
                    "ForAllValues also holds for requests without {key}; add \"Null\": {{\"{key}\": \"false\"}}."
                );
                found.note(place, Code::ForAllValuesWithoutNull, text);
            }
        }
        _ => {}
    }
}

/// A key of AWS KMS in a statement about actions of AWS KMS none of which carries it.
fn not_in_request(statement: &Statement<'_>, condition: &DraftCondition, found: &mut Notes) {
    if statement.not_action || !condition.key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("kms:")) {
        return;
    }
    let mut any = false;
    for (pattern, _) in &statement.actions {
        if pattern.service().is_some_and(|service| !vocabulary().knows(service)) {
            return;
        }
        for (service, _, facts) in vocabulary().expand(pattern) {
            any = true;
            let carries = |key: &String| match key.strip_suffix('*') {
                Some(family) => condition.key.get(..family.len()).is_some_and(|head| head.eq_ignore_ascii_case(family)),
                None => key.eq_ignore_ascii_case(&condition.key),
            };
            // What a service asks of AWS KMS is judged as a kms action, so requests to other services never carry it.
            if service == "kms" && facts.keys.as_ref().is_none_or(|keys| keys.iter().any(carries)) {
                return;
            }
        }
    }
    if any {
        let text = format!(
            "No request for these actions carries {}; remove the condition or move it to a statement of its own.",
            condition.key
        );
        found.note(condition.start, Code::KeyNotInRequest, text);
    }
}

fn values(statement: &Statement<'_>, condition: &DraftCondition, found: &mut Notes) {
    let variable = |value: &str| statement.version == Version::V2012 && value.contains("${");
    for value in &condition.values {
        let (good, wanted) = match condition.operator.comparison {
            Comparison::Numeric(_) => (Decimal::parse(value).is_some(), "a number"),
            Comparison::Bool => (boolean(value).is_some() || variable(value), "\"true\" or \"false\""),
            Comparison::Binary => (binary(value).is_some(), "base64"),
            Comparison::IpAddress => (is_network(value), "an address or a CIDR block such as 203.0.113.0/24"),
            Comparison::Arn => (is_arn(value) || variable(value), "an ARN of six parts, such as arn:aws:s3:::bucket"),
            _ => continue,
        };
        if !good {
            let text = format!("`{value}` equals nothing here; {} wants {wanted}.", condition.written);
            found.note(condition.start, Code::BadValue, text);
        }
    }
}

fn is_network(value: &str) -> bool {
    Network::parse(value).is_some() || value.parse::<IpAddr>().is_ok()
}

fn is_arn(value: &str) -> bool {
    value.splitn(6, ':').count() == 6
}

fn second_factor(statement: &Statement<'_>, condition: &DraftCondition, found: &mut Notes) {
    let operator = condition.operator;
    if operator.comparison != Comparison::Bool || !condition.key.eq_ignore_ascii_case("aws:MultiFactorAuthPresent") {
        return;
    }
    let all = |wanted: bool| condition.values.iter().all(|value| boolean(value) == Some(wanted));
    let text = if all(false) && !operator.if_exists {
        "Requests with long-term access keys carry no aws:MultiFactorAuthPresent, so this never matches them; use \
         BoolIfExists."
    } else if all(true) && operator.if_exists && statement.allow {
        "Requests with long-term access keys carry no aws:MultiFactorAuthPresent, and IfExists lets them in; use Bool."
    } else {
        return;
    };
    found.note(condition.start, Code::MfaLongTermKeys, text);
}
