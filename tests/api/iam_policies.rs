//! Managed and inline policies, permissions boundaries and what tells of them, through the whole HTTP stack.

use std::sync::Arc;

use claviger_identity::{Entity, GroupRecord, RoleRecord, UserRecord};
use claviger_pipeline::credentials::{Owner, issue};
use claviger_store::Batch;
use claviger_testkit::{ACCOUNT, Answer, Client, OTHER_ACCOUNT, Server, Signing, block_on};
use serde_json::{Value, json};

use crate::{development, text};

const READ: &str = r#"{"Version": "2012-10-17",
 "Statement": {"Effect": "Allow", "Action": ["kms:ListKeys", "iam:Get*"], "Resource": "*"}}"#;
const NO_SUCH: &str = "arn:aws:iam::111122223333:policy/none";

fn user(name: &str) -> UserRecord {
    UserRecord {
        account: ACCOUNT.to_owned(),
        name: name.to_owned(),
        path: "/staff/".to_owned(),
        user_id: format!("AIDA{:A>17}", name.to_ascii_uppercase()),
        created: jiff::Timestamp::UNIX_EPOCH,
        tags: [("team".to_owned(), "blue".to_owned())].into(),
        boundary: None,
        held: Default::default(),
        groups: Default::default(),
    }
}

fn group(name: &str) -> GroupRecord {
    GroupRecord {
        account: ACCOUNT.to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        group_id: format!("AGPA{:A>17}", name.to_ascii_uppercase()),
        created: jiff::Timestamp::UNIX_EPOCH,
        held: Default::default(),
    }
}

fn role(name: &str) -> RoleRecord {
    RoleRecord {
        account: ACCOUNT.to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        role_id: format!("AROA{:A>17}", name.to_ascii_uppercase()),
        created: jiff::Timestamp::UNIX_EPOCH,
        description: None,
        max_session_seconds: 3600,
        trust: json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}})
        .to_string(),
        trusted: Default::default(),
        tags: Default::default(),
        boundary: None,
        held: Default::default(),
    }
}

/// The user `alice`, the group `devs` and the role `app`.
async fn people(server: &Server) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    batch.insert(&user("alice"));
    batch.insert(&group("devs"));
    batch.insert(&role("app"));
    server.system().commit(batch).await?;
    Ok(())
}

/// A client of a user who has no permissions but those of its policies.
async fn client_of(server: &Server, name: &str) -> anyhow::Result<Client> {
    let owner = Owner::User { user_id: user(name).user_id };
    let issued = issue(server.system(), ACCOUNT, owner).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut batch = Batch::default();
    batch.insert(&issued.record);
    server.system().commit(batch).await?;
    let secret = issued.secret.to_string();
    Ok(server.client(Signing::With { access_key_id: issued.record.access_key_id, secret }))
}

async fn create(client: &Client, name: &str, document: &str) -> anyhow::Result<String> {
    let created = client.iam("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", document)]).await?.ok()?;
    Ok(text(&created, "/Policy/Arn"))
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.code(), answer.message()), (status, code, message), "{answer:?}");
}

fn names(answer: &Value, list: &str, name: &str) -> Vec<String> {
    answer[list].as_array().into_iter().flatten().map(|item| text(item, name)).collect()
}

