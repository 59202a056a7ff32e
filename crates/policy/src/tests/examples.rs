//! Policies of the shapes AWS documents, with what the documents say they do.

use super::*;
use crate::TableContext;

fn identity(text: &str) -> Setup {
    Setup { identity: vec![document(Kind::Identity, text)], ..Setup::default() }
}

/// The EBS key policy: everyone in the account, but only through EC2.
#[test]
fn a_key_for_one_service_and_one_account() {
    let policy = document(
        Kind::Key,
        r#"{"Version":"2012-10-17","Id":"auto-ebs-2","Statement":[
            {"Sid":"through the service","Effect":"Allow","Principal":{"AWS":"*"},
             "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:CreateGrant","kms:DescribeKey"],
             "Resource":"*",
             "Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"ec2.eu-west-1.amazonaws.com"}}},
            {"Sid":"looking at it","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},
             "Action":["kms:Describe*","kms:Get*","kms:List*","kms:RevokeGrant"],"Resource":"*"}]}"#,
    );
    let setup = Setup { identity: vec![identity_allow_all()], ..Setup::key(policy) };
    let direct = TableContext::new().with("kms:CallerAccount", HERE);
    let through = direct.clone().with("kms:ViaService", "ec2.eu-west-1.amazonaws.com");
    let stranger =
        TableContext::new().with("kms:CallerAccount", THERE).with("kms:ViaService", "ec2.eu-west-1.amazonaws.com");
    assert_eq!(setup.ask_in(alice(), "kms:Decrypt", KEY, &through), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:Decrypt", KEY, &direct), "allow");
    assert_ne!(setup.ask_in(carol(), "kms:Decrypt", KEY, &stranger), "allow");
    assert_eq!(setup.ask_in(alice(), "kms:DescribeKey", KEY, &direct), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:PutKeyPolicy", KEY, &through), "allow");
}

/// The console's key policy: administrators cannot use the key, users cannot administer it.
#[test]
fn administrators_and_users_of_a_key() {
    let policy = document(
        Kind::Key,
        r#"{"Version":"2012-10-17","Id":"key-consolepolicy-3","Statement":[
            {"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},
             "Action":"kms:*","Resource":"*"},
            {"Sid":"Allow access for Key Administrators","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},
             "Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*",
                       "kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource",
                       "kms:ScheduleKeyDeletion","kms:CancelKeyDeletion"],"Resource":"*"},
            {"Sid":"Allow use of the key","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/svc/app"},
             "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"},
            {"Sid":"Allow attachment of persistent resources","Effect":"Allow",
             "Principal":{"AWS":"arn:aws:iam::111122223333:role/svc/app"},
             "Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*",
             "Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}]}"#,
    );
    let setup = Setup::key(policy);
    let rows = [
        (alice(), "kms:ScheduleKeyDeletion", true),
        (alice(), "kms:PutKeyPolicy", true),
        (alice(), "kms:CreateGrant", true),
        (alice(), "kms:Encrypt", false),
        (alice(), "kms:Decrypt", false),
        (alice(), "kms:GenerateDataKey", false),
        (alice(), "kms:Sign", false),
        (session(), "kms:Encrypt", true),
        (session(), "kms:ReEncryptTo", true),
        (session(), "kms:GenerateDataKeyWithoutPlaintext", true),
        (session(), "kms:PutKeyPolicy", false),
        (session(), "kms:CreateGrant", false),
        (carol(), "kms:Decrypt", false),
    ];
    for (caller, action, expected) in rows {
        assert_eq!(setup.ask(caller, action, KEY) == "allow", expected, "{} {action}", caller.arn);
    }
    let for_service = TableContext::new().with("kms:GrantIsForAWSResource", "true");
    assert_eq!(setup.ask_in(session(), "kms:CreateGrant", KEY, &for_service), "allow");
}

#[test]
fn only_with_a_second_factor() {
    let setup = identity(
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"*","Resource":"*"},
            {"Effect":"Deny","NotAction":["iam:ListMFADevices","sts:GetSessionToken"],"Resource":"*",
             "Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}"#,
    );
    let with = |value: &str| TableContext::new().with("aws:MultiFactorAuthPresent", value);
    assert_eq!(setup.ask_in(alice(), "kms:Encrypt", KEY, &with("true")), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:Encrypt", KEY, &with("false")), "allow");
    assert_ne!(setup.ask(alice(), "kms:Encrypt", KEY), "allow", "long-term keys carry no such value");
    assert_eq!(setup.ask(alice(), "sts:GetSessionToken", "*"), "allow");
}

#[test]
fn only_from_the_office_unless_a_service_calls_on() {
    let setup = identity(
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"kms:*","Resource":"*"},
            {"Effect":"Deny","Action":"*","Resource":"*","Condition":{
                "NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]},
                "Bool":{"aws:ViaAWSService":"false"}}}]}"#,
    );
    let from = |ip: &str, via: &str| TableContext::new().with("aws:SourceIp", ip).with("aws:ViaAWSService", via);
    assert_eq!(setup.ask_in(alice(), "kms:Encrypt", KEY, &from("203.0.113.9", "false")), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:Encrypt", KEY, &from("198.51.100.9", "false")), "allow");
    assert_eq!(setup.ask_in(alice(), "kms:Encrypt", KEY, &from("198.51.100.9", "true")), "allow");
    // Behind an endpoint there is no source address, and NotIpAddress holds.
    let endpoint = TableContext::new().with("aws:ViaAWSService", "false");
    assert_ne!(setup.ask_in(alice(), "kms:Encrypt", KEY, &endpoint), "allow");
}

