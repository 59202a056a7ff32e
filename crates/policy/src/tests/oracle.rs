//! Replays requests that an independent evaluator has judged.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Cause, Document, Kind, Policies, Principal, PrincipalKind, Request, ResourceRule, TableContext, evaluate};

#[derive(Deserialize)]
struct Table<'a> {
    principals: Vec<Caller>,
    targets: Vec<Target>,
    contexts: Vec<BTreeMap<String, OneOrMany>>,
    #[serde(borrow)]
    documents: Vec<&'a RawValue>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Caller {
    kind: String,
    account: String,
    arn: String,
    role_arn: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    rule: String,
    resource: String,
    owner: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Principal, target, action, context, resource policy, identity policies, boundary, session policy, service control
/// policies, verdict.
type Case = (usize, usize, String, usize, i64, Vec<usize>, i64, i64, Vec<Vec<usize>>, char);

struct Documents<'a> {
    texts: &'a [&'a RawValue],
    parsed: HashMap<(usize, Kind), Document>,
}

impl Documents<'_> {
    fn load(&mut self, number: usize, kind: Kind) {
        let text = self.texts[number].get();
        self.parsed.entry((number, kind)).or_insert_with(|| Document::parse(text, kind).expect(text));
    }
}

#[test]
fn every_verdict_of_the_independent_evaluator_is_ours() {
    let text = include_str!("../../fixtures/oracle.json");
    let table: Table<'_> = serde_json::from_str(text).unwrap();
    let mut documents = Documents { texts: &table.documents, parsed: HashMap::new() };
    let contexts: Vec<TableContext> = table.contexts.iter().map(context).collect();
    let mut wrong = Vec::new();
    for (number, case) in table.cases.iter().enumerate() {
        let (caller, target, action, context, resource, identity, boundary, session, control, verdict) = case;
        let target = &table.targets[*target];
        let (rule, resource_kind) = match target.rule.as_str() {
            "KmsKey" => (ResourceRule::KmsKey, Kind::Key),
            "Trust" => (ResourceRule::Trust, Kind::Trust),
            _ => (ResourceRule::Ordinary, Kind::Resource),
        };
        let wanted = usize::try_from(*resource)
            .ok()
            .map(|number| (number, resource_kind))
            .into_iter()
            .chain(usize::try_from(*boundary).ok().map(|number| (number, Kind::Boundary)))
            .chain(usize::try_from(*session).ok().map(|number| (number, Kind::Session)))
            .chain(identity.iter().map(|number| (*number, Kind::Identity)))
            .chain(control.iter().flatten().map(|number| (*number, Kind::ServiceControl)));
        wanted.for_each(|(number, kind)| documents.load(number, kind));
        let optional =
            |number: i64, kind| usize::try_from(number).ok().map(|number| &documents.parsed[&(number, kind)]);
        let identity: Vec<&Document> =
            identity.iter().map(|number| &documents.parsed[&(*number, Kind::Identity)]).collect();
        let session: Option<Vec<&Document>> = optional(*session, Kind::Session).map(|document| vec![document]);
        let control: Vec<Vec<&Document>> = control
            .iter()
            .map(|level| level.iter().map(|number| &documents.parsed[&(*number, Kind::ServiceControl)]).collect())
            .collect();
        let control: Vec<&[&Document]> = control.iter().map(Vec::as_slice).collect();
        let caller = &table.principals[*caller];
        let request = Request {
            principal: principal(caller),
            action,
            resource: &target.resource,
            resource_account: &target.owner,
            context: &contexts[*context],
        };
        let policies = Policies {
            resource: optional(*resource, resource_kind),
            rule,
            identity: &identity,
            boundary: optional(*boundary, Kind::Boundary),
            session: session.as_deref(),
            service_control: &control,
            ..Policies::default()
        };
        let decision = evaluate(&request, &policies);
        let ours = match decision.reason.cause {
            Cause::DeniedBy(_) => 'D',
            Cause::NotAllowedBy { .. } => 'I',
            _ => 'A',
        };
        if ours != *verdict {
            wrong.push(format!("case {number} {case:?}: {:?}", decision.reason.cause));
        }
    }
    assert!(table.cases.len() > 300);
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), table.cases.len(), wrong.join("\n"));
}

fn principal(caller: &Caller) -> Principal<'_> {
    let kind = match caller.kind.as_str() {
        "User" => PrincipalKind::User,
        "AssumedRole" => PrincipalKind::AssumedRole,
        "FederatedUser" => PrincipalKind::FederatedUser,
        _ => PrincipalKind::Service,
    };
    Principal {
        kind,
        account: &caller.account,
        arn: &caller.arn,
        role_arn: caller.role_arn.as_deref(),
        unique_id: "",
        source_id: None,
    }
}

fn context(entries: &BTreeMap<String, OneOrMany>) -> TableContext {
    entries.iter().fold(TableContext::new(), |table, (key, value)| match value {
        OneOrMany::One(value) => table.with(key, value),
        OneOrMany::Many(values) => table.with_many(key, values),
    })
}
