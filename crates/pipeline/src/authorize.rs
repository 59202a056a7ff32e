//! May this caller do this? One place asks the policy evaluator, for every operation of every service.

use std::borrow::Cow;
use std::sync::Arc;

use claviger_identity::{Attached, Controls};
use claviger_policy::{
    Context, Decision, Document, Explanation, Policies, PrincipalKind, Request, Values, evaluate, explain,
};
use claviger_shapes::AccessDeniedException;

use crate::call::Call;
use crate::operation::{Operation, Permission, Subject, Wording};
use crate::system::System;
use crate::{Internal, internal};

/// What a refusal says when the resource is not the caller's to know of.
const UNSEEN: &str = "because the resource does not exist in this Region, no resource-based policies allow access, \
                      or a resource-based policy explicitly denies access";

/// Why an operation does not run.
pub(crate) enum Refusal {
    /// A policy says no.
    Denied(AccessDeniedException),
    /// The policies could not be read.
    Internal(Internal),
}

/// Judges every permission a subject needs, in order; the first refusal decides.
pub(crate) async fn authorize<O: Operation>(
    system: &System,
    call: &Call,
    subject: &O::Subject,
    input: &O::Input,
) -> Result<(), Refusal> {
    for (side, permission) in subject.permissions(O::ACTION).iter().enumerate() {
        let context = RequestContext::<O> { call, subject, input, permission, side };
        let controls = owners_controls(system, call, permission.owner).await.map_err(Refusal::Internal)?;
        judge(call, permission, &controls, &context)
            .map_err(|message| Refusal::Denied(AccessDeniedException::new(message)))?;
    }
    Ok(())
}

/// The whole way to each decision, for the operator.
pub(crate) async fn explain_all<O: Operation>(
    system: &System,
    call: &Call,
    subject: &O::Subject,
    input: &O::Input,
) -> Result<Vec<Explained>, Internal> {
    let mut all = Vec::new();
    for (side, permission) in subject.permissions(O::ACTION).iter().enumerate() {
        let context = RequestContext::<O> { call, subject, input, permission, side };
        let controls = owners_controls(system, call, permission.owner).await?;
        let barred = !permission.cross_account && permission.owner != &*call.caller.account;
        let explanation = with_policies(call, permission, &controls, &context, explain);
        let allowed = !barred && explanation.decision.allowed;
        let message = judge(call, permission, &controls, &context).err().unwrap_or_default();
        all.push(Explained {
            action: permission.action.to_owned(),
            resource: permission.resource.to_owned(),
            owner: permission.owner.to_owned(),
            allowed,
            message,
            names: Names {
                identity: sources(&call.caller.standing.identity),
                boundary: call.caller.standing.boundary.iter().map(|policy| policy.source.clone()).collect(),
                service_control: sources(&call.caller.controls.service),
                resource_control: sources(&controls.resource),
            },
            explanation,
        });
    }
    Ok(all)
}

/// One permission's decision and what led to it.
#[derive(serde::Serialize)]
pub struct Explained {
    /// `kms:Encrypt`.
    pub action: String,
    /// The resource's ARN or `*`.
    pub resource: String,
    /// The account that owns it.
    pub owner: String,
    /// The verdict.
    pub allowed: bool,
    /// The message the caller would get; empty if allowed.
    pub message: String,
    /// Where the policies come from, by their index in the explanation.
    pub names: Names,
    /// Policies, statements and conditions.
    pub explanation: Explanation,
}

/// Where policies come from: ARNs of managed ones, `user/NAME/POLICY` and the like for inline ones.
#[derive(serde::Serialize)]
pub struct Names {
    /// Identity policies.
    pub identity: Vec<String>,
    /// The permissions boundary.
    pub boundary: Vec<String>,
    /// Service control policies of the caller's account.
    pub service_control: Vec<String>,
    /// Resource control policies of the owner's account.
    pub resource_control: Vec<String>,
}

fn sources(policies: &[Attached]) -> Vec<String> {
    policies.iter().map(|policy| policy.source.clone()).collect()
}