#[test]
fn everything_outside_two_regions_is_denied_but_for_global_services() {
    let setup = identity(
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"*","Resource":"*"},
            {"Sid":"Regions","Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*",
             "Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}}]}"#,
    );
    let region = |name: &str| TableContext::new().with("aws:RequestedRegion", name);
    assert_eq!(setup.ask_in(alice(), "kms:Encrypt", KEY, &region("eu-west-1")), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:Encrypt", KEY, &region("us-east-1")), "allow");
    assert_eq!(setup.ask_in(alice(), "iam:ListUsers", "*", &region("us-east-1")), "allow");
}

#[test]
fn keys_by_the_team_of_tag_and_caller() {
    let setup = Setup {
        identity: vec![document(
            Kind::Identity,
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt"],
                "Resource":"arn:aws:kms:*:111122223333:key/*",
                "Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}}}"#,
        )],
        ..Setup::key(allows(Kind::Key, r#"{"AWS":"111122223333"}"#))
    };
    let tags = |key: &str, caller: &str| {
        TableContext::new().with("aws:ResourceTag/team", key).with("aws:PrincipalTag/team", caller)
    };
    assert_eq!(setup.ask_in(alice(), "kms:Encrypt", KEY, &tags("blue", "blue")), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:Encrypt", KEY, &tags("blue", "red")), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:Encrypt", KEY, &tags("blue", "*")), "allow");
    assert_ne!(
        setup.ask_in(alice(), "kms:Encrypt", KEY, &TableContext::new().with("aws:ResourceTag/team", "x")),
        "allow"
    );
}

#[test]
fn tags_from_a_list_and_never_none() {
    let setup = identity(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:TagResource","Resource":"*","Condition":{
            "ForAllValues:StringEquals":{"aws:TagKeys":["team","cost"]},
            "Null":{"aws:TagKeys":"false"}}}}"#,
    );
    let tags = |keys: &[&str]| TableContext::new().with_many("aws:TagKeys", keys.iter().copied());
    assert_eq!(setup.ask_in(alice(), "kms:TagResource", KEY, &tags(&["team", "cost"])), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:TagResource", KEY, &tags(&["team", "secret"])), "allow");
    assert_ne!(setup.ask_in(alice(), "kms:TagResource", KEY, &tags(&[])), "allow");
    assert_ne!(setup.ask(alice(), "kms:TagResource", KEY), "allow");
}

#[test]
fn a_role_for_another_account_with_an_external_id() {
    let setup = Setup {
        rule: ResourceRule::Trust,
        resource: Some(document(
            Kind::Trust,
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},
                "Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"Unique ID"}}}}"#,
        )),
        identity: vec![identity_allow_all()],
        ..Setup::default()
    };
    let role = "arn:aws:iam::111122223333:role/audit";
    let id = |id: &str| TableContext::new().with("sts:ExternalId", id);
    assert_eq!(setup.ask_in(carol(), "sts:AssumeRole", role, &id("Unique ID")), "allow");
    assert_ne!(setup.ask_in(carol(), "sts:AssumeRole", role, &id("unique id")), "allow");
    assert_ne!(setup.ask(carol(), "sts:AssumeRole", role), "allow");
    assert_ne!(
        setup.ask_in(carol(), "sts:TagSession", role, &id("Unique ID")),
        "allow",
        "tagging is an action of its own"
    );
}

#[test]
fn a_service_may_use_a_key_for_one_log_group() {
    let setup = Setup::key(document(
        Kind::Key,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},
            "Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*",
            "Condition":{"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":
                "arn:aws:logs:eu-west-1:111122223333:log-group:app"}}}}"#,
    ));
    let service = Principal::service("logs.eu-west-1.amazonaws.com");
    let group = |name: &str| {
        let arn = format!("arn:aws:logs:eu-west-1:111122223333:log-group:{name}");
        TableContext::new().with("kms:EncryptionContext:aws:logs:arn", arn)
    };
    assert_eq!(setup.ask_in(service, "kms:GenerateDataKey", KEY, &group("app")), "allow");
    assert_ne!(setup.ask_in(service, "kms:GenerateDataKey", KEY, &group("other")), "allow");
    let elsewhere = Principal::service("logs.us-east-1.amazonaws.com");
    assert_ne!(setup.ask_in(elsewhere, "kms:GenerateDataKey", KEY, &group("app")), "allow");
}
