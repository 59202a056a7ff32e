//! The request path decides without allocating: time on a busy machine proves nothing, a count does.

use super::*;
use crate::TableContext;

/// Allocations of one decision.
fn allocations(setup: &Setup, request: &Request<'_>) -> u64 {
    setup.with(|policies| {
        allocation_counter::measure(|| {
            let _ = std::hint::black_box(evaluate(request, policies));
        })
        .count_total
    })
}

/// Twenty statements, of which the last means the caller.
fn crowded() -> Document {
    let statement = |number: usize| {
        let role =
            if number == 20 { ROLE.to_owned() } else { format!("arn:aws:iam::111122223333:role/other-{number}") };
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"{role}"}},"Action":["kms:Decrypt","kms:Encrypt","kms:GenerateDataKey*"],
                "Resource":"*","Condition":{{"StringEquals":{{"kms:EncryptionContext:app":"payroll"}},
                "Bool":{{"aws:SecureTransport":"true"}},"IpAddress":{{"aws:SourceIp":"203.0.113.0/24"}}}}}}"#
        )
    };
    let statements: Vec<String> = (1..=20).map(statement).collect();
    document(Kind::Key, &format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(",")))
}

fn context() -> TableContext {
    TableContext::new()
        .with("kms:EncryptionContext:app", "payroll")
        .with("aws:SecureTransport", "true")
        .with("aws:SourceIp", "203.0.113.7")
}

#[test]
fn a_decision_allocates_nothing() {
    let identity = r#""Action":["kms:Encrypt","kms:Decrypt"],"Resource":"arn:aws:kms:*:111122223333:key/*",
        "Condition":{"StringLike":{"kms:EncryptionContext:app":"pay*"}}"#;
    let setup = Setup {
        identity: vec![
            statement(Kind::Identity, "Allow", identity),
            statement(Kind::Identity, "Deny", r#""Action":"kms:ScheduleKeyDeletion","Resource":"*""#),
        ],
        boundary: Some(statement(Kind::Boundary, "Allow", r#""Action":"kms:*","Resource":"*""#)),
        session: Some(vec![statement(Kind::Session, "Allow", r#""Action":"*","Resource":"*""#)]),
        service_control: vec![vec![statement(Kind::ServiceControl, "Allow", r#""Action":"*","Resource":"*""#)]],
        grant: Some(GrantKind::Delegated),
        ..Setup::key(crowded())
    };
    let context = context();
    for action in ["kms:Encrypt", "kms:Decrypt", "kms:ScheduleKeyDeletion", "kms:Sign"] {
        let request =
            Request { principal: session(), action, resource: KEY, resource_account: HERE, context: &context };
        assert_eq!(allocations(&setup, &request), 0, "{action}");
    }
}

/// The counter counts: a policy variable is filled in, which costs.
#[test]
fn a_variable_allocates() {
    let rest = r#""Action":"*","Resource":"arn:aws:kms:*:111122223333:key/${kms:EncryptionContext:app}*""#;
    let setup = Setup { identity: vec![statement(Kind::Identity, "Allow", rest)], ..Setup::default() };
    let context = context();
    let request =
        Request { principal: alice(), action: "kms:Sign", resource: KEY, resource_account: HERE, context: &context };
    assert!(allocations(&setup, &request) > 0);
}
