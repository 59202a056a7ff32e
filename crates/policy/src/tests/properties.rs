//! What must hold whatever the policies say.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{Cause, TableContext, explain, rewrite_principals};

/// Statements to make documents of: those of the fixture, which mix all elements.
struct Pool {
    identity: Vec<Value>,
    resource: Vec<Value>,
    contexts: Vec<TableContext>,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let table: Value = serde_json::from_str(include_str!("../../fixtures/oracle.json")).unwrap();
    let (mut identity, mut resource) = (Vec::new(), Vec::new());
    for document in table["documents"].as_array().unwrap() {
        let statements = match &document["Statement"] {
            Value::Array(statements) => statements.clone(),
            one => vec![one.clone()],
        };
        for statement in statements {
            match (statement.get("Principal"), statement.get("Resource").or(statement.get("NotResource"))) {
                (None, Some(_)) => identity.push(statement),
                (Some(_), Some(_)) => resource.push(statement),
                _ => {}
            }
        }
    }
    let contexts = table["contexts"].as_array().unwrap().iter().map(context).collect();
    Pool { identity, resource, contexts }
});

fn context(entries: &Value) -> TableContext {
    entries.as_object().unwrap().iter().fold(TableContext::new(), |table, (key, value)| match value {
        Value::Array(values) => table.with_many(key, values.iter().map(|value| value.as_str().unwrap().to_owned())),
        value => table.with(key, value.as_str().unwrap()),
    })
}

/// A whole situation as plain data, so that a test can change one thing and ask again.
#[derive(Debug, Clone)]
struct Situation {
    caller: usize,
    action: &'static str,
    resource: &'static str,
    context: usize,
    key_policy: Option<Vec<Value>>,
    rule: ResourceRule,
    identity: Vec<Vec<Value>>,
    boundary: Option<Vec<Value>>,
    session: Option<Vec<Value>>,
    grant: Option<GrantKind>,
}

fn statements(from: fn() -> &'static [Value]) -> impl Strategy<Value = Vec<Value>> {
    vec((0..from().len()).prop_map(move |index| from()[index].clone()), 1..4)
}

fn situation() -> impl Strategy<Value = Situation> {
    let identity = || statements(|| &POOL.identity);
    let resource = || statements(|| &POOL.resource);
    let asked = prop::sample::select(vec![
        ("kms:Encrypt", KEY),
        ("kms:Decrypt", KEY),
        ("kms:PutKeyPolicy", KEY),
        ("secretsmanager:GetSecretValue", SECRET),
        ("kms:ListKeys", "*"),
    ]);
    let rule = prop::sample::select(vec![ResourceRule::Ordinary, ResourceRule::KmsKey]);
    let grant = prop::option::weighted(
        0.2,
        prop::sample::select(vec![GrantKind::Delegated, GrantKind::Role, GrantKind::Exact]),
    );
    (
        (0..5_usize, asked, 0..POOL.contexts.len(), rule, grant),
        prop::option::weighted(0.8, resource()),
        vec(identity(), 0..3),
        prop::option::weighted(0.3, identity()),
        prop::option::weighted(0.3, identity()),
    )
        .prop_map(
            |((caller, (action, resource), context, rule, grant), key_policy, identity, boundary, session)| Situation {
                caller,
                action,
                resource,
                context,
                key_policy,
                rule,
                identity,
                boundary,
                session,
                grant,
            },
        )
}

fn whole(statements: &[Value]) -> Value {
    serde_json::json!({ "Version": "2012-10-17", "Statement": statements })
}

impl Situation {
    fn setup(&self) -> Setup {
        self.setup_written(Value::to_string)
    }

    fn setup_written(&self, write: fn(&Value) -> String) -> Setup {
        let load = |kind: Kind, statements: &Vec<Value>| document(kind, &write(&whole(statements)));
        Setup {
            resource: self.key_policy.as_ref().map(|statements| load(Kind::Resource, statements)),
            rule: self.rule,
            identity: self.identity.iter().map(|statements| load(Kind::Identity, statements)).collect(),
            boundary: self.boundary.as_ref().map(|statements| load(Kind::Boundary, statements)),
            session: self.session.as_ref().map(|statements| vec![load(Kind::Session, statements)]),
            grant: self.grant,
            ..Setup::default()
        }
    }

