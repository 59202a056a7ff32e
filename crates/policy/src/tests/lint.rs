//! One bad and one good example of every code, and policies that AWS publishes.

use super::*;
use crate::lint::{Code, Finding, Severity, check, guess_kind};

/// A document of one statement; `rest` are its members after `Effect`.
fn one(effect: &str, rest: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}",{rest}}}}}"#)
}

fn allow(rest: &str) -> String {
    one("Allow", rest)
}

/// A key policy that is in order but for a second statement.
fn key(rest: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Effect":"Allow","Principal":{{"AWS":"111122223333"}},"Action":"kms:*","Resource":"*"}},{{{rest}}}]}}"#
    )
}

/// An identity policy for one KMS key with a condition.
fn when(condition: &str) -> String {
    allow(&format!(r#""Action":["kms:Decrypt","kms:CreateGrant"],"Resource":"{KEY}","Condition":{condition}"#))
}

fn codes(kind: Kind, text: &str) -> Vec<Code> {
    check(text, kind, None).iter().map(|finding| finding.code).collect()
}

/// A kind, a document that has the code and one that has none at all.
fn examples(code: Code) -> Vec<(Kind, String, String)> {
    use Kind::{Identity, Key, Resource, Trust};
    let all = r#""Resource":"*""#;
    let alias = "arn:aws:kms:eu-west-1:111122223333:alias/app";
    match code {
        Code::Malformed => vec![(Identity, "{".to_owned(), allow(&format!(r#""Action":"kms:ListKeys",{all}"#)))],
        Code::OldVersion => vec![(
            Identity,
            format!(r#"{{"Statement":{{"Effect":"Allow","Action":"kms:ListKeys",{all}}}}}"#),
            allow(&format!(r#""Action":"kms:ListKeys",{all}"#)),
        )],
        Code::OldVersionVariables => vec![(
            Identity,
            allow(r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::home/${aws:username}""#)
                .replace("2012-10-17", "2008-10-17"),
            allow(r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::home/${aws:username}""#),
        )],
        Code::UnknownService => vec![(
            Identity,
            allow(&format!(r#""Action":"kmss:ListKeys",{all}"#)),
            allow(&format!(r#""Action":"dynamodb:AnyNameAtAll",{all}"#)),
        )],
        Code::UnknownAction => vec![
            (
                Identity,
                allow(&format!(r#""Action":"kms:ListKey",{all}"#)),
                allow(&format!(r#""Action":"KMS:listkeys",{all}"#)),
            ),
            (
                Identity,
                one("Deny", &format!(r#""Action":"kms:ReEncrypt",{all}"#)),
                one("Deny", &format!(r#""Action":"kms:ReEncrypt*",{all}"#)),
            ),
        ],
        Code::ActionMatchesNothing => vec![(
            Identity,
            allow(&format!(r#""Action":"kms:Lits*",{all}"#)),
            allow(&format!(r#""Action":"kms:Lis?Keys",{all}"#)),
        )],
        Code::ActionOfOtherService => vec![(
            Key,
            key(&format!(r#""Effect":"Allow","Principal":{{"AWS":"{ROLE}"}},"Action":"s3:GetObject",{all}"#)),
            key(&format!(r#""Effect":"Allow","Principal":{{"AWS":"{ROLE}"}},"Action":"kms:Sign",{all}"#)),
        )],
        Code::ResourceOfOtherService => vec![
            (
                Identity,
                allow(r#""Action":"kms:Sign","Resource":"arn:aws:s3:::bucket""#),
                allow(&format!(r#""Action":"kms:Sign","Resource":"{KEY}""#)),
            ),
            (
                Identity,
                allow(&format!(r#""Action":["kms:Sign","s3:GetObject"],"Resource":"{KEY}""#)),
                allow(&format!(r#""Action":["kms:Sign","s3:GetObject"],"Resource":["{KEY}","arn:aws:s3:::bucket/*"]"#)),
            ),
            (
                Identity,
                allow(r#""Action":"sts:AssumeRole","Resource":"arn:aws:ec2:eu-west-1:111122223333:instance/i-1""#),
                allow(r#""Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/app""#),
            ),
        ],
        Code::ResourceMustBeStar => vec![(
            Identity,
            allow(&format!(r#""Action":"kms:ListKeys","Resource":"{KEY}""#)),
            allow(&format!(r#""Action":"kms:ListKeys",{all}"#)),
        )],
        Code::AliasAsResource => vec![
            (
                Identity,
                allow(&format!(r#""Action":"kms:Decrypt","Resource":"{alias}""#)),
                allow(&format!(r#""Action":"kms:Decrypt","Resource":"{KEY}""#)),
            ),
            (
                Identity,
                allow(&format!(r#""Action":"kms:*","Resource":"{alias}""#)),
                allow(&format!(r#""Action":"kms:CreateAlias","Resource":"{alias}""#)),
            ),
        ],
        Code::KeyPolicyResource => vec![(
            Key,
            key(&format!(r#""Effect":"Allow","Principal":{{"AWS":"{ROLE}"}},"Action":"kms:Sign","Resource":"{KEY}""#)),
            key(&format!(r#""Effect":"Allow","Principal":{{"AWS":"{ROLE}"}},"Action":"kms:Sign",{all}"#)),
        )],
        Code::DecryptOnAll => vec![
            (
                Identity,
                allow(&format!(r#""Action":"kms:Decrypt",{all}"#)),
                allow(&format!(
                    r#""Action":"kms:Decrypt",{all},"Condition":{{"StringEquals":{{"aws:ResourceTag/team":"a"}}}}"#
                )),
            ),
            (
                Identity,
                allow(r#""Action":"kms:*","Resource":"arn:aws:kms:*:*:key/*""#),
                allow(r#""Action":"kms:*","Resource":"arn:aws:kms:*:111122223333:key/1234*""#),
            ),
        ],
        Code::HalfReEncrypt => vec![(
            Identity,
            allow(&format!(r#""Action":["kms:Decrypt","kms:ReEncryptTo"],"Resource":"{KEY}""#)),
            allow(&format!(r#""Action":["kms:ReEncryptFrom","kms:ReEncryptTo"],"Resource":"{KEY}""#)),
        )],
        Code::NoReEncrypt => vec![(
            Identity,
            allow(&format!(r#""Action":["kms:Decrypt","kms:Encrypt"],"Resource":"{KEY}""#)),
            allow(&format!(r#""Action":["kms:Decrypt","kms:Encrypt","kms:ReEncrypt*"],"Resource":"{KEY}""#)),
        )],
        Code::NotActionAllow => vec![(
            Identity,
            allow(&format!(r#""NotAction":"iam:*",{all}"#)),
            one("Deny", &format!(r#""NotAction":"iam:*",{all}"#)),
        )],
        Code::NotPrincipalAllow => vec![(
            Key,
            key(&format!(r#""Effect":"Allow","NotPrincipal":{{"AWS":"{ROLE}"}},"Action":"kms:Sign",{all}"#)),
            key(&format!(r#""Effect":"Allow","Principal":{{"AWS":"{ROLE}"}},"Action":"kms:Sign",{all}"#)),
        )],
        Code::NotPrincipalDeny => vec![(
            Key,
            key(&format!(r#""Effect":"Deny","NotPrincipal":{{"AWS":"{ROLE}"}},"Action":"kms:Sign",{all}"#)),
            key(&format!(
                r#""Effect":"Deny","Principal":"*","Action":"kms:Sign",{all},
                   "Condition":{{"ArnNotLike":{{"aws:PrincipalArn":"{ROLE}"}}}}"#
            )),
        )],
        Code::PublicPrincipal => vec![
            (
                Key,
                key(&format!(r#""Effect":"Allow","Principal":"*","Action":"kms:Sign",{all}"#)),
                key(&format!(
                    r#""Effect":"Allow","Principal":"*","Action":"kms:Sign",{all},
                       "Condition":{{"StringEquals":{{"aws:PrincipalOrgID":"o-a"}}}}"#
                )),
            ),
            (
                Key,
                key(&format!(
                    r#""Effect":"Allow","Principal":{{"AWS":"*"}},"Action":"kms:Sign",{all},
                       "Condition":{{"StringEqualsIfExists":{{"kms:CallerAccount":"111122223333"}}}}"#
                )),
                key(&format!(
                    r#""Effect":"Allow","Principal":{{"AWS":"*"}},"Action":"kms:Sign",{all},
                       "Condition":{{"StringEquals":{{"kms:CallerAccount":"111122223333"}}}}"#
                )),
            ),
        ],
        Code::ProviderWithoutCondition => {
            let provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
            let trust = |condition: &str| {
                allow(&format!(
                    r#""Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{
                       "StringEquals":{{"{condition}"}}}}"#
                ))
            };
            vec![(
                Trust,
                trust(r#"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"#),
                trust(r#"token.actions.githubusercontent.com:sub":"repo:example/app:ref:refs/heads/main"#),
            )]
        }
        Code::ConfusedDeputy => vec![(
            Resource,
            allow(r#""Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*""#),
            allow(
                r#""Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*",
                   "Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:topic"}}"#,
            ),
        )],
        Code::NoAccountStatement => {
            vec![(Key, allow(&format!(r#""Principal":{{"AWS":"{ROLE}"}},"Action":"kms:*",{all}"#)), default_policy())]
        }
        Code::UnknownKey => vec![
            (
                Identity,
                when(r#"{"StringEquals":{"kms:EncryptionContxt:app":"a"}}"#),
                when(r#"{"StringEquals":{"kms:encryptioncontext:app":"a"}}"#),
            ),
            (
                Identity,
                when(r#"{"StringEquals":{"aws:PrincipalTags/team":"a"}}"#),
                when(r#"{"StringEquals":{"aws:PrincipalTag/team":"a"}}"#),
            ),
        ],
        Code::KeyNotInRequest => vec![(
            Identity,
            allow(&format!(
                r#""Action":["kms:Sign","kms:GetPublicKey"],"Resource":"{KEY}","Condition":{{
                   "StringEquals":{{"kms:EncryptionContext:app":"a"}}}}"#
            )),
            when(r#"{"StringEquals":{"kms:EncryptionContext:app":"a"}}"#),
        )],
        Code::WrongOperator => vec![
            (
                Identity,
                when(r#"{"StringEquals":{"aws:SecureTransport":"true"}}"#),
                when(r#"{"Bool":{"aws:SecureTransport":true}}"#),
            ),
            (
                Identity,
                when(r#"{"StringEquals":{"aws:SourceIp":"203.0.113.7"}}"#),
                when(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}"#),
            ),
            (
                Identity,
                when(r#"{"StringLike":{"aws:CurrentTime":"2026*"}}"#),
                when(r#"{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#),
            ),
        ],
        Code::BadValue => vec![
            (
                Identity,
                when(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/33"}}"#),
                when(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#),
            ),
            (
                Identity,
                when(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*"}}"#),
                when(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*:*:*"}}"#),
            ),
            (
                Identity,
                when(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"an hour"}}"#),
                when(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#),
            ),
        ],
        Code::NeedsSetOperator => vec![(
            Identity,
            when(r#"{"StringEquals":{"kms:EncryptionContextKeys":"app"}}"#),
            when(r#"{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"app"}}"#),
        )],
        Code::SetOperatorOnSingle => vec![(
            Identity,
            when(r#"{"ForAllValues:StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}"#),
            when(r#"{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}"#),
        )],
        Code::ForAllValuesWithoutNull => vec![(
            Identity,
            when(r#"{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"app"}}"#),
            when(
                r#"{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"app"},
                    "Null":{"kms:EncryptionContextKeys":"false"}}"#,
            ),
        )],
        Code::MfaLongTermKeys => vec![
            (
                Identity,
                one(
                    "Deny",
                    &format!(
                        r#""Action":"kms:Decrypt",{all},"Condition":{{"Bool":{{"aws:MultiFactorAuthPresent":"false"}}}}"#
                    ),
                ),
                one(
                    "Deny",
                    &format!(
                        r#""Action":"kms:Decrypt",{all},"Condition":{{"BoolIfExists":{{"aws:MultiFactorAuthPresent":"false"}}}}"#
                    ),
                ),
            ),
            (
                Identity,
                when(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#),
                when(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
            ),
        ],
        Code::Contradiction => vec![
            (
                Identity,
                when(r#"{"StringEquals":{"kms:ViaService":"a"},"StringNotLike":{"kms:ViaService":"a*"}}"#),
                when(r#"{"StringEquals":{"kms:ViaService":["a","b"]},"StringNotLike":{"kms:ViaService":"a*"}}"#),
            ),
            (
                Identity,
                when(
                    r#"{"StringEquals":{"kms:EncryptionContext:app":"a"},"Null":{"kms:encryptioncontext:App":"true"}}"#,
                ),
                when(
                    r#"{"StringEqualsIfExists":{"kms:EncryptionContext:app":"a"},"Null":{"kms:EncryptionContext:app":"true"}}"#,
                ),
            ),
            (
                Identity,
                when(
                    r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"5"},"NumericGreaterThan":{"aws:MultiFactorAuthAge":"5"}}"#,
                ),
                when(
                    r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"6"},"NumericGreaterThan":{"aws:MultiFactorAuthAge":"5"}}"#,
                ),
            ),
            (
                Identity,
                when(
                    r#"{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"DateGreaterThan":{"aws:CurrentTime":"2026-02-01T00:00:00Z"}}"#,
                ),
                when(
                    r#"{"DateLessThan":{"aws:CurrentTime":"2026-02-01T00:00:00Z"},"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#,
                ),
            ),
            (
                Identity,
                when(r#"{"StringEquals":{"kms:ViaService":[]}}"#),
                when(r#"{"StringNotEquals":{"kms:ViaService":[]}}"#),
            ),
        ],
    }
}

fn default_policy() -> String {
    crate::default_key_policy("aws", HERE)
}

#[test]
fn every_code_has_a_document_with_it_and_one_without_any() {
    for code in Code::ALL {
        let examples = examples(*code);
        assert!(!examples.is_empty());
        for (kind, bad, good) in examples {
            let found = codes(kind, &bad);
            assert!(found.contains(code), "{code}: {found:?} in {bad}");
            assert_eq!(check(&good, kind, None), [], "{code}: {good}");
        }
    }
}

#[test]
fn names_of_codes_differ() {
    let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
}

/// The documentation lists the codes there are, with their severity.
#[test]
fn every_code_is_documented() {
    let page = include_str!("../../../../docs/policies.md");
    let rows: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split(" | ").take(2).collect::<Vec<_>>().join(" | "))
        .collect();
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("| `{code}` | {}", code.severity())).collect();
    assert_eq!(rows, codes);
}

#[test]
fn findings_say_where_and_what() {
    let text = "{\"Version\": \"2012-10-17\", \"Statement\": [{\n  \"Effect\": \"Allow\",\n  \"Action\": [\"kms:Sign\",\n    \
                \"kms:Decrpt\"],\n  \"Resource\": \"*\"}]}";
    let found = check(text, Kind::Identity, None);
    let [Finding { position, severity, code, text }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((position.line, position.column), (4, 5));
    assert_eq!((*severity, *code), (Severity::Error, Code::UnknownAction));
    assert_eq!(text, "There is no action `kms:Decrpt`; did you mean `kms:Decrypt`?");

    let found = check("{\"Version\": \"2012-10-17\",\n  oops", Kind::Identity, None);
    assert_eq!((found[0].position.line, found[0].text.as_str()), (2, "This policy contains invalid Json"));
}

#[test]
fn a_key_policy_may_name_its_own_key() {
    let text = default_policy().replace(r#""Resource" : "*""#, &format!(r#""Resource" : "{KEY}""#));
    assert!(text.contains(KEY));
    assert_eq!(codes(Kind::Key, &text), [Code::KeyPolicyResource]);
    assert_eq!(check(&text, Kind::Key, Some(KEY)), []);
}

#[test]
fn kinds_are_guessed() {
    assert_eq!(guess_kind(&default_policy()), Kind::Key);
    assert_eq!(guess_kind(&allow(r#""Action":"kms:*","Resource":"*""#)), Kind::Identity);
    assert_eq!(guess_kind(&allow(r#""Principal":"*","Action":"sts:AssumeRole""#)), Kind::Trust);
    assert_eq!(guess_kind(&allow(r#""Principal":"*","Action":"s3:*","Resource":"*""#)), Kind::Resource);
    assert_eq!(guess_kind("{"), Kind::Identity);
}

/// Policies of the shapes AWS publishes in its guides, for its services, its managed policies and its examples.
#[test]
fn what_aws_publishes_has_no_error() {
    let published = [
        (Kind::Key, default_policy()),
        (
            Kind::Key,
            key(r#""Sid":"Allow access through EBS for all principals in the account that are authorized to use EBS",
                "Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*",
                "kms:GenerateDataKey*","kms:CreateGrant","kms:DescribeKey"],"Resource":"*","Condition":{"StringEquals":{
                "kms:CallerAccount":"111122223333","kms:ViaService":"ec2.us-west-2.amazonaws.com"}}"#),
        ),
        (
            Kind::Key,
            key(r#""Sid":"Allow access for Key Administrators","Effect":"Allow",
                "Principal":{"AWS":["arn:aws:iam::111122223333:user/KMSAdminUser","arn:aws:iam::111122223333:role/KMSAdminRole"]},
                "Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*",
                "kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion",
                "kms:CancelKeyDeletion","kms:RotateKeyOnDemand"],"Resource":"*""#),
        ),
        (
            Kind::Key,
            key(r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/ExampleRole"},
                "Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*",
                "Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}"#),
        ),
        (
            Kind::Key,
            key(
                r#""Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*",
                "Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":
                "arn:aws:cloudtrail:*:111122223333:trail/*"},"StringEquals":{"aws:SourceArn":
                "arn:aws:cloudtrail:us-west-2:111122223333:trail/mine"}}"#,
            ),
        ),
        (
            Kind::Key,
            key(r#""Effect":"Allow","Principal":{"Service":"logs.us-west-2.amazonaws.com"},"Action":["kms:Encrypt*",
                "kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*","Condition":{
                "ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-west-2:111122223333:log-group:mine"}}"#),
        ),
        (
            Kind::Key,
            key(r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/ExampleRole"},
                "Action":"kms:CreateGrant","Resource":"*","Condition":{"ForAllValues:StringEquals":{
                "kms:GrantOperations":["Encrypt","Decrypt","GenerateDataKey"]}}"#),
        ),
        (
            Kind::Key,
            key(r#""Effect":"Deny","Principal":{"AWS":"*"},"Action":"kms:ScheduleKeyDeletion","Resource":"*",
                "Condition":{"NumericLessThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"21"}}"#),
        ),
        (
            Kind::Key,
            key(r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/data"},"Action":["kms:Decrypt",
                "kms:GenerateDataKey"],"Resource":"*","Condition":{"StringEqualsIgnoreCase":{
                "kms:RecipientAttestation:ImageSha384":"9fedcba8abcdef7abcdef6"}}"#),
        ),
        (Kind::Identity, allow(r#""Action":"*","Resource":"*""#)),
        (
            Kind::Identity,
            allow(
                r#""Action":["kms:CreateAlias","kms:CreateKey","kms:DeleteAlias","kms:Describe*","kms:GenerateRandom",
                "kms:Get*","kms:List*","kms:TagResource","kms:UntagResource","iam:ListGroups","iam:ListRoles",
                "iam:ListUsers"],"Resource":"*""#,
            ),
        ),
        (
            Kind::Identity,
            allow(
                r#""Action":["iam:GenerateCredentialReport","iam:Get*","iam:List*","iam:SimulateCustomPolicy",
                "iam:SimulatePrincipalPolicy"],"Resource":"*""#,
            ),
        ),
        (
            Kind::Identity,
            allow(
                r#""Action":["kms:CreateAlias","kms:UpdateAlias","kms:DeleteAlias"],"Resource":[
                "arn:aws:kms:us-west-2:111122223333:alias/prod*","arn:aws:kms:us-west-2:111122223333:key/*"]"#,
            ),
        ),
        (
            Kind::Identity,
            allow(
                r#""Action":["kms:Encrypt","kms:GenerateDataKey*","kms:ReEncrypt*","kms:Decrypt"],
                "Resource":"arn:aws:kms:*:111122223333:key/*","Condition":{"ForAnyValue:StringLike":{
                "kms:ResourceAliases":"alias/Project*"}}"#,
            ),
        ),
        (
            Kind::Identity,
            allow(
                r#""Action":"kms:CreateKey","Resource":"*","Condition":{"StringEquals":{"kms:KeySpec":"RSA_4096",
                "kms:KeyUsage":"SIGN_VERIFY"},"Bool":{"kms:MultiRegion":"false",
                "kms:BypassPolicyLockoutSafetyCheck":"false"}}"#,
            ),
        ),
        (
            Kind::Identity,
            one(
                "Deny",
                r#""Sid":"DenyAllExceptListedIfNoMFA","NotAction":["iam:CreateVirtualMFADevice","iam:EnableMFADevice",
                "iam:GetUser","iam:ListMFADevices","iam:ListVirtualMFADevices","iam:ResyncMFADevice","sts:GetSessionToken"],
                "Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#,
            ),
        ),
        (
            Kind::Identity,
            one(
                "Deny",
                r#""Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24",
                "203.0.113.0/24"]}}"#,
            ),
        ),
        (
            Kind::Identity,
            allow(
                r#""Action":"service-prefix:action-name","Resource":"*","Condition":{"DateGreaterThan":{
                "aws:CurrentTime":"2020-04-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2020-06-30T23:59:59Z"}}"#,
            ),
        ),
        (
            Kind::Identity,
            allow(
                r#""Action":["iam:*AccessKey*","iam:ChangePassword","iam:GetUser","iam:*ServiceSpecificCredential*",
                "iam:*SigningCertificate*"],"Resource":["arn:aws:iam::*:user/${aws:username}"]"#,
            ),
        ),
        (
            Kind::Identity,
            allow(
                r#""Action":["secretsmanager:GetSecretValue","secretsmanager:DescribeSecret"],
                "Resource":"arn:aws:secretsmanager:us-west-2:111122223333:secret:*","Condition":{
                "ForAnyValue:StringEquals":{"secretsmanager:VersionStage":"AWSCURRENT"}}"#,
            ),
        ),
        (
            Kind::Identity,
            allow(r#""Action":["ssm:GetParameter*"],"Resource":"arn:aws:ssm:us-east-2:123456789012:parameter/prod-*""#),
        ),
        (Kind::Trust, allow(r#""Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole""#)),
        (
            Kind::Trust,
            allow(
                r#""Principal":{"AWS":"444455556666"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],
                "Condition":{"StringEquals":{"sts:ExternalId":"12345"},"StringLike":{"aws:RequestTag/Department":"*",
                "sts:SourceIdentity":"DiegoRamirez"},"ForAllValues:StringEquals":{"sts:TransitiveTagKeys":
                ["Project","Department"]}}"#,
            ),
        ),
        (
            Kind::Trust,
            allow(
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
                "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{
                "token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{
                "token.actions.githubusercontent.com:sub":"repo:octo-org/octo-repo:*"}}"#,
            ),
        ),
        (
            Kind::ServiceControl,
            one(
                "Deny",
                r#""Sid":"DenyAllOutsideEU","NotAction":["a4b:*","budgets:*","ce:*","cloudfront:*","iam:*","kms:*",
                "organizations:*","route53:*","sts:*","support:*"],"Resource":"*","Condition":{"StringNotEquals":{
                "aws:RequestedRegion":["eu-central-1","eu-west-1"]},"ArnNotLike":{"aws:PrincipalARN":[
                "arn:aws:iam::*:role/Role1AllowedToBypassThisSCP"]}}"#,
            ),
        ),
        (
            Kind::Resource,
            allow(
                r#""Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*",
                "Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}"#,
            ),
        ),
    ];
    for (kind, text) in published {
        let errors: Vec<Finding> =
            check(&text, kind, None).into_iter().filter(|found| found.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:?} in {text}");
    }
}
