//! The policy simulator and what else tells of policies at large. Positions and the kinds of policy are those that
//! simulations at AWS were published with.

use claviger_testkit::{ACCOUNT, Answer, Client, block_on};
use serde_json::{Value, json};

use crate::{development, text};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// From the command-line client's examples.
const DATED: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}"#;

fn allow(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}).to_string()
}

fn deny(action: &str) -> String {
    allow(action).replace("Allow", "Deny")
}

async fn simulate(client: &Client, more: &[(&str, &str)]) -> anyhow::Result<Answer> {
    client.iam("SimulateCustomPolicy", more).await
}

/// The one result of a simulation.
async fn result(client: &Client, more: &[(&str, &str)]) -> anyhow::Result<Value> {
    let answer = simulate(client, more).await?.ok()?;
    let [result] = answer["EvaluationResults"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        panic!("{answer}");
    };
    Ok(result.clone())
}

fn position(line: u32, column: u32) -> Value {
    json!({"Line": line.to_string(), "Column": column.to_string()})
}

fn statement(id: &str, kind: &str, start: Value, end: Value) -> Value {
    json!({"SourcePolicyId": id, "SourcePolicyType": kind, "StartPosition": start, "EndPosition": end})
}

#[test]
fn the_examples_of_the_command_line_client() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let at = |time: &'static str| {
            [
                ("PolicyInputList.member.1", DATED),
                ("ActionNames.member.1", "dynamodb:CreateBackup"),
                ("ContextEntries.member.1.ContextKeyName", "aws:CurrentTime"),
                ("ContextEntries.member.1.ContextKeyValues.member.1", time),
                ("ContextEntries.member.1.ContextKeyType", "date"),
            ]
        };
        let found = result(&client, &at("2019-04-25T11:00:00Z")).await?;
        let matched = statement("PolicyInputList.1", "IAM Policy", position(1, 38), position(1, 167));
        let expected = json!({
            "EvalActionName": "dynamodb:CreateBackup",
            "EvalResourceName": "*",
            "EvalDecision": "allowed",
            "MatchedStatements": [matched],
            "MissingContextValues": "",
        });
        assert_eq!(found, expected);
        let found = result(&client, &at("2014-04-25T11:00:00Z")).await?;
        assert_eq!((&found["EvalDecision"], &found["MatchedStatements"]), (&json!("implicitDeny"), &json!("")));
        let found = result(&client, &at("2014-04-25T11:00:00Z")[..2]).await?;
        assert_eq!(found["MissingContextValues"], json!(["aws:CurrentTime"]));
        Ok(())
    })
    .unwrap();
}