    fn request(&self) -> Request<'static> {
        let principal = match self.caller {
            0 => alice(),
            1 => session(),
            2 => federated(),
            3 => carol(),
            _ => Principal::service("logs.amazonaws.com"),
        };
        Request {
            principal,
            action: self.action,
            resource: self.resource,
            resource_account: HERE,
            context: &POOL.contexts[self.context],
        }
    }

    fn decide(&self) -> Decision {
        self.setup().decide(&self.request())
    }

    /// Every list of statements of the situation.
    fn documents(&mut self) -> Vec<&mut Vec<Value>> {
        let attached = self.key_policy.iter_mut().chain(&mut self.boundary).chain(&mut self.session);
        attached.chain(&mut self.identity).collect()
    }
}

fn effect(statement: &Value) -> &str {
    statement["Effect"].as_str().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_matching_deny_anywhere_denies(situation in situation(), place in any::<prop::sample::Index>()) {
        let mut changed = situation;
        let mut documents = changed.documents();
        prop_assume!(!documents.is_empty());
        let chosen = place.index(documents.len());
        let mut deny = serde_json::json!({ "Effect": "Deny", "Action": "*", "Resource": "*" });
        if documents[chosen].iter().any(|statement| statement.get("Principal").is_some()) {
            deny["Principal"] = "*".into();
        }
        documents[chosen].push(deny);
        let decision = changed.decide();
        prop_assert!(!decision.allowed);
        prop_assert!(matches!(decision.reason.cause, Cause::DeniedBy(_)));
    }

    #[test]
    fn taking_an_allow_away_never_allows(situation in situation(), place in any::<prop::sample::Index>()) {
        let before = situation.decide().allowed;
        let mut changed = situation;
        let mut documents = changed.documents();
        prop_assume!(!documents.is_empty());
        let chosen = place.index(documents.len());
        documents[chosen].retain(|statement| effect(statement) == "Deny");
        if documents[chosen].is_empty() {
            let nothing = serde_json::json!({ "Effect": "Allow", "Action": "none:None", "Resource": "*" });
            documents[chosen].push(nothing);
            let is_resource = changed.key_policy.as_ref().is_some_and(|list| list.iter().any(|one| one["Action"] == "none:None"));
            if is_resource {
                changed.key_policy.as_mut().unwrap()[0]["Principal"] = "*".into();
            }
        }
        prop_assert!(before || !changed.decide().allowed);
    }

    #[test]
    fn taking_one_allow_away_never_allows(situation in situation(), place in any::<prop::sample::Index>()) {
        let before = situation.decide().allowed;
        let mut changed = situation;
        let mut found: Vec<(&mut Vec<Value>, usize)> = Vec::new();
        for document in changed.documents() {
            let allows = (0..document.len()).filter(|index| effect(&document[*index]) == "Allow").collect::<Vec<_>>();
            // A document without statements is none.
            if let (true, false) = (document.len() > 1, allows.is_empty()) {
                let chosen = allows[place.index(allows.len())];
                found.push((document, chosen));
            }
        }
        prop_assume!(!found.is_empty());
        let chosen = place.index(found.len());
        let (document, statement) = found.swap_remove(chosen);
        document.remove(statement);
        prop_assert!(before || !changed.decide().allowed);
    }

    #[test]
    fn adding_a_statement_goes_one_way(situation in situation(), place in any::<prop::sample::Index>(), which in any::<prop::sample::Index>()) {
        let before = situation.decide().allowed;
        let mut changed = situation;
        let in_key_policy = changed.key_policy.is_some();
        let mut documents = changed.documents();
        prop_assume!(!documents.is_empty());
        let chosen = place.index(documents.len());
        let pool = if in_key_policy && chosen == 0 { &POOL.resource } else { &POOL.identity };
        let added = pool[which.index(pool.len())].clone();
        documents[chosen].push(added.clone());
        let after = changed.decide().allowed;
        match effect(&added) {
            "Allow" => prop_assert!(!before || after, "an Allow took access away"),
            _ => prop_assert!(before || !after, "a Deny gave access"),
        }
    }

    #[test]
    fn order_does_not_matter(situation in situation()) {
        let mut turned = situation.setup_written(backwards);
        turned.identity.reverse();
        prop_assert_eq!(situation.decide().allowed, turned.decide(&situation.request()).allowed);
    }

    #[test]
    fn one_and_a_list_of_one_are_the_same(situation in situation()) {
        let before = situation.decide();
        let mut changed = situation;
        changed.documents().into_iter().flatten().for_each(wrap);
        prop_assert_eq!(before.allowed, changed.decide().allowed);
    }

    #[test]
    fn an_explanation_agrees_with_the_decision(situation in situation()) {
        let request = situation.request();
        let setup = situation.setup();
        let explanation = setup.with(|policies| explain(&request, policies));
        prop_assert_eq!(explanation.decision, setup.decide(&request));
        let denies = explanation.matched().any(|(_, statement)| statement.effect == crate::Effect::Deny);
        prop_assert_eq!(denies, matches!(explanation.decision.reason.cause, Cause::DeniedBy(_)));
        prop_assert_eq!(explanation.message.is_empty(), explanation.decision.allowed);
        prop_assert!(!explanation.to_string().is_empty());
    }

    #[test]
    fn rewriting_nothing_changes_nothing(situation in situation()) {
        let mut situation = situation;
        for document in situation.documents() {
            let text = whole(document).to_string();
            prop_assert_eq!(rewrite_principals(&text, |_, _| None).unwrap(), text);
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = Document::parse(&text, Kind::Key);
        let _ = rewrite_principals(&text, |_, text| Some(text.to_owned()));
    }

    #[test]
    fn no_json_panics(value in json(), kind in kinds()) {
        let text = value.to_string();
        if let Ok(document) = Document::parse(&text, kind) {
            let setup = Setup { resource: Some(document), ..Setup::default() };
            let _ = setup.ask_in(alice(), "kms:Encrypt", KEY, &POOL.contexts[0]);
        }
        let _ = rewrite_principals(&text, |_, _| Some("x".to_owned()));
    }

    #[test]
    fn wildcards_in_values_are_plain_characters(value in "[a-c*?]{1,6}", candidate in "[a-c*?]{1,6}") {
        let context = TableContext::new().with("aws:username", value.clone()).with("aws:a", candidate.clone());
        let condition = r#""Action":"*","Resource":"*","Condition":{"StringLike":{"aws:a":"${aws:username}"}}"#;
        prop_assert_eq!(identity_allows(condition, "kms:Encrypt", KEY, &context), value == candidate);
        let resource = r#""Action":"*","Resource":"arn:aws:s3:::home/${aws:username}""#;
        let asked = format!("arn:aws:s3:::home/{candidate}");
        prop_assert_eq!(identity_allows(resource, "s3:GetObject", &asked, &context), value == candidate);
    }
}

/// The document with lists back to front and members in the other order; what it says stays the same.
fn backwards(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().rev().map(backwards).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let member =
                |(name, value): (&String, &Value)| format!("{}: {}", Value::from(name.as_str()), backwards(value));
            format!("{{{}}}", members.iter().rev().map(member).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

fn wrap(statement: &mut Value) {
    for name in ["Action", "NotAction", "Resource", "NotResource"] {
        match statement.get_mut(name) {
            Some(value @ Value::String(_)) => *value = Value::Array(vec![value.take()]),
            Some(Value::Array(items)) if items.len() == 1 => statement[name] = statement[name][0].take(),
            _ => {}
        }
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![
        Kind::Identity,
        Kind::Resource,
        Kind::Key,
        Kind::Trust,
        Kind::ServiceControl,
        Kind::ResourceControl,
        Kind::Session,
        Kind::Boundary,
    ])
}

/// JSON that often comes close to a policy.
fn json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "Version",
        "2012-10-17",
        "Statement",
        "Effect",
        "Allow",
        "Deny",
        "Principal",
        "NotPrincipal",
        "AWS",
        "Service",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "*",
        "kms:*",
        "StringLike",
        "Bool",
        "Null",
        "ForAllValues:StringEquals",
        "NumericLessThan",
        "DateLessThan",
        "IpAddress",
        "ArnLike",
        "BinaryEquals",
        "aws:a",
        "true",
        "${aws:a}",
        "${aws:a, 'x'}",
        "111122223333",
        "arn:aws:s3:::x",
        "1e9",
        "-",
        "::/0",
        "é",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(5, 40, 5, move |inner| {
        let member = (word.clone(), inner.clone());
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            vec(member, 0..5).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    });
    let element = |name: &'static str, tree: BoxedStrategy<Value>| {
        prop::option::of(tree).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    };
    let tree = tree.boxed();
    let statement = (
        element("Principal", tree.clone()),
        element("Condition", tree.clone()),
        element("Sid", tree.clone()),
        element("NotResource", tree.clone()),
        prop_oneof![Just(Value::from("kms:*")), tree.clone()],
    )
        .prop_map(|(principal, condition, sid, not_resource, action)| {
            let mut statement = serde_json::json!({ "Effect": "Allow", "Action": action });
            let members = [principal, condition, sid, not_resource];
            if let Value::Object(statement) = &mut statement {
                statement.extend(members.into_iter().flatten());
            }
            statement
        });
    prop_oneof![
        tree,
        vec(statement, 0..3).prop_map(|list| serde_json::json!({ "Version": "2012-10-17", "Statement": list })),
    ]
}
