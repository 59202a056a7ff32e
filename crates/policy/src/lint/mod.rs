//! What is wrong, or looks wrong, with a policy that may well be accepted: `claviger policy check`.
//!
//! A document that the parser refuses has one finding, the parser's. One that it accepts is read statement by
//! statement against the [`vocabulary`] of actions and condition keys.

mod actions;
mod code;
mod conditions;
mod contradictions;
mod principals;
mod vocabulary;

pub use code::{Code, Severity};

use serde::Serialize;

use crate::action::ActionPattern;
use crate::document::{Document, Kind, Version};
use crate::malformed::Position;
use crate::parse::{self, Draft, Drafts, Item};

/// Something found in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where.
    pub position: Position,
    /// How bad it is; always [`Code::severity`] of the code.
    pub severity: Severity,
    /// What it is.
    pub code: Code,
    /// What to do about it, in a sentence.
    pub text: String,
}

/// Examines a document. `own_arn` is the ARN of the resource that a resource policy stands on, where it is known.
/// Findings come in the order of the text.
pub fn check(text: &str, kind: Kind, own_arn: Option<&str>) -> Vec<Finding> {
    let refused = |malformed: crate::Malformed| Finding {
        position: malformed.position().unwrap_or(Position::START),
        severity: Code::Malformed.severity(),
        code: Code::Malformed,
        text: malformed.text().to_owned(),
    };
    let drafts = match Document::parse(text, kind).and_then(|_| parse::drafts(text)) {
        Ok(drafts) => drafts,
        Err(malformed) => return vec![refused(malformed)],
    };
    let mut found = Notes::default();
    version(&drafts, &mut found);
    for draft in &drafts.statements {
        let statement = Statement::new(draft, kind, drafts.version);
        actions::check(&statement, &mut found);
        actions::check_resources(&statement, own_arn, &mut found);
        principals::check(&statement, &mut found);
        conditions::check(&statement, &mut found);
        contradictions::check(&statement, &mut found);
    }
    let statements: Vec<Statement<'_>> =
        drafts.statements.iter().map(|draft| Statement::new(draft, kind, drafts.version)).collect();
    actions::check_together(&statements, &mut found);
    principals::check_together(&statements, &mut found);
    found.locate(text)
}

/// The kind a document most likely is: [`Kind::Trust`] if it names principals and no resources, [`Kind::Key`] if it
/// names principals and actions of AWS KMS, otherwise [`Kind::Resource`] or, without principals, [`Kind::Identity`].
pub fn guess_kind(text: &str) -> Kind {
    let Ok(drafts) = parse::drafts(text) else { return Kind::Identity };
    if drafts.statements.iter().all(|draft| draft.principals.is_none()) {
        return Kind::Identity;
    }
    if drafts.statements.iter().all(|draft| draft.resources.is_none()) {
        return Kind::Trust;
    }
    let mut actions = drafts.statements.iter().flat_map(|draft| draft.actions.iter().flat_map(|(_, items)| items));
    match actions.any(|(text, _)| text.to_ascii_lowercase().starts_with("kms:")) {
        true => Kind::Key,
        false => Kind::Resource,
    }
}

/// Whether requests hold a condition key's values as a set, however many there are, as far as the key is known.
pub fn is_multivalued(key: &str) -> bool {
    matches!(vocabulary::vocabulary().key(key), vocabulary::Key::Known { of, .. } if of.is_set())
}

/// Findings on the way, located by bytes.
#[derive(Default)]
struct Notes(Vec<(usize, Code, String)>);

impl Notes {
    fn note(&mut self, place: usize, code: Code, text: impl Into<String>) {
        self.0.push((place, code, text.into()));
    }

    fn locate(mut self, text: &str) -> Vec<Finding> {
        self.0.sort();
        self.0.dedup();
        let mut position = Position::START;
        let finding = |(place, code, sentence): (usize, Code, String)| {
            position = position.advance(text, place);
            Finding { position, severity: code.severity(), code, text: sentence }
        };
        self.0.into_iter().map(finding).collect()
    }
}

/// A statement as the checks look at it.
struct Statement<'a> {
    draft: &'a Draft,
    kind: Kind,
    version: Version,
    allow: bool,
    not_action: bool,
    actions: Vec<(ActionPattern, &'a Item)>,
    not_resource: bool,
    resources: &'a [Item],
}

impl<'a> Statement<'a> {
    fn new(draft: &'a Draft, kind: Kind, version: Version) -> Statement<'a> {
        let element = |element: &'a Option<(bool, Vec<Item>)>| match element {
            Some((negated, items)) => (*negated, items.as_slice()),
            None => (false, &[][..]),
        };
        let (not_action, actions) = element(&draft.actions);
        let (not_resource, resources) = element(&draft.resources);
        Statement {
            draft,
            kind,
            version,
            allow: draft.effect.0 == "Allow",
            not_action,
            actions: actions.iter().map(|item| (ActionPattern::parse(&item.0), item)).collect(),
            not_resource,
            resources,
        }
    }

    /// Where its effect stands: the place of what concerns the statement as a whole.
    fn place(&self) -> usize {
        self.draft.start
    }

    /// Whether its `Action` covers an action.
    fn covers(&self, action: &str) -> bool {
        let action = crate::action::Action::parse(action);
        self.actions.iter().any(|(pattern, _)| pattern.matches(action)) != self.not_action
    }

    /// Whether a condition reads a key, which is given in lower case.
    fn has_condition(&self, reads: impl Fn(&str) -> bool) -> bool {
        self.draft.conditions.iter().any(|condition| reads(&condition.key.to_ascii_lowercase()))
    }
}

fn version(drafts: &Drafts, found: &mut Notes) {
    if drafts.version == Version::V2012 {
        return;
    }
    let variable = |text: &str| text.contains("${");
    for draft in &drafts.statements {
        let resources = draft.resources.iter().flat_map(|(_, items)| items).map(|(text, place)| (text, *place));
        let values = draft.conditions.iter().flat_map(|one| one.values.iter().map(|value| (value, one.start)));
        for (text, place) in resources.chain(values).filter(|(text, _)| variable(text)) {
            found.note(
                place,
                Code::OldVersionVariables,
                format!("`{text}` is plain text in this version; write \"Version\": \"2012-10-17\" to use variables."),
            );
        }
    }
    let text = "Write \"Version\": \"2012-10-17\"; the older language, which holds without it, has no variables.";
    found.note(drafts.version_start.unwrap_or(0), Code::OldVersion, text);
}
