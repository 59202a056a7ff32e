//! From text to a compiled document, with AWS's checks in AWS's order: syntax first, then what only some kinds of
//! document ask for, each fault with its own text.

use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::action::ActionPattern;
use crate::arn::ArnPattern;
use crate::condition::operator::{Comparison, Operator, Quantifier};
use crate::condition::{Condition, instant};
use crate::document::{Document, Effect, Kind, Statement, Version};
use crate::json::{Members, Source};
use crate::malformed::{Malformed, Position};
use crate::principal::{Family, NamedKind, NamedPrincipal, Principals};

/// Text of an element of a list, and the byte of the document it starts at.
pub(crate) type Item = (String, usize);

/// An entry of a `Principal` element, after the name of the member it stands in; a bare string stands in none.
pub(crate) type Entry = (Option<String>, Item);

/// A document whose syntax is right, before anything is asked of its content. Places are bytes of the text.
pub(crate) struct Drafts {
    pub(crate) version: Version,
    /// Where the version is written, if it is.
    pub(crate) version_start: Option<usize>,
    id: Option<Box<str>>,
    pub(crate) statements: Vec<Draft>,
}

/// A statement of such a document. Elements come with whether they are negated.
pub(crate) struct Draft {
    pub(crate) start: usize,
    end: usize,
    sid: Option<String>,
    pub(crate) effect: Item,
    pub(crate) principals: Option<(bool, Vec<Entry>)>,
    pub(crate) actions: Option<(bool, Vec<Item>)>,
    pub(crate) resources: Option<(bool, Vec<Item>)>,
    pub(crate) conditions: Vec<DraftCondition>,
}

pub(crate) struct DraftCondition {
    /// The operator as written.
    pub(crate) written: String,
    pub(crate) operator: Operator,
    /// The key as written.
    pub(crate) key: String,
    pub(crate) values: Vec<String>,
    /// Where the values stand.
    pub(crate) start: usize,
}

pub(crate) fn document(text: &str, kind: Kind) -> Result<Document, Malformed> {
    read(text, kind).map_err(|malformed| malformed.locate(text))
}

pub(crate) fn drafts(text: &str) -> Result<Drafts, Malformed> {
    let source = Source(text);
    let (mut version, mut version_start, mut id, mut drafts) = (Version::V2008, None, None, None);
    for (name, value) in source.object(source.root()?)? {
        match name.as_str() {
            "Version" => {
                version = read_version(source, value)?;
                version_start = Some(source.start(value));
            }
            "Id" => id = Some(source.string(value)?.into()),
            "Statement" => {
                let statements = source.list(value)?;
                drafts = Some(statements.into_iter().map(|one| draft(source, one)).collect::<Result<Vec<_>, _>>()?);
            }
            _ => return Err(Malformed::syntax().at(source.start(value))),
        }
    }
    let statements = drafts.filter(|drafts| !drafts.is_empty()).ok_or_else(Malformed::syntax)?;
    Ok(Drafts { version, version_start, id, statements })
}

fn read(text: &str, kind: Kind) -> Result<Document, Malformed> {
    let Drafts { version, id, statements: drafts, .. } = drafts(text)?;
    for draft in &drafts {
        check_principal_presence(draft, kind)?;
    }
    for draft in &drafts {
        check_legacy(draft)?;
    }
    check_sids(&drafts, kind)?;
    for draft in &drafts {
        check_elements(draft, kind)?;
    }
    let variables = version == Version::V2012;
    let mut at = Position::START;
    let mut statements = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let start = at.advance(text, draft.start);
        at = start.advance(text, draft.end);
        statements.push(compile(draft, kind, variables, start, at)?);
    }
    Ok(Document { kind, version, id, statements: statements.into() })
}

fn read_version(source: Source<'_>, value: &RawValue) -> Result<Version, Malformed> {
    match source.string(value)?.as_str() {
        "2008-10-17" => Ok(Version::V2008),
        "2012-10-17" => Ok(Version::V2012),
        _ => Err(Malformed::syntax().at(source.start(value))),
    }
}

fn draft(source: Source<'_>, value: &RawValue) -> Result<Draft, Malformed> {
    let start = source.start(value);
    let (mut sid, mut effect, mut principals, mut actions, mut resources) = (None, None, None, None, None);
    let mut conditions = Vec::new();
    for (name, value) in source.object(value)? {
        let place = source.start(value);
        let negated = name.starts_with("Not");
        let twice = || Malformed::syntax().at(place);
        match name.as_str() {
            "Sid" => sid = Some(source.string(value)?),
            "Effect" => effect = Some((source.string(value)?, place)),
            "Principal" | "NotPrincipal" => once(&mut principals, (negated, draft_principals(source, value)?), twice)?,
            "Action" | "NotAction" => once(&mut actions, (negated, items(source, value)?), twice)?,
            "Resource" | "NotResource" => once(&mut resources, (negated, items(source, value)?), twice)?,
            "Condition" => conditions = draft_conditions(source, source.object(value)?)?,
            _ => return Err(Malformed::syntax().at(place)),
        }
    }
    let effect = effect.ok_or_else(|| Malformed::syntax().at(start))?;
    Ok(Draft { start, end: source.range(value).end, sid, effect, principals, actions, resources, conditions })
}

