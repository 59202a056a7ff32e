//! Actions that do not exist, and resources they do not work on.

use super::vocabulary::{ActionFacts, vocabulary};
use super::{Code, Notes, Statement};
use crate::action::ActionPattern;
use crate::arn::Arn;
use crate::document::Kind;

pub(super) fn check(statement: &Statement<'_>, found: &mut Notes) {
    for (pattern, (text, place)) in &statement.actions {
        if let Some(service) = pattern.service() {
            name(statement, pattern, service, text, *place, found);
        }
    }
    if statement.not_action && statement.allow {
        let text = "This allows every action but those listed, of every service there is and will be; list what is to \
                    be allowed under Action.";
        found.note(statement.place(), Code::NotActionAllow, text);
    }
    decrypt_on_all(statement, found);
}

fn name(
    statement: &Statement<'_>,
    pattern: &ActionPattern,
    service: &str,
    text: &str,
    place: usize,
    found: &mut Notes,
) {
    let facts = vocabulary();
    let meant = |text: &str| match facts.near_action(text) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => ".".to_owned(),
    };
    if !facts.is_service(service) {
        found.note(place, Code::UnknownService, format!("No AWS service has the prefix `{service}`{}", meant(text)));
    } else if facts.knows(service) && facts.expand(pattern).is_empty() {
        match text.contains(['*', '?']) {
            true => {
                let text = format!("`{text}` matches no action of {service}; correct or remove it.");
                found.note(place, Code::ActionMatchesNothing, text);
            }
            false => found.note(place, Code::UnknownAction, format!("There is no action `{text}`{}", meant(text))),
        }
    } else if statement.kind == Kind::Key && service != "kms" {
        let text = format!("A key policy decides actions of kms alone; remove `{text}`.");
        found.note(place, Code::ActionOfOtherService, text);
    }
}

/// What an ARN in a `Resource` says about keys, if anything.
fn is_every_key(text: &str) -> bool {
    let every = |part: &str| part == "*";
    text == "*"
        || Arn::parse(text).is_some_and(|arn| {
            arn.service() == "kms" && every(arn.account()) && matches!(arn.resource(), "*" | "key/*" | "key*")
        })
}

fn decrypt_on_all(statement: &Statement<'_>, found: &mut Notes) {
    if statement.kind != Kind::Identity || !statement.allow || statement.not_resource || statement.not_action {
        return;
    }
    // Any of these keeps the statement to some keys or some uses of them.
    let narrowed = statement.has_condition(|key| key.starts_with("kms:") || key.starts_with("aws:resourcetag/"));
    let Some((text, place)) = statement.resources.iter().find(|(text, _)| is_every_key(text)) else { return };
    let decrypts = ["kms:Decrypt", "kms:ReEncryptFrom"].into_iter().find(|action| statement.covers(action));
    if let (Some(action), false) = (decrypts, narrowed) {
        let text = format!(
            "{action} on `{text}` decrypts with every key whose policy trusts the account; name the keys' ARNs, or add a \
             condition such as kms:ResourceAliases."
        );
        found.note(*place, Code::DecryptOnAll, text);
    }
}

pub(super) fn check_resources(statement: &Statement<'_>, own_arn: Option<&str>, found: &mut Notes) {
    if statement.kind == Kind::Key {
        return key_policy(statement, own_arn, found);
    }
    if statement.not_resource || statement.not_action || statement.resources.is_empty() {
        return;
    }
    of_other_service(statement, found);
    must_be_star(statement, found);
    aliases(statement, found);
}

fn key_policy(statement: &Statement<'_>, own_arn: Option<&str>, found: &mut Notes) {
    for (text, place) in statement.resources {
        if text != "*" && Some(text.as_str()) != own_arn {
            let text = format!("In a key policy \"*\" means this key, and `{text}` is seldom it; write \"*\".");
            found.note(*place, Code::KeyPolicyResource, text);
        }
    }
}