#[test]
fn a_managed_policy_from_its_making_to_its_end() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let request = [
            ("PolicyName", "Read"),
            ("Path", "/tools/"),
            ("PolicyDocument", READ),
            ("Description", "reads"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "blue"),
        ];
        let created = client.iam("CreatePolicy", &request).await?.ok()?;
        let arn = text(&created, "/Policy/Arn");
        assert_eq!(arn, format!("arn:aws:iam::{ACCOUNT}:policy/tools/Read"));
        let policy = &created["Policy"];
        assert_eq!((&policy["DefaultVersionId"], &policy["AttachmentCount"]), (&json!("v1"), &json!("0")));
        assert!(text(policy, "/PolicyId").starts_with("ANPA") && text(policy, "/PolicyId").len() == 21);
        assert!(text(policy, "/CreateDate").ends_with('Z'));
        assert!(policy.get("Description").is_none());
        assert_eq!(policy["Tags"], json!([{"Key": "team", "Value": "blue"}]));

        // A name is taken whatever its case and path.
        let again = client.iam("CreatePolicy", &[("PolicyName", "READ"), ("PolicyDocument", READ)]).await?;
        refused(
            &again,
            409,
            "EntityAlreadyExists",
            "A policy called READ already exists. Duplicate names are not allowed.",
        );

        let of = [("PolicyArn", &*arn)];
        let read = client.iam("GetPolicy", &of).await?.ok()?;
        assert_eq!(read["Policy"]["Description"], "reads");
        let version = client.iam("GetPolicyVersion", &[of[0], ("VersionId", "v1")]).await?.ok()?;
        let encoded = text(&version, "/PolicyVersion/Document");
        assert!(encoded.starts_with("%7B%22Version%22%3A%20%222012-10-17%22%2C%0A"), "{encoded}");

        let tag = |key: &'static str| [of[0], ("Tags.member.1.Key", key), ("Tags.member.1.Value", "x")];
        client.iam("TagPolicy", &tag("TEAM")).await?.ok()?;
        client.iam("TagPolicy", &tag("stage")).await?.ok()?;
        let tags = client.iam("ListPolicyTags", &of).await?.ok()?;
        assert_eq!(tags["Tags"], json!([{"Key": "TEAM", "Value": "x"}, {"Key": "stage", "Value": "x"}]));
        client.iam("UntagPolicy", &[of[0], ("TagKeys.member.1", "Stage")]).await?.ok()?;
        let tags = client.iam("ListPolicyTags", &of).await?.ok()?;
        assert_eq!(names(&tags, "Tags", "/Key"), ["TEAM"]);

        client.iam("DeletePolicy", &of).await?.ok()?;
        refused(&client.iam("GetPolicy", &of).await?, 404, "NoSuchEntity", &format!("Policy {arn} was not found."));
        refused(&client.iam("DeletePolicy", &of).await?, 404, "NoSuchEntity", &format!("Policy {arn} was not found."));
        Ok(())
    })
    .unwrap();
}

#[test]
fn five_versions_and_the_one_in_force_stays() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let arn = create(&client, "Read", READ).await?;
        let of = ("PolicyArn", &*arn);
        let text_of = |number: usize| READ.replace("kms:ListKeys", &format!("kms:Describe{number}"));
        for number in 2..=5 {
            let document = text_of(number);
            let default = if number == 3 { "true" } else { "false" };
            let request = [of, ("PolicyDocument", &*document), ("SetAsDefault", default)];
            let made = client.iam("CreatePolicyVersion", &request).await?.ok()?;
            assert_eq!(text(&made, "/PolicyVersion/VersionId"), format!("v{number}"));
            assert_eq!(text(&made, "/PolicyVersion/IsDefaultVersion"), default);
        }
        let sixth = client.iam("CreatePolicyVersion", &[of, ("PolicyDocument", READ)]).await?;
        let many = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                    existing version.";
        refused(&sixth, 409, "LimitExceeded", many);
        let listed = client.iam("ListPolicyVersions", &[of]).await?.ok()?;
        assert_eq!(names(&listed, "Versions", "/VersionId"), ["v5", "v4", "v3", "v2", "v1"]);

        let of_version = |version: &'static str| [of, ("VersionId", version)];
        let default = client.iam("DeletePolicyVersion", &of_version("v3")).await?;
        refused(&default, 409, "DeleteConflict", "Cannot delete the default version of a policy.");
        let policy = client.iam("DeletePolicy", &[of]).await?;
        assert_eq!((policy.status, policy.code()), (409, "DeleteConflict"));
        client.iam("DeletePolicyVersion", &of_version("v5")).await?.ok()?;
        let gone = client.iam("SetDefaultPolicyVersion", &of_version("v5")).await?;
        refused(&gone, 404, "NoSuchEntity", &format!("Policy {arn} version v5 does not exist or is not attachable."));
        client.iam("SetDefaultPolicyVersion", &of_version("v1")).await?.ok()?;
        // A number is never given twice.
        let made = client.iam("CreatePolicyVersion", &[of, ("PolicyDocument", READ)]).await?.ok()?;
        assert_eq!(text(&made, "/PolicyVersion/VersionId"), "v6");
        Ok(())
    })
    .unwrap();
}

