//! What policies would decide: the evaluator of real requests, asked about made-up ones.

mod context;
mod entity;
mod places;
mod principal;
mod source;
mod verdict;

pub(super) use context::Keys;
pub(super) use entity::{Simulated, find, leaves_out};
pub(super) use principal::Caller;
pub(super) use source::{Source, boundary_of, inputs, levels};

use claviger_identity::EntityArn;
use claviger_policy::{Document, Kind, Policies, Request, ResourceRule, TableContext, explain};
use claviger_shapes::ValidationException;
use claviger_shapes::iam::{ContextEntry, EvaluationResult, InvalidInputException, SimulatePolicyResponse};

use crate::iam::page::Pager;

/// Bytes of policy that one answer reads: long policies make short pages, as AWS reserves the right to.
const READ_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What is asked, whatever the policies come from.
pub(super) struct Questions<'a> {
    /// `service:Name`.
    pub actions: &'a [String],
    /// ARNs; none means `*`.
    pub resources: Option<&'a [String]>,
    /// The policy every resource is taken to have.
    pub resource_policy: Option<&'a str>,
    /// Who owns resources whose ARN does not say it.
    pub resource_owner: Option<&'a str>,
    /// Context keys.
    pub entries: Option<&'a [ContextEntry]>,
    /// `Marker`.
    pub marker: Option<&'a str>,
    /// `MaxItems`.
    pub max_items: Option<i32>,
}

/// Who asks, and which policies have a say.
pub(super) struct Scene {
    /// The caller.
    pub caller: Caller,
    /// Identity policies.
    pub identity: Vec<Source>,
    /// The permissions boundary.
    pub boundary: Option<Source>,
    /// Service control policies, level by level.
    pub controls: Vec<Vec<std::sync::Arc<Document>>>,
}

/// What the questions of one request have in common.
struct Question<'a> {
    resource_policy: Option<&'a Source>,
    rule: ResourceRule,
    context: &'a TableContext,
}

impl Scene {
    /// Answers a page of the questions: every action with every resource.
    pub(super) fn answer<E>(&self, questions: &Questions<'_>) -> Result<SimulatePolicyResponse, E>
    where
        E: From<InvalidInputException> + From<ValidationException>,
    {
        let pager = Pager::new::<E>(questions.marker, questions.max_items)?;
        let everything = ["*".to_owned()];
        let resources = questions.resources.filter(|resources| !resources.is_empty()).unwrap_or(&everything);
        for action in questions.actions {
            check_action::<E>(action)?;
        }
        // Without a key policy the identity half of the answer is given.
        let (resource_policy, rule) = match questions.resource_policy {
            Some(text) => {
                let (kind, rule) = rule_of(resources);
                (Some(source::resource::<E>(text, kind)?), rule)
            }
            None => (None, ResourceRule::Ordinary),
        };
        let owner = match questions.resource_owner {
            Some(owner) => owner_account::<E>(owner)?,
            None => self.caller.account(),
        };
        let context = context::table(&self.caller, questions.entries.unwrap_or_default());
        let question = Question { resource_policy: resource_policy.as_ref(), rule, context: &context };
        let bytes: usize = self.sources(&question).map(|source| source.text.len()).sum();
        let asked = Keys::of(self.sources(&question)).into_names();
        let total = questions.actions.len().saturating_mul(resources.len());
        let cut = pager.numbers::<E>(total, READ_BYTES_MAX / bytes.max(1))?;
        let (is_truncated, marker) = (cut.is_truncated(), cut.marker);
        let answer = |number: usize| {
            let action = questions.actions.get(number / resources.len())?;
            let resource = resources.get(number % resources.len())?;
            Some(self.judge(action, resource, account_in(resource).unwrap_or(owner), &question, &asked))
        };
        let results = cut.items.into_iter().filter_map(answer).collect();
        Ok(SimulatePolicyResponse { evaluation_results: Some(results), is_truncated, marker })
    }

    /// Every policy that is told of.
    fn sources<'a>(&'a self, question: &Question<'a>) -> impl Iterator<Item = &'a Source> {
        question.resource_policy.into_iter().chain(&self.identity).chain(&self.boundary)
    }

    fn judge(
        &self,
        action: &str,
        resource: &str,
        owner: &str,
        question: &Question<'_>,
        asked: &[String],
    ) -> EvaluationResult {
        let context = context::with_default(question.context, "aws:ResourceAccount", owner);
        let request = Request {
            principal: self.caller.principal(),
            action,
            resource,
            resource_account: owner,
            context: &context,
        };
        let identity: Vec<&Document> = self.identity.iter().map(|source| &*source.document).collect();
        let levels: Vec<Vec<&Document>> =
            self.controls.iter().map(|level| level.iter().map(|document| &**document).collect()).collect();
        let levels: Vec<&[&Document]> = levels.iter().map(Vec::as_slice).collect();
        let policies = Policies {
            resource: question.resource_policy.map(|source| &*source.document),
            rule: question.rule,
            identity: &identity,
            boundary: self.boundary.as_ref().map(|source| &*source.document),
            service_control: &levels,
            ..Policies::default()
        };
        let explanation = explain(&request, &policies);
        let sources = verdict::Sources {
            identity: &self.identity,
            boundary: self.boundary.as_ref(),
            resource_policy: question.resource_policy,
        };
        verdict::Verdict {
            explanation: &explanation,
            sources,
            asked,
            levels: levels.len(),
            foreign: owner != self.caller.account(),
        }
        .result(action, resource, &context)
    }
}

/// Simulations name operations, each with its service.
fn check_action<E: From<InvalidInputException>>(action: &str) -> Result<(), E> {
    let named = action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
    if !named || action.contains(['*', '?']) {
        return Err(InvalidInputException::new(format!("Action name {action} is not valid.")).into());
    }
    Ok(())
}

/// Key policies follow a rule of their own, so that a policy put to keys alone is read as one.
fn rule_of(resources: &[String]) -> (Kind, ResourceRule) {
    let is_key = |resource: &String| {
        let mut parts = resource.split(':');
        parts.next() == Some("arn") && parts.nth(1) == Some("kms")
    };
    match resources.iter().all(is_key) {
        true => (Kind::Key, ResourceRule::KmsKey),
        false => (Kind::Resource, ResourceRule::Ordinary),
    }
}

/// The account in a resource's ARN, where there is one.
fn account_in(resource: &str) -> Option<&str> {
    let account = resource.split(':').nth(4)?;
    claviger_pipeline::credentials::is_account(account).then_some(account)
}

/// `ResourceOwner`: an account, or the ARN of its root.
fn owner_account<E: From<InvalidInputException>>(owner: &str) -> Result<&str, E> {
    if claviger_pipeline::credentials::is_account(owner) {
        return Ok(owner);
    }
    let root = EntityArn::parse(owner).filter(|arn| arn.kind == "root");
    root.map(|arn| arn.account)
        .ok_or_else(|| InvalidInputException::new(format!("Resource owner {owner} is not valid.")).into())
}
