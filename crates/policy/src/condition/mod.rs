//! Conditions: one operator, one key, the values it may have.

pub(crate) mod decimal;
pub(crate) mod instant;
pub(crate) mod network;
pub(crate) mod operator;

use std::borrow::Cow;
use std::net::IpAddr;

use crate::arn::{Arn, ArnPattern};
use crate::request::{Context, Values, condition_key};
use crate::template::{Fold, Grammar, Template};
use decimal::Decimal;
use instant::Instant;
use network::Network;
use operator::{Comparison, Operator, Order, Quantifier};

/// One compiled condition of a statement. Values that are not of the operator's type are kept as `None`: they equal
/// nothing.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    operator_text: Box<str>,
    key: Box<str>,
    written: Box<[Box<str>]>,
    operator: Operator,
    test: Test,
    /// The key has no meaning in this kind of document and counts as missing.
    void: bool,
}

#[derive(Debug, Clone)]
enum Test {
    Text {
        values: Box<[Template]>,
        ignore_case: bool,
    },
    Arn(Box<[ArnPattern]>),
    Number(Order, Box<[Box<str>]>),
    Date(Order, Box<[Option<Instant>]>),
    Bool(Box<[Template]>),
    Binary(Box<[Option<Vec<u8>>]>),
    Address(Box<[Option<Network>]>),
    /// Whether the key may be absent, whether it may be present.
    Null {
        absent: bool,
        present: bool,
    },
}

impl Condition {
    /// Compiles one key of an operator. `variables`: the document's version knows policy variables.
    pub(crate) fn compile(
        operator_text: &str,
        operator: Operator,
        key: &str,
        values: &[String],
        variables: bool,
        void: bool,
    ) -> Condition {
        let text =
            |wildcards: bool| values.iter().map(move |value| Template::parse(value, Grammar { wildcards, variables }));
        let test = match operator.comparison {
            Comparison::StringEquals => Test::Text { values: text(false).collect(), ignore_case: false },
            Comparison::StringEqualsIgnoreCase => Test::Text { values: text(false).collect(), ignore_case: true },
            Comparison::StringLike => Test::Text { values: text(true).collect(), ignore_case: false },
            Comparison::Arn => Test::Arn(values.iter().map(|value| ArnPattern::value(value, variables)).collect()),
            Comparison::Numeric(order) => {
                Test::Number(order, values.iter().map(|value| value.as_str().into()).collect())
            }
            Comparison::Date(order) => Test::Date(order, values.iter().map(|value| instant::parse(value)).collect()),
            Comparison::Bool => Test::Bool(text(false).collect()),
            Comparison::Binary => Test::Binary(values.iter().map(|value| binary(value)).collect()),
            Comparison::IpAddress => Test::Address(values.iter().map(|value| Network::parse(value)).collect()),
            Comparison::Null => Test::Null {
                absent: values.iter().any(|value| value.eq_ignore_ascii_case("true")),
                present: values.iter().any(|value| value.eq_ignore_ascii_case("false")),
            },
        };
        Condition {
            operator_text: operator_text.into(),
            key: condition_key(key).into(),
            written: values.iter().map(|value| value.as_str().into()).collect(),
            operator,
            test,
            void,
        }
    }

    /// The operator as it is written.
    pub(crate) fn operator(&self) -> &str {
        &self.operator_text
    }

    /// The key, folded.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The values as they are written.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.written.iter().map(|value| &**value)
    }

    /// The keys read: its own and those of its variables.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let templates = match &self.test {
            Test::Text { values, .. } | Test::Bool(values) => &values[..],
            _ => &[],
        };
        let arns = match &self.test {
            Test::Arn(values) => &values[..],
            _ => &[],
        };
        std::iter::once(&*self.key)
            .chain(templates.iter().flat_map(Template::keys))
            .chain(arns.iter().flat_map(ArnPattern::keys))
    }

    pub(crate) fn holds(&self, context: &dyn Context) -> bool {
        let found = if self.void { None } else { context.get(&self.key) };
        if let Test::Null { absent, present } = self.test {
            // An empty set is no value. Stand-ins for omitted members are none either: the request did not carry them.
            let empty = matches!(&found, Some(Values::Many(values)) if values.is_empty());
            let there = !self.void && !empty && context.was_requested(&self.key);
            return if there { present } else { absent };
        }
        let Operator { quantifier, negated, if_exists, .. } = self.operator;
        let one = |value: &Cow<'_, str>| self.equals_any(value, context) != negated;
        match (quantifier, found) {
            (_, None) if if_exists => true,
            (Quantifier::Single, None) => negated,
            (Quantifier::All, None) => true,
            (Quantifier::Any, None) => false,
            (_, Some(Values::Many(values))) if values.is_empty() => if_exists || quantifier == Quantifier::All,
            (Quantifier::Single, Some(Values::Many(_))) => false,
            (_, Some(Values::One(value))) => one(&value),
            (Quantifier::All, Some(Values::Many(values))) => values.iter().all(one),
            (Quantifier::Any, Some(Values::Many(values))) => values.iter().any(one),
        }
    }

    fn equals_any(&self, value: &str, context: &dyn Context) -> bool {
        match &self.test {
            Test::Text { values, ignore_case: false } => {
                values.iter().any(|template| template.matches(value, Fold::Exact, context))
            }
            Test::Text { values, ignore_case: true } => values
                .iter()
                .any(|template| template.expand(context).is_some_and(|text| equal_ignoring_case(&text, value))),
            Test::Arn(patterns) => {
                let arn = Arn::parse(value);
                patterns.iter().any(|pattern| pattern.matches(value, || arn.as_ref(), context))
            }
            Test::Number(order, values) => Decimal::parse(value).is_some_and(|number| {
                values
                    .iter()
                    .any(|limit| Decimal::parse(limit).is_some_and(|limit| order.holds(number.compare(&limit))))
            }),
            Test::Date(order, values) => instant::parse(value).is_some_and(|date| {
                values.iter().any(|limit| limit.is_some_and(|limit| order.holds(date.cmp(&limit))))
            }),
            Test::Bool(values) => boolean(value).is_some_and(|flag| {
                values.iter().any(|value| value.expand(context).and_then(|text| boolean(&text)) == Some(flag))
            }),
            Test::Binary(values) => {
                binary(value).is_some_and(|bytes| values.iter().any(|value| value.as_ref() == Some(&bytes)))
            }
            Test::Address(networks) => value.trim().parse::<IpAddr>().is_ok_and(|address| {
                networks.iter().any(|network| network.is_some_and(|network| network.contains(address)))
            }),
            // Answered before values are looked at.
            Test::Null { .. } => false,
        }
    }
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

pub(crate) fn binary(text: &str) -> Option<Vec<u8>> {
    base64_simd::STANDARD.decode_to_vec(text).ok()
}

/// Letters without case, in any script, except that no letter outside ASCII equals one inside: a Kelvin sign is not a
/// `k`, a dotless ı not an `I`.
fn equal_ignoring_case(left: &str, right: &str) -> bool {
    let same = |left: char, right: char| match (left.is_ascii(), right.is_ascii()) {
        (true, true) => left.eq_ignore_ascii_case(&right),
        (false, false) => left == right || left.to_lowercase().eq(right.to_lowercase()),
        _ => false,
    };
    let (mut left, mut right) = (left.chars(), right.chars());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(left), Some(right)) if same(left, right) => {}
            _ => return false,
        }
    }
}