async fn owners_controls(system: &System, call: &Call, owner: &str) -> Result<Arc<Controls>, Internal> {
    // Who did not sign stands for no account, and so under nobody's control policies but the owner's.
    if *owner == *call.caller.account && call.caller.kind != PrincipalKind::Anonymous {
        return Ok(Arc::clone(&call.caller.controls));
    }
    let controls = system.identities.controls(&*system.store, owner).await.map_err(internal)?;
    Ok(Arc::new(controls))
}

/// Puts the question with every policy that has a say.
fn with_policies<T>(
    call: &Call,
    permission: &Permission<'_>,
    owners: &Controls,
    context: &dyn Context,
    ask: impl FnOnce(&Request<'_>, &Policies<'_>) -> T,
) -> T {
    let caller = &*call.caller;
    let request = Request {
        principal: permission.principal.unwrap_or_else(|| caller.principal()),
        action: permission.action,
        resource: permission.resource,
        resource_account: permission.owner,
        context,
    };
    let identity = documents(&caller.standing.identity);
    let session = caller.session.as_ref().and_then(|session| session.policies.as_deref()).map(documents);
    let service: Vec<[&Document; 1]> = caller.controls.service.iter().map(|policy| [&*policy.document]).collect();
    let service: Vec<&[&Document]> = service.iter().map(|level| &level[..]).collect();
    let resource: Vec<[&Document; 1]> = owners.resource.iter().map(|policy| [&*policy.document]).collect();
    let resource: Vec<&[&Document]> = resource.iter().map(|level| &level[..]).collect();
    // Whoever comes with an identity provider's token has no policies of its own.
    let own = permission.principal.is_none();
    let policies = Policies {
        resource: permission.policy,
        rule: permission.rule,
        identity: if own { &identity } else { &[] },
        identity_is_all: own && caller.identity_is_all(),
        boundary: caller.standing.boundary.as_ref().map(|policy| &*policy.document),
        session: session.as_deref(),
        service_control: &service,
        resource_control: &resource,
        grant_allows: permission.grant,
    };
    ask(&request, &policies)
}

fn documents(policies: &[Attached]) -> Vec<&Document> {
    policies.iter().map(|policy| &*policy.document).collect()
}

fn judge(call: &Call, permission: &Permission<'_>, owners: &Controls, context: &dyn Context) -> Result<(), String> {
    if !permission.cross_account && permission.owner != &*call.caller.account {
        return Err(unseen(call, permission.action, permission.wording));
    }
    let decision = with_policies(call, permission, owners, context, evaluate);
    if decision.allowed {
        return Ok(());
    }
    Err(denial(call, permission, owners, context, &decision))
}

fn denial(
    call: &Call,
    permission: &Permission<'_>,
    owners: &Controls,
    context: &dyn Context,
    decision: &Decision,
) -> String {
    let caller = &*call.caller;
    let who = permission.principal.map_or(&*caller.arn, |principal| principal.arn);
    let action = permission.action;
    let foreign = permission.owner != &*caller.account;
    let hidden = match permission.wording {
        Wording::Ciphertext => true,
        Wording::Named | Wording::KindAndName | Wording::KindAndArn => {
            foreign && !opened(call, permission, owners, context)
        }
        Wording::Bare => false,
        Wording::Unsigned => return format!("Not authorized to perform {action}"),
    };
    if hidden {
        return unseen(call, action, permission.wording);
    }
    let tail = decision.reason.tail(action);
    match (permission.resource, permission.wording) {
        ("*", _) => format!("User: {who} is not authorized to perform: {action}{tail}"),
        (_, Wording::Named) if foreign => {
            format!("User: {who} is not authorized to perform: {action} on this resource{tail}")
        }
        (resource, wording) => {
            let resource = shown(resource, wording);
            format!("User: {who} is not authorized to perform: {action} on resource: {resource}{tail}")
        }
    }
}

/// A resource as a refusal names it.
fn shown(resource: &str, wording: Wording) -> Cow<'_, str> {
    let described = resource.splitn(6, ':').nth(5).and_then(|described| described.split_once('/'));
    match (wording, described) {
        (Wording::KindAndName, Some((kind, path))) => {
            format!("{kind} {}", path.rsplit('/').next().unwrap_or(path)).into()
        }
        (Wording::KindAndArn, Some((kind, _))) => format!("{kind} {resource}").into(),
        _ => resource.into(),
    }
}