#[test]
fn statements_are_found_where_the_simulator_finds_them() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let lines = "{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n            \"Effect\": \"Allow\",\n            \
                     \"Action\": \"codecommit:ListRepositories\",\n            \"Resource\": \"*\",\n            \"Sid\": \
                     \"a\"\n        },\n        {\"Effect\": \"Allow\", \"Action\": \"codecommit:List*\", \"Resource\": \
                     \"*\"}\n    ]\n}";
        let found = result(
            &client,
            &[("PolicyInputList.member.1", lines), ("ActionNames.member.1", "codecommit:ListRepositories")],
        )
        .await?;
        // The first of a list begins behind the bracket, a later one behind the one before.
        let first = statement("PolicyInputList.1", "IAM Policy", position(3, 19), position(9, 10));
        assert_eq!(found["MatchedStatements"][0], first);
        assert_eq!(found["MatchedStatements"][1]["StartPosition"], position(9, 10));
        assert_eq!(found["MatchedStatements"][1]["EndPosition"]["Line"], "10");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_resource_policy_its_caller_and_its_owner() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let bucket = "arn:aws:s3:::bucket/object";
        let caller = "arn:aws:iam::111122223333:user/dummy";
        let grants = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "s3:PutObject", "Resource": "*"}]})
        .to_string();
        let policy = allow("s3:DeleteObject");
        let base = |action: &'static str| {
            [
                ("PolicyInputList.member.1", policy.as_str()),
                ("ResourcePolicy", grants.as_str()),
                ("ResourceArns.member.1", bucket),
                ("ActionNames.member.1", action),
                ("CallerArn", caller),
            ]
        };
        let found = result(&client, &base("s3:DeleteObject")).await?;
        assert_eq!(found["EvalDecision"], "explicitDeny");
        let sources = |found: &Value| -> Vec<String> {
            let matched = found["MatchedStatements"].as_array().into_iter().flatten();
            matched.map(|one| format!("{} {}", text(one, "/SourcePolicyId"), text(one, "/SourcePolicyType"))).collect()
        };
        assert_eq!(sources(&found), ["ResourcePolicy Resource Policy", "PolicyInputList.1 IAM Policy"]);
        // In one account the resource policy suffices; there the details are there, and empty.
        let found = result(&client, &base("s3:PutObject")).await?;
        assert_eq!((&found["EvalDecision"], &found["EvalDecisionDetails"]), (&json!("allowed"), &json!("")));
        assert_eq!(found["ResourceSpecificResults"][0]["EvalResourceName"], bucket);
        assert_eq!(found["ResourceSpecificResults"][0]["EvalResourceDecision"], "allowed");
        // Across accounts both sides must allow.
        let mut foreign = base("s3:PutObject").to_vec();
        foreign.push(("ResourceOwner", "arn:aws:iam::444455556666:root"));
        let found = result(&client, &foreign).await?;
        assert_eq!(found["EvalDecision"], "implicitDeny");
        assert_eq!(found["EvalDecisionDetails"], json!({"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}));

        let nobody = simulate(&client, &base("s3:PutObject")[..4]).await?;
        assert_eq!((nobody.status, nobody.code()), (400, "InvalidInput"));
        let session = "arn:aws:sts::111122223333:assumed-role/app/s";
        let mut wrong = base("s3:PutObject");
        wrong[4].1 = session;
        let answer = simulate(&client, &wrong).await?;
        let message = format!("Invalid Entity Arn: {session} does not clearly define entity type and name.");
        assert_eq!((answer.code(), answer.message()), ("InvalidInput", message.as_str()));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_key_needs_its_key_policy() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let policy = allow("kms:Decrypt");
        let ask = [
            ("PolicyInputList.member.1", policy.as_str()),
            ("ActionNames.member.1", "kms:Decrypt"),
            ("ResourceArns.member.1", KEY),
        ];
        // Without the key policy the answer is the identity half.
        assert_eq!(result(&client, &ask).await?["EvalDecision"], "allowed");
        let with = |key_policy: Value| {
            let (client, key_policy) = (&client, key_policy.to_string());
            async move {
                let mut ask = ask.to_vec();
                ask.push(("ResourcePolicy", &key_policy));
                ask.push(("CallerArn", "arn:aws:iam::111122223333:role/app"));
                result(client, &ask).await
            }
        };
        let to = |principal: &str| {
            json!({"Version": "2012-10-17", "Statement":
                {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}})
        };
        assert_eq!(with(to(ACCOUNT)).await?["EvalDecision"], "allowed");
        assert_eq!(with(to("arn:aws:iam::111122223333:role/app")).await?["EvalDecision"], "allowed");
        assert_eq!(with(to("arn:aws:iam::111122223333:role/other")).await?["EvalDecision"], "implicitDeny");
        Ok(())
    })
    .unwrap();
}

#[test]
fn boundaries_and_control_policies_tell_their_part() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let policy = allow("s3:*");
        let narrow = allow("s3:Get*");
        let no_put = deny("s3:Put*");
        let ask =
            |action: &'static str| [("PolicyInputList.member.1", policy.as_str()), ("ActionNames.member.1", action)];
        let bounded = |action, boundary| {
            let mut ask = ask(action).to_vec();
            ask.push(("PermissionsBoundaryPolicyInputList.member.1", boundary));
            ask
        };
        let detail = |found: &Value| found["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"].clone();
        let found = result(&client, &bounded("s3:GetObject", &narrow)).await?;
        assert_eq!((&found["EvalDecision"], detail(&found)), (&json!("allowed"), json!("true")));
        let found = result(&client, &bounded("s3:PutObject", &narrow)).await?;
        assert_eq!((&found["EvalDecision"], detail(&found)), (&json!("implicitDeny"), json!("false")));
        assert_eq!(found["MatchedStatements"], "");
        let found = result(&client, &bounded("s3:PutObject", &no_put)).await?;
        assert_eq!((&found["EvalDecision"], detail(&found)), (&json!("explicitDeny"), json!("false")));
        let kinds: Vec<String> = found["MatchedStatements"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| text(one, "/SourcePolicyType"))
            .collect();
        assert_eq!(kinds, ["IAM Policy", "Permissions Boundary Policy"]);

        let level = "OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList.member.1";
        let mut ruled = ask("s3:PutObject").to_vec();
        ruled.push((level, &narrow));
        let found = result(&client, &ruled).await?;
        assert_eq!(found["EvalDecision"], "implicitDeny");
        assert_eq!(found["OrganizationsDecisionDetail"]["AllowedByOrganizations"], "false");
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_action_with_every_resource_page_by_page() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let policy = allow("s3:GetObject");
        let mut ask = vec![
            ("PolicyInputList.member.1", policy.as_str()),
            ("ActionNames.member.1", "s3:GetObject"),
            ("ActionNames.member.2", "s3:PutObject"),
            ("ResourceArns.member.1", "arn:aws:s3:::a/1"),
            ("ResourceArns.member.2", "arn:aws:s3:::a/2"),
            ("MaxItems", "3"),
        ];
        let first = simulate(&client, &ask).await?.ok()?;
        assert_eq!(first["IsTruncated"], "true");
        let marker = text(&first, "/Marker");
        ask.push(("Marker", &marker));
        let rest = simulate(&client, &ask).await?.ok()?;
        let all =
            [&first, &rest].into_iter().flat_map(|page| page["EvaluationResults"].as_array().into_iter().flatten());
        let told: Vec<String> = all
            .map(|one| {
                let [action, resource, decision] =
                    ["/EvalActionName", "/EvalResourceName", "/EvalDecision"].map(|p| text(one, p));
                format!("{action} {resource} {decision}")
            })
            .collect();
        let expected = [
            "s3:GetObject arn:aws:s3:::a/1 allowed",
            "s3:GetObject arn:aws:s3:::a/2 allowed",
            "s3:PutObject arn:aws:s3:::a/1 implicitDeny",
            "s3:PutObject arn:aws:s3:::a/2 implicitDeny",
        ];
        assert_eq!(told, expected);
        ask[1].1 = "s3:*";
        assert_eq!(simulate(&client, &ask).await?.code(), "InvalidInput");
        ask[0].1 = "{}";
        assert_eq!(simulate(&client, &ask).await?.code(), "InvalidInput");
        Ok(())
    })
    .unwrap();
}

