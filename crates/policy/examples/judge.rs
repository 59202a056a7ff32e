//! Decides requests that others decide too: a case a line in, a verdict a line out. `tests/oracle/compare.mjs` starts it.
//!
//! A verdict is `A` (allowed), `I` (implicitly denied) or `D` (explicitly denied), a blank, and what decided.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};

use claviger_policy::{
    Cause, Document, Kind, Policies, Principal, PrincipalKind, Request, ResourceRule, TableContext, evaluate,
};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    principal: Caller<'a>,
    rule: &'a str,
    resource: &'a str,
    owner: &'a str,
    action: &'a str,
    context: BTreeMap<String, OneOrMany>,
    #[serde(borrow)]
    resource_policy: Option<&'a RawValue>,
    #[serde(borrow)]
    identity: Vec<&'a RawValue>,
    #[serde(borrow)]
    boundary: Option<&'a RawValue>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    #[serde(borrow)]
    scp: Vec<Vec<&'a RawValue>>,
    #[serde(borrow)]
    rcp: Vec<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Caller<'a> {
    kind: &'a str,
    account: &'a str,
    arn: &'a str,
    role_arn: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let case: Case<'_> = serde_json::from_str(&line)?;
        let cause = judge(&case).map_err(|error| format!("{error} in {line}"))?;
        let verdict = match cause {
            Cause::DeniedBy(_) => 'D',
            Cause::NotAllowedBy { .. } => 'I',
            _ => 'A',
        };
        writeln!(out, "{verdict} {cause:?}")?;
    }
    Ok(())
}

fn load(texts: &[&RawValue], kind: Kind) -> Result<Vec<Document>, Box<dyn Error>> {
    texts.iter().map(|text| Ok(Document::parse(text.get(), kind)?)).collect()
}

fn load_levels(levels: &[Vec<&RawValue>], kind: Kind) -> Result<Vec<Vec<Document>>, Box<dyn Error>> {
    levels.iter().map(|level| load(level, kind)).collect()
}

fn judge(case: &Case<'_>) -> Result<Cause, Box<dyn Error>> {
    let (rule, kind) = match case.rule {
        "KmsKey" => (ResourceRule::KmsKey, Kind::Key),
        "Trust" => (ResourceRule::Trust, Kind::Trust),
        _ => (ResourceRule::Ordinary, Kind::Resource),
    };
    let resource = load(case.resource_policy.as_slice(), kind)?;
    let identity = load(&case.identity, Kind::Identity)?;
    let boundary = load(case.boundary.as_slice(), Kind::Boundary)?;
    let session = load(case.session.as_slice(), Kind::Session)?;
    let service_control = load_levels(&case.scp, Kind::ServiceControl)?;
    let resource_control = load_levels(&case.rcp, Kind::ResourceControl)?;

    let identity: Vec<&Document> = identity.iter().collect();
    let session: Vec<&Document> = session.iter().collect();
    let service_control: Vec<Vec<&Document>> = service_control.iter().map(|level| level.iter().collect()).collect();
    let service_control: Vec<&[&Document]> = service_control.iter().map(Vec::as_slice).collect();
    let resource_control: Vec<Vec<&Document>> = resource_control.iter().map(|level| level.iter().collect()).collect();
    let resource_control: Vec<&[&Document]> = resource_control.iter().map(Vec::as_slice).collect();

    let context = case.context.iter().fold(TableContext::new(), |table, (key, value)| match value {
        OneOrMany::One(value) => table.with(key, value),
        OneOrMany::Many(values) => table.with_many(key, values),
    });
    let request = Request {
        principal: principal(&case.principal),
        action: case.action,
        resource: case.resource,
        resource_account: case.owner,
        context: &context,
    };
    let policies = Policies {
        resource: resource.first(),
        rule,
        identity: &identity,
        identity_is_all: case.principal.kind == "Root",
        boundary: boundary.first(),
        session: (!session.is_empty()).then_some(&session),
        service_control: &service_control,
        resource_control: &resource_control,
        grant_allows: None,
    };
    Ok(evaluate(&request, &policies).reason.cause)
}

fn principal<'a>(caller: &Caller<'a>) -> Principal<'a> {
    let kind = match caller.kind {
        "Root" => PrincipalKind::Root,
        "User" => PrincipalKind::User,
        "AssumedRole" => PrincipalKind::AssumedRole,
        "FederatedUser" => PrincipalKind::FederatedUser,
        _ => PrincipalKind::Service,
    };
    Principal {
        kind,
        account: caller.account,
        arn: caller.arn,
        role_arn: caller.role_arn,
        unique_id: "",
        source_id: None,
    }
}
