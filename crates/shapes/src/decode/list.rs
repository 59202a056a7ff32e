//! Lists of texts and enumeration values: read as texts, checked as a whole.

use std::fmt;

use super::leaf::{Text, length_violation};
use super::report::{At, Report, Shown};
use crate::enumeration::Enumeration;

/// Constraints of a list of scalars. A `max` of `usize::MAX` means none.
pub(crate) struct List<R: 'static> {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) element: &'static R,
}

pub(super) fn check_length<'v>(
    length: usize,
    min: usize,
    max: usize,
    at: &At<'_>,
    report: &mut Report,
    shown: impl Fn() -> Shown<'v>,
) -> bool {
    if length > max {
        length_violation(report, at, shown(), "less than or equal to", max);
    }
    if length < min {
        length_violation(report, at, shown(), "greater than or equal to", min);
    }
    (min..=max).contains(&length)
}

/// An element of a list of scalars.
pub(crate) trait Element: Sized {
    type Rule: 'static;

    fn of(text: &str, rule: &Self::Rule) -> Option<Self>;

    /// The constraints of an element, as listed when one of them does not hold.
    fn clauses(rule: &Self::Rule) -> Vec<String>;

    fn hidden(rule: &Self::Rule) -> bool;
}

impl Element for String {
    type Rule = Text;

    fn of(text: &str, rule: &Text) -> Option<Self> {
        (rule.broken(text) == (false, false, false)).then(|| text.to_owned())
    }

    fn clauses(rule: &Text) -> Vec<String> {
        rule.clauses()
    }

    fn hidden(rule: &Text) -> bool {
        rule.hidden
    }
}

impl<T: Enumeration> Element for T {
    type Rule = ();

    fn of(text: &str, _rule: &()) -> Option<Self> {
        <T as Enumeration>::of(text)
    }

    fn clauses(_rule: &()) -> Vec<String> {
        let texts = T::TEXTS.join(", ");
        vec![format!("Member must satisfy enum value set: [{texts}]")]
    }

    fn hidden(_rule: &()) -> bool {
        false
    }
}

impl<R> List<R> {
    /// Checks the list and its elements. When an element breaks a constraint the violation names
    /// the whole list and all constraints of an element, as recorded from Lambda, ECR and ACM:
    /// `Value '[a, b]' at 'x' .. Member must satisfy constraint: [.., ..]`.
    pub(super) fn convert<T: Element<Rule = R>>(
        &self,
        texts: &[Option<String>],
        at: &At<'_>,
        report: &mut Report,
    ) -> Option<Vec<T>> {
        let whole = Joined(texts);
        let shown = || match T::hidden(self.element) {
            true => Shown::Hidden,
            false => Shown::Value(&whole),
        };
        let fits = check_length(texts.len(), self.min, self.max, at, report, shown);
        if texts.iter().any(Option::is_none) {
            let constraint = format_args!("Member must satisfy constraint: [Member must not be null]");
            report.violation(at, shown(), constraint);
            return None;
        }
        let elements: Option<Vec<T>> = texts.iter().flatten().map(|text| T::of(text, self.element)).collect();
        if elements.is_none() {
            let clauses = T::clauses(self.element).join(", ");
            let constraint = format_args!("Member must satisfy constraint: [{clauses}]");
            report.violation(at, shown(), constraint);
        }
        elements.filter(|_| fits)
    }
}

/// A list as Java prints one: `[a, null, b]`.
struct Joined<'a>(&'a [Option<String>]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, text) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{}", text.as_deref().unwrap_or("null"))?;
        }
        f.write_str("]")
    }
}