/// An element and its negation exclude each other.
fn once<T>(slot: &mut Option<T>, value: T, twice: impl FnOnce() -> Malformed) -> Result<(), Malformed> {
    if slot.is_some() {
        return Err(twice());
    }
    *slot = Some(value);
    Ok(())
}

fn items(source: Source<'_>, value: &RawValue) -> Result<Vec<Item>, Malformed> {
    Ok(source.strings(value)?.into_iter().map(|(text, item)| (text, source.start(item))).collect())
}

fn draft_principals(source: Source<'_>, value: &RawValue) -> Result<Vec<Entry>, Malformed> {
    if value.get().starts_with('"') {
        return Ok(vec![(None, (source.string(value)?, source.start(value)))]);
    }
    let mut all = Vec::new();
    for (family, value) in source.object(value)? {
        for item in items(source, value)? {
            all.push((Some(family.clone()), item));
        }
    }
    Ok(all)
}

fn draft_conditions(source: Source<'_>, operators: Members<'_>) -> Result<Vec<DraftCondition>, Malformed> {
    let mut conditions = Vec::new();
    for (written, keys) in operators {
        let start = source.start(keys);
        let keys = source.object(keys)?;
        let Some(operator) = Operator::parse(&written) else { return Err(Malformed::syntax().at(start)) };
        for (key, values) in keys {
            let start = source.start(values);
            let values = source.scalars(values)?;
            let unknown_null = operator.comparison == Comparison::Null
                && values.iter().any(|value| !matches!(value.to_ascii_lowercase().as_str(), "true" | "false"));
            if key.is_empty() || unknown_null {
                return Err(Malformed::syntax().at(start));
            }
            conditions.push(DraftCondition { written: written.clone(), operator, key, values, start });
        }
    }
    Ok(conditions)
}

fn check_principal_presence(draft: &Draft, kind: Kind) -> Result<(), Malformed> {
    let named = draft.principals.as_ref().is_some_and(|(_, named)| !named.is_empty());
    if kind.has_principals() {
        let text = match kind {
            Kind::Key => "Policy contains a statement with no principal.",
            _ => "Missing required field Principal",
        };
        return if named { Ok(()) } else { Err(Malformed::new(text).at(draft.start)) };
    }
    match draft.principals {
        Some(_) => Err(Malformed::new("Policy document should not specify a principal.").at(draft.start)),
        None => Ok(()),
    }
}

/// What AWS's older parser, which runs after the grammar, still refuses.
fn check_legacy(draft: &Draft) -> Result<(), Malformed> {
    let failed = |place| Err(Malformed::new("The policy failed legacy parsing").at(place));
    match draft.effect.0.as_str() {
        "Allow" | "Deny" => {}
        other if other.eq_ignore_ascii_case("allow") || other.eq_ignore_ascii_case("deny") => {
            return failed(draft.effect.1);
        }
        _ => return Err(Malformed::syntax().at(draft.effect.1)),
    }
    for condition in &draft.conditions {
        let dates = matches!(condition.operator.comparison, Comparison::Date(_));
        if dates && condition.values.iter().any(|value| instant::parse(value).is_none()) {
            return failed(condition.start);
        }
    }
    Ok(())
}

fn check_sids(drafts: &[Draft], kind: Kind) -> Result<(), Malformed> {
    if kind.has_principals() {
        return Ok(());
    }
    let mut seen = HashSet::new();
    for draft in drafts {
        let Some(sid) = draft.sid.as_deref().filter(|sid| !sid.is_empty()) else { continue };
        if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Malformed::new(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
            )
            .at(draft.start));
        }
        if !seen.insert(sid) {
            return Err(Malformed::new("Statement IDs (SID) in a single policy must be unique.").at(draft.start));
        }
    }
    Ok(())
}

fn check_elements(draft: &Draft, kind: Kind) -> Result<(), Malformed> {
    let missing = |list: &Option<(bool, Vec<Item>)>| list.as_ref().is_none_or(|(_, items)| items.is_empty());
    if missing(&draft.actions) {
        return Err(Malformed::new("Policy statement must contain actions.").at(draft.start));
    }
    if kind == Kind::Trust {
        if draft.resources.is_some() {
            return Err(Malformed::new("Has prohibited field Resource.").at(draft.start));
        }
    } else if missing(&draft.resources) {
        return Err(Malformed::new("Policy statement must contain resources.").at(draft.start));
    }
    let resources = draft.resources.iter().flat_map(|(_, items)| items);
    for (text, place) in resources {
        if let Some(fault) = resource_fault(text) {
            return Err(Malformed::new(fault).at(*place));
        }
    }
    let actions = draft.actions.iter().flat_map(|(_, items)| items);
    for (text, place) in actions {
        if let Some(fault) = ActionPattern::fault(text) {
            return Err(Malformed::new(fault).at(*place));
        }
        if kind == Kind::Trust && ActionPattern::parse(text).service() != Some("sts") {
            return Err(Malformed::new("AssumeRole policy may only specify STS AssumeRole actions.").at(*place));
        }
    }
    Ok(())
}

