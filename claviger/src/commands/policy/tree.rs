//! The tree that shows a decision: the verdict, each policy, each statement and what became of it.

use std::fmt::Write;

use claviger_policy::{
    Cause, ConditionTrace, Effect, Explanation, Outcome, PolicyRef, Reach, ResourceRule, StatementRef, StatementTrace,
};
use serde::{Deserialize, Serialize};

/// One permission's decision and what led to it; the server answers with a list of these.
#[derive(Serialize, Deserialize)]
pub(super) struct Explained {
    /// `kms:Encrypt`.
    pub(super) action: String,
    /// The resource's ARN or `*`.
    pub(super) resource: String,
    /// The account that owns it.
    pub(super) owner: String,
    /// The verdict.
    pub(super) allowed: bool,
    /// The message the caller would get; empty if allowed.
    pub(super) message: String,
    /// Where the policies come from.
    pub(super) names: Names,
    /// Policies, statements and conditions.
    pub(super) explanation: Explanation,
    /// For `aws sts decode-authorization-message`; from a server, about refusals.
    #[serde(default, rename = "encodedMessage", skip_serializing_if = "Option::is_none")]
    pub(super) encoded_message: Option<String>,
    /// What else is worth knowing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

/// Where policies come from, by their number in the explanation.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Names {
    pub(super) identity: Vec<String>,
    pub(super) boundary: Vec<String>,
    pub(super) service_control: Vec<String>,
    pub(super) resource_control: Vec<String>,
}

impl Names {
    /// A policy's kind and, where it is known, where it comes from.
    fn of(&self, policy: PolicyRef, rule: ResourceRule) -> String {
        let number = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
        let (what, name) = match policy {
            PolicyRef::Identity { index } => ("identity policy", self.identity.get(number(index))),
            PolicyRef::Resource if rule == ResourceRule::KmsKey => return "key policy".to_owned(),
            PolicyRef::Resource if rule == ResourceRule::Trust => return "trust policy".to_owned(),
            PolicyRef::Boundary => ("permissions boundary", self.boundary.first()),
            // Every control policy is a level of its own.
            PolicyRef::ServiceControl { level, .. } => {
                ("service control policy", self.service_control.get(number(level)))
            }
            PolicyRef::ResourceControl { level, .. } => {
                ("resource control policy", self.resource_control.get(number(level)))
            }
            PolicyRef::Resource => ("resource policy", None),
            PolicyRef::Session { .. } => ("session policy", None),
        };
        name.map_or_else(|| policy.to_string(), |name| format!("{what} {name}"))
    }
}

/// The tree as text, with a line break at its end.
pub(super) fn render(explained: &Explained, principal: &str) -> String {
    let Explained { action, resource, allowed, message, names, explanation, note, .. } = explained;
    let mut out = String::new();
    let verdict = if *allowed { "ALLOWED" } else { "DENIED" };
    let reason = reason(explained);
    // A String takes everything that is written to it.
    let _ = writeln!(out, "{verdict}: {reason}\n  {principal}\n  {action} on {resource}");
    if let Some(note) = note {
        let _ = writeln!(out, "  {note}");
    }
    let (decisive, remark) = decisive(explanation);
    for (index, policy) in explanation.policies.iter().enumerate() {
        let last = index + 1 == explanation.policies.len();
        let _ = writeln!(
            out,
            "{} {}",
            if last { "└─" } else { "├─" },
            names.of(policy.policy, explanation.decision.reason.rule)
        );
        for (number, statement) in policy.statements.iter().enumerate() {
            let bar = if last { "  " } else { "│ " };
            let branch = if number + 1 == policy.statements.len() { "└─" } else { "├─" };
            let place = decisive.filter(|found| found.policy == policy.policy && same(found.statement, number));
            let mark = if place.is_some() { remark } else { "" };
            let _ = writeln!(out, "{bar} {branch} {}{mark}", line(statement));
        }
    }
    if !explanation.missing_context.is_empty() {
        let _ = writeln!(out, "read by the policies, not in the request: {}", explanation.missing_context.join(", "));
    }
    if !message.is_empty() {
        let _ = writeln!(out, "the caller is told: {message}");
    }
    out
}

fn same(statement: u32, index: usize) -> bool {
    usize::try_from(statement) == Ok(index)
}

/// The statement that settled it, or came closest, and how it is marked.
fn decisive(explanation: &Explanation) -> (Option<StatementRef>, &'static str) {
    match explanation.decision.reason.cause {
        Cause::AllowedBy(statement) | Cause::DeniedBy(statement) => (Some(statement), "   <- decides"),
        Cause::NotAllowedBy { near, .. } => (near.map(|(statement, _)| statement), "   <- would have allowed it"),
        _ => (None, ""),
    }
}

fn reason(explained: &Explained) -> String {
    let Explained { names, explanation, allowed, .. } = explained;
    match explanation.decision.reason.cause {
        // The evaluator's verdict is for every account; some operations work in the owner's alone.
        _ if *allowed != explanation.decision.allowed => "the operation does not work across accounts".to_owned(),
        Cause::AllowedBy(statement) => {
            format!("by a statement of the {}", names.of(statement.policy, explanation.decision.reason.rule))
        }
        Cause::AllowedByGrant => "by a grant on the key".to_owned(),
        Cause::AllowedAsRoot => "the caller is the account's root user, and nothing denies it".to_owned(),
        Cause::DeniedBy(statement) => {
            format!("a statement of the {} denies it", names.of(statement.policy, explanation.decision.reason.rule))
        }
        Cause::NotAllowedBy { layer, near } => match near {
            Some(_) => format!("no {layer} allows it; one would, but for a condition"),
            None => format!("no {layer} allows it"),
        },
    }
}

fn line(statement: &StatementTrace) -> String {
    let effect = match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    };
    let sid = statement.sid.as_ref().map(|sid| format!(" \"{sid}\"")).unwrap_or_default();
    let place = format!("{}:{}", statement.start.line, statement.start.column);
    let fate = match (&statement.outcome, &statement.condition) {
        (Outcome::Applies(Reach::Account), _) => "matches the caller's account: its own policies decide".to_owned(),
        (Outcome::Applies(Reach::Role), _) => "matches the role or user behind the session".to_owned(),
        (Outcome::Applies(Reach::Direct), _) => "matches".to_owned(),
        (Outcome::OtherAction, _) => "no match: is about other actions".to_owned(),
        (Outcome::OtherResource, _) => "no match: is about other resources".to_owned(),
        (Outcome::OtherPrincipal, _) => "no match: means other principals".to_owned(),
        (Outcome::Condition(_), Some(condition)) => format!("no match: {}", condition_text(condition)),
        (Outcome::Condition(number), None) => format!("no match: condition {number} does not hold"),
    };
    format!("{effect}{sid} ({place}) {fate}")
}

fn condition_text(condition: &ConditionTrace) -> String {
    let ConditionTrace { operator, key, wanted, found } = condition;
    let list = |values: &[String]| match values {
        [one] => format!("\"{one}\""),
        many => format!("[{}]", many.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ")),
    };
    match found {
        Some(found) => format!("{operator} {key} {}, but the request has {}", list(wanted), list(found)),
        None => format!("{operator} {key} {}, and the request has no such key", list(wanted)),
    }
}