#[test]
fn attached_policies_count_and_hold_their_policy() {
    let (server, client) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let arn = create(&client, "Read", READ).await?;
        let of = ("PolicyArn", &*arn);
        for (action, member, name) in [
            ("AttachUserPolicy", "UserName", "alice"),
            ("AttachGroupPolicy", "GroupName", "devs"),
            ("AttachRolePolicy", "RoleName", "app"),
        ] {
            client.iam(action, &[(member, name), of]).await?.ok()?;
            // Once more is no error and changes nothing.
            client.iam(action, &[(member, name), of]).await?.ok()?;
        }
        let read = client.iam("GetPolicy", &[of]).await?.ok()?;
        assert_eq!(text(&read, "/Policy/AttachmentCount"), "3");
        let alice = [("UserName", "alice")];
        let held = client.iam("ListAttachedUserPolicies", &alice).await?.ok()?;
        assert_eq!(held["AttachedPolicies"], json!([{"PolicyName": "Read", "PolicyArn": arn}]));
        let elsewhere = client.iam("ListAttachedUserPolicies", &[alice[0], ("PathPrefix", "/other/")]).await?.ok()?;
        assert_eq!(elsewhere["AttachedPolicies"], "");

        let holders = client.iam("ListEntitiesForPolicy", &[of]).await?.ok()?;
        assert_eq!(names(&holders, "PolicyUsers", "/UserName"), ["alice"]);
        assert_eq!(names(&holders, "PolicyGroups", "/GroupName"), ["devs"]);
        assert_eq!(names(&holders, "PolicyRoles", "/RoleName"), ["app"]);
        let staff = client.iam("ListEntitiesForPolicy", &[of, ("PathPrefix", "/staff/")]).await?.ok()?;
        assert_eq!((names(&staff, "PolicyUsers", "/UserName").len(), &staff["PolicyRoles"]), (1, &json!("")));
        let first = client.iam("ListEntitiesForPolicy", &[of, ("MaxItems", "2")]).await?.ok()?;
        assert_eq!(first["IsTruncated"], "true");
        let marker = text(&first, "/Marker");
        let rest = client.iam("ListEntitiesForPolicy", &[of, ("Marker", &*marker)]).await?.ok()?;
        assert_eq!((&rest["IsTruncated"], names(&rest, "PolicyUsers", "/UserName").len()), (&json!("false"), 1));

        let held = client.iam("DeletePolicy", &[of]).await?;
        refused(&held, 409, "DeleteConflict", "Cannot delete a policy attached to entities.");
        client.iam("DetachUserPolicy", &[alice[0], of]).await?.ok()?;
        let twice = client.iam("DetachUserPolicy", &[alice[0], of]).await?;
        refused(&twice, 404, "NoSuchEntity", &format!("Policy {arn} was not found."));
        client.iam("DetachGroupPolicy", &[("GroupName", "devs"), of]).await?.ok()?;
        client.iam("DetachRolePolicy", &[("RoleName", "app"), of]).await?.ok()?;
        client.iam("DeletePolicy", &[of]).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_cannot_be_attached() {
    let (server, client) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let attach = |name: &'static str, arn: &'static str| {
            let client = &client;
            async move { client.iam("AttachUserPolicy", &[("UserName", name), ("PolicyArn", arn)]).await }
        };
        let none = format!("Policy {NO_SUCH} does not exist or is not attachable.");
        refused(&attach("alice", NO_SUCH).await?, 404, "NoSuchEntity", &none);
        refused(&attach("bob", NO_SUCH).await?, 404, "NoSuchEntity", "The user with name bob cannot be found.");
        let garbled = attach("alice", "no arn, but twenty letters").await?;
        refused(&garbled, 400, "ValidationError", "Invalid ARN:  Could not be parsed!");
        let role = "arn:aws:iam::111122223333:role/app";
        refused(&attach("alice", role).await?, 400, "InvalidInput", &format!("ARN {role} is not valid."));
        attach("alice", "arn:aws:iam::aws:policy/AdministratorAccess").await?.ok()?;
        for number in 1..10 {
            let arn = create(&client, &format!("p{number}"), READ).await?;
            client.iam("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", &*arn)]).await?.ok()?;
        }
        let eleventh = attach("alice", "arn:aws:iam::aws:policy/IAMFullAccess").await?;
        refused(&eleventh, 409, "LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 10");
        Ok(())
    })
    .unwrap();
}

