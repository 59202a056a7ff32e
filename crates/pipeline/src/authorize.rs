//! May this caller do this? One place asks the policy evaluator, for every operation of every service.

use std::borrow::Cow;

use claviger_policy::{Context, Document, Policies, Request, Values, evaluate};
use claviger_shapes::AccessDeniedException;

use crate::call::Call;
use crate::operation::{Operation, Permission, Subject, Wording};

/// What a refusal says when the resource is not the caller's to know of.
const UNSEEN: &str = "because the resource does not exist in this Region, no resource-based policies allow access, \
                      or a resource-based policy explicitly denies access";

/// Judges every permission a subject needs, in order; the first refusal decides.
pub(crate) fn authorize<O: Operation>(
    call: &Call,
    subject: &O::Subject,
    input: &O::Input,
) -> Result<(), AccessDeniedException> {
    for (side, permission) in subject.permissions(O::ACTION).iter().enumerate() {
        judge(call, permission, &RequestContext::<O> { call, subject, input, side })?;
    }
    Ok(())
}

fn judge(call: &Call, permission: &Permission<'_>, context: &dyn Context) -> Result<(), AccessDeniedException> {
    let caller = &*call.caller;
    if !permission.cross_account && permission.owner != &*caller.account {
        return Err(AccessDeniedException::new(unseen(call, permission.action, permission.wording)));
    }
    let request = Request {
        principal: caller.principal(),
        action: permission.action,
        resource: permission.resource,
        resource_account: permission.owner,
        context,
    };
    let identity: Vec<&Document> = caller.identity_policies.iter().map(|document| &**document).collect();
    let policies = Policies {
        resource: permission.policy,
        rule: permission.rule,
        identity: &identity,
        identity_is_all: caller.is_root(),
        ..Policies::default()
    };
    let decision = evaluate(&request, &policies);
    if decision.allowed {
        return Ok(());
    }
    let message = if permission.wording == Wording::Ciphertext || permission.owner != &*caller.account {
        unseen(call, permission.action, permission.wording)
    } else {
        let tail = decision.reason.tail(permission.action);
        if permission.resource == "*" {
            format!("User: {} is not authorized to perform: {}{tail}", caller.arn, permission.action)
        } else {
            format!(
                "User: {} is not authorized to perform: {} on resource: {}{tail}",
                caller.arn, permission.action, permission.resource
            )
        }
    };
    Err(AccessDeniedException::new(message))
}

/// The text for a resource whose existence is not confirmed to the caller: the same whether it is missing, foreign or
/// forbidden.
pub fn unseen(call: &Call, action: &str, wording: Wording) -> String {
    let which = match wording {
        Wording::Named => "this resource",
        Wording::Ciphertext => "the resource associated with this ciphertext",
    };
    format!("User: {} is not authorized to perform: {action} on {which} {UNSEEN}", call.caller.arn)
}

/// Condition keys of one permission: global ones, then the resource's, then the request's. Looked up only when a
/// policy asks.
struct RequestContext<'a, O: Operation> {
    call: &'a Call,
    subject: &'a O::Subject,
    input: &'a O::Input,
    side: usize,
}

impl<O: Operation> Context for RequestContext<'_, O> {
    fn get(&self, key: &str) -> Option<Values<'_>> {
        if key.starts_with("aws:")
            && let Some(value) = global(self.call, key)
        {
            return Some(value);
        }
        self.subject.condition(self.side, key).or_else(|| O::condition(self.input, self.side, key))
    }
}

fn global<'a>(call: &'a Call, key: &str) -> Option<Values<'a>> {
    let caller = &*call.caller;
    let text: Cow<'a, str> = match key {
        "aws:principalarn" => (&*caller.arn).into(),
        "aws:principalaccount" => (&*caller.account).into(),
        "aws:principaltype" => caller.type_name().into(),
        "aws:userid" => (&*caller.unique_id).into(),
        "aws:sourceip" => call.source_ip.to_canonical().to_string().into(),
        "aws:securetransport" => bool_text(call.secure).into(),
        "aws:currenttime" => call.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into(),
        "aws:epochtime" => call.now.as_second().to_string().into(),
        "aws:requestedregion" => (&*call.region).into(),
        "aws:useragent" => (&*call.user_agent).into(),
        "aws:viaawsservice" | "aws:principalisawsservice" => "false".into(),
        _ => return None,
    };
    Some(Values::One(text))
}

/// Condition values are text; booleans too.
pub const fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