/// The user `alice` of the group `devs`: inline, attached, by group, and bounded.
async fn alice(client: &Client) -> anyhow::Result<String> {
    let user = [("UserName", "alice")];
    let arn = text(&client.iam("CreateUser", &user).await?.ok()?, "/User/Arn");
    client.iam("TagUser", &[user[0], ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "blue")]).await?.ok()?;
    client.iam("CreateGroup", &[("GroupName", "devs")]).await?.ok()?;
    client.iam("AddUserToGroup", &[("GroupName", "devs"), user[0]]).await?.ok()?;
    let mine = allow("s3:Get*").replace("\"*\"", "\"arn:aws:s3:::${aws:PrincipalTag/team}/*\"");
    client.iam("PutUserPolicy", &[user[0], ("PolicyName", "mine"), ("PolicyDocument", &mine)]).await?.ok()?;
    let ours = allow("s3:Put*");
    client
        .iam("PutGroupPolicy", &[("GroupName", "devs"), ("PolicyName", "ours"), ("PolicyDocument", &ours)])
        .await?
        .ok()?;
    let create = |name: &'static str, document: String| async move {
        let request = [("PolicyName", name), ("PolicyDocument", document.as_str())];
        anyhow::Ok(text(&client.iam("CreatePolicy", &request).await?.ok()?, "/Policy/Arn"))
    };
    let list = create("list", allow("s3:List*")).await?;
    client.iam("AttachUserPolicy", &[user[0], ("PolicyArn", &list)]).await?.ok()?;
    let edge = create("edge", allow("s3:*")).await?;
    client.iam("PutUserPermissionsBoundary", &[user[0], ("PermissionsBoundary", &edge)]).await?.ok()?;
    Ok(arn)
}

#[test]
fn what_a_principal_may() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let arn = alice(&client).await?;
        let ask = |more: Vec<(&'static str, &'static str)>| {
            let (client, mut request) = (&client, vec![("PolicySourceArn", arn.as_str())]);
            request.extend(more);
            async move {
                let answer = client.iam("SimulatePrincipalPolicy", &request).await?.ok()?;
                anyhow::Ok(answer["EvaluationResults"][0].clone())
            }
        };
        let of = |action, resource| vec![("ActionNames.member.1", action), ("ResourceArns.member.1", resource)];
        let id = |found: &Value| text(found, "/MatchedStatements/0/SourcePolicyId");
        let found = ask(of("s3:GetObject", "arn:aws:s3:::blue/x")).await?;
        assert_eq!((found["EvalDecision"].clone(), id(&found)), (json!("allowed"), "user_alice_mine".to_owned()));
        assert_eq!(found["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"], "true");
        assert_eq!(ask(of("s3:GetObject", "arn:aws:s3:::red/x")).await?["EvalDecision"], "implicitDeny");
        assert_eq!(id(&ask(of("s3:PutObject", "arn:aws:s3:::red/x")).await?), "group_devs_ours");
        assert_eq!(id(&ask(of("s3:ListBucket", "arn:aws:s3:::red")).await?), "list");

        let without = |member, value| {
            let mut request = of("s3:ListBucket", "arn:aws:s3:::red");
            request.push((member, value));
            ask(request)
        };
        let decision = |found: Value| found["EvalDecision"].clone();
        let kind = "PolicyExclusionList.member.1.PolicyType";
        assert_eq!(decision(without(kind, "inline").await?), "allowed");
        assert_eq!(decision(without(kind, "user-managed").await?), "implicitDeny");
        let pattern = "PolicyExclusionList.member.1.PolicyArn";
        assert_eq!(decision(without(pattern, "arn:aws:iam::111122223333:policy/l*").await?), "implicitDeny");
        assert_eq!(decision(without(pattern, "arn:aws:iam::111122223333:policy/m*").await?), "allowed");
        let unbounded = without(kind, "permission-boundary").await?;
        assert!(unbounded.get("PermissionsBoundaryDecisionDetail").is_none());
        Ok(())
    })
    .unwrap();
}