/// Whether the owner's side lets the caller in. Only then may a refusal tell that the resource is there.
fn opened(call: &Call, permission: &Permission<'_>, owners: &Controls, context: &dyn Context) -> bool {
    with_policies(call, permission, owners, context, |request, policies| {
        let owners_side = Policies {
            identity: &[],
            identity_is_all: true,
            boundary: None,
            session: None,
            service_control: &[],
            ..*policies
        };
        evaluate(request, &owners_side).allowed
    })
}

/// The text for a resource whose existence is not confirmed to the caller: the same whether it is missing, foreign or
/// forbidden.
pub fn unseen(call: &Call, action: &str, wording: Wording) -> String {
    let which = match wording {
        Wording::Ciphertext => "the resource associated with this ciphertext",
        _ => "this resource",
    };
    format!("User: {} is not authorized to perform: {action} on {which} {UNSEEN}", call.caller.arn)
}

/// Condition keys of one permission: global ones, then the resource's, then the request's. Looked up only when a
/// policy asks.
struct RequestContext<'a, O: Operation> {
    call: &'a Call,
    subject: &'a O::Subject,
    input: &'a O::Input,
    permission: &'a Permission<'a>,
    side: usize,
}

impl<O: Operation> Context for RequestContext<'_, O> {
    fn get(&self, key: &str) -> Option<Values<'_>> {
        if key.starts_with("aws:")
            && let Some(value) = global(self.call, key)
        {
            return Some(value);
        }
        let specific = self.subject.condition(self.side, key).or_else(|| O::condition(self.input, self.side, key));
        specific.or_else(|| (key == "aws:resourceaccount").then(|| Values::One(self.permission.owner.into())))
    }

    fn was_requested(&self, key: &str) -> bool {
        self.get(key).is_some() && !O::omitted(self.input, self.side, key)
    }
}

fn global<'a>(call: &'a Call, key: &str) -> Option<Values<'a>> {
    let caller = &*call.caller;
    if caller.kind != PrincipalKind::Anonymous
        && let Some(value) = of_caller(call, key)
    {
        return Some(value);
    }
    let via = call.via.as_deref();
    let text: Cow<'a, str> = match key {
        // A service that calls for the caller does not show the caller's address.
        "aws:sourceip" if via.is_none() => call.source_ip.to_canonical().to_string().into(),
        "aws:securetransport" => bool_text(call.secure).into(),
        "aws:currenttime" => call.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into(),
        "aws:epochtime" => call.now.as_second().to_string().into(),
        "aws:requestedregion" => (&*call.region).into(),
        "aws:useragent" => (&*call.user_agent).into(),
        "aws:principalisawsservice" => "false".into(),
        "aws:viaawsservice" => bool_text(via.is_some()).into(),
        "aws:calledvia" => {
            return via.map(|via| Values::Many(via.services.iter().map(|service| (&**service).into()).collect()));
        }
        "aws:calledviafirst" => (&**via?.services.first()?).into(),
        "aws:calledvialast" => (&**via?.services.last()?).into(),
        "aws:sourcearn" => via?.source_arn.as_deref()?.into(),
        "aws:sourceaccount" => via?.source_arn.as_deref()?.split(':').nth(4)?.into(),
        _ => return None,
    };
    Some(Values::One(text))
}

fn of_caller<'a>(call: &'a Call, key: &str) -> Option<Values<'a>> {
    let caller = &*call.caller;
    let session = caller.session.as_ref();
    let text: Cow<'a, str> = match key {
        "aws:principalarn" => caller.principal_arn().into(),
        "aws:principalaccount" => (&*caller.account).into(),
        "aws:principaltype" => caller.type_name().into(),
        "aws:userid" => (&*caller.unique_id).into(),
        "aws:username" if caller.kind == PrincipalKind::User => (&*caller.name).into(),
        "aws:tokenissuetime" => session?.issued.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into(),
        // No second factor can be shown here; only temporary credentials say so.
        "aws:multifactorauthpresent" => session.map(|_| "false")?.into(),
        "aws:sourceidentity" => session?.source_identity.as_deref()?.into(),
        "aws:federatedprovider" => session?.web.as_ref()?.provider.as_str().into(),
        _ => caller.tag(key.strip_prefix("aws:principaltag/")?)?.into(),
    };
    Some(Values::One(text))
}

/// Condition values are text; booleans too.
pub const fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
