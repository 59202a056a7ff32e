//! Tests of the language as a whole; what concerns one module alone stands beside it.

mod allocations;
mod conditions;
mod decisions;
mod examples;
mod explanation;
mod grammar;
mod kms;
mod lint;
mod oracle;
mod properties;
mod storing;
mod values;

use crate::{
    Context, Decision, Document, GrantKind, Kind, NoContext, Policies, Principal, PrincipalKind, Request, ResourceRule,
    evaluate,
};

const HERE: &str = "111122223333";
const THERE: &str = "444455556666";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf";
const ROLE: &str = "arn:aws:iam::111122223333:role/svc/app";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/one";
const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const CAROL: &str = "arn:aws:iam::444455556666:user/carol";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/kiosk";

fn root() -> Principal<'static> {
    Principal::root(HERE, "arn:aws:iam::111122223333:root")
}

fn alice() -> Principal<'static> {
    Principal::user(HERE, ALICE, "AIDAALICEALICEALICE01")
}

fn carol() -> Principal<'static> {
    Principal::user(THERE, CAROL, "AIDACAROLCAROLCAROL01")
}

fn session() -> Principal<'static> {
    Principal::session(HERE, SESSION, ROLE, "AROAAPPAPPAPPAPPAPP01:one")
}

/// A federated session that alice asked for.
fn federated() -> Principal<'static> {
    Principal {
        kind: PrincipalKind::FederatedUser,
        account: HERE,
        arn: FEDERATED,
        role_arn: Some(ALICE),
        unique_id: "111122223333:kiosk",
        source_id: Some("AIDAALICEALICEALICE01"),
    }
}

fn document(kind: Kind, text: &str) -> Document {
    Document::parse(text, kind).unwrap_or_else(|malformed| panic!("{malformed}: {text}"))
}

/// One `Allow` or `Deny` statement as a whole document; `rest` are its members after `Effect`.
fn statement(kind: Kind, effect: &str, rest: &str) -> Document {
    document(kind, &format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}",{rest}}}}}"#))
}

fn identity_allow_all() -> Document {
    statement(Kind::Identity, "Allow", r#""Action":"*","Resource":"*""#)
}

/// A resource policy that allows everything to `principal`, written as JSON.
fn allows(kind: Kind, principal: &str) -> Document {
    let resource = if kind == Kind::Trust { "" } else { r#","Resource":"*""# };
    let action = if kind == Kind::Trust { "sts:*" } else { "*" };
    statement(kind, "Allow", &format!(r#""Principal":{principal},"Action":"{action}"{resource}"#))
}

/// Everything a question needs besides caller and action, with owned documents.
#[derive(Default)]
struct Setup {
    resource: Option<Document>,
    rule: ResourceRule,
    identity: Vec<Document>,
    identity_is_all: bool,
    boundary: Option<Document>,
    session: Option<Vec<Document>>,
    service_control: Vec<Vec<Document>>,
    resource_control: Vec<Vec<Document>>,
    grant: Option<GrantKind>,
}

impl Setup {
    fn key(policy: Document) -> Setup {
        Setup { resource: Some(policy), rule: ResourceRule::KmsKey, ..Setup::default() }
    }

    fn decide(&self, request: &Request<'_>) -> Decision {
        self.with(|policies| evaluate(request, policies))
    }

    fn with<T>(&self, ask: impl FnOnce(&Policies<'_>) -> T) -> T {
        fn levels(levels: &[Vec<Document>]) -> Vec<Vec<&Document>> {
            levels.iter().map(|level| level.iter().collect()).collect()
        }
        let identity: Vec<&Document> = self.identity.iter().collect();
        let session: Option<Vec<&Document>> = self.session.as_ref().map(|documents| documents.iter().collect());
        let (service, resource) = (levels(&self.service_control), levels(&self.resource_control));
        let service: Vec<&[&Document]> = service.iter().map(Vec::as_slice).collect();
        let resource: Vec<&[&Document]> = resource.iter().map(Vec::as_slice).collect();
        ask(&Policies {
            resource: self.resource.as_ref(),
            rule: self.rule,
            identity: &identity,
            identity_is_all: self.identity_is_all,
            boundary: self.boundary.as_ref(),
            session: session.as_deref(),
            service_control: &service,
            resource_control: &resource,
            grant_allows: self.grant,
        })
    }

    /// `allow`, or the tail of the denial.
    fn ask(&self, principal: Principal<'_>, action: &str, resource: &str) -> String {
        self.ask_in(principal, action, resource, &NoContext)
    }

    fn ask_in(&self, principal: Principal<'_>, action: &str, resource: &str, context: &dyn Context) -> String {
        let request = Request { principal, action, resource, resource_account: HERE, context };
        let decision = self.decide(&request);
        if decision.allowed { "allow".to_owned() } else { decision.reason.tail(action) }
    }
}

/// Whether one statement of an identity policy lets a user do `action` to `resource`.
fn identity_allows(rest: &str, action: &str, resource: &str, context: &dyn Context) -> bool {
    let setup = Setup { identity: vec![statement(Kind::Identity, "Allow", rest)], ..Setup::default() };
    setup.ask_in(alice(), action, resource, context) == "allow"
}
