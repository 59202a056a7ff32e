//! One decision as the simulator's answers tell it.

use std::collections::BTreeMap;

use claviger_policy::{
    Cause, Context, Effect, Explanation, Outcome, PolicyRef, StatementTrace, TableContext, condition_key,
};
use claviger_shapes::iam::{
    EvaluationResult, OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail, PolicyEvaluationDecisionType,
    ResourceSpecificResult, Statement,
};

use super::places;
use super::source::{BOUNDARY, IDENTITY, RESOURCE, Source};

use PolicyEvaluationDecisionType::{Allowed, ExplicitDeny, ImplicitDeny};

/// The policies that were asked, by the places the evaluator knows them by.
pub(super) struct Sources<'a> {
    pub identity: &'a [Source],
    pub boundary: Option<&'a Source>,
    pub resource_policy: Option<&'a Source>,
}

impl<'a> Sources<'a> {
    fn find(&self, policy: PolicyRef) -> Option<&'a Source> {
        match policy {
            PolicyRef::Resource => self.resource_policy,
            PolicyRef::Identity { index } => self.identity.get(usize::try_from(index).ok()?),
            PolicyRef::Boundary => self.boundary,
            _ => None,
        }
    }
}

/// A decision with its surroundings.
pub(super) struct Verdict<'a> {
    pub explanation: &'a Explanation,
    pub sources: Sources<'a>,
    /// The keys that the policies read, service control policies not counted.
    pub asked: &'a [String],
    /// Levels of service control policies.
    pub levels: usize,
    /// Whether the resource belongs to another account than the caller's.
    pub foreign: bool,
}

impl Verdict<'_> {
    /// The result for one action on one resource.
    pub(super) fn result(&self, action: &str, resource: &str, context: &TableContext) -> EvaluationResult {
        let decision = self.decision();
        let matched = self.matched(decision);
        let missing = self.missing(context);
        let boundary = self.sources.boundary.map(|_| PermissionsBoundaryDecisionDetail {
            allowed_by_permissions_boundary: Some(self.said(|policy| policy == PolicyRef::Boundary) == Allowed),
        });
        let details = self.details();
        let specific = (resource != "*").then(|| ResourceSpecificResult {
            eval_resource_name: Some(resource.to_owned()),
            eval_resource_decision: Some(decision),
            matched_statements: Some(matched.clone()),
            missing_context_values: Some(missing.clone()),
            eval_decision_details: details.clone(),
            permissions_boundary_decision_detail: boundary.clone(),
        });
        EvaluationResult {
            eval_action_name: Some(action.to_owned()),
            eval_resource_name: Some(resource.to_owned()),
            eval_decision: Some(decision),
            matched_statements: Some(matched),
            missing_context_values: Some(missing),
            organizations_decision_detail: self.organizations(),
            permissions_boundary_decision_detail: boundary,
            // Empty, but there, for resources of the caller's own account.
            eval_decision_details: details.or_else(|| specific.is_some().then(BTreeMap::new)),
            resource_specific_results: specific.map(|specific| vec![specific]),
        }
    }

    fn decision(&self) -> PolicyEvaluationDecisionType {
        let decision = &self.explanation.decision;
        match decision.reason.cause {
            _ if decision.allowed => Allowed,
            Cause::DeniedBy(_) => ExplicitDeny,
            _ => ImplicitDeny,
        }
    }

    /// The statements that led there. Nothing leads to an implicit denial; to an explicit one leads all that applies,
    /// allowances included.
    fn matched(&self, decision: PolicyEvaluationDecisionType) -> Vec<Statement> {
        let tells = |policy: PolicyRef, statement: &StatementTrace| {
            let limits = policy == PolicyRef::Boundary;
            matches!(statement.outcome, Outcome::Applies(_))
                && match decision {
                    Allowed => statement.effect == Effect::Allow && !limits,
                    ExplicitDeny => statement.effect == Effect::Deny || !limits,
                    ImplicitDeny => false,
                }
        };
        let mut matched = Vec::new();
        for trace in &self.explanation.policies {
            let Some(source) = self.sources.find(trace.policy) else { continue };
            for (number, statement) in trace.statements.iter().enumerate() {
                if !tells(trace.policy, statement) {
                    continue;
                }
                let (start, end) = places::span(&source.text, &trace.statements, number).unzip();
                matched.push(Statement {
                    source_policy_id: Some(source.id.clone()),
                    source_policy_type: Some(source.kind.to_owned()),
                    start_position: start,
                    end_position: end,
                });
            }
        }
        matched
    }

    /// The keys that policies read and the request lacks.
    fn missing(&self, context: &TableContext) -> Vec<String> {
        self.asked.iter().filter(|key| context.get(&condition_key(key)).is_none()).cloned().collect()
    }

    fn organizations(&self) -> Option<OrganizationsDecisionDetail> {
        if self.levels == 0 {
            return None;
        }
        let allows = |wanted: usize| {
            let of_level = |policy| match policy {
                PolicyRef::ServiceControl { level, .. } => usize::try_from(level).is_ok_and(|level| level == wanted),
                _ => false,
            };
            self.said(of_level) == Allowed
        };
        Some(OrganizationsDecisionDetail { allowed_by_organizations: Some((0..self.levels).all(allows)) })
    }

    /// What each kind of policy says, for callers and resources of different accounts.
    fn details(&self) -> Option<BTreeMap<String, PolicyEvaluationDecisionType>> {
        if !self.foreign {
            return None;
        }
        let identity = self.said(|policy| matches!(policy, PolicyRef::Identity { .. }));
        let mut details = BTreeMap::from([(IDENTITY.to_owned(), identity)]);
        details.insert(RESOURCE.to_owned(), self.said(|policy| policy == PolicyRef::Resource));
        if self.sources.boundary.is_some() {
            details.insert(BOUNDARY.to_owned(), self.said(|policy| policy == PolicyRef::Boundary));
        }
        Some(details)
    }

    /// What some of the policies say together.
    fn said(&self, which: impl Fn(PolicyRef) -> bool) -> PolicyEvaluationDecisionType {
        let traces = self.explanation.policies.iter().filter(|trace| which(trace.policy));
        let mut effects = traces
            .flat_map(|trace| &trace.statements)
            .filter(|statement| matches!(statement.outcome, Outcome::Applies(_)))
            .map(|statement| statement.effect)
            .peekable();
        if effects.peek().is_none() {
            return ImplicitDeny;
        }
        if effects.any(|effect| effect == Effect::Deny) { ExplicitDeny } else { Allowed }
    }
}