fn resource_fault(text: &str) -> Option<String> {
    if text == "*" {
        return None;
    }
    let Some(("arn", rest)) = text.split_once(':') else {
        return Some(format!("Resource {text} must be in ARN format or \"*\"."));
    };
    let (partition, rest) = rest.split_once(':').unwrap_or((rest, ""));
    let known = partition == "aws" || partition.starts_with("aws-") || partition.contains(['*', '?']);
    if !known {
        let mut parts: Vec<&str> = rest.splitn(4, ':').collect();
        if rest.is_empty() {
            parts.clear();
        }
        parts.resize(4, "*");
        return Some(format!(
            "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{}\".",
            parts.join(":")
        ));
    }
    let service = rest.split(':').next().unwrap_or_default();
    if service.is_empty() || service.contains(['*', '?', '$']) {
        return Some("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    }
    None
}

fn compile(draft: Draft, kind: Kind, variables: bool, start: Position, end: Position) -> Result<Statement, Malformed> {
    let effect = if draft.effect.0 == "Deny" { Effect::Deny } else { Effect::Allow };
    let principals = draft.principals.map(|(negated, named)| compile_principals(negated, named, kind)).transpose()?;
    let (not_action, actions) = draft.actions.unwrap_or_default();
    let (not_resource, resources) = match draft.resources {
        Some((negated, resources)) => (negated, Some(resources)),
        None => (false, None),
    };
    let widen = (effect == Effect::Deny) != not_resource;
    let conditions =
        draft.conditions.into_iter().map(|one| compile_condition(&one, kind, variables)).collect::<Result<_, _>>()?;
    Ok(Statement {
        sid: draft.sid.map(Into::into),
        effect,
        principals,
        actions: actions.iter().map(|(text, _)| ActionPattern::parse(text)).collect(),
        not_action,
        resources: resources.map(|list| {
            list.iter().map(|(text, _)| ArnPattern::resource(text, variables, widen)).collect::<Box<[_]>>()
        }),
        not_resource,
        conditions,
        start,
        end,
    })
}

fn compile_principals(negated: bool, named: Vec<Entry>, kind: Kind) -> Result<Principals, Malformed> {
    let compiled = named.into_iter().map(|(family, (text, place))| {
        let entry = match family.as_deref() {
            None => (text == "*").then(NamedPrincipal::everyone),
            Some(family) => Family::parse(family).and_then(|family| NamedPrincipal::parse(family, &text)),
        };
        entry.ok_or_else(|| invalid_principal(kind, family.as_deref().unwrap_or("AWS"), &text).at(place))
    });
    let named = compiled.collect::<Result<Box<[_]>, _>>()?;
    if kind == Kind::ResourceControl && named.iter().any(|named| named.kind() != NamedKind::Everyone) {
        return Err(Malformed::new("Invalid principal in policy"));
    }
    Ok(Principals { negated, named })
}

/// The refusal of a principal, in the words of the service the document is for. Also for principals that are well
/// formed and do not exist. `family` is the member of the element it stands in, such as `AWS`.
pub fn invalid_principal(kind: Kind, family: &str, text: &str) -> Malformed {
    match kind {
        Kind::Key => Malformed::new("Policy contains a statement with one or more invalid principals."),
        Kind::Trust if family != "*" => Malformed::new(format!("Invalid principal in policy: \"{family}\":\"{text}\"")),
        _ => Malformed::new("Invalid principal in policy"),
    }
}

fn compile_condition(draft: &DraftCondition, kind: Kind, variables: bool) -> Result<Condition, Malformed> {
    let key = draft.key.to_ascii_lowercase();
    if kind == Kind::Key && draft.operator.quantifier == Quantifier::All {
        let what = if key.starts_with("kms:encryptioncontext:") {
            Some("encryption context")
        } else if key.starts_with("aws:requesttag/") {
            Some("tag")
        } else {
            None
        };
        if let Some(what) = what {
            return Err(Malformed::new(format!(
                "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key \
                 matches requests without the specified {what} or with an unspecified {what}. To fix, remove ForAllValues."
            ))
            .at(draft.start));
        }
    }
    // Aliases move between keys at their owner's will; only identity policies may look at them.
    let void = kind == Kind::Key && key == "kms:resourcealiases";
    Ok(Condition::compile(&draft.written, draft.operator, &key, &draft.values, variables, void))
}
