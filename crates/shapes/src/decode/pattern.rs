//! The patterns of the models. A whole value must match, as with Java's `Matcher.matches`.
//!
//! Nearly all are "only these characters", which needs no regular expression engine.

use std::sync::OnceLock;

/// Longest value, in bytes, that a regular expression is tried on: far above every length limit
/// that comes with one, and too short to keep a processor busy.
const LONGEST: usize = 16 * 1024;

/// A pattern of the model, with its text as the model writes it.
pub(crate) struct Pattern {
    pub(crate) source: &'static str,
    pub(crate) form: Form,
}

/// How a pattern is matched.
pub(crate) enum Form {
    /// Only characters of a set.
    Only(Set),
    /// Anything else: the expression, anchored, compiled on first use.
    Expression(&'static str, OnceLock<Option<regex_lite::Regex>>),
}

/// A set of characters.
pub(crate) struct Set {
    /// The ASCII characters, bit by bit.
    pub(crate) ascii: u128,
    /// The others, as inclusive ranges.
    pub(crate) ranges: &'static [(u32, u32)],
    /// Whether all letters, separators and numbers of Unicode belong to it.
    pub(crate) unicode_text: bool,
    /// Whether the empty text matches.
    pub(crate) or_empty: bool,
}

impl Pattern {
    pub(crate) const fn only(source: &'static str, set: Set) -> Self {
        Self { source, form: Form::Only(set) }
    }

    pub(crate) const fn expression(source: &'static str, anchored: &'static str) -> Self {
        Self { source, form: Form::Expression(anchored, OnceLock::new()) }
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match &self.form {
            Form::Only(set) if text.is_empty() => set.or_empty,
            Form::Only(set) => text.chars().all(|c| set.contains(c)),
            Form::Expression(anchored, compiled) => {
                let compiled = compiled.get_or_init(|| regex_lite::Regex::new(anchored).ok());
                // A pattern that does not compile matches nothing; a unit test compiles them all.
                text.len() <= LONGEST && compiled.as_ref().is_some_and(|r| r.is_match(text))
            }
        }
    }
}

impl Set {
    fn contains(&self, c: char) -> bool {
        let code = u32::from(c);
        if code < 128 {
            return self.ascii >> code & 1 == 1;
        }
        self.ranges.iter().any(|&(from, to)| (from..=to).contains(&code)) || (self.unicode_text && is_unicode_text(c))
    }
}

/// `[\p{L}\p{Z}\p{N}]`, beyond ASCII. The standard library knows letters together with the marks
/// that belong to letters, so that a few marks pass which the model's pattern refuses.
fn is_unicode_text(c: char) -> bool {
    let separator = matches!(
        c,
        '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    );
    c.is_alphabetic() || c.is_numeric() || separator
}