fn of_other_service(statement: &Statement<'_>, found: &mut Notes) {
    let facts = vocabulary();
    let services: Option<Vec<&str>> = statement.actions.iter().map(|(pattern, _)| pattern.service()).collect();
    // One `*` works on everything.
    let Some(services) = services else { return };
    if services.iter().any(|service| !facts.is_service(service)) {
        return;
    }
    let arns: Option<Vec<(&str, usize)>> =
        statement.resources.iter().map(|(text, place)| Arn::parse(text).map(|arn| (arn.service(), *place))).collect();
    let Some(arns) = arns else { return };
    for (arn, place) in &arns {
        if !services.iter().any(|service| facts.acts_on(service, arn)) {
            let text = format!("No action of this statement works on resources of {arn}; it never matches them.");
            found.note(*place, Code::ResourceOfOtherService, text);
        }
    }
    for (pattern, (text, place)) in &statement.actions {
        let on_arn = |service: &str| arns.iter().any(|(arn, _)| facts.acts_on(service, arn));
        let star_only = || single(pattern, text).is_some_and(|facts| facts.on.is_empty());
        if pattern.service().is_some_and(|service| !on_arn(service)) && !star_only() {
            let text = format!("`{text}` works on none of the resources of this statement; it never matches.");
            found.note(*place, Code::ResourceOfOtherService, text);
        }
    }
}

/// The facts of an action written without wildcards.
fn single(pattern: &ActionPattern, text: &str) -> Option<&'static ActionFacts> {
    match text.contains(['*', '?']) {
        true => None,
        false => vocabulary().expand(pattern).first().map(|(_, _, facts)| *facts),
    }
}

fn must_be_star(statement: &Statement<'_>, found: &mut Notes) {
    if statement.resources.iter().any(|(text, _)| text == "*") {
        return;
    }
    for (pattern, (text, place)) in &statement.actions {
        if single(pattern, text).is_some_and(|facts| facts.on.is_empty()) {
            let text = format!("`{text}` is about no resource; it matches only a statement with \"Resource\": \"*\".");
            found.note(*place, Code::ResourceMustBeStar, text);
        }
    }
}

fn aliases(statement: &Statement<'_>, found: &mut Notes) {
    let is_alias =
        |text: &str| Arn::parse(text).is_some_and(|arn| arn.service() == "kms" && arn.resource().starts_with("alias/"));
    let Some((_, place)) = statement.resources.iter().find(|(text, _)| is_alias(text)) else { return };
    let on_keys = |text: &str| {
        text == "*"
            || Arn::parse(text).is_some_and(|arn| arn.service() == "kms" && !arn.resource().starts_with("alias"))
    };
    if statement.resources.iter().any(|(text, _)| on_keys(text)) {
        return;
    }
    for (pattern, (text, _)) in &statement.actions {
        let wants_key = |facts: &ActionFacts| facts.on == ["key"];
        let expanded = vocabulary().expand(pattern);
        if expanded.iter().any(|(service, _, facts)| *service == "kms" && wants_key(facts)) {
            let text = format!(
                "`{text}` is decided on the key, never on its alias; name the key's ARN, or write \"Resource\": \"*\" with a \
                 condition on kms:RequestAlias or kms:ResourceAliases."
            );
            found.note(*place, Code::AliasAsResource, text);
            return;
        }
    }
}

/// What only shows in all statements together.
pub(super) fn check_together(statements: &[Statement<'_>], found: &mut Notes) {
    let allows = |action: &str| statements.iter().find(|statement| statement.allow && statement.covers(action));
    let (from, to) = (allows("kms:ReEncryptFrom"), allows("kms:ReEncryptTo"));
    let holder = statements.iter().all(|one| matches!(one.kind, Kind::Identity | Kind::Session | Kind::Boundary));
    match (from, to) {
        // A key policy may well let its key be used on one side only.
        (Some(half), None) | (None, Some(half)) if holder => {
            let text = "ReEncrypt asks for kms:ReEncryptFrom on the old key and kms:ReEncryptTo on the new one; allow both, \
                        as `kms:ReEncrypt*` does.";
            found.note(half.place(), Code::HalfReEncrypt, text);
        }
        (None, None) => {
            let both = |one: &&Statement<'_>| one.allow && one.covers("kms:Encrypt") && one.covers("kms:Decrypt");
            if let Some(statement) = statements.iter().find(both) {
                let text = "This allows to encrypt and to decrypt, but not to move a ciphertext to another key; add \
                            `kms:ReEncrypt*` if that is wanted.";
                found.note(statement.place(), Code::NoReEncrypt, text);
            }
        }
        _ => {}
    }
}
