//! Values that are one scalar: text, enumerations, bytes, numbers, booleans, points in time.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::hint;
use super::pattern::Pattern;
use super::report::{At, Report, Shown};
use crate::blob::{Blob, SecretBlob, SecretString, from_base64};
use crate::enumeration::Enumeration;
use crate::timestamp::Timestamp;

/// Texts for a list or a structure where a scalar (or the other of the two) belongs.
/// Recorded from Athena, SES, SQS and Kinesis; only the second has a full stop.
pub(super) const LIST_UNEXPECTED: &str = "Start of list found where not expected";
pub(super) const MAP_UNEXPECTED: &str = "Start of structure or map found where not expected.";

/// Constraints of a text. A `max` of `usize::MAX` means none.
pub(crate) struct Text {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) pattern: Option<Pattern>,
    /// Whether violations leave the value out although its type would show it.
    pub(crate) hidden: bool,
}

/// Constraints of a blob: its length in bytes.
pub(crate) struct Bytes {
    pub(crate) min: usize,
    pub(crate) max: usize,
}

/// Constraints of an integer.
pub(crate) struct Range {
    pub(crate) min: i32,
    pub(crate) max: i32,
}

/// Constraints of a floating-point number.
pub(crate) struct Span {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// A number as the format gave it.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    Whole(i64),
    Fraction(f64),
}

/// Where a value is and where its violations go.
pub(crate) struct Place<'a> {
    pub(crate) at: &'a At<'a>,
    pub(crate) report: &'a mut Report,
}

/// Decoded, or the text of a refusal. `None`: decoded to nothing, a violation was reported.
pub(crate) type Decoded<T> = Result<Option<T>, Cow<'static, str>>;

/// A scalar of the model.
pub(crate) trait Leaf: Sized {
    /// Its constraints.
    type Rule: 'static;
    /// The kind of value announced to the format.
    const HINT: &'static str;
    /// The type as the refusal of a wrong one names it.
    const WANTED: &'static str;

