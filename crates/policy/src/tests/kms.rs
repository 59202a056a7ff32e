//! The rule for KMS keys, grants, and what denials say.

use super::*;
use crate::{Grantee, TableContext, ciphertext_message, default_key_policy};

const ENCRYPT: &str = "kms:Encrypt";
const NO_RESOURCE: &str = " because no resource-based policy allows the kms:Encrypt action";
const NO_IDENTITY: &str = " because no identity-based policy allows the kms:Encrypt action";
const HIDDEN: &str = " because the resource does not exist in this Region, no resource-based policies allow access, or \
                      a resource-based policy explicitly denies access";

fn aws(principal: &str) -> Document {
    allows(Kind::Key, &format!(r#"{{"AWS":"{principal}"}}"#))
}

fn with(policy: Document, identity: &[&str]) -> Setup {
    let identity = identity
        .iter()
        .map(|action| statement(Kind::Identity, "Allow", &format!(r#""Action":"{action}","Resource":"*""#)))
        .collect();
    Setup { identity, ..Setup::key(policy) }
}

#[test]
fn the_key_policy_rules() {
    let default = || document(Kind::Key, &default_key_policy("aws", HERE));
    let rows: Vec<(&str, Setup, Principal<'_>, &str)> = vec![
        ("default policy, identity silent", with(default(), &[]), alice(), NO_IDENTITY),
        ("default policy, identity allows", with(default(), &["kms:Encrypt"]), alice(), "allow"),
        ("default policy, root", Setup { identity_is_all: true, ..with(default(), &[]) }, root(), "allow"),
        ("default policy, role session", with(default(), &["kms:*"]), session(), "allow"),
        ("no account statement, identity allows all", with(aws(ROLE), &["*"]), alice(), NO_RESOURCE),
        ("no account statement, root", Setup { identity_is_all: true, ..with(aws(ALICE), &[]) }, root(), NO_RESOURCE),
        ("caller named", with(aws(ALICE), &[]), alice(), "allow"),
        ("role named", with(aws(ROLE), &[]), session(), "allow"),
        ("bare account number", with(aws(HERE), &["kms:*"]), alice(), "allow"),
        ("everyone, inside", with(allows(Kind::Key, r#""*""#), &[]), alice(), "allow"),
        ("everyone, outside, identity silent", with(allows(Kind::Key, r#""*""#), &[]), carol(), NO_IDENTITY),
        ("everyone, outside, identity allows", with(allows(Kind::Key, r#""*""#), &["kms:*"]), carol(), "allow"),
        ("foreign account named, identity allows", with(aws(THERE), &["kms:*"]), carol(), "allow"),
        ("foreign user named, identity silent", with(aws(CAROL), &[]), carol(), NO_IDENTITY),
        ("foreign caller not named", with(aws(HERE), &["*"]), carol(), HIDDEN),
        ("service not named", with(aws(HERE), &[]), Principal::service("logs.amazonaws.com"), NO_RESOURCE),
        ("key that is not there", Setup { rule: ResourceRule::KmsKey, ..Setup::default() }, carol(), HIDDEN),
    ];
    for (name, setup, caller, expected) in rows {
        assert_eq!(setup.ask(caller, ENCRYPT, KEY), expected, "{name}");
    }
}

#[test]
fn an_account_statement_delegates_just_its_actions_and_conditions() {
    let policy = statement(
        Kind::Key,
        "Allow",
        r#""Principal":{"AWS":"111122223333"},"Action":"kms:Decrypt","Resource":"*",
           "Condition":{"StringEquals":{"kms:ViaService":"ssm.eu-west-1.amazonaws.com"}}"#,
    );
    let setup = with(policy, &["kms:*"]);
    let via = TableContext::new().with("kms:ViaService", "ssm.eu-west-1.amazonaws.com");
    assert_eq!(setup.ask_in(alice(), "kms:Decrypt", KEY, &via), "allow");
    assert!(setup.ask(alice(), "kms:Decrypt", KEY).contains("no resource-based policy"));
    assert!(setup.ask_in(alice(), "kms:Encrypt", KEY, &via).contains("no resource-based policy"));
}

#[test]
fn operations_without_a_key_follow_identity_policies_alone() {
    let setup = Setup {
        identity: vec![statement(Kind::Identity, "Allow", r#""Action":"kms:CreateKey","Resource":"*""#)],
        ..Setup::default()
    };
    assert_eq!(setup.ask(alice(), "kms:CreateKey", "*"), "allow");
    assert_eq!(
        setup.ask(alice(), "kms:ListKeys", "*"),
        " because no identity-based policy allows the kms:ListKeys action"
    );
    let on_keys = Setup {
        identity: vec![statement(Kind::Identity, "Allow", r#""Action":"kms:*","Resource":"arn:aws:kms:*:*:key/*""#)],
        ..Setup::default()
    };
    assert!(on_keys.ask(alice(), "kms:CreateKey", "*").contains("no identity-based"), "only \"*\" means no resource");
}

#[test]
fn alias_arns_do_not_reach_keys() {
    let rest = r#""Action":"kms:*","Resource":"arn:aws:kms:eu-west-1:111122223333:alias/app""#;
    let setup = Setup { identity: vec![statement(Kind::Identity, "Allow", rest)], ..Setup::key(aws(HERE)) };
    assert_eq!(setup.ask(alice(), ENCRYPT, KEY), NO_IDENTITY);
}

#[test]
fn re_encrypt_without_a_star_is_no_permission() {
    let both = with(aws(HERE), &["kms:ReEncrypt*"]);
    let none = with(aws(HERE), &["kms:ReEncrypt"]);
    for action in ["kms:ReEncryptFrom", "kms:ReEncryptTo"] {
        assert_eq!(both.ask(alice(), action, KEY), "allow");
        assert_ne!(none.ask(alice(), action, KEY), "allow");
    }
}

#[test]
fn what_a_grant_adds() {
    let nobody = || aws("arn:aws:iam::111122223333:role/admin");
    let refusing = |kind| statement(kind, "Allow", r#""Action":"s3:*","Resource":"*""#);
    let limited = |grant: GrantKind, identity: &[&str]| Setup {
        boundary: Some(refusing(Kind::Boundary)),
        session: Some(vec![refusing(Kind::Session)]),
        grant: Some(grant),
        ..with(nobody(), identity)
    };
    let free = |grant: GrantKind, identity: &[&str]| Setup { grant: Some(grant), ..with(nobody(), identity) };
    let at_home = |grantee| GrantKind::of(grantee, HERE, HERE, HERE);
    let from_owner = |grantee| GrantKind::of(grantee, THERE, HERE, HERE);
    let from_own_account = |grantee| GrantKind::of(grantee, THERE, HERE, THERE);
    let no_boundary = " because no permissions boundary allows the kms:Encrypt action";
    let elsewhere = Principal::session(
        THERE,
        "arn:aws:sts::444455556666:assumed-role/far/x",
        "arn:aws:iam::444455556666:role/far",
        "AROAFARFARFARFARFAR01:x",
    );
    let rows: Vec<(&str, Setup, Principal<'_>, &str)> = vec![
        ("home, role", free(at_home(Grantee::Role), &[]), session(), "allow"),
        ("home, role, limited", limited(at_home(Grantee::Role), &[]), session(), no_boundary),
        ("home, exact session, limited", limited(at_home(Grantee::Exact), &[]), session(), "allow"),
        ("home, account, identity silent", free(at_home(Grantee::Account), &[]), alice(), NO_IDENTITY),
        ("home, account, identity allows", free(at_home(Grantee::Account), &["kms:*"]), alice(), "allow"),
        ("abroad, owner's grant, identity silent", free(from_owner(Grantee::Exact), &[]), elsewhere, NO_IDENTITY),
        ("abroad, owner's grant, identity allows", free(from_owner(Grantee::Exact), &["kms:*"]), elsewhere, "allow"),
        ("abroad, owner's grant, limited", limited(from_owner(Grantee::Exact), &["kms:*"]), elsewhere, no_boundary),
        ("abroad, own account's grant", limited(from_own_account(Grantee::Exact), &[]), elsewhere, "allow"),
        ("abroad, own account's role grant", limited(from_own_account(Grantee::Role), &[]), elsewhere, no_boundary),
        ("abroad, own account's role grant, free", free(from_own_account(Grantee::Role), &[]), elsewhere, "allow"),
    ];
    for (name, setup, caller, expected) in rows {
        assert_eq!(setup.ask(caller, ENCRYPT, KEY), expected, "{name}");
    }
    let service = GrantKind::of(Grantee::Exact, "", HERE, HERE);
    assert_eq!(free(service, &[]).ask(Principal::service("logs.amazonaws.com"), ENCRYPT, KEY), "allow");
}

#[test]
fn a_deny_beats_a_grant() {
    let deny = statement(Kind::Key, "Deny", r#""Principal":"*","Action":"kms:Encrypt","Resource":"*""#);
    let setup = Setup { grant: Some(GrantKind::Exact), ..Setup::key(deny) };
    assert_eq!(setup.ask(alice(), ENCRYPT, KEY), " with an explicit deny in a resource-based policy");
    assert_eq!(setup.ask(alice(), "kms:Decrypt", KEY), "allow");
    let by_identity = Setup {
        grant: Some(GrantKind::Exact),
        identity: vec![statement(Kind::Identity, "Deny", r#""Action":"kms:*","Resource":"*""#)],
        ..Setup::key(aws(CAROL))
    };
    assert_eq!(by_identity.ask(alice(), ENCRYPT, KEY), " with an explicit deny in an identity-based policy");
}

#[test]
fn the_strongest_of_several_grants_counts() {
    assert!(GrantKind::Exact > GrantKind::Role && GrantKind::Role > GrantKind::Delegated);
}

#[test]
fn a_foreign_key_is_not_named() {
    let request =
        Request { principal: carol(), action: ENCRYPT, resource: KEY, resource_account: HERE, context: &NoContext };
    let refused = with(aws(CAROL), &[]).decide(&request);
    assert_eq!(
        refused.reason.message(&request),
        "User: arn:aws:iam::444455556666:user/carol is not authorized to perform: kms:Encrypt on this resource because \
         no identity-based policy allows the kms:Encrypt action"
    );
    let own = Request { principal: alice(), ..request };
    assert_eq!(
        with(aws(ROLE), &[]).decide(&own).reason.message(&own),
        format!("User: {ALICE} is not authorized to perform: kms:Encrypt on resource: {KEY}{NO_RESOURCE}")
    );
    assert_eq!(
        ciphertext_message(ALICE, "kms:Decrypt"),
        format!(
            "User: {ALICE} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext{HIDDEN}"
        )
    );
}

#[test]
fn a_foreign_key_that_denies_looks_like_one_that_is_not_there() {
    let deny = statement(Kind::Key, "Deny", r#""Principal":"*","Action":"*","Resource":"*""#);
    assert_eq!(with(deny, &["*"]).ask(carol(), ENCRYPT, KEY), HIDDEN);
    let own_deny = Setup {
        identity: vec![statement(Kind::Identity, "Deny", r#""Action":"*","Resource":"*""#)],
        ..Setup::key(aws(CAROL))
    };
    assert_eq!(own_deny.ask(carol(), ENCRYPT, KEY), " with an explicit deny in an identity-based policy");
}

#[test]
fn key_policies_cannot_look_at_aliases() {
    let condition = r#""Condition":{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/app"}}"#;
    let aliases = TableContext::new().with_many("kms:ResourceAliases", ["alias/app"]);
    let in_key_policy = statement(
        Kind::Key,
        "Allow",
        &format!(r#""Principal":{{"AWS":"{ALICE}"}},"Action":"*","Resource":"*",{condition}"#),
    );
    assert_eq!(Setup::key(in_key_policy).ask_in(alice(), ENCRYPT, KEY, &aliases), NO_RESOURCE);
    let in_identity = Setup {
        identity: vec![statement(Kind::Identity, "Allow", &format!(r#""Action":"*","Resource":"*",{condition}"#))],
        ..Setup::key(aws(HERE))
    };
    assert_eq!(in_identity.ask_in(alice(), ENCRYPT, KEY, &aliases), "allow");
}

#[test]
fn encryption_context_names_compare_without_case_and_values_with_it() {
    let rest = format!(
        r#""Principal":{{"AWS":"{ALICE}"}},"Action":"*","Resource":"*",
           "Condition":{{"StringEquals":{{"kms:EncryptionContext:AppName":"Payroll"}}}}"#
    );
    let setup = Setup::key(statement(Kind::Key, "Allow", &rest));
    let sent = |name: &str, value: &str| TableContext::new().with(&format!("kms:EncryptionContext:{name}"), value);
    assert_eq!(setup.ask_in(alice(), ENCRYPT, KEY, &sent("APPNAME", "Payroll")), "allow");
    assert_eq!(setup.ask_in(alice(), ENCRYPT, KEY, &sent("appname", "Payroll")), "allow");
    assert_eq!(setup.ask_in(alice(), ENCRYPT, KEY, &sent("AppName", "payroll")), NO_RESOURCE);
    // A Kelvin sign is no k.
    let kelvin = "\u{212a}";
    let rest = rest.replace("AppName", "Key");
    let setup = Setup::key(statement(Kind::Key, "Allow", &rest));
    assert_eq!(setup.ask_in(alice(), ENCRYPT, KEY, &sent(&format!("{kelvin}ey"), "Payroll")), NO_RESOURCE);
}
