//! Whether a key policy leaves its author a way back.

use crate::document::{Call, Document, Effect, Outcome};
use crate::request::{Context, Principal, PrincipalKind, Request, TableContext};

/// Whether `principal` could call `PutKeyPolicy` on the key if `document` were its policy. An `Allow` for the account
/// principal is enough, identity policies are not asked; an explicit `Deny` counts. A session is judged as its role:
/// naming just the session does not help, its name is free to choose and gone tomorrow.
///
/// Conditions see what follows from the principal alone (`aws:PrincipalArn`, `aws:PrincipalAccount`,
/// `aws:PrincipalType`, `aws:userid`, `kms:CallerAccount`); [`key_policy_keeps_access_in`] takes a whole context.
/// `account` is the account that owns the key.
pub fn key_policy_keeps_access(document: &Document, principal: &Principal<'_>, key_arn: &str, account: &str) -> bool {
    let kind = match principal.kind {
        PrincipalKind::Root => "Account",
        PrincipalKind::User => "User",
        PrincipalKind::AssumedRole => "AssumedRole",
        PrincipalKind::FederatedUser => "FederatedUser",
        _ => "",
    };
    let context = TableContext::new()
        .with("aws:PrincipalArn", principal.role_arn.unwrap_or(principal.arn))
        .with("aws:PrincipalAccount", principal.account)
        .with("aws:PrincipalType", kind)
        .with("aws:userid", principal.unique_id)
        .with("kms:CallerAccount", principal.account);
    key_policy_keeps_access_in(document, principal, key_arn, account, &context)
}

/// [`key_policy_keeps_access`] for a request whose context is known.
pub fn key_policy_keeps_access_in(
    document: &Document,
    principal: &Principal<'_>,
    key_arn: &str,
    account: &str,
    context: &dyn Context,
) -> bool {
    // Without its session's name, a session answers to its role and its account.
    let as_role = Principal {
        arn: principal.role_arn.unwrap_or(principal.arn),
        unique_id: principal.role_id().unwrap_or(principal.unique_id),
        ..*principal
    };
    let judged = if principal.kind == PrincipalKind::AssumedRole { as_role } else { *principal };
    let request = Request {
        principal: judged,
        action: "kms:PutKeyPolicy",
        resource: key_arn,
        resource_account: account,
        context,
    };
    let call = Call::new(&request, false);
    let foreign = principal.account != account;
    let mut allowed = false;
    for statement in &document.statements {
        if let Outcome::Applies(_) = statement.outcome(&call) {
            match statement.effect {
                Effect::Deny => return false,
                // PutKeyPolicy works in the key's own account only; a foreign caller keeps nothing by being named.
                Effect::Allow => allowed |= !foreign,
            }
        }
    }
    allowed
}
