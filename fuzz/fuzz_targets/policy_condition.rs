//! Every condition operator, against its negation, its IfExists and set forms, and plain references where there are.
#![no_main]

use claviger_fuzz::glob;
use claviger_policy::{Document, Kind, Policies, Principal, Request, TableContext, evaluate};
use libfuzzer_sys::fuzz_target;

/// An operator and its negation, where it has one.
const OPERATORS: [(&str, Option<&str>); 16] = [
    ("StringEquals", Some("StringNotEquals")),
    ("StringEqualsIgnoreCase", Some("StringNotEqualsIgnoreCase")),
    ("StringLike", Some("StringNotLike")),
    ("NumericEquals", Some("NumericNotEquals")),
    ("NumericLessThan", None),
    ("NumericLessThanEquals", None),
    ("NumericGreaterThan", None),
    ("NumericGreaterThanEquals", None),
    ("DateEquals", Some("DateNotEquals")),
    ("DateLessThan", None),
    ("DateGreaterThanEquals", None),
    ("Bool", None),
    ("BinaryEquals", None),
    ("IpAddress", Some("NotIpAddress")),
    ("ArnEquals", Some("ArnNotEquals")),
    ("ArnLike", Some("ArnNotLike")),
];

const KEY: &str = "aws:a";

/// Whether a condition holds; `None` if the document is refused.
fn holds(operator: &str, wanted: &[&str], context: &TableContext) -> Option<bool> {
    let text = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { operator: { KEY: wanted } } },
    })
    .to_string();
    let document = Document::parse(&text, Kind::Identity).ok()?;
    let request = Request {
        principal: Principal::user("111122223333", "arn:aws:iam::111122223333:user/alice", "AIDAALICEALICEALICE01"),
        action: "s3:GetObject",
        resource: "*",
        resource_account: "111122223333",
        context,
    };
    Some(evaluate(&request, &Policies { identity: &[&document], ..Policies::default() }).allowed)
}

// The input: an operator's number as a letter and the values of the policy, a line each; an empty line; the request's.
fuzz_target!(|input: &str| {
    let (policy, request) = input.split_once("\n\n").unwrap_or((input, ""));
    let mut lines = policy.split('\n');
    let choice = lines.next().and_then(|line| line.bytes().next()).unwrap_or_default();
    let (operator, negation) = OPERATORS[usize::from(choice) % OPERATORS.len()];
    let (wanted, found): (Vec<&str>, Vec<&str>) = (lines.collect(), request.split('\n').collect());
    if wanted.len() > 8 || found.len() > 8 || wanted.iter().chain(&found).any(|value| value.len() > 256) {
        return;
    }
    let base = || TableContext::new().with("aws:username", "*");
    let (none, set) = (base(), base().with_many(KEY, found.iter().copied()));
    let ask = |operator: &str, context: &TableContext| holds(operator, &wanted, context);

    let Some(absent) = ask(operator, &none) else { return };
    assert!(!absent, "a positive operator holds without the key");
    assert_eq!(ask(&format!("{operator}IfExists"), &none), Some(true));
    assert_eq!(ask(&format!("ForAllValues:{operator}"), &none), Some(true));
    assert_eq!(ask(&format!("ForAnyValue:{operator}"), &none), Some(false));
    assert_eq!(ask(operator, &set), Some(false), "a plain operator matches a set");

    let singles: Vec<bool> = found
        .iter()
        .map(|value| {
            let context = base().with(KEY, *value);
            let held = ask(operator, &context) == Some(true);
            assert_eq!(ask(&format!("{operator}IfExists"), &context), Some(held));
            if let Some(negation) = negation {
                assert_eq!(ask(negation, &context), Some(!held), "{negation} is not the contrary");
            }
            if let Some(expected) = reference(operator, &wanted, value) {
                assert_eq!(held, expected, "{operator} {wanted:?} {value:?}");
            }
            held
        })
        .collect();
    assert_eq!(ask(&format!("ForAnyValue:{operator}"), &set), Some(singles.iter().any(|held| *held)));
    assert_eq!(ask(&format!("ForAllValues:{operator}"), &set), Some(singles.iter().all(|held| *held)));
    if let Some(negation) = negation {
        assert_eq!(ask(&format!("ForAnyValue:{negation}"), &set), Some(singles.iter().any(|held| !held)));
        assert_eq!(ask(negation, &none), Some(true), "a negated operator needs the key");
    }
});

/// What the plainest reading says, where there is one.
fn reference(operator: &str, wanted: &[&str], value: &str) -> Option<bool> {
    if wanted.iter().any(|text| text.contains('$')) {
        return None;
    }
    let number = |text: &str| text.parse::<i64>().ok();
    let numbers = || Some((number(value)?, wanted.iter().map(|text| number(text)).collect::<Option<Vec<_>>>()?));
    let compared = |holds: fn(&i64, &i64) -> bool| {
        numbers().map(|(value, limits)| limits.iter().any(|limit| holds(&value, limit)))
    };
    match operator {
        "StringEquals" => Some(wanted.contains(&value)),
        "StringLike" => Some(wanted.iter().any(|pattern| glob(pattern, value))),
        "StringEqualsIgnoreCase" if value.is_ascii() && wanted.iter().all(|text| text.is_ascii()) => {
            Some(wanted.iter().any(|text| text.eq_ignore_ascii_case(value)))
        }
        "NumericEquals" => compared(i64::eq),
        "NumericLessThan" => compared(i64::lt),
        "NumericLessThanEquals" => compared(i64::le),
        "NumericGreaterThan" => compared(i64::gt),
        "NumericGreaterThanEquals" => compared(i64::ge),
        _ => None,
    }
}
