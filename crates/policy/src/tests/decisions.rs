//! The general evaluation, row by row.

use super::*;

const ACTION: &str = "secretsmanager:GetSecretValue";

/// Nothing on the identity side allows; boundary and session policy may or may not.
struct Row {
    name: &'static str,
    named: String,
    caller: Principal<'static>,
    /// What is said when neither boundary nor session policy allows.
    limited: &'static str,
    /// What is said when both do.
    unlimited: &'static str,
}

const NO_IDENTITY: &str = " because no identity-based policy allows the secretsmanager:GetSecretValue action";
const NO_BOUNDARY: &str = " because no permissions boundary allows the secretsmanager:GetSecretValue action";
const NO_SESSION: &str = " because no session policy allows the secretsmanager:GetSecretValue action";
const NO_RESOURCE: &str = " because no resource-based policy allows the secretsmanager:GetSecretValue action";

fn aws(principal: &str) -> String {
    format!(r#"{{"AWS":"{principal}"}}"#)
}

#[test]
fn what_a_resource_policy_overrules_in_its_own_account() {
    let row = |name, named: &str, caller, limited, unlimited| Row {
        name,
        named: named.to_owned(),
        caller,
        limited,
        unlimited,
    };
    let service = Principal::service("logs.amazonaws.com");
    let root_arn = aws("arn:aws:iam::111122223333:root");
    let rows = [
        row("user ARN", &aws(ALICE), alice(), "allow", "allow"),
        row("user id", &aws("AIDAALICEALICEALICE01"), alice(), "allow", "allow"),
        row("session ARN", &aws(SESSION), session(), "allow", "allow"),
        row("session id", &aws("AROAAPPAPPAPPAPPAPP01:one"), session(), "allow", "allow"),
        row("federated ARN", &aws(FEDERATED), federated(), "allow", "allow"),
        row("role ARN", &aws(ROLE), session(), NO_BOUNDARY, "allow"),
        row("role id", &aws("AROAAPPAPPAPPAPPAPP01"), session(), NO_BOUNDARY, "allow"),
        row("user ARN, federated session of it", &aws(ALICE), federated(), NO_BOUNDARY, "allow"),
        row("user id, federated session of it", &aws("AIDAALICEALICEALICE01"), federated(), NO_BOUNDARY, "allow"),
        row("everyone, user", r#""*""#, alice(), "allow", "allow"),
        row("everyone, session", &aws("*"), session(), "allow", "allow"),
        row("everyone, federated", r#""*""#, federated(), "allow", "allow"),
        row("account, user", &aws(HERE), alice(), NO_IDENTITY, NO_IDENTITY),
        row("root ARN, session", &root_arn, session(), NO_IDENTITY, NO_IDENTITY),
        row("another user", &aws("arn:aws:iam::111122223333:user/bob"), alice(), NO_IDENTITY, NO_IDENTITY),
        row("service", r#"{"Service":"logs.amazonaws.com"}"#, service, "allow", "allow"),
        row("another service", r#"{"Service":"s3.amazonaws.com"}"#, service, NO_RESOURCE, NO_RESOURCE),
        row("account, service", &aws(HERE), service, NO_RESOURCE, NO_RESOURCE),
    ];
    for Row { name, named, caller, limited, unlimited } in rows {
        let setup = |limit: &str, with_boundary: bool| {
            let rest = format!(r#""Action":"{limit}","Resource":"*""#);
            Setup {
                resource: Some(allows(Kind::Resource, &named)),
                boundary: with_boundary.then(|| statement(Kind::Boundary, "Allow", &rest)),
                session: Some(vec![statement(Kind::Session, "Allow", &rest)]),
                ..Setup::default()
            }
        };
        assert_eq!(setup("s3:*", true).ask(caller, ACTION, SECRET), limited, "{name}, limited");
        assert_eq!(setup("*", true).ask(caller, ACTION, SECRET), unlimited, "{name}, not limited");
        let session_only = if limited == NO_BOUNDARY { NO_SESSION } else { limited };
        assert_eq!(setup("s3:*", false).ask(caller, ACTION, SECRET), session_only, "{name}, limited by session");
    }
}

#[test]
fn identity_alone_suffices_at_home_and_both_sides_must_agree_abroad() {
    let open = || vec![identity_allow_all()];
    let rows: Vec<(&str, Option<&str>, Vec<Document>, _, &str)> = vec![
        ("home, neither", None, vec![], alice(), NO_IDENTITY),
        ("home, identity only", None, open(), alice(), "allow"),
        ("home, resource names another, identity allows", Some(CAROL), open(), alice(), "allow"),
        ("abroad, neither", None, vec![], carol(), NO_RESOURCE),
        ("abroad, identity only", None, open(), carol(), NO_RESOURCE),
        ("abroad, resource only", Some(CAROL), vec![], carol(), NO_IDENTITY),
        ("abroad, both", Some(CAROL), open(), carol(), "allow"),
        ("abroad, account named", Some(THERE), open(), carol(), "allow"),
    ];
    for (name, named, identity, caller, expected) in rows {
        let resource = named.map(|named| allows(Kind::Resource, &aws(named)));
        let setup = Setup { resource, identity, ..Setup::default() };
        assert_eq!(setup.ask(caller, ACTION, SECRET), expected, "{name}");
    }
    let abroad =
        Request { principal: carol(), action: ACTION, resource: SECRET, resource_account: HERE, context: &NoContext };
    assert_eq!(
        Setup::default().decide(&abroad).reason.message(&abroad),
        format!("User: {CAROL} is not authorized to perform: {ACTION} on resource: {SECRET}{NO_RESOURCE}")
    );
}

#[test]
fn boundary_and_session_policy_limit_what_identity_policies_allow() {
    let limit = |kind, action: &str| statement(kind, "Allow", &format!(r#""Action":"{action}","Resource":"*""#));
    let with = |boundary: Option<&str>, session: Option<Vec<&str>>| Setup {
        identity: vec![identity_allow_all()],
        boundary: boundary.map(|action| limit(Kind::Boundary, action)),
        session: session.map(|actions| actions.iter().map(|action| limit(Kind::Session, action)).collect()),
        ..Setup::default()
    };
    let ask = |setup: Setup| setup.ask(session(), ACTION, SECRET);
    assert_eq!(ask(with(Some("secretsmanager:*"), Some(vec!["secretsmanager:*"]))), "allow");
    assert_eq!(ask(with(Some("kms:*"), Some(vec!["kms:*"]))), NO_BOUNDARY);
    assert_eq!(ask(with(None, Some(vec!["kms:*"]))), NO_SESSION);
    assert_eq!(ask(with(None, Some(vec!["kms:*", "secretsmanager:Get*"]))), "allow");
    // A federated session without a policy may do nothing its user may do.
    assert_eq!(ask(with(None, Some(vec![]))), NO_SESSION);
}

#[test]
fn every_level_of_service_control_policies_must_allow() {
    let policy =
        |action: &str| statement(Kind::ServiceControl, "Allow", &format!(r#""Action":"{action}","Resource":"*""#));
    let with = |levels: Vec<Vec<Document>>| Setup {
        resource: Some(allows(Kind::Resource, r#""*""#)),
        identity: vec![identity_allow_all()],
        service_control: levels,
        ..Setup::default()
    };
    let refused = " because no service control policy allows the secretsmanager:GetSecretValue action";
    assert_eq!(with(vec![]).ask(alice(), ACTION, SECRET), "allow");
    assert_eq!(with(vec![vec![policy("*")], vec![policy("*")]]).ask(alice(), ACTION, SECRET), "allow");
    assert_eq!(with(vec![vec![policy("*")], vec![policy("kms:*")]]).ask(alice(), ACTION, SECRET), refused);
    assert_eq!(with(vec![vec![]]).ask(root(), ACTION, SECRET), refused, "root is not exempt");
    let one_of_two = vec![vec![policy("kms:*"), policy("secretsmanager:*")]];
    assert_eq!(with(one_of_two).ask(alice(), ACTION, SECRET), "allow");
    let service = Principal::service("logs.amazonaws.com");
    assert_eq!(with(vec![vec![]]).ask(service, ACTION, SECRET), "allow", "services belong to no account");
}

#[test]
fn resource_control_policies_only_deny() {
    let deny = |action: &str| {
        statement(Kind::ResourceControl, "Deny", &format!(r#""Principal":"*","Action":"{action}","Resource":"*""#))
    };
    let with = |action: &str| Setup {
        identity: vec![identity_allow_all()],
        resource_control: vec![vec![deny(action)]],
        ..Setup::default()
    };
    assert_eq!(with("kms:*").ask(alice(), ACTION, SECRET), "allow");
    assert_eq!(
        with("secretsmanager:*").ask(alice(), ACTION, SECRET),
        " with an explicit deny in a resource control policy"
    );
}

#[test]
fn an_explicit_deny_in_any_layer_wins_and_the_first_layer_is_named() {
    let deny = |kind: Kind| {
        let principal = if kind.has_principals() { r#""Principal":"*","# } else { "" };
        statement(kind, "Deny", &format!(r#"{principal}"Action":"*","Resource":"*""#))
    };
    let open = || Setup {
        resource: Some(allows(Kind::Resource, r#""*""#)),
        identity: vec![identity_allow_all()],
        ..Setup::default()
    };
    assert_eq!(open().ask(session(), ACTION, SECRET), "allow");
    let mut setup = Setup { session: Some(vec![deny(Kind::Session)]), ..open() };
    let ask = |setup: &Setup| setup.ask(session(), ACTION, SECRET);
    assert_eq!(ask(&setup), " with an explicit deny in a session policy");
    setup.boundary = Some(deny(Kind::Boundary));
    assert_eq!(ask(&setup), " with an explicit deny in a permissions boundary");
    setup.identity.push(deny(Kind::Identity));
    assert_eq!(ask(&setup), " with an explicit deny in an identity-based policy");
    setup.resource = Some(deny(Kind::Resource));
    assert_eq!(ask(&setup), " with an explicit deny in a resource-based policy");
    setup.resource_control = vec![vec![deny(Kind::ResourceControl)]];
    assert_eq!(ask(&setup), " with an explicit deny in a resource control policy");
    setup.service_control = vec![vec![], vec![deny(Kind::ServiceControl)]];
    assert_eq!(ask(&setup), " with an explicit deny in a service control policy");
}

#[test]
fn denying_an_account_denies_everyone_in_it() {
    let deny = statement(Kind::Resource, "Deny", r#""Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*""#);
    let setup = Setup { resource: Some(deny), identity: vec![identity_allow_all()], ..Setup::default() };
    for caller in [root(), alice(), session(), federated()] {
        let said = setup.ask(caller, ACTION, SECRET);
        assert_eq!(said, " with an explicit deny in a resource-based policy", "{}", caller.arn);
    }
}

#[test]
fn trust_policies_give_no_cause_away() {
    let target = "arn:aws:iam::111122223333:role/target";
    let with = |named: &str, identity: Vec<Document>| Setup {
        resource: Some(allows(Kind::Trust, named)),
        rule: ResourceRule::Trust,
        identity,
        ..Setup::default()
    };
    let open = || vec![identity_allow_all()];
    let ask = |setup: Setup, caller| setup.ask(caller, "sts:AssumeRole", target);
    assert_eq!(ask(with(&aws(ALICE), vec![]), alice()), "allow", "the user itself is named");
    assert_eq!(ask(with(&aws(HERE), open()), alice()), "allow", "the account is named, identity allows");
    assert_eq!(ask(with(&aws(HERE), vec![]), alice()), "", "the account is named, identity is silent");
    assert_eq!(ask(with(&aws(CAROL), open()), alice()), "", "identity alone is not enough");
    assert_eq!(ask(with(&aws(CAROL), open()), carol()), "allow", "both sides, two accounts");
    assert_eq!(ask(with(&aws(CAROL), vec![]), carol()), "", "one side, two accounts");
    let refusing = statement(Kind::Trust, "Deny", r#""Principal":"*","Action":"sts:*""#);
    assert_eq!(ask(Setup { resource: Some(refusing), ..with(&aws(ALICE), open()) }, alice()), "", "denied by the role");
    let own_deny = vec![statement(Kind::Identity, "Deny", r#""Action":"sts:*","Resource":"*""#)];
    assert_eq!(
        ask(with(&aws(ALICE), own_deny), alice()),
        " with an explicit deny in an identity-based policy",
        "the caller's own policies are no secret of the role"
    );
    let issuer = "arn:aws:iam::111122223333:oidc-provider/issuer.example";
    let bearer = Principal { kind: PrincipalKind::WebIdentity, arn: issuer, ..Principal::service("") };
    assert_eq!(ask(with(&format!(r#"{{"Federated":"{issuer}"}}"#), vec![]), bearer), "allow");
    assert_eq!(ask(with(r#"{"Federated":"accounts.google.com"}"#, vec![]), bearer), "");
    let request = Request {
        principal: alice(),
        action: "sts:AssumeRole",
        resource: target,
        resource_account: HERE,
        context: &NoContext,
    };
    let decision = with(&aws(CAROL), vec![]).decide(&request);
    assert_eq!(
        decision.reason.message(&request),
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole on resource: \
         arn:aws:iam::111122223333:role/target"
    );
}

#[test]
fn not_principal_with_deny_spares_only_who_is_listed_under_every_name() {
    let deny = |listed: &[&str]| {
        let listed = serde_json::to_string(listed).unwrap();
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}},
                {{"Effect":"Deny","NotPrincipal":{{"AWS":{listed}}},"Action":"*","Resource":"*"}}]}}"#
        );
        Setup { resource: Some(document(Kind::Resource, &text)), ..Setup::default() }
    };
    let denied = " with an explicit deny in a resource-based policy";
    let rows: [(&str, &[&str], Principal<'_>, &str); 11] = [
        ("user and account", &[ALICE, HERE], alice(), "allow"),
        ("user without account", &[ALICE], alice(), denied),
        ("account without user", &[HERE], alice(), denied),
        ("account alone, root", &[HERE], root(), "allow"),
        ("session, role, account", &[SESSION, ROLE, HERE], session(), "allow"),
        ("role and account", &[ROLE, HERE], session(), denied),
        ("session and account", &[SESSION, HERE], session(), denied),
        ("session and role", &[SESSION, ROLE], session(), denied),
        ("everyone", &["*"], session(), "allow"),
        ("somebody and everyone", &[CAROL, "*"], session(), "allow"),
        ("somebody else", &[CAROL, THERE], alice(), denied),
    ];
    for (name, listed, caller, expected) in rows {
        assert_eq!(deny(listed).ask(caller, ACTION, SECRET), expected, "{name}");
    }
    let bounded = Setup {
        boundary: Some(statement(Kind::Boundary, "Allow", r#""Action":"*","Resource":"*""#)),
        ..deny(&[ALICE, HERE])
    };
    assert_eq!(bounded.ask(alice(), ACTION, SECRET), denied, "a boundary is never spared");
}

#[test]
fn not_principal_with_allow_leaves_out_whoever_any_name_fits() {
    let allow = |listed: &str| {
        let rest = format!(r#""NotPrincipal":{{"AWS":"{listed}"}},"Action":"*","Resource":"*""#);
        Setup { resource: Some(statement(Kind::Resource, "Allow", &rest)), ..Setup::default() }
    };
    assert_eq!(allow(CAROL).ask(alice(), ACTION, SECRET), "allow");
    assert_eq!(allow(HERE).ask(alice(), ACTION, SECRET), NO_IDENTITY);
    assert_eq!(allow(ROLE).ask(session(), ACTION, SECRET), NO_IDENTITY);
}

#[test]
fn principals_are_bound_to_ids_once_they_are_written_as_ids() {
    let policy = || Some(allows(Kind::Resource, &aws("AIDAALICEALICEALICE01")));
    let setup = Setup { resource: policy(), ..Setup::default() };
    assert_eq!(setup.ask(alice(), ACTION, SECRET), "allow");
    let recreated = Principal { unique_id: "AIDAALICEALICEALICE02", ..alice() };
    assert_eq!(setup.ask(recreated, ACTION, SECRET), NO_IDENTITY);
    let by_session =
        Setup { resource: Some(allows(Kind::Resource, &aws("AROAAPPAPPAPPAPPAPP01:one"))), ..Setup::default() };
    let other_session = Principal { unique_id: "AROAAPPAPPAPPAPPAPP01:two", ..session() };
    assert_eq!(by_session.ask(other_session, ACTION, SECRET), NO_IDENTITY);
}

#[test]
fn session_arns_have_no_path_and_role_arns_do() {
    let setup = |named: &str| Setup { resource: Some(allows(Kind::Resource, &aws(named))), ..Setup::default() };
    assert_eq!(setup("arn:aws:iam::111122223333:role/app").ask(session(), ACTION, SECRET), NO_IDENTITY);
    assert_eq!(setup(ROLE).ask(session(), ACTION, SECRET), "allow");
    assert_eq!(setup("arn:aws:sts::111122223333:assumed-role/app/two").ask(session(), ACTION, SECRET), NO_IDENTITY);
}

#[test]
fn an_anonymous_caller_has_only_what_everyone_has() {
    let anonymous = Principal { kind: PrincipalKind::Anonymous, arn: "", ..Principal::service("") };
    let everyone = Setup { resource: Some(allows(Kind::Resource, r#""*""#)), ..Setup::default() };
    assert_eq!(everyone.ask(anonymous, ACTION, SECRET), "allow");
    let owners = Setup {
        resource: Some(allows(Kind::Resource, &aws(HERE))),
        identity: vec![identity_allow_all()],
        ..Setup::default()
    };
    assert_eq!(owners.ask(anonymous, ACTION, SECRET), NO_RESOURCE);
    // Nor does working for an account make a service one of its principals.
    let service = Principal { account: HERE, ..Principal::service("logs.amazonaws.com") };
    assert_eq!(owners.ask(service, ACTION, SECRET), NO_RESOURCE);
}

#[test]
fn a_missing_part_of_an_arn_never_opens_anything() {
    let open = || identity_allow_all();
    let ask = |documents: Vec<Document>| Setup { identity: documents, ..Setup::default() }.ask(alice(), ACTION, SECRET);
    let one = |effect: &str, element: &str| {
        statement(Kind::Identity, effect, &format!(r#""Action":"*","{element}":"arn:aws:secretsmanager:eu-west-1""#))
    };
    let denied = " with an explicit deny in an identity-based policy";
    assert_eq!(ask(vec![one("Allow", "Resource")]), NO_IDENTITY, "it is no wildcard");
    assert_eq!(ask(vec![one("Allow", "NotResource")]), NO_IDENTITY, "what is left out may be more");
    assert_eq!(ask(vec![open(), one("Deny", "Resource")]), denied, "what is denied may be more");
    assert_eq!(ask(vec![open(), one("Deny", "NotResource")]), denied, "what is spared is not");
}
