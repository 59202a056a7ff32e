//! Reasons and explanations.

use super::*;
use crate::{Cause, Layer, Outcome, PolicyRef, Reach, TableContext, explain};

fn request<'a>(action: &'a str, context: &'a dyn Context) -> Request<'a> {
    Request { principal: alice(), action, resource: KEY, resource_account: HERE, context }
}

fn setup() -> Setup {
    let key = document(
        Kind::Key,
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"account","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"},
            {"Sid":"app","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/svc/app"},"Action":"kms:*","Resource":"*"}]}"#,
    );
    let identity = document(
        Kind::Identity,
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"S3","Effect":"Allow","Action":"s3:*","Resource":"*"},
            {"Sid":"Payroll","Effect":"Allow","Action":"kms:Encrypt","Resource":"*",
             "Condition":{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"kms:EncryptionContext:App":["payroll","hr"]}}}]}"#,
    );
    Setup { identity: vec![identity], ..Setup::key(key) }
}

#[test]
fn a_denial_names_the_layer_and_the_condition_that_was_nearly_met() {
    let context = TableContext::new().with("aws:SecureTransport", "true").with("kms:EncryptionContext:app", "sales");
    let decision = setup().decide(&request("kms:Encrypt", &context));
    let Cause::NotAllowedBy { layer, near: Some((statement, condition)) } = decision.reason.cause else {
        panic!("{decision:?}")
    };
    assert_eq!((layer, statement.policy, statement.statement), (Layer::Identity, PolicyRef::Identity { index: 0 }, 1));
    let document = &setup().identity[0];
    let view = document.statements()[1].condition(condition).unwrap();
    assert_eq!((view.operator(), view.key()), ("StringEquals", "kms:encryptioncontext:app"));
    assert_eq!(view.values().collect::<Vec<_>>(), ["payroll", "hr"]);
    assert_eq!(statement.position, document.statements()[1].start());
    assert!(document.statements()[1].condition(2).is_none());
}

#[test]
fn of_several_near_misses_the_first_is_named() {
    let rest = r#""Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:a":"true"}}"#;
    let text = format!(r#"{{"Statement":[{{{rest}}},{{{rest}}}]}}"#);
    let setup = Setup { identity: vec![document(Kind::Identity, &text)], ..Setup::default() };
    let cause = setup.decide(&request("kms:Encrypt", &NoContext)).reason.cause;
    assert!(matches!(cause, Cause::NotAllowedBy { near: Some((statement, 0)), .. } if statement.statement == 0));
}

#[test]
fn an_allowance_names_the_statement_that_opened_the_last_door() {
    let context = TableContext::new().with("aws:SecureTransport", "true").with("kms:EncryptionContext:app", "hr");
    let decision = setup().decide(&request("kms:Encrypt", &context));
    let Cause::AllowedBy(statement) = decision.reason.cause else { panic!("{decision:?}") };
    assert_eq!((statement.policy, statement.statement), (PolicyRef::Identity { index: 0 }, 1));
    let app = Request { principal: session(), ..request("kms:Encrypt", &context) };
    let Cause::AllowedBy(statement) = setup().decide(&app).reason.cause else { panic!() };
    assert_eq!((statement.policy, statement.statement), (PolicyRef::Resource, 1));
    let as_root = Setup { identity_is_all: true, ..setup() };
    let asked = Request { principal: root(), ..request("kms:Encrypt", &context) };
    assert_eq!(as_root.decide(&asked).reason.cause, Cause::AllowedAsRoot);
    let granted = Setup { grant: Some(GrantKind::Exact), ..setup() };
    assert_eq!(granted.decide(&request("kms:Decrypt", &context)).reason.cause, Cause::AllowedByGrant);
    assert_eq!(granted.decide(&request("kms:Decrypt", &context)).reason.tail("kms:Decrypt"), "");
    // Where the key policy does as well without the grant, it is what is named.
    let both = Setup { grant: Some(GrantKind::Role), ..setup() };
    assert!(matches!(both.decide(&app).reason.cause, Cause::AllowedBy(_)));
}

#[test]
fn an_explanation_tells_what_became_of_every_statement() {
    let context = TableContext::new().with("kms:EncryptionContext:app", "sales");
    let asked = request("kms:Encrypt", &context);
    let explanation = setup().with(|policies| explain(&asked, policies));
    assert!(!explanation.decision.allowed);
    let outcomes: Vec<Outcome> =
        explanation.policies.iter().flat_map(|policy| policy.statements.iter().map(|one| one.outcome)).collect();
    assert_eq!(
        outcomes,
        [Outcome::Applies(Reach::Account), Outcome::OtherPrincipal, Outcome::OtherAction, Outcome::Condition(0)]
    );
    assert_eq!(explanation.missing_context, ["aws:securetransport"]);
    assert_eq!(explanation.matched().count(), 1);
    let shown = explanation.to_string();
    assert_eq!(
        shown,
        "Denied. User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:Encrypt on resource: \
         arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab because no identity-based policy \
         allows the kms:Encrypt action\n\
         \x20 resource-based policy\n\
         \x20   Allow \"account\" (line 2 column 13): applies to the account\n\
         \x20   Allow \"app\" (line 3 column 13): other principals\n\
         \x20 identity-based policy 0\n\
         \x20   Allow \"S3\" (line 2 column 13): other actions\n\
         \x20   Allow \"Payroll\" (line 3 column 13): condition fails: Bool aws:securetransport [\"true\"], the request \
         has no such key\n"
    );
}

#[test]
fn decisions_can_be_written_down() {
    let decision = setup().decide(&request("s3:GetObject", &NoContext));
    let written = serde_json::to_value(decision).unwrap();
    assert_eq!(written["allowed"], false);
    assert_eq!(written["reason"]["cause"]["NotAllowedBy"]["layer"], "Resource");
}

#[test]
fn explanations_survive_the_way_through_json() {
    let context = TableContext::new().with("kms:EncryptionContext:app", "sales");
    let asked = request("kms:Encrypt", &context);
    let explanation = setup().with(|policies| explain(&asked, policies));
    let written = serde_json::to_string(&explanation).unwrap();
    assert_eq!(serde_json::from_str::<crate::Explanation>(&written).unwrap(), explanation);
}
