//! Texts with wildcards and policy variables, compiled once.
//!
//! Wildcards are the policy's own: a `*` that arrives inside a variable's value is a plain character, so no tag, name
//! or encryption context can widen a match.

use std::borrow::Cow;

use crate::request::{Context, Values, condition_key};

/// How letters compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    /// Byte by byte.
    Exact,
    /// ASCII letters without case.
    Ascii,
}

/// What a text may contain besides literal characters.
#[derive(Clone, Copy)]
pub(crate) struct Grammar {
    pub(crate) wildcards: bool,
    /// `${…}`: only documents of Version 2012-10-17, and only in some places.
    pub(crate) variables: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    Any,
    One,
    Variable { key: Box<str>, default: Option<Box<str>> },
}

/// A compiled text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pieces: Box<[Piece]>,
    variables: bool,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Literal(&'a str),
    Any,
    One,
}

impl Template {
    pub(crate) fn parse(text: &str, grammar: Grammar) -> Template {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if grammar.variables
                && let Some((piece, after)) = variable(rest)
            {
                match piece {
                    Piece::Literal(escaped) => literal.push_str(&escaped),
                    piece => push(&mut pieces, &mut literal, piece),
                }
                rest = after;
                continue;
            }
            match first {
                '*' if grammar.wildcards => push(&mut pieces, &mut literal, Piece::Any),
                '?' if grammar.wildcards => push(&mut pieces, &mut literal, Piece::One),
                other => literal.push(other),
            }
            rest = &rest[first.len_utf8()..];
        }
        if !literal.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        let variables = pieces.iter().any(|piece| matches!(piece, Piece::Variable { .. }));
        Template { pieces: pieces.into(), variables }
    }

    /// The text, when it has neither wildcards nor variables.
    pub(crate) fn fixed(&self) -> Option<&str> {
        match &*self.pieces {
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the text is one variable and nothing else.
    pub(crate) fn is_one_variable(&self) -> bool {
        matches!(&*self.pieces, [Piece::Variable { .. }])
    }

    /// The context keys its variables read.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(&**key),
            _ => None,
        })
    }

    /// Whether `text` matches. A variable without value and default, or with many values, matches nothing.
    pub(crate) fn matches(&self, text: &str, fold: Fold, context: &dyn Context) -> bool {
        match &*self.pieces {
            [Piece::Literal(literal)] => equal(literal.as_bytes(), text.as_bytes(), fold),
            [Piece::Any] => true,
            pieces if self.variables => {
                let Some(values) = resolve(pieces, context) else { return false };
                let mut values = values.iter();
                let parts: Vec<Part<'_>> = pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Variable { .. } => values.next().map_or(Part::One, |value| Part::Literal(value)),
                        piece => part(piece),
                    })
                    .collect();
                glob(parts.len(), |index| parts[index], text, fold)
            }
            pieces => glob(pieces.len(), |index| part(&pieces[index]), text, fold),
        }
    }

    /// The text with its variables filled in and its wildcards left as they are written; `None` when a variable has no
    /// single value.
    pub(crate) fn expand(&self, context: &dyn Context) -> Option<Cow<'_, str>> {
        if let Some(text) = self.fixed() {
            return Some(Cow::Borrowed(text));
        }
        let values = resolve(&self.pieces, context)?;
        let mut values = values.iter();
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Any => text.push('*'),
                Piece::One => text.push('?'),
                Piece::Variable { .. } => text.push_str(values.next()?),
            }
        }
        Some(Cow::Owned(text))
    }
}

fn push(pieces: &mut Vec<Piece>, literal: &mut String, piece: Piece) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(std::mem::take(literal).into()));
    }
    // A run of stars is one star; without this, each of them would cost a pass of its own.
    if piece != Piece::Any || pieces.last() != Some(&Piece::Any) {
        pieces.push(piece);
    }
}

/// Longest variable, braces and default included, in bytes.
const VARIABLE_BYTES_MAX: usize = 1024;

/// `${key}`, `${key, 'default'}` or an escape at the start of `text`, and what follows it.
fn variable(text: &str) -> Option<(Piece, &str)> {
    let inside = text.strip_prefix("${")?;
    // No real name is longer; without an end to the search, a text of nothing but `${` would cost its square.
    let near = &inside.as_bytes()[..inside.len().min(VARIABLE_BYTES_MAX)];
    let mut close = near.iter().position(|byte| *byte == b'}')?;
    if near[..close].contains(&b'\'') {
        // A default may contain a closing brace, so it ends at its quote.
        close = near.windows(2).position(|pair| pair == b"'}")? + 1;
    }
    let (name, after) = (&inside[..close], &inside[close + 1..]);
    let piece = match name {
        "*" | "?" | "$" => Piece::Literal(name.into()),
        _ => {
            let (key, default) = match name.split_once(',') {
                Some((key, default)) => {
                    let quoted = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                    (key, Some(quoted.into()))
                }
                None => (name, None),
            };
            let key = key.trim();
            if key.is_empty() || key.contains(['$', '{', '\'']) {
                return None;
            }
            Piece::Variable { key: condition_key(key).into(), default }
        }
    };
    Some((piece, after))
}

