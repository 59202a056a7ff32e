//! The evaluation: explicit denials first, then who must allow, then whether they do.

use crate::document::{Call, Document, Effect, Outcome};
use crate::principal::Reach;
use crate::reason::{Cause, Decision, Layer, PolicyRef, Reason, StatementRef};
use crate::request::{GrantKind, Policies, Request, ResourceRule};

/// Decides one request.
///
/// 1. A matching `Deny` in any policy denies. The first layer that has one is named, in the order of [`Layer`].
/// 2. Every level of service control policies must allow.
/// 3. Resource policy, grant and [`ResourceRule`] say who else must allow: nobody, boundary and session policies, or
///    identity policies as well. Those that must and do not are named, in the order of [`Layer`].
pub fn evaluate(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    let call = Call::new(request, policies.boundary.is_some());
    let verdict = decide(&call, request, policies);
    let (allowed, cause) = match verdict {
        Ok(cause) => (true, cause),
        Err(cause) => (false, cause),
    };
    let foreign = is_foreign(request);
    Decision { allowed, reason: Reason { cause, rule: policies.rule, foreign } }
}

fn is_foreign(request: &Request<'_>) -> bool {
    request.principal.kind.has_identity() && request.principal.account != request.resource_account
}

/// What one layer says, all its policies together.
#[derive(Clone, Copy, Default)]
struct Finding {
    allow: Option<(StatementRef, Reach)>,
    near: Option<(StatementRef, u32)>,
}

impl Finding {
    /// Reads one document into the finding; a denial ends the evaluation.
    fn read(&mut self, call: &Call<'_>, policy: PolicyRef, document: &Document) -> Result<(), Cause> {
        for (number, statement) in document.statements.iter().enumerate() {
            let place = || StatementRef { policy, statement: number_of(number), position: statement.start };
            match (statement.effect, statement.outcome(call)) {
                (Effect::Deny, Outcome::Applies(_)) => return Err(Cause::DeniedBy(place())),
                (Effect::Allow, Outcome::Applies(reach)) if self.allow.is_none_or(|(_, found)| found < reach) => {
                    self.allow = Some((place(), reach));
                }
                (Effect::Allow, Outcome::Condition(failed)) if self.near.is_none() => {
                    self.near = Some((place(), failed));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn reach(&self) -> Option<Reach> {
        self.allow.map(|(_, reach)| reach)
    }

    fn require(&self, layer: Layer) -> Result<StatementRef, Cause> {
        self.allow.map(|(statement, _)| statement).ok_or(Cause::NotAllowedBy { layer, near: self.near })
    }
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Who must allow besides the resource policy or grant that let the caller in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Nothing,
    Limits,
    Identity,
    /// Nothing let the caller in.
    Impossible,
}

fn decide(call: &Call<'_>, request: &Request<'_>, policies: &Policies<'_>) -> Result<Cause, Cause> {
    let mut lacking = None;
    // Service control policies limit the principals of an account; services and providers belong to none.
    if request.principal.kind.has_identity() {
        for (level, documents) in policies.service_control.iter().enumerate() {
            let policy = |index| PolicyRef::ServiceControl { level: number_of(level), index };
            let finding = read_level(call, documents, policy)?;
            // It counts only if nothing denies.
            lacking = lacking.or(finding.require(Layer::ServiceControl).err());
        }
    }
    // Every level carries an allowance for everything that cannot be detached, so these can only deny.
    for (level, documents) in policies.resource_control.iter().enumerate() {
        read_level(call, documents, |index| PolicyRef::ResourceControl { level: number_of(level), index })?;
    }
    let (mut resource, mut boundary) = (Finding::default(), Finding::default());
    if let Some(document) = policies.resource {
        resource.read(call, PolicyRef::Resource, document)?;
    }
    let identity = read_level(call, policies.identity, |index| PolicyRef::Identity { index })?;
    if let Some(document) = policies.boundary {
        boundary.read(call, PolicyRef::Boundary, document)?;
    }
    let session = read_level(call, policies.session.unwrap_or_default(), |index| PolicyRef::Session { index })?;
    if let Some(cause) = lacking {
        return Err(cause);
    }

    let by_policy = needs_by_policy(request, policies, resource.reach());
    let by_grant = policies.grant_allows.map_or(Needs::Impossible, needs_by_grant);
    let needs = by_policy.min(by_grant);
    let opened = || match by_grant < by_policy {
        true => Ok(Cause::AllowedByGrant),
        false => resource.require(Layer::Resource).map(Cause::AllowedBy),
    };
    if needs == Needs::Impossible {
        return Err(Cause::NotAllowedBy { layer: Layer::Resource, near: resource.near });
    }
    let cause = match needs {
        Needs::Identity if policies.identity_is_all => Cause::AllowedAsRoot,
        Needs::Identity => Cause::AllowedBy(identity.require(Layer::Identity)?),
        _ => opened()?,
    };
    if needs >= Needs::Limits {
        if policies.boundary.is_some() {
            boundary.require(Layer::Boundary)?;
        }
        if policies.session.is_some() {
            session.require(Layer::Session)?;
        }
    }
    Ok(cause)
}

fn read_level(call: &Call<'_>, documents: &[&Document], policy: impl Fn(u32) -> PolicyRef) -> Result<Finding, Cause> {
    let mut finding = Finding::default();
    for (index, document) in documents.iter().enumerate() {
        finding.read(call, policy(number_of(index)), document)?;
    }
    Ok(finding)
}

fn needs_by_policy(request: &Request<'_>, policies: &Policies<'_>, reach: Option<Reach>) -> Needs {
    if !request.principal.kind.has_identity() {
        return reach.map_or(Needs::Impossible, |_| Needs::Nothing);
    }
    if is_foreign(request) {
        return reach.map_or(Needs::Impossible, |_| Needs::Identity);
    }
    match (reach, policies.rule) {
        (Some(Reach::Direct), _) => Needs::Nothing,
        // What identity policies allow as well is no worse for it: both ways end at the same limits.
        (Some(Reach::Role), _) => Needs::Limits,
        (Some(Reach::Account), _) | (None, ResourceRule::Ordinary) => Needs::Identity,
        (None, ResourceRule::KmsKey | ResourceRule::Trust) => Needs::Impossible,
    }
}

fn needs_by_grant(grant: GrantKind) -> Needs {
    match grant {
        GrantKind::Delegated => Needs::Identity,
        GrantKind::Role => Needs::Limits,
        GrantKind::Exact => Needs::Nothing,
    }
}