    fn text(text: &str, rule: &Self::Rule, place: Place<'_>) -> Decoded<Self>;

    fn number(_number: Number, _rule: &Self::Rule, _place: Place<'_>) -> Decoded<Self> {
        wrong("NUMBER_VALUE", Self::WANTED)
    }

    fn flag(flag: bool, _rule: &Self::Rule) -> Decoded<Self> {
        wrong(if flag { "TRUE_VALUE" } else { "FALSE_VALUE" }, Self::WANTED)
    }

    fn bytes(_bytes: &[u8], _rule: &Self::Rule, _place: Place<'_>) -> Decoded<Self> {
        wrong("BYTES_VALUE", Self::WANTED)
    }
}

/// `STRING_VALUE can not be converted to an Integer` and its kind.
fn wrong<T>(found: &str, wanted: &str) -> Decoded<T> {
    Err(format!("{found} can not be converted to {wanted}").into())
}

/// A leaf being decoded, with its type erased: one visitor serves all leaves of a format.
pub(super) trait Sink {
    fn text(&mut self, text: &str, place: Place<'_>) -> Result<(), Cow<'static, str>>;
    fn number(&mut self, number: Number, place: Place<'_>) -> Result<(), Cow<'static, str>>;
    fn flag(&mut self, flag: bool) -> Result<(), Cow<'static, str>>;
    fn bytes(&mut self, bytes: &[u8], place: Place<'_>) -> Result<(), Cow<'static, str>>;
}

pub(super) struct Slot<T: Leaf> {
    pub(super) value: Option<T>,
    pub(super) rule: &'static T::Rule,
}

impl<T: Leaf> Sink for Slot<T> {
    fn text(&mut self, text: &str, place: Place<'_>) -> Result<(), Cow<'static, str>> {
        self.value = T::text(text, self.rule, place)?;
        Ok(())
    }

    fn number(&mut self, number: Number, place: Place<'_>) -> Result<(), Cow<'static, str>> {
        self.value = T::number(number, self.rule, place)?;
        Ok(())
    }

    fn flag(&mut self, flag: bool) -> Result<(), Cow<'static, str>> {
        self.value = T::flag(flag, self.rule)?;
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8], place: Place<'_>) -> Result<(), Cow<'static, str>> {
        self.value = T::bytes(bytes, self.rule, place)?;
        Ok(())
    }
}

/// Reads one scalar into a sink; yields whether there was one (not null).
pub(super) struct LeafSeed<'a> {
    pub(super) sink: &'a mut dyn Sink,
    pub(super) hint: &'static str,
    pub(super) at: &'a At<'a>,
    pub(super) report: &'a mut Report,
}

impl LeafSeed<'_> {
    fn settle<E: de::Error>(
        self,
        put: impl FnOnce(&mut dyn Sink, Place<'_>) -> Result<(), Cow<'static, str>>,
    ) -> Result<bool, E> {
        let Self { sink, at, report, .. } = self;
        match put(sink, Place { at, report }) {
            Ok(()) => Ok(true),
            Err(text) => Err(report.refuse(text)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for LeafSeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_newtype_struct(self.hint, self)
    }
}

impl<'de> Visitor<'de> for LeafSeed<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hint)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<bool, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
        self.settle(|sink, place| sink.text(text, place))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<bool, E> {
        self.settle(|sink, place| sink.number(Number::Whole(value), place))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<bool, E> {
        self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<bool, E> {
        self.settle(|sink, place| sink.number(Number::Fraction(value), place))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
        self.settle(|sink, _| sink.flag(value))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<bool, E> {
        self.settle(|sink, place| sink.bytes(bytes, place))
    }

    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_none<E: de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _list: A) -> Result<bool, A::Error> {
        Err(self.report.refuse(LIST_UNEXPECTED))
    }

    fn visit_map<A: MapAccess<'de>>(self, _map: A) -> Result<bool, A::Error> {
        Err(self.report.refuse(MAP_UNEXPECTED))
    }
}

/// Length in characters. The model's language counts Unicode scalar values; what the service
/// counts above the basic plane (there Java's `length` would say two) was never recorded.
fn characters(text: &str) -> usize {
    text.chars().count()
}

impl Text {
    /// Checks a text, reporting at `place`.
    pub(super) fn check(&self, text: &str, secret: bool, place: Place<'_>) -> bool {
        let Place { at, report } = place;
        let shown = || match secret || self.hidden {
            true => Shown::Hidden,
            false => Shown::Value(&text),
        };
        let (long, short, odd) = self.broken(text);
        if long {
            length_violation(report, at, shown(), "less than or equal to", self.max);
        }
        if short {
            length_violation(report, at, shown(), "greater than or equal to", self.min);
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|_| odd) {
            let constraint = format_args!("Member must satisfy regular expression pattern: {}", pattern.source);
            report.violation(at, shown(), constraint);
        }
        !(long || short || odd)
    }

    /// Too long, too short, out of pattern.
    pub(super) fn broken(&self, text: &str) -> (bool, bool, bool) {
        // A character has at most four bytes, so that nearly always the byte count decides.
        let long = text.len() > self.max && characters(text) > self.max;
        let short = text.len() < self.min.saturating_mul(4) && characters(text) < self.min;
        let odd = self.pattern.as_ref().is_some_and(|pattern| !pattern.matches(text));
        (long, short, odd)
    }

    /// The constraints as they are listed when an element of a list breaks one.
    pub(super) fn clauses(&self) -> Vec<String> {
        let mut clauses = Vec::new();
        if self.max != usize::MAX {
            clauses.push(format!("Member must have length less than or equal to {}", self.max));
        }
        if self.max != usize::MAX || self.min != 0 {
            clauses.push(format!("Member must have length greater than or equal to {}", self.min));
        }
        if let Some(pattern) = &self.pattern {
            let source = pattern.source;
            clauses.push(format!("Member must satisfy regular expression pattern: {source}"));
        }
        clauses
    }
}

pub(super) fn length_violation(report: &mut Report, at: &At<'_>, shown: Shown<'_>, relation: &str, limit: usize) {
    let constraint = format_args!("Member must have length {relation} {limit}");
    report.violation(at, shown, constraint);
}

impl Bytes {
    fn check(&self, length: usize, place: Place<'_>) -> bool {
        let Place { at, report } = place;
        if length > self.max {
            length_violation(report, at, Shown::Hidden, "less than or equal to", self.max);
        }
        if length < self.min {
            length_violation(report, at, Shown::Hidden, "greater than or equal to", self.min);
        }
        (self.min..=self.max).contains(&length)
    }
}

impl Leaf for String {
    type Rule = Text;
    const HINT: &'static str = hint::STRING;
    const WANTED: &'static str = "a String";

    fn text(text: &str, rule: &Text, place: Place<'_>) -> Decoded<Self> {
        Ok(rule.check(text, false, place).then(|| text.to_owned()))
    }
}

impl Leaf for SecretString {
    type Rule = Text;
    const HINT: &'static str = hint::STRING;
    const WANTED: &'static str = "a String";

    fn text(text: &str, rule: &Text, place: Place<'_>) -> Decoded<Self> {
        Ok(rule.check(text, true, place).then(|| Self::new(text.to_owned())))
    }
}

impl<T: Enumeration> Leaf for T {
    type Rule = ();
    const HINT: &'static str = hint::STRING;
    const WANTED: &'static str = "a String";

    fn text(text: &str, _rule: &(), place: Place<'_>) -> Decoded<Self> {
        let value = T::of(text);
        if value.is_none() {
            let constraint = format_args!("Member must satisfy enum value set: [{}]", T::TEXTS.join(", "));
            let Place { at, report } = place;
            report.violation(at, Shown::Value(&text), constraint);
        }
        Ok(value)
    }
}

/// Bytes from base64. The texts are Kinesis's, which begin with the value in quotes; a blob of
/// ours may be a plaintext, so the kind of value stands in its place.
fn decode_base64(text: &str) -> Result<Vec<u8>, Cow<'static, str>> {
    from_base64(text.as_bytes()).map_err(|_| {
        let reason = match text.len() % 4 {
            0 => "Invalid Base64 character".to_owned(),
            _ => format!("Base64 encoded length is expected a multiple of 4 bytes but found: {}", text.len()),
        };
        format!("STRING_VALUE can not be converted to a Blob: {reason}").into()
    })
}

impl Leaf for Blob {
    type Rule = Bytes;
    const HINT: &'static str = hint::BLOB;
    const WANTED: &'static str = "a Blob";

    fn text(text: &str, rule: &Bytes, place: Place<'_>) -> Decoded<Self> {
        let bytes = decode_base64(text)?;
        Ok(rule.check(bytes.len(), place).then_some(Self(bytes)))
    }

    fn bytes(bytes: &[u8], rule: &Bytes, place: Place<'_>) -> Decoded<Self> {
        Ok(rule.check(bytes.len(), place).then(|| Self(bytes.to_vec())))
    }
}

impl Leaf for SecretBlob {
    type Rule = Bytes;
    const HINT: &'static str = hint::BLOB;
    const WANTED: &'static str = "a Blob";

    fn text(text: &str, rule: &Bytes, place: Place<'_>) -> Decoded<Self> {
        let blob = Self::new(decode_base64(text)?);
        Ok(rule.check(blob.0.len(), place).then_some(blob))
    }

    fn bytes(bytes: &[u8], rule: &Bytes, place: Place<'_>) -> Decoded<Self> {
        Ok(rule.check(bytes.len(), place).then(|| Self::new(bytes.to_vec())))
    }
}

impl Leaf for i32 {
    type Rule = Range;
    const HINT: &'static str = hint::INTEGER;
    const WANTED: &'static str = "an Integer";

    fn text(_text: &str, _rule: &Range, _place: Place<'_>) -> Decoded<Self> {
        wrong("STRING_VALUE", Self::WANTED)
    }

    fn number(number: Number, rule: &Range, place: Place<'_>) -> Decoded<Self> {
        // A fraction is cut off (recorded from Athena); what does not fit saturates. A number
        // beyond 32 bits was recorded as a range violation, never as a serialization error.
        let value = match number {
            Number::Whole(value) => value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
            Number::Fraction(value) => value as i32,
        };
        let Place { at, report } = place;
        if value > rule.max {
            let constraint = format_args!("Member must have value less than or equal to {}", rule.max);
            report.violation(at, Shown::Value(&value), constraint);
        }
        if value < rule.min {
            let constraint = format_args!("Member must have value greater than or equal to {}", rule.min);
            report.violation(at, Shown::Value(&value), constraint);
        }
        Ok((rule.min..=rule.max).contains(&value).then_some(value))
    }
}

impl Leaf for i64 {
    type Rule = ();
    const HINT: &'static str = hint::INTEGER;
    const WANTED: &'static str = "a Long";

    fn text(_text: &str, _rule: &(), _place: Place<'_>) -> Decoded<Self> {
        wrong("STRING_VALUE", Self::WANTED)
    }

    fn number(number: Number, _rule: &(), _place: Place<'_>) -> Decoded<Self> {
        Ok(Some(match number {
            Number::Whole(value) => value,
            Number::Fraction(value) => value as i64,
        }))
    }
}

impl Leaf for f64 {
    type Rule = Span;
    const HINT: &'static str = hint::DOUBLE;
    const WANTED: &'static str = "a Double";

    fn text(_text: &str, _rule: &Span, _place: Place<'_>) -> Decoded<Self> {
        wrong("STRING_VALUE", Self::WANTED)
    }

    fn number(number: Number, rule: &Span, place: Place<'_>) -> Decoded<Self> {
        let value = match number {
            Number::Whole(value) => value as f64,
            Number::Fraction(value) => value,
        };
        let Place { at, report } = place;
        if value > rule.max {
            let constraint = format_args!("Member must have value less than or equal to {}", rule.max);
            report.violation(at, Shown::Value(&value), constraint);
        }
        if value < rule.min {
            let constraint = format_args!("Member must have value greater than or equal to {}", rule.min);
            report.violation(at, Shown::Value(&value), constraint);
        }
        Ok((rule.min..=rule.max).contains(&value).then_some(value))
    }
}

impl Leaf for bool {
    type Rule = ();
    const HINT: &'static str = hint::BOOLEAN;
    const WANTED: &'static str = "a Boolean";

    /// These words were recorded from SES and Kinesis to count as booleans, in any case. The text
    /// for others says "an Boolean", unlike the one for numbers.
    fn text(text: &str, _rule: &(), _place: Place<'_>) -> Decoded<Self> {
        let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        if is(&["true", "yes", "y", "t", "1"]) {
            Ok(Some(true))
        } else if is(&["false", "no", "n", "f", "0"]) {
            Ok(Some(false))
        } else {
            wrong("STRING_VALUE", "an Boolean")
        }
    }

    fn flag(flag: bool, _rule: &()) -> Decoded<Self> {
        Ok(Some(flag))
    }
}

impl Leaf for Timestamp {
    type Rule = ();
    const HINT: &'static str = hint::TIMESTAMP;
    const WANTED: &'static str = "milliseconds since epoch";

    fn text(_text: &str, _rule: &(), _place: Place<'_>) -> Decoded<Self> {
        wrong("STRING_VALUE", Self::WANTED)
    }

    fn number(number: Number, _rule: &(), _place: Place<'_>) -> Decoded<Self> {
        let at = match number {
            Number::Whole(seconds) => Self::from_seconds(seconds),
            Number::Fraction(seconds) => Self::from_fraction(seconds),
        };
        match at {
            Some(at) => Ok(Some(at)),
            None => wrong("NUMBER_VALUE", Self::WANTED),
        }
    }
}
