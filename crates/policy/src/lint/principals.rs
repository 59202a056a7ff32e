//! Whom the statements of a resource policy let in.

use super::{Code, Notes, Statement};
use crate::condition::operator::Quantifier;
use crate::document::Kind;
use crate::parse::{DraftCondition, Entry};
use crate::principal::{Family, NamedKind, NamedPrincipal};

/// Starts of condition keys, in lower case, that say who or whose a caller is. The value of such a key is not the
/// caller's to choose.
const WHO: [&str; 9] = [
    "aws:principal",
    "aws:source",
    "aws:userid",
    "aws:username",
    "aws:vpce",
    "aws:calledvia",
    "aws:federatedprovider",
    "kms:calleraccount",
    "sts:externalid",
];

pub(super) fn check(statement: &Statement<'_>, found: &mut Notes) {
    let Some((negated, named)) = &statement.draft.principals else { return };
    let place = named.first().map_or(statement.place(), |(_, (_, place))| *place);
    if *negated {
        let (code, text) = match statement.allow {
            true => (
                Code::NotPrincipalAllow,
                "This allows everyone in the world but those listed; list who is to be allowed under Principal.",
            ),
            false => (
                Code::NotPrincipalDeny,
                "This spares a caller only if every name it has is listed (account; user or role; session), and never one \
                 with a permissions boundary; deny Principal \"*\" with a condition ArnNotLike on aws:PrincipalArn \
                 instead.",
            ),
        };
        return found.note(place, code, text);
    }
    if !statement.allow || statement.kind == Kind::ResourceControl {
        return;
    }
    for entry in named {
        let (_, (text, place)) = entry;
        match kind_of(entry) {
            Some(NamedKind::Everyone) if !statement.draft.conditions.iter().any(says_who) => {
                let text = "Everyone in every account is allowed, and no condition says who; name principals, or add a \
                            condition such as aws:PrincipalOrgID or kms:CallerAccount.";
                found.note(*place, Code::PublicPrincipal, text);
            }
            Some(NamedKind::Provider) if !statement.draft.conditions.iter().any(reads_token) => {
                let text =
                    format!("Everyone with an account at `{text}` is let in; add a condition on the token's `sub`.");
                found.note(*place, Code::ProviderWithoutCondition, text);
            }
            Some(NamedKind::Service)
                if statement.kind != Kind::Trust && !statement.draft.conditions.iter().any(says_whose) =>
            {
                let text = format!(
                    "`{text}` is allowed on whoever's behalf it calls; add a condition on aws:SourceArn or \
                     aws:SourceAccount."
                );
                found.note(*place, Code::ConfusedDeputy, text);
            }
            _ => {}
        }
    }
}

fn kind_of((family, (text, _)): &Entry) -> Option<NamedKind> {
    match family.as_deref() {
        None => Some(NamedKind::Everyone),
        Some(family) => Some(NamedPrincipal::parse(Family::parse(family)?, text)?.kind()),
    }
}

/// Whether a condition lets in only callers of a kind. Negated operators and those that hold without the key do not.
fn says_who(condition: &DraftCondition) -> bool {
    let key = condition.key.to_ascii_lowercase();
    narrows(condition) && WHO.iter().any(|start| key.starts_with(start))
}

/// Services put the resource they act for into the encryption context. Anyone else writes there what he likes.
fn says_whose(condition: &DraftCondition) -> bool {
    let context = condition.key.to_ascii_lowercase().starts_with("kms:encryptioncontext:");
    says_who(condition) || narrows(condition) && context
}

fn reads_token(condition: &DraftCondition) -> bool {
    let key = condition.key.to_ascii_lowercase();
    narrows(condition) && !key.starts_with("aws:") && !key.ends_with(":aud")
        || narrows(condition) && key.starts_with("saml:")
}

fn narrows(condition: &DraftCondition) -> bool {
    let operator = condition.operator;
    let open = condition.values.iter().any(|value| value == "*");
    !operator.negated && !operator.if_exists && operator.quantifier != Quantifier::All && !open
}

/// Whether a key policy leaves the account a way back: some statement must let it change the policy.
pub(super) fn check_together(statements: &[Statement<'_>], found: &mut Notes) {
    let Some(first) = statements.first().filter(|statement| statement.kind == Kind::Key) else { return };
    let names_account = |statement: &Statement<'_>| {
        let mut named = statement.draft.principals.iter().filter(|(negated, _)| !negated).flat_map(|(_, named)| named);
        named.any(|entry| kind_of(entry) == Some(NamedKind::Account))
    };
    let keeps = |statement: &Statement<'_>| {
        let whole = statement.allow && statement.draft.conditions.is_empty();
        whole && statement.covers("kms:PutKeyPolicy") && names_account(statement)
    };
    if !statements.iter().any(keeps) {
        let text = "No statement allows the account kms:PutKeyPolicy: when the principals named here are gone, nobody can \
                    change this policy; allow `kms:*` to the account's root ARN.";
        found.note(first.place(), Code::NoAccountStatement, text);
    }
}
