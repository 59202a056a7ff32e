//! Conditions of one statement that no request meets all at once.
//!
//! Each key is tried with every value that could make a difference, by the same code that decides requests. Where the
//! values that could are too many to list (wildcards, variables, address ranges), nothing is said.

use std::collections::BTreeMap;

use super::{Code, Notes, Statement};
use crate::condition::decimal::Decimal;
use crate::condition::operator::{Comparison, Order, Quantifier};
use crate::condition::{Condition, instant};
use crate::parse::DraftCondition;
use crate::request::{NoContext, TableContext};

pub(super) fn check(statement: &Statement<'_>, found: &mut Notes) {
    let mut by_key: BTreeMap<String, Vec<&DraftCondition>> = BTreeMap::new();
    for condition in &statement.draft.conditions {
        if condition.values.is_empty() && !condition.operator.negated && !condition.operator.if_exists {
            let text = format!("{} has no value to match; the statement never does.", condition.key);
            found.note(condition.start, Code::Contradiction, text);
        }
        by_key.entry(condition.key.to_ascii_lowercase()).or_default().push(condition);
    }
    for (key, conditions) in by_key {
        if let ([_, .., last], true) = (conditions.as_slice(), impossible(&key, &conditions)) {
            let text =
                format!("No request meets all the conditions on {} together; the statement never matches.", last.key);
            found.note(last.start, Code::Contradiction, text);
        }
    }
}

fn impossible(key: &str, conditions: &[&DraftCondition]) -> bool {
    let compiled: Vec<Condition> = conditions
        .iter()
        .map(|one| Condition::compile(&one.written, one.operator, key, &one.values, false, false))
        .collect();
    let absent = compiled.iter().all(|condition| condition.holds(&NoContext));
    if absent || conditions.iter().any(|condition| condition.values.iter().any(|value| value.contains("${"))) {
        return false;
    }
    let nulls = conditions.iter().any(|condition| condition.operator.comparison == Comparison::Null);
    if nulls && stands_in(key) {
        return false;
    }
    // `Null` alone decides that the key must be absent, and something else that it must not.
    let must_be_absent = |condition: &&DraftCondition| {
        condition.operator.comparison == Comparison::Null
            && condition.values.iter().all(|value| value.eq_ignore_ascii_case("true"))
            && !condition.values.is_empty()
    };
    if conditions.iter().any(must_be_absent) {
        return true;
    }
    if conditions.iter().any(|condition| condition.operator.quantifier != Quantifier::Single) {
        return false;
    }
    let Some(candidates) = candidates(conditions) else { return false };
    !candidates.iter().any(|value| {
        let context = TableContext::new().with(key, value.as_str());
        compiled.iter().all(|condition| condition.holds(&context))
    })
}

/// Keys of AWS KMS that hold a default for `Null`'s eyes only: what `Null` finds absent may still have a value.
fn stands_in(key: &str) -> bool {
    let told = ["kms:encryptioncontext", "kms:requestalias", "kms:viaservice", "kms:resourcealiases"];
    key.starts_with("kms:") && !told.iter().any(|start| key.starts_with(start))
}

/// The values to try, if trying them settles it: one condition admits only values it lists, or all compare by order.
fn candidates(conditions: &[&DraftCondition]) -> Option<Vec<String>> {
    let lists = |condition: &&&DraftCondition| {
        let comparison = matches!(
            condition.operator.comparison,
            Comparison::StringEquals
                | Comparison::Bool
                | Comparison::Binary
                | Comparison::Numeric(Order::Equal)
                | Comparison::Date(Order::Equal)
        );
        comparison && !condition.operator.negated
    };
    if let Some(closed) = conditions.iter().find(lists) {
        return Some(closed.values.clone());
    }
    let mut tried = Vec::new();
    for condition in conditions {
        for value in &condition.values {
            match condition.operator.comparison {
                Comparison::Numeric(_) => tried.extend(around_number(value)?),
                Comparison::Date(_) => {
                    let seconds = instant::parse(value)?.as_secs();
                    tried.extend([-1, 0, 1].map(|step: i64| seconds.saturating_add(step).to_string()));
                }
                Comparison::Null => {}
                _ => return None,
            }
        }
    }
    Some(tried)
}

/// A number and two that are next to it for all a policy cares.
fn around_number(value: &str) -> Option<[String; 3]> {
    Decimal::parse(value)?;
    let number: f64 = value.trim().parse().ok()?;
    let near = |step: f64| format!("{:.6}", number + step);
    number.is_finite().then(|| [near(-0.000_01), value.to_owned(), near(0.000_01)])
}