#[test]
fn awss_policies_are_there_to_be_read() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let own = create(&client, "Own", READ).await?;
        let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
        let of = ("PolicyArn", arn);
        assert_eq!(text(&client.iam("GetPolicy", &[of]).await?.ok()?, "/Policy/PolicyName"), "AdministratorAccess");
        let version = client.iam("GetPolicyVersion", &[of, ("VersionId", "v1")]).await?.ok()?;
        assert!(text(&version, "/PolicyVersion/Document").contains("%22Action%22%3A%22%2A%22"));
        let change = client.iam("CreatePolicyVersion", &[of, ("PolicyDocument", READ)]).await?;
        refused(&change, 403, "AccessDenied", "Policy is outside your own account.");

        let arns = |answer: Value| names(&answer, "Policies", "/Arn");
        let local = arns(client.iam("ListPolicies", &[("Scope", "Local")]).await?.ok()?);
        assert_eq!(local, [own.as_str()]);
        let aws = arns(client.iam("ListPolicies", &[("Scope", "AWS")]).await?.ok()?);
        assert!(aws.iter().any(|known| known == arn) && !aws.contains(&own));
        let all = arns(client.iam("ListPolicies", &[]).await?.ok()?);
        assert_eq!(all.len(), aws.len() + 1);
        // Page by page the same.
        let (mut paged, mut marker) = (Vec::new(), None::<String>);
        loop {
            let mut request = vec![("MaxItems", "2")];
            request.extend(marker.as_deref().map(|marker| ("Marker", marker)));
            let page = client.iam("ListPolicies", &request).await?.ok()?;
            marker = page["Marker"].as_str().map(str::to_owned);
            assert_eq!(page["IsTruncated"], marker.is_some().to_string());
            paged.extend(arns(page));
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(paged, all);
        let wrong = client.iam("ListPolicies", &[("Marker", "no marker")]).await?;
        refused(&wrong, 400, "ValidationError", "Invalid Marker.");
        assert!(arns(client.iam("ListPolicies", &[("OnlyAttached", "true")]).await?.ok()?).is_empty());
        Ok(())
    })
    .unwrap();
}

