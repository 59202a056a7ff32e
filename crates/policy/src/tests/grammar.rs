//! What a document may look like, and what the others are told.

use super::*;
use crate::{Effect, Version};

fn fault(kind: Kind, text: &str) -> String {
    match Document::parse(text, kind) {
        Ok(_) => "accepted".to_owned(),
        Err(malformed) => malformed.text().to_owned(),
    }
}

fn identity(statement: &str) -> String {
    fault(Kind::Identity, &format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
}

const SYNTAX: &str = "Syntax errors in policy.";

#[test]
fn identity_policies_that_are_refused() {
    let rows = [
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#, "accepted"),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Wrong":1}"#, SYNTAX),
        (r#"{"Effect":"Allow","action":"kms:*","Resource":"*"}"#, SYNTAX),
        (r#"{"Action":"kms:*","Resource":"*"}"#, SYNTAX),
        (r#"{"Effect":"Permit","Action":"kms:*","Resource":"*"}"#, SYNTAX),
        (r#"{"Effect":"allow","Action":"kms:*","Resource":"*"}"#, "The policy failed legacy parsing"),
        (r#"{"Effect":"Allow","Action":"kms:*","NotAction":"s3:*","Resource":"*"}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","NotResource":"*"}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":7,"Resource":"*"}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":{"a":"b"},"Resource":"*"}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":["*",null]}"#, SYNTAX),
        (r#"{"Effect":"Allow","Resource":"*"}"#, "Policy statement must contain actions."),
        (r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#, "Policy statement must contain actions."),
        (r#"{"Effect":"Allow","Action":"kms:*"}"#, "Policy statement must contain resources."),
        (r#"{"Effect":"Allow","NotAction":"kms:*","NotResource":[]}"#, "Policy statement must contain resources."),
        (
            r#"{"Effect":"Allow","Action":"Encrypt","Resource":"*"}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (r#"{"Effect":"Allow","Action":"kms:a:b","Resource":"*"}"#, "Actions/Condition can contain only one colon."),
        (r#"{"Effect":"Allow","Action":"k*:Encrypt","Resource":"*"}"#, "Vendor k* is not valid"),
        (r#"{"Effect":"Allow","NotAction":"a/b:c","Resource":"*"}"#, "Vendor a/b is not valid"),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"key"}"#, r#"Resource key must be in ARN format or "*"."#),
        (
            r#"{"Effect":"Allow","Action":"kms:*","Resource":"arn:error:kms"}"#,
            r#"Partition "error" is not valid for resource "arn:error:kms:*:*:*"."#,
        ),
        (
            r#"{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:k*:::x"}"#,
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}"#,
            "Policy document should not specify a principal.",
        ),
        (
            r#"{"Sid":"a","Effect":"Allow","Action":"kms:*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"kms:*","Resource":"*"}"#,
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        (
            r#"{"Sid":"a b","Effect":"Allow","Action":"kms:*","Resource":"*"}"#,
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Effect":"Deny"}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","\u0045ffect":"Deny"}"#, SYNTAX),
        (
            r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"Bool":{"a:b":"true","a:b":"false"}}}"#,
            SYNTAX,
        ),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":"x"}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"StringSimilar":{"a:b":"c"}}}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"NullIfExists":{"a:b":"true"}}}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"Null":{"a:b":"maybe"}}}"#, SYNTAX),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"Bool":{"a:b":null}}}"#, SYNTAX),
        (
            r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"DateLessThan":{"a:b":"2024-13-01"}}}"#,
            "The policy failed legacy parsing",
        ),
        (
            r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"DateLessThan":{"a:b":"2024-05-01T00:00:00+02:00[Europe/Paris]"}}}"#,
            "The policy failed legacy parsing",
        ),
        (
            r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"forallvalues:stringlikeifexists":{"a:b":"c"}}}"#,
            "accepted",
        ),
        ("[]", SYNTAX),
        (r#""text""#, SYNTAX),
    ];
    for (statement, expected) in rows {
        assert_eq!(identity(statement), expected, "{statement}");
    }
}

#[test]
fn documents_that_are_refused() {
    let statement = r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#;
    let rows = [
        (format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#), "accepted"),
        (format!(r#"{{"Version":"2008-10-17","Id":"x","Statement":[{statement}]}}"#), "accepted"),
        (format!(r#"{{"Statement":{statement}}}"#), "accepted"),
        (format!(r#"{{"Version":"2013-10-17","Statement":{statement}}}"#), SYNTAX),
        (format!(r#"{{"Version":"2012-10-17","Statement":{statement},"Extra":1}}"#), SYNTAX),
        (format!(r#"{{"Version":"2012-10-17","Version":"2012-10-17","Statement":{statement}}}"#), SYNTAX),
        (r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(), SYNTAX),
        (r#"{"Version":"2012-10-17"}"#.to_owned(), SYNTAX),
        ("[]".to_owned(), SYNTAX),
        (format!(r#"{{"Version":"2012-10-17","Statement":{statement}}} x"#), "This policy contains invalid Json"),
        ("{".to_owned(), "This policy contains invalid Json"),
        (String::new(), "This policy contains invalid Json"),
    ];
    for (text, expected) in rows {
        assert_eq!(fault(Kind::Identity, &text), expected, "{text}");
    }
}

#[test]
fn each_kind_has_its_own_elements() {
    let key = |rest: &str| fault(Kind::Key, &format!(r#"{{"Statement":{{"Effect":"Allow",{rest}}}}}"#));
    let trust = |rest: &str| fault(Kind::Trust, &format!(r#"{{"Statement":{{"Effect":"Allow",{rest}}}}}"#));
    let no_principal = "Policy contains a statement with no principal.";
    assert_eq!(key(r#""Action":"kms:*","Resource":"*""#), no_principal);
    assert_eq!(key(r#""Principal":{},"Action":"kms:*","Resource":"*""#), no_principal);
    assert_eq!(key(r#""Principal":{"AWS":[]},"Action":"kms:*","Resource":"*""#), no_principal);
    assert_eq!(key(r#""Principal":"*","Resource":"*""#), "Policy statement must contain actions.");
    assert_eq!(key(r#""Principal":"*","Action":"kms:*""#), "Policy statement must contain resources.");
    assert_eq!(key(r#""Sid":"with blanks","Principal":"*","Action":"kms:*","Resource":"*""#), "accepted");
    assert_eq!(trust(r#""Action":"sts:AssumeRole""#), "Missing required field Principal");
    assert_eq!(trust(r#""Principal":"*","Action":"sts:AssumeRole","Resource":"*""#), "Has prohibited field Resource.");
    assert_eq!(
        trust(r#""Principal":"*","Action":"kms:*""#),
        "AssumeRole policy may only specify STS AssumeRole actions."
    );
    assert_eq!(trust(r#""Principal":"*","Action":["sts:AssumeRole","sts:TagSession"]"#), "accepted");
}

#[test]
fn set_operators_on_single_valued_keys_are_too_open_for_a_key_policy() {
    let with = |condition: &str| {
        let rest = format!(r#""Principal":"*","Action":"kms:*","Resource":"*","Condition":{{{condition}}}"#);
        fault(Kind::Key, &format!(r#"{{"Statement":{{"Effect":"Allow",{rest}}}}}"#))
    };
    assert!(
        with(r#""ForAllValues:StringEquals":{"kms:EncryptionContext:app":"x"}"#)
            .starts_with("OverlyPermissiveCondition: Using the ForAllValues set operator")
    );
    assert!(with(r#""ForAllValues:StringLike":{"aws:RequestTag/team":"x"}"#).starts_with("OverlyPermissiveCondition"));
    assert_eq!(with(r#""ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["x"]}"#), "accepted");
    assert_eq!(with(r#""ForAnyValue:StringEquals":{"kms:EncryptionContext:app":"x"}"#), "accepted");
    let elsewhere = r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
        "ForAllValues:StringEquals":{"kms:EncryptionContext:app":"x"}}}"#;
    assert_eq!(identity(elsewhere), "accepted");
}

#[test]
fn principals_that_are_none() {
    let key = |principal: &str| {
        let text =
            format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*"}}}}"#);
        fault(Kind::Key, &text)
    };
    let invalid = "Policy contains a statement with one or more invalid principals.";
    let accepted = [
        r#""*""#,
        r#"{"AWS":"*"}"#,
        r#"{"AWS":["111122223333","arn:aws:iam::111122223333:root"]}"#,
        r#"{"AWS":"arn:aws-cn:iam::111122223333:user/a/path/name"}"#,
        r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/name/session@x"}"#,
        r#"{"AWS":"arn:aws:sts::111122223333:federated-user/name"}"#,
        r#"{"AWS":"AIDACKCEVSQ6C2EXAMPLE"}"#,
        r#"{"AWS":"AROACKCEVSQ6C2EXAMPLE:session"}"#,
        r#"{"Service":["logs.eu-west-1.amazonaws.com","s3.amazonaws.com"]}"#,
        r#"{"Federated":"arn:aws:iam::111122223333:saml-provider/idp","CanonicalUser":"79a59df900b949e5"}"#,
    ];
    for principal in accepted {
        assert_eq!(key(principal), "accepted", "{principal}");
    }
    let refused = [
        r#""111122223333""#,
        r#"{"AWS":"11112222333"}"#,
        r#"{"AWS":"11112222333x"}"#,
        r#"{"AWS":"arn:aws:iam::111122223333:user/al*"}"#,
        r#"{"AWS":"arn:aws:iam::*:root"}"#,
        r#"{"AWS":"arn:aws:iam::111122223333:group/staff"}"#,
        r#"{"AWS":"arn:aws:iam::111122223333:user/"}"#,
        r#"{"AWS":"arn:aws:iam:eu-west-1:111122223333:user/alice"}"#,
        r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/name"}"#,
        r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/path/name/session"}"#,
        r#"{"AWS":"arn:aws:sts::111122223333:federated-user/path/name"}"#,
        r#"{"AWS":"arn:aws:sts::111122223333:federated-user/"}"#,
        r#"{"AWS":"AIDASHORT"}"#,
        r#"{"AWS":"AIDACKCEVSQ6C2EXAMPLE:session"}"#,
        r#"{"AWS":"AROACKCEVSQ6C2EXAMPLE:a/b"}"#,
        r#"{"AWS":"AROACKCEVSQ6C2EXAMPLE:"}"#,
        r#"{"AWS":""}"#,
        r#"{"Service":"*"}"#,
        r#"{"Service":""}"#,
        r#"{"Federated":"*"}"#,
        r#"{"Nobody":"*"}"#,
        r#"{"*":"*"}"#,
    ];
    for principal in refused {
        assert_eq!(key(principal), invalid, "{principal}");
    }
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:group/g"},"Action":"sts:AssumeRole"}}"#;
    assert_eq!(fault(Kind::Trust, trust), r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g""#);
    let rcp = r#"{"Statement":{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}}"#;
    assert_eq!(fault(Kind::ResourceControl, rcp), "Invalid principal in policy");
}

#[test]
fn faults_and_statements_have_places() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": \"kms:*\", \"Resource\": \"*\"},\n    {\"Effect\": \"Deny\", \"Action\": [\"kms:A\",\n      \"nothing\"], \"Resource\": \"*\"}\n  ]\n}";
    let fault = Document::parse(text, Kind::Identity).unwrap_err().position().unwrap();
    assert_eq!((fault.line, fault.column), (6, 7));
    let whole = document(Kind::Identity, &text.replace("nothing", "kms:B"));
    let [first, second] = whole.statements() else { panic!("two statements") };
    assert_eq!((first.start().line, first.start().column), (4, 5));
    assert_eq!((first.end().line, first.end().column), (4, 60));
    assert_eq!((second.start().line, second.end().line), (5, 6));
    assert_eq!((first.effect(), second.effect()), (Effect::Allow, Effect::Deny));
    let broken = Document::parse("{\n  \"Version\" \"x\"}", Kind::Identity).unwrap_err().position().unwrap();
    assert_eq!(broken.line, 2);
}

#[test]
fn versions_and_ids_can_be_read() {
    let old =
        document(Kind::Identity, r#"{"Id":"i","Statement":{"Sid":"s","Effect":"Allow","Action":"*","Resource":"*"}}"#);
    assert_eq!((old.version(), old.id(), old.statements()[0].sid()), (Version::V2008, Some("i"), Some("s")));
    assert_eq!(old.require_2012().unwrap_err().text(), "Policy document must be version 2012-10-17 or greater.");
    assert!(identity_allow_all().require_2012().is_ok());
    let keys = document(
        Kind::Identity,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::h/${aws:UserName}",
            "Condition":{"StringEquals":{"aws:SourceVpc":"${aws:PrincipalTag/v, 'd'}"},"Bool":{"aws:SourceVpc":"true"}}}}"#,
    );
    assert_eq!(keys.context_keys(), ["aws:username", "aws:sourcevpc", "aws:principaltag/v"]);
}

#[test]
fn a_document_of_nothing_but_openings_is_read_in_no_time() {
    let started = std::time::Instant::now();
    let many = "${".repeat(60_000);
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringLike":{{"a:b":"{many}"}}}}}}}}"#
    );
    document(Kind::Identity, &text);
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Document::parse(&format!(r#"{{"Statement":{nested}}}"#), Kind::Identity).is_err());
    let statements = vec![r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#; 5_000].join(",");
    document(Kind::Identity, &format!(r#"{{"Statement":[{statements}]}}"#));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
