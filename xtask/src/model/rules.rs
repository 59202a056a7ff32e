//! Constraints as Rust statics.

use anyhow::{Context, Result, bail};

use super::compact::{Kind, Shape};
use super::names::screaming;
use super::types::Types;

/// The expression that names the constraints of a shape in generated code.
pub(super) fn reference(types: &Types<'_>, name: &str) -> Result<String> {
    let shape = types.shape(name)?;
    Ok(match shape.kind {
        Kind::String if !shape.values.is_empty() => "&()".to_owned(),
        Kind::Boolean | Kind::Timestamp => "&()".to_owned(),
        Kind::Long if shape.min.is_none() && shape.max.is_none() => "&()".to_owned(),
        Kind::Long => bail!("{name}: bounds of long numbers are not known"),
        _ => format!("&rules::{}", screaming(name)),
    })
}

/// The static with the constraints of an input shape, if its kind has any.
pub(super) fn declare(types: &Types<'_>, name: &str) -> Result<Option<String>> {
    let shape = types.shape(name)?;
    let item = match shape.kind {
        Kind::String if shape.values.is_empty() => text(types, name, shape)?,
        Kind::Blob => format!("Bytes = Bytes {{ {} }}", bounds(shape, "usize::MAX")),
        Kind::Integer => format!(
            "Range = Range {{ min: {}, max: {} }}",
            shape.min.map_or("i32::MIN".to_owned(), |min| min.to_string()),
            shape.max.map_or("i32::MAX".to_owned(), |max| max.to_string()),
        ),
        Kind::Double => format!(
            "Span = Span {{ min: {}, max: {} }}",
            shape.min.map_or("f64::MIN".to_owned(), |min| format!("{min}.0")),
            shape.max.map_or("f64::MAX".to_owned(), |max| format!("{max}.0")),
        ),
        Kind::List => {
            let element = shape.element.as_deref().context("a list of nothing")?;
            let of = types.shape(element)?;
            match of.kind {
                Kind::Structure => return Ok(None),
                Kind::String => {}
                _ => bail!("{name}: only lists of texts and structures are known"),
            }
            let plain = of.values.is_empty();
            let (rule, element) = match plain {
                true => ("Text", format!("&{}", screaming(element))),
                false => ("()", "&()".to_owned()),
            };
            let bounds = bounds(shape, "usize::MAX");
            format!("List<{rule}> = List {{ {bounds}, element: {element} }}")
        }
        _ => return Ok(None),
    };
    Ok(Some(format!("pub(crate) static {}: {item};\n", screaming(name))))
}

/// `min: .., max: ..` of a length.
pub(super) fn bounds(shape: &Shape, none: &str) -> String {
    let min = shape.min.unwrap_or(0);
    let max = shape.max.map_or(none.to_owned(), |max| max.to_string());
    format!("min: {min}, max: {max}")
}

fn text(types: &Types<'_>, name: &str, shape: &Shape) -> Result<String> {
    let pattern = match &shape.pattern {
        None => "None".to_owned(),
        Some(source) => format!("Some({})", pattern(source).with_context(|| name.to_owned())?),
    };
    let bounds = bounds(shape, "usize::MAX");
    let hidden = types.hidden(name)?;
    Ok(format!("Text = Text {{ {bounds}, pattern: {pattern}, hidden: {hidden} }}"))
}

/// A pattern: a set of characters where that is all it says, else a regular expression.
fn pattern(source: &str) -> Result<String> {
    let bare = source.strip_prefix('^').unwrap_or(source);
    let bare = bare.strip_suffix('$').unwrap_or(bare);
    // Around the whole, parentheses say nothing.
    let bare = bare.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')).unwrap_or(bare);
    if let Some(set) = set(bare)? {
        return Ok(format!("Pattern::only({source:?}, {set})"));
    }
    let anchored = format!("^(?:{})$", expression(source));
    Ok(format!("Pattern::expression({source:?}, {anchored:?})"))
}

/// The model writes Java's dialect; this is the little of it that regex-lite writes differently.
fn expression(source: &str) -> String {
    let known = LOOKAHEADS.iter().find(|(java, _)| *java == source);
    known.map_or_else(|| source.replace("\\/", "/"), |(_, ours)| (*ours).to_owned())
}