#[test]
fn inline_policies_of_all_three() {
    let (server, client) = development().unwrap();
    block_on(async {
        people(&server).await?;
        for (kind, name, limit) in [("User", "alice", 2048), ("Group", "devs", 5120), ("Role", "app", 10240)] {
            let member = format!("{kind}Name");
            let of = (&*member, name);
            let policy = [of, ("PolicyName", "in")];
            let put = |document: String| {
                let (client, request) = (&client, [policy[0], policy[1]]);
                async move {
                    let request = [request[0], request[1], ("PolicyDocument", &*document)];
                    client.iam(&format!("Put{kind}Policy"), &request).await
                }
            };
            let missing = client.iam(&format!("Get{kind}Policy"), &policy).await?;
            let word = kind.to_ascii_lowercase();
            refused(&missing, 404, "NoSuchEntity", &format!("The {word} policy with name in cannot be found."));
            put(READ.to_owned()).await?.ok()?;
            let read = client.iam(&format!("Get{kind}Policy"), &policy).await?.ok()?;
            assert_eq!((&read[&member], &read["PolicyName"]), (&json!(name), &json!("in")));
            assert!(text(&read, "/PolicyDocument").starts_with("%7B%22Version%22%3A%20"));
            let listed = client.iam(&format!("List{kind}Policies"), &[of]).await?.ok()?;
            assert_eq!(listed["PolicyNames"], json!(["in"]));

            // Blanks do not count; letters do, to the last one.
            let sized = |letters: usize| {
                let frame =
                    r#"{"Version":"2012-10-17","Statement":{"Sid":"","Effect":"Deny","Action":"a:b","Resource":"*"}}"#;
                let sid = "a".repeat(letters - frame.len());
                format!("{}{frame}", " ".repeat(100)).replace("\"Sid\":\"\"", &format!("\"Sid\":\"{sid}\""))
            };
            put(sized(limit)).await?.ok()?;
            let text = format!("Maximum policy size of {limit} bytes exceeded for {word} {name}");
            refused(&put(sized(limit + 1)).await?, 409, "LimitExceeded", &text);
            refused(&put("{".to_owned()).await?, 400, "MalformedPolicyDocument", "This policy contains invalid Json");
            client.iam(&format!("Delete{kind}Policy"), &policy).await?.ok()?;
            let twice = client.iam(&format!("Delete{kind}Policy"), &policy).await?;
            refused(&twice, 404, "NoSuchEntity", &format!("The {word} policy with name in cannot be found."));
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn documents_are_checked_before_they_are_kept() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let make = |document: String| {
            let client = &client;
            async move { client.iam("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &*document)]).await }
        };
        let old = READ.replace("2012-10-17", "2008-10-17");
        let text = "Policy document must be version 2012-10-17 or greater.";
        refused(&make(old).await?, 400, "MalformedPolicyDocument", text);
        refused(
            &make("nonsense".to_owned()).await?,
            400,
            "MalformedPolicyDocument",
            "This policy contains invalid Json",
        );
        let long = READ.replace("kms:ListKeys", &format!("kms:{}", "a".repeat(6144)));
        refused(&make(long).await?, 409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144");
        let odd = make(format!("{READ}\u{2603}")).await?;
        assert_eq!((odd.status, odd.code()), (400, "ValidationError"));
        let listed = client.iam("ListPolicies", &[("Scope", "Local")]).await?.ok()?;
        assert_eq!(listed["Policies"], "");
        Ok(())
    })
    .unwrap();
}

#[test]
fn boundaries_are_put_told_and_taken_away() {
    let (server, client) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let arn = create(&client, "Edge", READ).await?;
        let none = client
            .iam("PutUserPermissionsBoundary", &[("UserName", "alice"), ("PermissionsBoundary", NO_SUCH)])
            .await?;
        refused(&none, 404, "NoSuchEntity", &format!("Scope ARN: {NO_SUCH} does not exist or is not attachable."));
        for (kind, name) in [("User", "alice"), ("Role", "app")] {
            let member = format!("{kind}Name");
            let request = [(&*member, name), ("PermissionsBoundary", &*arn)];
            client.iam(&format!("Put{kind}PermissionsBoundary"), &request).await?.ok()?;
        }
        let read = client.iam("GetPolicy", &[("PolicyArn", &*arn)]).await?.ok()?;
        assert_eq!(read["Policy"]["PermissionsBoundaryUsageCount"], "2");
        assert_eq!(read["Policy"]["AttachmentCount"], "0");
        let used = [("PolicyUsageFilter", "PermissionsBoundary")];
        let listed = client.iam("ListPolicies", &used).await?.ok()?;
        assert_eq!(names(&listed, "Policies", "/Arn"), [arn.as_str()]);
        let held = client.iam("DeletePolicy", &[("PolicyArn", &*arn)]).await?;
        refused(&held, 409, "DeleteConflict", "Cannot delete a policy attached to entities.");
        client.iam("DeleteUserPermissionsBoundary", &[("UserName", "alice")]).await?.ok()?;
        client.iam("DeleteRolePermissionsBoundary", &[("RoleName", "app")]).await?.ok()?;
        client.iam("DeletePolicy", &[("PolicyArn", &*arn)]).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn permissions_count_at_once_and_existence_is_not_told_to_strangers() {
    let (server, root) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let alice = client_of(&server, "alice").await?;
        let arn = create(&root, "Read", READ).await?;
        let me = user("alice").arn("aws");
        for name in [&*arn, NO_SUCH] {
            let answer = alice.iam("GetPolicy", &[("PolicyArn", name)]).await?;
            let message = format!(
                "User: {me} is not authorized to perform: iam:GetPolicy on resource: policy {name} because no \
                 identity-based policy allows the iam:GetPolicy action"
            );
            refused(&answer, 403, "AccessDenied", &message);
        }
        let listing = alice.iam("ListPolicies", &[]).await?;
        let message = format!(
            "User: {me} is not authorized to perform: iam:ListPolicies on resource: policy path / because no \
             identity-based policy allows the iam:ListPolicies action"
        );
        refused(&listing, 403, "AccessDenied", &message);
        root.iam("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", &*arn)]).await?.ok()?;
        alice.iam("GetPolicy", &[("PolicyArn", &*arn)]).await?.ok()?;
        assert_eq!(alice.iam("GetPolicy", &[("PolicyArn", NO_SUCH)]).await?.code(), "NoSuchEntity");
        root.iam("DetachUserPolicy", &[("UserName", "alice"), ("PolicyArn", &*arn)]).await?.ok()?;
        assert_eq!(alice.iam("GetPolicy", &[("PolicyArn", &*arn)]).await?.code(), "AccessDenied");
        Ok(())
    })
    .unwrap();
}

#[test]
fn condition_keys_of_attaching_decide() {
    let (server, root) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let alice = client_of(&server, "alice").await?;
        let (good, bad) = (create(&root, "good", READ).await?, create(&root, "bad", READ).await?);
        let edge = create(&root, "edge", READ).await?;
        let allow = |condition: Value| {
            json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["iam:AttachRolePolicy", "iam:AttachUserPolicy"], "Resource": "*",
                 "Condition": condition}]})
            .to_string()
        };
        let put = |document: String| {
            let root = &root;
            async move {
                let request = [("UserName", "alice"), ("PolicyName", "in"), ("PolicyDocument", &*document)];
                root.iam("PutUserPolicy", &request).await?.ok()
            }
        };
        let attach_role = |arn: &str| {
            let (alice, arn) = (&alice, arn.to_owned());
            async move { alice.iam("AttachRolePolicy", &[("RoleName", "app"), ("PolicyArn", &*arn)]).await }
        };
        put(allow(json!({"ArnEquals": {"iam:PolicyARN": good}}))).await?;
        attach_role(&good).await?.ok()?;
        assert_eq!(attach_role(&bad).await?.code(), "AccessDenied");

        put(allow(json!({"StringEquals": {"iam:PermissionsBoundary": edge}}))).await?;
        assert_eq!(attach_role(&bad).await?.code(), "AccessDenied");
        root.iam("PutRolePermissionsBoundary", &[("RoleName", "app"), ("PermissionsBoundary", &*edge)]).await?.ok()?;
        attach_role(&bad).await?.ok()?;

        put(allow(json!({"StringEquals": {"aws:ResourceTag/team": "blue"}}))).await?;
        assert_eq!(attach_role(&bad).await?.code(), "AccessDenied");
        let to_self = alice.iam("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", &*good)]).await?;
        to_self.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn refusals_name_what_they_are_about_as_iam_does() {
    let (server, root) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let alice = client_of(&server, "alice").await?;
        let document = ("PolicyDocument", READ);
        for (action, parameters, resource) in [
            ("GetUserPolicy", vec![("UserName", "bob"), ("PolicyName", "in")], "user bob".to_owned()),
            ("AttachRolePolicy", vec![("RoleName", "app"), ("PolicyArn", NO_SUCH)], "role app".to_owned()),
            ("DeleteGroupPolicy", vec![("GroupName", "devs"), ("PolicyName", "in")], "group devs".to_owned()),
            ("CreatePolicy", vec![("PolicyName", "p"), document], "policy p".to_owned()),
            ("CreatePolicyVersion", vec![("PolicyArn", NO_SUCH), document], format!("policy {NO_SUCH}")),
            (
                "SimulatePrincipalPolicy",
                vec![
                    ("PolicySourceArn", "arn:aws:iam::111122223333:role/app"),
                    ("ActionNames.member.1", "kms:Encrypt"),
                ],
                "arn:aws:iam::111122223333:role/app".to_owned(),
            ),
        ] {
            let answer = alice.iam(action, &parameters).await?;
            let who = user("alice").arn("aws");
            let message = format!(
                "User: {who} is not authorized to perform: iam:{action} on resource: {resource} because no \
                 identity-based policy allows the iam:{action} action"
            );
            refused(&answer, 403, "AccessDenied", &message);
        }
        drop(root);
        Ok(())
    })
    .unwrap();
}