/// Where the text that starts at a `${` ends its variable, if it is one: for those that cut a text at its colons.
pub(crate) fn variable_length(text: &str) -> Option<usize> {
    variable(text).map(|(_, after)| text.len() - after.len())
}

fn resolve<'a>(pieces: &'a [Piece], context: &'a dyn Context) -> Option<Vec<Cow<'a, str>>> {
    let mut values = Vec::new();
    for piece in pieces {
        if let Piece::Variable { key, default } = piece {
            values.push(match context.get(key) {
                Some(Values::One(value)) => value,
                Some(Values::Many(_)) => return None,
                None => Cow::Borrowed(default.as_deref()?),
            });
        }
    }
    Some(values)
}

fn part(piece: &Piece) -> Part<'_> {
    match piece {
        Piece::Literal(text) => Part::Literal(text),
        Piece::Any => Part::Any,
        // Variables were replaced before; a lone one reads as a character that must be there.
        Piece::One | Piece::Variable { .. } => Part::One,
    }
}

fn equal(left: &[u8], right: &[u8], fold: Fold) -> bool {
    match fold {
        Fold::Exact => left == right,
        Fold::Ascii => left.eq_ignore_ascii_case(right),
    }
}

/// Matches parts against the whole of `text`. Only the last star is ever widened: what precedes it has matched as early
/// as it can, so the cost is at most the product of both lengths.
fn glob<'a>(count: usize, parts: impl Fn(usize) -> Part<'a>, text: &str, fold: Fold) -> bool {
    let (mut index, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = if index == count {
            if at == text.len() {
                return true;
            }
            None
        } else {
            match parts(index) {
                Part::Any => {
                    star = Some((index + 1, at));
                    Some(at)
                }
                Part::One => text[at..].chars().next().map(|one| at + one.len_utf8()),
                Part::Literal(literal) => text
                    .as_bytes()
                    .get(at..at + literal.len())
                    .filter(|found| equal(found, literal.as_bytes(), fold))
                    .map(|_| at + literal.len()),
            }
        };
        match (step, star) {
            (Some(next), _) => {
                at = next;
                index += 1;
            }
            (None, Some((after, from))) => {
                let Some(skipped) = text[from..].chars().next() else { return false };
                at = from + skipped.len_utf8();
                index = after;
                star = Some((after, at));
            }
            (None, None) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::NoContext;

    /// The textbook definition, by recursion.
    fn reference(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                reference(rest, text) || text.split_first().is_some_and(|(_, text)| reference(pattern, text))
            }
            (Some(('?', rest)), Some((_, text))) => reference(rest, text),
            (Some((one, rest)), Some((other, text))) => one == other && reference(rest, text),
            _ => false,
        }
    }

    fn compile(text: &str) -> Template {
        Template::parse(text, Grammar { wildcards: true, variables: true })
    }

    proptest! {
        #[test]
        fn wildcards_match_as_defined(pattern in "[abé*?]{0,8}", text in "[abé]{0,10}") {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = reference(&characters(&pattern), &characters(&text));
            prop_assert_eq!(compile(&pattern).matches(&text, Fold::Exact, &NoContext), expected);
            let upper = text.to_ascii_uppercase();
            prop_assert_eq!(compile(&pattern).matches(&upper, Fold::Ascii, &NoContext), expected);
        }

        #[test]
        fn a_text_without_signs_means_itself(text in "[^*?$]{0,20}") {
            let template = compile(&text);
            prop_assert_eq!(template.fixed(), Some(text.as_str()));
            prop_assert!(template.matches(&text, Fold::Exact, &NoContext));
        }

        #[test]
        fn no_text_breaks_the_parser(text in "[${}',*? a:]{0,24}", against in ".{0,8}") {
            compile(&text).matches(&against, Fold::Exact, &NoContext);
        }
    }

    #[test]
    fn many_stars_cost_little() {
        let pattern = compile(&"*a".repeat(2_000));
        let text = "a".repeat(1_999) + &"b".repeat(20_000);
        assert!(!pattern.matches(&text, Fold::Exact, &NoContext));
    }

    #[test]
    fn what_is_and_is_not_a_variable() {
        let keys = |text: &str| compile(text).keys().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(keys("${aws:Username}-${ aws:x , 'd'}"), ["aws:username", "aws:x"]);
        for literal in ["${}", "${", "$aws:x", "${a$b}", "${a, d}", "${a, 'd}", "{a}"] {
            assert_eq!(compile(literal).fixed(), Some(literal));
        }
        let long = format!("${{{}}}", "x".repeat(VARIABLE_BYTES_MAX));
        assert_eq!(compile(&long).fixed(), Some(long.as_str()));
        assert_eq!(compile("a**b"), compile("a*b"));
    }
}
