//! ARNs, cut at their first five colons, and patterns that compare part by part.

use crate::request::Context;
use crate::template::{Fold, Grammar, Template, variable_length};

/// The six parts of an ARN: `arn`, partition, service, Region, account, resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arn<'a>([&'a str; 6]);

impl<'a> Arn<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = [""; 6];
        let mut cut = text.splitn(6, ':');
        for part in &mut parts {
            *part = cut.next()?;
        }
        (parts[0] == "arn").then_some(Arn(parts))
    }

    pub(crate) fn service(&self) -> &'a str {
        self.0[2]
    }

    pub(crate) fn region(&self) -> &'a str {
        self.0[3]
    }

    pub(crate) fn account(&self) -> &'a str {
        self.0[4]
    }

    pub(crate) fn resource(&self) -> &'a str {
        self.0[5]
    }
}

/// What a `Resource` element or the value of an ARN operator compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ArnPattern {
    /// `*`.
    Everything,
    /// Part against part; a wildcard never crosses the first five colons.
    Parts(Box<[Template; 6]>),
    /// One variable that holds the whole ARN.
    Whole(Template),
    /// Fewer than six parts.
    Nothing,
}

impl ArnPattern {
    /// A `Resource`. Variables count from the fifth colon on. `widen` says what a missing part means: in a statement
    /// that denies it is read as a wildcard, in one that allows it matches nothing, so that doubt never opens a door.
    pub(crate) fn resource(text: &str, variables: bool, widen: bool) -> ArnPattern {
        if text == "*" {
            return ArnPattern::Everything;
        }
        ArnPattern::parts(text, variables, false, widen)
    }

    /// The value of an ARN operator.
    pub(crate) fn value(text: &str, variables: bool) -> ArnPattern {
        let whole = Template::parse(text, Grammar { wildcards: true, variables });
        if whole.is_one_variable() {
            return ArnPattern::Whole(whole);
        }
        ArnPattern::parts(text, variables, variables, false)
    }

    fn parts(text: &str, variables: bool, everywhere: bool, widen: bool) -> ArnPattern {
        let mut cut = cut(text, variables);
        if widen {
            cut.resize(cut.len().max(6), "*");
        }
        let Ok(cut) = <[&str; 6]>::try_from(cut) else { return ArnPattern::Nothing };
        let mut place = 0;
        ArnPattern::Parts(Box::new(cut.map(|part| {
            place += 1;
            Template::parse(part, Grammar { wildcards: true, variables: variables && (everywhere || place == 6) })
        })))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let templates: &[Template] = match self {
            ArnPattern::Parts(parts) => &parts[..],
            ArnPattern::Whole(whole) => std::slice::from_ref(whole),
            ArnPattern::Everything | ArnPattern::Nothing => &[],
        };
        templates.iter().flat_map(Template::keys)
    }

    /// Whether `text` matches; `arn` gives its parts, if it is an ARN.
    pub(crate) fn matches<'a>(
        &self,
        text: &str,
        arn: impl FnOnce() -> Option<&'a Arn<'a>>,
        context: &dyn Context,
    ) -> bool {
        match self {
            ArnPattern::Everything => true,
            ArnPattern::Nothing => false,
            ArnPattern::Whole(whole) => whole.matches(text, Fold::Exact, context),
            // From the back: the resource tells most ARNs apart.
            ArnPattern::Parts(parts) => arn().is_some_and(|arn| {
                parts.iter().zip(arn.0).rev().all(|(part, value)| part.matches(value, Fold::Exact, context))
            }),
        }
    }
}

/// Cuts at the first five colons that are not inside a variable.
fn cut(text: &str, variables: bool) -> Vec<&str> {
    let mut parts = Vec::with_capacity(6);
    let (mut start, mut at) = (0, 0);
    while parts.len() < 5
        && let Some(byte) = text.as_bytes().get(at)
    {
        if *byte == b':' {
            parts.push(&text[start..at]);
            start = at + 1;
        } else if *byte == b'$'
            && variables
            && let Some(length) = variable_length(&text[at..])
        {
            at += length;
            continue;
        }
        at += 1;
    }
    parts.push(&text[start..]);
    parts
}
