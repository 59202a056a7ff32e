//! Where the decoder is in the request, and what it found wrong so far.

use std::borrow::Cow;
use std::fmt;

use super::DecodeError;

/// How many violations one answer reports: ten, as recorded from DynamoDB for requests with more.
pub const MAX_VIOLATIONS: usize = 10;

/// One step from a structure or list to a value inside it.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// A member: its wire name and its place in the model.
    Member(&'static str, usize),
    /// An element of a list, counted from zero.
    Element(usize),
}

/// The way from the root of the request to a value; lives on the stack, costs nothing until a
/// violation has to be named.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) up: Option<&'a At<'a>>,
    pub(crate) step: Step,
}

impl At<'_> {
    /// The places along the way: what violations are sorted and forgotten by.
    fn places(&self) -> Vec<usize> {
        let mut places = self.up.map(At::places).unwrap_or_default();
        places.push(match self.step {
            Step::Member(_, place) | Step::Element(place) => place,
        });
        places
    }
}

/// `tags.1.member.tagKey`: lower-camel names, elements counted from one.
impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            write!(f, "{up}.")?;
        }
        match self.step {
            Step::Member(name, _) => {
                let (first, rest) = name.split_at(name.len().min(1));
                write!(f, "{}{rest}", first.to_ascii_lowercase())
            }
            Step::Element(place) => write!(f, "{}.member", place + 1),
        }
    }
}

struct Violation {
    places: Vec<usize>,
    clause: String,
}

/// Everything found wrong with a request.
#[derive(Default)]
pub(crate) struct Report {
    violations: Vec<Violation>,
    refusal: Option<Cow<'static, str>>,
}

/// How the offending value is shown.
pub(crate) enum Shown<'a> {
    /// Absent or null.
    Null,
    /// Blobs and sensitive members: not at all.
    Hidden,
    /// As it was sent.
    Value(&'a dyn fmt::Display),
}

impl Report {
    /// Adds a violation: `Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member ..`.
    pub(crate) fn violation(&mut self, at: &At<'_>, value: Shown<'_>, constraint: fmt::Arguments<'_>) {
        let shown = match value {
            Shown::Null => " null".to_owned(),
            Shown::Hidden => String::new(),
            Shown::Value(value) => format!(" '{value}'"),
        };
        self.violations.push(Violation {
            places: at.places(),
            clause: format!("Value{shown} at '{at}' failed to satisfy constraint: {constraint}"),
        });
        // Room for what sorting may bring to the front, but not for a violation per element of
        // an endless list.
        if self.violations.len() >= MAX_VIOLATIONS * 8 {
            self.keep_first();
        }
    }

    /// Forgets the violations at and below `at`: the member came again, and the last one counts.
    pub(crate) fn forget(&mut self, at: &At<'_>) {
        if !self.violations.is_empty() {
            let places = at.places();
            self.violations.retain(|v| !v.places.starts_with(&places));
        }
    }

    /// Gives the decoding up with this text.
    pub(crate) fn refuse<E: serde::de::Error>(&mut self, text: impl Into<Cow<'static, str>>) -> E {
        self.refusal = Some(text.into());
        E::custom("refused")
    }

    pub(crate) fn into_serialization(self) -> DecodeError {
        DecodeError::Serialization(self.refusal.unwrap_or_default())
    }

    /// The value, unless something is wrong with it. A value is missing only when a violation
    /// says why.
    pub(crate) fn into_result<T>(mut self, value: Option<T>) -> Result<T, DecodeError> {
        if self.violations.is_empty() {
            return value.ok_or_else(|| self.into_serialization());
        }
        self.keep_first();
        let count = self.violations.len();
        let clauses: Vec<String> = self.violations.into_iter().map(|v| v.clause).collect();
        let noun = if count == 1 { "error" } else { "errors" };
        Err(DecodeError::Validation(format!("{count} validation {noun} detected: {}", clauses.join("; "))))
    }

    fn keep_first(&mut self) {
        // Stable: of two violations at one place the one found first stays first.
        self.violations.sort_by(|a, b| a.places.cmp(&b.places));
        self.violations.truncate(MAX_VIOLATIONS);
    }
}