#[test]
fn principals_that_are_not_there_or_none() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let of = |arn: &'static str| [("PolicySourceArn", arn), ("ActionNames.member.1", "s3:GetObject")];
        let gone = client.iam("SimulatePrincipalPolicy", &of("arn:aws:iam::111122223333:user/bob")).await?;
        assert_eq!((gone.status, gone.code()), (404, "NoSuchEntity"));
        assert_eq!(gone.message(), "The user with name bob cannot be found.");
        let root = client.iam("SimulatePrincipalPolicy", &of("arn:aws:iam::111122223333:root")).await?;
        assert_eq!(root.code(), "InvalidInput");
        let foreign = client.iam("SimulatePrincipalPolicy", &of("arn:aws:iam::444455556666:user/bob")).await?;
        assert_eq!((foreign.status, foreign.code()), (403, "AccessDenied"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn context_keys_as_the_policies_write_them() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let custom = client.iam("GetContextKeysForCustomPolicy", &[("PolicyInputList.member.1", DATED)]).await?.ok()?;
        assert_eq!(custom["ContextKeyNames"], json!(["aws:CurrentTime"]));
        let arn = alice(&client).await?;
        let request = [("PolicySourceArn", arn.as_str()), ("PolicyInputList.member.1", DATED)];
        let principal = client.iam("GetContextKeysForPrincipalPolicy", &request).await?.ok()?;
        assert_eq!(principal["ContextKeyNames"], json!(["aws:PrincipalTag/team", "aws:CurrentTime"]));
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_account_at_a_glance_and_in_full() {
    let (_server, client) = development().unwrap();
    block_on(async {
        alice(&client).await?;
        let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
        client.iam("AttachGroupPolicy", &[("GroupName", "devs"), ("PolicyArn", admin)]).await?.ok()?;
        let summary = client.iam("GetAccountSummary", &[]).await?.ok()?["SummaryMap"].clone();
        for (key, value) in [
            ("Users", "1"),
            ("Groups", "1"),
            ("Roles", "0"),
            ("Policies", "2"),
            ("PolicyVersionsInUse", "2"),
            ("PolicySizeQuota", "6144"),
            ("UserPolicySizeQuota", "2048"),
            ("GroupPolicySizeQuota", "5120"),
            ("RolePolicySizeQuota", "10240"),
            ("MFADevices", "0"),
        ] {
            assert_eq!(summary[key], value, "{key}");
        }

        let all = client.iam("GetAccountAuthorizationDetails", &[]).await?.ok()?;
        let user = &all["UserDetailList"][0];
        assert_eq!((&user["GroupList"], &user["UserPolicyList"][0]["PolicyName"]), (&json!(["devs"]), &json!("mine")));
        assert!(text(user, "/UserPolicyList/0/PolicyDocument").starts_with("%7B%22"));
        assert_eq!(user["AttachedManagedPolicies"][0]["PolicyName"], "list");
        assert_eq!(
            user["PermissionsBoundary"]["PermissionsBoundaryArn"],
            format!("arn:aws:iam::{ACCOUNT}:policy/edge")
        );
        assert_eq!(all["GroupDetailList"][0]["AttachedManagedPolicies"][0]["PolicyArn"], admin);
        let policies: Vec<String> =
            all["Policies"].as_array().into_iter().flatten().map(|policy| text(policy, "/PolicyName")).collect();
        assert_eq!(policies, ["edge", "list", "AdministratorAccess"]);
        let filter = [("Filter.member.1", "Group"), ("Filter.member.2", "LocalManagedPolicy"), ("MaxItems", "2")];
        let some = client.iam("GetAccountAuthorizationDetails", &filter).await?.ok()?;
        assert_eq!((&some["UserDetailList"], &some["IsTruncated"]), (&json!(""), &json!("true")));
        assert_eq!(some["Policies"].as_array().map(Vec::len), Some(1));
        Ok(())
    })
    .unwrap();
}
