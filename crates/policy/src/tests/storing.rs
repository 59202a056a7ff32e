//! What happens to key policies around storing: principals, default policy, lockout.

use super::*;
use crate::lockout::{key_policy_keeps_access, key_policy_keeps_access_in};
use crate::{Family, NamedKind, TableContext, default_key_policy, principals, rewrite_principals};

const POLICY: &str = r#"{
  "Version" : "2012-10-17",
  "Statement" : [ {
    "Sid" : "arn:aws:iam::111122223333:user/alice",
    "Effect" : "Allow",
    "Principal" : { "AWS" : [ "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:role/svc/app" ],
                    "Service" : "logs.amazonaws.com" },
    "Action" : "kms:*",   "Resource" : "*"
  }, { "Effect" : "Deny", "NotPrincipal" : { "AWS" : "arn:aws:iam::111122223333:user\/alice" }, "Action" : "kms:*", "Resource" : "*",
       "Condition" : { "StringEquals" : { "aws:PrincipalArn" : "arn:aws:iam::111122223333:user/alice" } } },
  { "Effect" : "Allow", "Principal" : "*", "Action" : "kms:DescribeKey", "Resource" : "*" } ]
}"#;

#[test]
fn every_principal_is_listed() {
    let document = document(Kind::Key, POLICY);
    let found: Vec<_> = principals(&document)
        .map(|one| (one.statement, one.negated, one.family, one.kind, one.text, one.account))
        .collect();
    assert_eq!(
        found,
        [
            (0, false, Family::Aws, NamedKind::User, ALICE, Some(HERE)),
            (0, false, Family::Aws, NamedKind::Role, ROLE, Some(HERE)),
            (0, false, Family::Service, NamedKind::Service, "logs.amazonaws.com", None),
            (1, true, Family::Aws, NamedKind::User, ALICE, Some(HERE)),
            (2, false, Family::Aws, NamedKind::Everyone, "*", None),
        ]
    );
}

#[test]
fn principals_are_rewritten_and_nothing_else() {
    let stored = rewrite_principals(POLICY, |family, text| match (family, text) {
        (Family::Aws, ALICE) => Some("AIDAALICEALICEALICE01".to_owned()),
        (Family::Aws, ROLE) => Some("AROAAPPAPPAPPAPPAPP01".to_owned()),
        _ => None,
    })
    .unwrap();
    let expected = POLICY
        .replace(r#"[ "arn:aws:iam::111122223333:user/alice""#, r#"[ "AIDAALICEALICEALICE01""#)
        .replace(r#""arn:aws:iam::111122223333:role/svc/app""#, r#""AROAAPPAPPAPPAPPAPP01""#)
        .replace(r#""arn:aws:iam::111122223333:user\/alice""#, r#""AIDAALICEALICEALICE01""#);
    assert_eq!(stored, expected);
    // The role is gone: only the user's name comes back.
    let shown =
        rewrite_principals(&stored, |_, text| (text == "AIDAALICEALICEALICE01").then(|| ALICE.to_owned())).unwrap();
    assert!(shown.contains(r#""AROAAPPAPPAPPAPPAPP01" ]"#) && shown.contains(ALICE) && !shown.contains("AIDA"));
    assert_eq!(rewrite_principals(POLICY, |_, _| None).unwrap(), POLICY);
    let quoted = rewrite_principals(POLICY, |_, _| Some("a\"b\\".to_owned())).unwrap();
    assert!(quoted.contains(r#""a\"b\\""#));
    assert!(rewrite_principals("{\"Statement\":7}", |_, _| None).is_err());
}

#[test]
fn the_default_policy_reads_as_aws_writes_it() {
    let text = default_key_policy("aws-cn", HERE);
    let expected = "{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ {\n    \
                    \"Sid\" : \"Enable IAM User Permissions\",\n    \"Effect\" : \"Allow\",\n    \"Principal\" : {\n      \
                    \"AWS\" : \"arn:aws-cn:iam::111122223333:root\"\n    },\n    \"Action\" : \"kms:*\",\n    \
                    \"Resource\" : \"*\"\n  } ]\n}";
    assert_eq!(text, expected);
    let document = document(Kind::Key, &text);
    assert_eq!(document.id(), Some("key-default-1"));
}

#[test]
fn lockout() {
    let aws = |named: &str| allows(Kind::Key, &format!(r#"{{"AWS":"{named}"}}"#));
    let account_but = |rest: &str| {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"111122223333"}},"Action":"kms:*","Resource":"*"}},
                {{"Effect":"Deny",{rest},"Resource":"*"}}]}}"#
        );
        document(Kind::Key, &text)
    };
    let only =
        |action: &str| statement(Kind::Key, "Allow", &format!(r#""Principal":"*","Action":"{action}","Resource":"*""#));
    let default = || document(Kind::Key, &default_key_policy("aws", HERE));
    let rows = [
        ("default, user", default(), alice(), true),
        ("default, root", default(), root(), true),
        ("default, session", default(), session(), true),
        ("caller named", aws(ALICE), alice(), true),
        ("role named, session calls", aws(ROLE), session(), true),
        ("session named, session calls", aws(SESSION), session(), false),
        ("somebody else named", aws(ROLE), alice(), false),
        ("foreign account named", aws(THERE), alice(), false),
        ("foreign caller keeps nothing", aws(CAROL), carol(), false),
        ("everyone", only("kms:*"), alice(), true),
        ("everyone, other actions", only("kms:Get*"), alice(), false),
        (
            "account, denied to the caller",
            account_but(&format!(r#""Principal":{{"AWS":"{ALICE}"}},"Action":"kms:Put*""#)),
            alice(),
            false,
        ),
        (
            "account, denied to another",
            account_but(&format!(r#""Principal":{{"AWS":"{ROLE}"}},"Action":"kms:Put*""#)),
            alice(),
            true,
        ),
        ("account, other action denied", account_but(r#""Principal":"*","Action":"kms:Encrypt""#), alice(), true),
    ];
    for (name, policy, caller, expected) in rows {
        assert_eq!(key_policy_keeps_access(&policy, &caller, KEY, HERE), expected, "{name}");
    }
    let conditional = |condition: &str| {
        let rest = format!(r#""Principal":{{"AWS":"*"}},"Action":"kms:*","Resource":"*","Condition":{{{condition}}}"#);
        statement(Kind::Key, "Allow", &rest)
    };
    let same_account = conditional(r#""StringEquals":{"kms:CallerAccount":"111122223333"}"#);
    assert!(key_policy_keeps_access(&same_account, &alice(), KEY, HERE));
    let by_arn = conditional(r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/svc/*"}"#);
    assert!(key_policy_keeps_access(&by_arn, &session(), KEY, HERE));
    assert!(!key_policy_keeps_access(&by_arn, &alice(), KEY, HERE));
    let by_address = conditional(r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#);
    assert!(!key_policy_keeps_access(&by_address, &alice(), KEY, HERE));
    let inside = TableContext::new().with("aws:SourceIp", "10.1.1.1");
    assert!(key_policy_keeps_access_in(&by_address, &alice(), KEY, HERE, &inside));
}
