//! The whole way to a decision: every policy, every statement, what became of it. For people and simulators; the
//! request path uses [`evaluate`](crate::evaluate()) alone.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::{Call, Document, Effect, Outcome, Statement};
use crate::evaluate::evaluate;
use crate::malformed::Position;
use crate::principal::Reach;
use crate::reason::{Cause, Decision, PolicyRef};
use crate::request::{Context, Policies, Request, Values};

/// A decision and all that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The decision, the same as [`evaluate`](crate::evaluate()) gives.
    pub decision: Decision,
    /// The sentence of the AccessDenied message, empty if the request is allowed.
    pub message: String,
    /// Every policy that was passed, in the order of evaluation.
    pub policies: Vec<PolicyTrace>,
    /// Context keys, folded to lower case, that the policies read and the request lacks.
    pub missing_context: Vec<String>,
}

/// What one policy's statements came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTrace {
    /// The policy.
    pub policy: PolicyRef,
    /// Its statements, in order.
    pub statements: Vec<StatementTrace>,
}

/// What became of one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementTrace {
    /// The `Sid`.
    pub sid: Option<String>,
    /// The `Effect`.
    pub effect: Effect,
    /// Where it starts.
    pub start: Position,
    /// Where the text behind it starts.
    pub end: Position,
    /// Whether it applies, or the first thing that did not match.
    pub outcome: Outcome,
    /// The condition that did not hold, when that was it.
    pub condition: Option<ConditionTrace>,
}

/// A condition that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionTrace {
    /// The operator as written.
    pub operator: String,
    /// The key, folded to lower case.
    pub key: String,
    /// The values the policy asks for.
    pub wanted: Vec<String>,
    /// The values of the request; `None` if it has no such key.
    pub found: Option<Vec<String>>,
}

impl Explanation {
    /// The statements that apply, with their policies.
    pub fn matched(&self) -> impl Iterator<Item = (PolicyRef, &StatementTrace)> {
        self.policies.iter().flat_map(|policy| {
            let applies = |trace: &&StatementTrace| matches!(trace.outcome, Outcome::Applies(_));
            policy.statements.iter().filter(applies).map(|statement| (policy.policy, statement))
        })
    }
}

/// Decides one request and says what became of every statement.
pub fn explain(request: &Request<'_>, policies: &Policies<'_>) -> Explanation {
    let decision = evaluate(request, policies);
    let message = if decision.allowed { String::new() } else { decision.reason.message(request) };
    let call = Call::new(request, policies.boundary.is_some());
    let (mut traces, mut missing) = (Vec::new(), Vec::new());
    for (policy, document) in all(policies) {
        let statements = document.statements().iter().map(|statement| trace(&call, statement)).collect();
        traces.push(PolicyTrace { policy, statements });
        for key in document.context_keys() {
            if request.context.get(key).is_none() && !missing.iter().any(|known| known == key) {
                missing.push(key.to_owned());
            }
        }
    }
    Explanation { decision, message, policies: traces, missing_context: missing }
}

/// Every policy with its place, in the order of evaluation.
fn all<'a>(policies: &Policies<'a>) -> Vec<(PolicyRef, &'a Document)> {
    let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    let mut all = Vec::new();
    for (level, documents) in policies.service_control.iter().enumerate() {
        for (index, document) in documents.iter().enumerate() {
            all.push((PolicyRef::ServiceControl { level: number(level), index: number(index) }, *document));
        }
    }
    for (level, documents) in policies.resource_control.iter().enumerate() {
        for (index, document) in documents.iter().enumerate() {
            all.push((PolicyRef::ResourceControl { level: number(level), index: number(index) }, *document));
        }
    }
    all.extend(policies.resource.map(|document| (PolicyRef::Resource, document)));
    for (index, document) in policies.identity.iter().enumerate() {
        all.push((PolicyRef::Identity { index: number(index) }, *document));
    }
    all.extend(policies.boundary.map(|document| (PolicyRef::Boundary, document)));
    for (index, document) in policies.session.unwrap_or_default().iter().enumerate() {
        all.push((PolicyRef::Session { index: number(index) }, *document));
    }
    all
}

fn trace(call: &Call<'_>, statement: &Statement) -> StatementTrace {
    let outcome = statement.outcome(call);
    let condition = match outcome {
        Outcome::Condition(index) => statement.condition(index).map(|condition| ConditionTrace {
            operator: condition.operator().to_owned(),
            key: condition.key().to_owned(),
            wanted: condition.values().map(str::to_owned).collect(),
            found: found(call.context, condition.key()),
        }),
        _ => None,
    };
    StatementTrace {
        sid: statement.sid().map(str::to_owned),
        effect: statement.effect(),
        start: statement.start(),
        end: statement.end(),
        outcome,
        condition,
    }
}

fn found(context: &dyn Context, key: &str) -> Option<Vec<String>> {
    Some(match context.get(key)? {
        Values::One(value) => vec![value.into_owned()],
        Values::Many(values) => values.into_iter().map(|value| value.into_owned()).collect(),
    })
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decision.reason.cause {
            Cause::AllowedBy(statement) => writeln!(out, "Allowed by a statement of the {}", statement.policy)?,
            Cause::AllowedByGrant => writeln!(out, "Allowed by a grant")?,
            Cause::AllowedAsRoot => writeln!(out, "Allowed: the caller is the account's root user")?,
            Cause::DeniedBy(_) | Cause::NotAllowedBy { .. } => writeln!(out, "Denied. {}", self.message)?,
        }
        for policy in &self.policies {
            writeln!(out, "  {}", policy.policy)?;
            for statement in &policy.statements {
                writeln!(out, "    {statement}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for StatementTrace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} ", self.effect)?;
        if let Some(sid) = &self.sid {
            write!(out, "{sid:?} ")?;
        }
        write!(out, "({}): ", self.start)?;
        match self.outcome {
            Outcome::Applies(Reach::Account) => out.write_str("applies to the account")?,
            Outcome::Applies(Reach::Role) => out.write_str("applies to the role or user behind the session")?,
            Outcome::Applies(Reach::Direct) => out.write_str("applies")?,
            Outcome::OtherAction => out.write_str("other actions")?,
            Outcome::OtherResource => out.write_str("other resources")?,
            Outcome::OtherPrincipal => out.write_str("other principals")?,
            Outcome::Condition(_) => {}
        }
        let Some(condition) = &self.condition else { return Ok(()) };
        write!(out, "condition fails: {} {} {:?}, ", condition.operator, condition.key, condition.wanted)?;
        match &condition.found {
            Some(found) => write!(out, "the request has {found:?}"),
            None => out.write_str("the request has no such key"),
        }
    }
}
