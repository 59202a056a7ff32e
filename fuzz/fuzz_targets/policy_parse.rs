//! A document is refused or compiled; what is compiled decides, explains itself the same way, and can be examined.
#![no_main]

use claviger_policy::{
    Document, Kind, Policies, Principal, Request, ResourceRule, TableContext, evaluate, explain, lint,
    rewrite_principals,
};
use libfuzzer_sys::fuzz_target;

const KINDS: [Kind; 8] = [
    Kind::Identity,
    Kind::Resource,
    Kind::Key,
    Kind::Trust,
    Kind::ServiceControl,
    Kind::ResourceControl,
    Kind::Session,
    Kind::Boundary,
];

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let kind = KINDS[usize::from(choice) % KINDS.len()];
    let findings = lint::check(text, kind, None);
    let Ok(document) = Document::parse(text, kind) else {
        assert!(findings.iter().any(|finding| finding.code == lint::Code::Malformed), "refused without a finding");
        return;
    };
    assert!(findings.iter().all(|finding| finding.code != lint::Code::Malformed));
    assert!(findings.iter().all(|finding| finding.position.offset <= text.len()));
    assert_eq!(rewrite_principals(text, |_, _| None).as_deref(), Ok(text));

    let context = TableContext::new()
        .with("aws:username", "alice")
        .with("aws:SourceIp", "203.0.113.7")
        .with("aws:SecureTransport", "true")
        .with("aws:CurrentTime", "2026-01-01T00:00:00Z")
        .with("kms:EncryptionContext:app", "payroll")
        .with_many("kms:EncryptionContextKeys", ["app"]);
    let request = Request {
        principal: Principal::session(
            "111122223333",
            "arn:aws:sts::111122223333:assumed-role/app/one",
            "arn:aws:iam::111122223333:role/svc/app",
            "AROAAPPAPPAPPAPPAPP01:one",
        ),
        action: if kind == Kind::Trust { "sts:AssumeRole" } else { "kms:Encrypt" },
        resource: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        resource_account: "111122223333",
        context: &context,
    };
    let one = [&document];
    let level = [one.as_slice()];
    let policies = match kind {
        Kind::Identity => Policies { identity: &one, ..Policies::default() },
        Kind::Resource => Policies { resource: Some(&document), ..Policies::default() },
        Kind::Key => Policies { resource: Some(&document), rule: ResourceRule::KmsKey, ..Policies::default() },
        Kind::Trust => Policies { resource: Some(&document), rule: ResourceRule::Trust, ..Policies::default() },
        Kind::ServiceControl => Policies { service_control: &level, identity_is_all: true, ..Policies::default() },
        Kind::ResourceControl => Policies { resource_control: &level, identity_is_all: true, ..Policies::default() },
        Kind::Session => Policies { session: Some(&one), identity_is_all: true, ..Policies::default() },
        Kind::Boundary => Policies { boundary: Some(&document), identity_is_all: true, ..Policies::default() },
    };
    let decision = evaluate(&request, &policies);
    let explanation = explain(&request, &policies);
    assert_eq!(explanation.decision, decision);
    assert_eq!(
        explanation.policies.iter().map(|policy| policy.statements.len()).sum::<usize>(),
        document.statements().len()
    );
});