#[test]
fn attaching_and_deleting_exclude_each_other() {
    let (server, client) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let client = Arc::new(client);
        for round in 0..20 {
            let arn = create(&client, &format!("p{round}"), READ).await?;
            let call = |action: &'static str, of: Option<(&'static str, &'static str)>| {
                let (client, arn) = (Arc::clone(&client), arn.clone());
                tokio::spawn(async move {
                    let mut request = vec![("PolicyArn", arn.as_str())];
                    request.extend(of);
                    client.iam(action, &request).await
                })
            };
            let attached = call("AttachRolePolicy", Some(("RoleName", "app")));
            let deleted = call("DeletePolicy", None);
            let (attached, deleted) = (attached.await??, deleted.await??);
            match (attached.status, deleted.status) {
                (200, 409) => {
                    drop(client.iam("DetachRolePolicy", &[("RoleName", "app"), ("PolicyArn", &arn)]).await?.ok()?)
                }
                (404, 200) => {}
                other => panic!("{other:?}"),
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn condition_keys_of_tags_and_boundaries_decide() {
    let (server, root) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let alice = client_of(&server, "alice").await?;
        let (edge, other) = (create(&root, "edge", READ).await?, create(&root, "other", READ).await?);
        let allow = |action: &'static str, condition: Value| {
            let root = &root;
            let document = json!({"Version": "2012-10-17", "Statement":
                {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}})
            .to_string();
            async move {
                let request = [("UserName", "alice"), ("PolicyName", "in"), ("PolicyDocument", &*document)];
                root.iam("PutUserPolicy", &request).await?.ok()
            }
        };
        let code = |action: &'static str, parameters: Vec<(&'static str, String)>| {
            let alice = &alice;
            async move {
                let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
                anyhow::Ok(alice.iam(action, &parameters).await?.code().to_owned())
            }
        };
        let bound = |arn: &str| vec![("RoleName", "app".to_owned()), ("PermissionsBoundary", arn.to_owned())];
        allow("iam:PutRolePermissionsBoundary", json!({"StringEquals": {"iam:PermissionsBoundary": edge}})).await?;
        assert_eq!(code("PutRolePermissionsBoundary", bound(&other)).await?, "AccessDenied");
        assert_eq!(code("PutRolePermissionsBoundary", bound(&edge)).await?, "");
        // The boundary that is there counts where the request names none.
        allow("iam:DeleteRolePermissionsBoundary", json!({"StringNotEquals": {"iam:PermissionsBoundary": edge}}))
            .await?;
        assert_eq!(code("DeleteRolePermissionsBoundary", bound(&edge)[..1].to_vec()).await?, "AccessDenied");

        let made = |name: &str, value: &str| {
            let tag = [("Tags.member.1.Key", "team".to_owned()), ("Tags.member.1.Value", value.to_owned())];
            [vec![("PolicyName", name.to_owned()), ("PolicyDocument", READ.to_owned())], tag.to_vec()].concat()
        };
        allow("iam:CreatePolicy", json!({"StringEquals": {"aws:RequestTag/team": "blue"}})).await?;
        assert_eq!(code("CreatePolicy", made("p", "red")).await?, "AccessDenied");
        assert_eq!(code("CreatePolicy", made("p", "blue")).await?, "");
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/p");
        let of = |arn: &str| vec![("PolicyArn", arn.to_owned())];
        allow("iam:GetPolicy", json!({"StringEquals": {"iam:ResourceTag/Team": "blue"}})).await?;
        assert_eq!(code("GetPolicy", of(&arn)).await?, "");
        assert_eq!(code("GetPolicy", of(&edge)).await?, "AccessDenied");
        let untag = |key: &str| [of(&arn), vec![("TagKeys.member.1", key.to_owned())]].concat();
        allow("iam:UntagPolicy", json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}})).await?;
        assert_eq!(code("UntagPolicy", untag("team")).await?, "AccessDenied");
        assert_eq!(code("UntagPolicy", untag("stage")).await?, "");
        Ok(())
    })
    .unwrap();
}

#[test]
fn another_accounts_policies_are_out_of_reach() {
    let (server, root) = development().unwrap();
    block_on(async {
        people(&server).await?;
        let arn = create(&root, "Read", READ).await?;
        let stranger = server.client(Signing::Unknown(OTHER_ACCOUNT.to_owned()));
        for name in [&*arn, NO_SUCH] {
            let answer = stranger.iam("GetPolicy", &[("PolicyArn", name)]).await?;
            assert_eq!((answer.status, answer.code()), (403, "AccessDenied"));
            assert!(answer.message().contains("on this resource because the resource does not exist"), "{answer:?}");
        }
        let foreign = "arn:aws:iam::444455556666:policy/p";
        let attached = root.iam("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", foreign)]).await?;
        let text = format!("Policy {foreign} does not exist or is not attachable.");
        refused(&attached, 404, "NoSuchEntity", &text);
        Ok(())
    })
    .unwrap();
}