/// Expressions that look ahead, which regex-lite cannot, and what matches the same texts. An account alias is letters,
/// digits and single hyphens between them; its length is bounded on its own. A resource policy is anything but blanks.
const LOOKAHEADS: &[(&str, &str)] =
    &[("^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "[a-z0-9]+(-[a-z0-9]+)*"), (r"^(?!\s*$).+", r"(?s).*\S.*")];

/// `[..]+` or `[..]*` as a set; `None` when the pattern is anything more.
fn set(bare: &str) -> Result<Option<String>> {
    let (inside, or_empty) = if let Some(rest) = bare.strip_suffix("]+") {
        (rest, false)
    } else if let Some(rest) = bare.strip_suffix("]*") {
        (rest, true)
    } else {
        return Ok(None);
    };
    let Some(inside) = inside.strip_prefix('[') else {
        return Ok(None);
    };
    let mut set = Set::default();
    let mut rest = inside;
    while !rest.is_empty() {
        let (item, after) = item(rest)?;
        rest = after;
        match item {
            // A bracket inside the class: the pattern has more than one.
            Item::Bracket => return Ok(None),
            Item::Class(ranges) => ranges.iter().for_each(|&(from, to)| set.add(from, to)),
            Item::UnicodeText => set.unicode_text = true,
            Item::Character(from) => {
                // `a-z` is a range unless what follows the hyphen is a class or nothing.
                let end = rest.strip_prefix('-').filter(|end| !end.is_empty());
                match end.map(self::item).transpose()? {
                    Some((Item::Character(to), after)) if from <= to => {
                        rest = after;
                        set.add(from, to);
                    }
                    _ => set.add(from, from),
                }
            }
        }
    }
    Ok(Some(set.code(or_empty)))
}

enum Item {
    Character(u32),
    Class(&'static [(char, char)]),
    UnicodeText,
    Bracket,
}

const WORD: &[(char, char)] = &[('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
const SPACE: &[(char, char)] = &[(' ', ' '), ('\t', '\r')];
const DIGIT: &[(char, char)] = &[('0', '9')];

/// The next item of a character class and what follows it.
fn item(text: &str) -> Result<(Item, &str)> {
    let mut letters = text.chars();
    let first = letters.next().context("an unfinished character class")?;
    if first == '[' || first == ']' {
        return Ok((Item::Bracket, letters.as_str()));
    }
    if first != '\\' {
        return Ok((Item::Character(first.into()), letters.as_str()));
    }
    let escaped = letters.next().context("an unfinished escape")?;
    let rest = letters.as_str();
    Ok(match escaped {
        'w' => (Item::Class(WORD), rest),
        's' => (Item::Class(SPACE), rest),
        'd' => (Item::Class(DIGIT), rest),
        'u' => {
            let (code, rest) = rest.split_at_checked(4).context("a short \\u escape")?;
            (Item::Character(u32::from_str_radix(code, 16)?), rest)
        }
        'p' => {
            let (property, rest) = rest.split_at_checked(3).context("a short \\p escape")?;
            match property {
                "{L}" | "{Z}" | "{N}" => (Item::UnicodeText, rest),
                _ => bail!("the property {property}"),
            }
        }
        punctuation if punctuation.is_ascii_punctuation() => (Item::Character(punctuation.into()), rest),
        other => bail!("the escape \\{other}"),
    })
}

#[derive(Default)]
struct Set {
    ascii: u128,
    ranges: Vec<(u32, u32)>,
    unicode_text: bool,
}

impl Set {
    fn add<C: Into<u32>>(&mut self, from: C, to: C) {
        let (from, to) = (from.into(), to.into());
        for code in from..=to.min(127) {
            self.ascii |= 1 << code;
        }
        if to > 127 {
            self.ranges.push((from.max(128), to));
        }
    }

    fn code(mut self, or_empty: bool) -> String {
        if self.unicode_text {
            // The letters, separators and numbers among ASCII.
            for (from, to) in [('a', 'z'), ('A', 'Z'), ('0', '9'), (' ', ' ')] {
                self.add(from, to);
            }
        }
        let ranges: Vec<String> = self.ranges.iter().map(|(a, b)| format!("({a:#x}, {b:#x})")).collect();
        format!(
            "Set {{ ascii: {:#x}, ranges: &[{}], unicode_text: {}, or_empty: {or_empty} }}",
            self.ascii,
            ranges.join(", "),
            self.unicode_text,
        )
    }
}
