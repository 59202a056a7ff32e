//! Resource policies: other accounts read by ARN, and nothing more.

use claviger_testkit::{ACCOUNT, OTHER_ACCOUNT, REGION, Server, block_on};
use serde_json::{Value, json};

use super::put;
use crate::grants::people::People;
use crate::new_key;

fn arn(path: &str) -> String {
    format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{path}")
}

fn policy(actions: Value, path: &str) -> String {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "AWS": OTHER_ACCOUNT },
        "Action": actions, "Resource": arn(path) }] })
    .to_string()
}

#[test]
fn a_shared_parameter_is_read_by_its_arn_and_not_written() {
    let server = Server::enforced().unwrap();
    block_on(async {
        People(&server).accounts().await?;
        let owner = server.client(server.issue(ACCOUNT).await?);
        let other = server.client(server.issue(OTHER_ACCOUNT).await?);
        let input = json!({ "Name": "/sh/a", "Value": "v", "Type": "String", "Tier": "Advanced" });
        owner.ssm("PutParameter", &input).await?.ok()?;
        let reads = json!(["ssm:GetParameter", "ssm:GetParameters", "ssm:DescribeParameters"]);
        let share = json!({ "ResourceArn": arn("sh/a"), "Policy": policy(reads.clone(), "sh/a") });
        let get = json!({ "Name": arn("sh/a") });
        assert_eq!(other.ssm("GetParameter", &get).await?.code(), "AccessDeniedException");
        assert_eq!(other.ssm("PutResourcePolicy", &share).await?.code(), "AccessDeniedException");
        let first = owner.ssm("PutResourcePolicy", &share).await?.ok()?;
        let parameter = other.ssm("GetParameter", &get).await?.ok()?["Parameter"].clone();
        assert_eq!((&parameter["Value"], &parameter["Name"]), (&json!("v"), &json!(arn("sh/a"))));
        let several = other.ssm("GetParameters", &json!({ "Names": [arn("sh/a")] })).await?.ok()?;
        assert_eq!(several["Parameters"].as_array().unwrap().len(), 1);
        let shared = other.ssm("DescribeParameters", &json!({ "Shared": true })).await?.ok()?;
        assert_eq!(shared["Parameters"][0]["Name"], arn("sh/a"));
        let own = other.ssm("DescribeParameters", &json!({})).await?.ok()?;
        assert_eq!(own["Parameters"], json!([]));
        assert_eq!(owner.ssm("DescribeParameters", &json!({ "Shared": true })).await?.ok()?["Parameters"], json!([]));
        assert_eq!(other.ssm("GetParameterHistory", &get).await?.code(), "AccessDeniedException");
        // In the other account identity policies decide as ever.
        let lee = People(&server).user(OTHER_ACCOUNT, "lee").await?;
        assert_eq!(lee.client.ssm("GetParameter", &get).await?.code(), "AccessDeniedException");
        for (operation, input) in [
            ("GetResourcePolicies", json!({ "ResourceArn": arn("sh/a") })),
            (
                "DeleteResourcePolicy",
                json!({ "ResourceArn": arn("sh/a"), "PolicyId": first["PolicyId"],
                "PolicyHash": first["PolicyHash"] }),
            ),
        ] {
            assert_eq!(other.ssm(operation, &input).await?.code(), "AccessDeniedException", "{operation}");
        }
        // Both accounts have a record of the read.
        let read = |account: &str| {
            let records = server.audit();
            let of = |record: &&Value| record["eventName"] == "GetParameter" && record["errorCode"].is_null();
            records.iter().filter(of).filter(|record| record["recipientAccountId"] == account).count()
        };
        assert_eq!((read(ACCOUNT), read(OTHER_ACCOUNT)), (1, 1));
        // Changing it takes the id and the hash it was last seen with.
        let mut again = share.clone();
        assert_eq!(owner.ssm("PutResourcePolicy", &again).await?.code(), "ResourcePolicyLimitExceededException");
        again["PolicyId"] = first["PolicyId"].clone();
        assert_eq!(owner.ssm("PutResourcePolicy", &again).await?.code(), "ResourcePolicyInvalidParameterException");
        again["PolicyHash"] = first["PolicyHash"].clone();
        again["Policy"] = json!(policy(json!("ssm:GetParameters"), "sh/a"));
        let second = owner.ssm("PutResourcePolicy", &again).await?.ok()?;
        assert_eq!(second["PolicyId"], first["PolicyId"]);
        assert_eq!(owner.ssm("PutResourcePolicy", &again).await?.code(), "ResourcePolicyConflictException");
        assert_eq!(other.ssm("GetParameter", &get).await?.code(), "AccessDeniedException");
        let listed = owner.ssm("GetResourcePolicies", &json!({ "ResourceArn": arn("sh/a") })).await?.ok()?;
        assert_eq!(listed["Policies"][0]["PolicyHash"], second["PolicyHash"]);
        assert_eq!(listed["Policies"][0]["Policy"], again["Policy"]);
        let end =
            json!({ "ResourceArn": arn("sh/a"), "PolicyId": second["PolicyId"], "PolicyHash": second["PolicyHash"] });
        assert_eq!(owner.ssm("DeleteResourcePolicy", &end).await?.ok()?, json!({}));
        assert_eq!(owner.ssm("DeleteResourcePolicy", &end).await?.code(), "ResourcePolicyNotFoundException");
        assert_eq!(
            other.ssm("GetParameters", &json!({ "Names": [arn("sh/a")] })).await?.code(),
            "AccessDeniedException"
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_cannot_be_shared_is_refused() {
    let server = Server::enforced().unwrap();
    block_on(async {
        People(&server).accounts().await?;
        let owner = server.client(server.issue(ACCOUNT).await?);
        put(&owner, "/sh/standard", "v").await?;
        let secure = json!({ "Name": "/sh/managed", "Value": "v", "Type": "SecureString", "Tier": "Advanced" });
        owner.ssm("PutParameter", &secure).await?.ok()?;
        let get = json!("ssm:GetParameter");
        for (path, text, code) in [
            ("sh/standard", policy(get.clone(), "sh/standard"), "ResourcePolicyInvalidParameterException"),
            ("sh/managed", policy(get.clone(), "sh/managed"), "ResourcePolicyInvalidParameterException"),
            ("sh/none", policy(get.clone(), "sh/none"), "ResourceNotFoundException"),
        ] {
            let input = json!({ "ResourceArn": arn(path), "Policy": text });
            assert_eq!(owner.ssm("PutResourcePolicy", &input).await?.code(), code, "{path}");
        }
        let (key, key_arn) = new_key(&owner).await?;
        let mut secure = json!({ "Name": "/sh/own", "Value": "v", "Type": "SecureString", "Tier": "Advanced", "KeyId": key });
        owner.ssm("PutParameter", &secure).await?.ok()?;
        for (text, code) in [
            ("{}".to_owned(), "MalformedResourcePolicyDocumentException"),
            (policy(json!("ssm:PutParameter"), "sh/own"), "MalformedResourcePolicyDocumentException"),
            (policy(json!("ssm:*"), "sh/own"), "MalformedResourcePolicyDocumentException"),
            (policy(get.clone(), &"x".repeat(1024)), "ResourcePolicyLimitExceededException"),
        ] {
            let input = json!({ "ResourceArn": arn("sh/own"), "Policy": text });
            assert_eq!(owner.ssm("PutResourcePolicy", &input).await?.code(), code, "{text}");
        }
        let share = json!({ "ResourceArn": arn("sh/own"), "Policy": policy(get, "sh/own") });
        owner.ssm("PutResourcePolicy", &share).await?.ok()?;
        // The key is shared on its own.
        let other = server.client(server.issue(OTHER_ACCOUNT).await?);
        let read = json!({ "Name": arn("sh/own"), "WithDecryption": true });
        let answer = other.ssm("GetParameter", &read).await?;
        assert!(answer.message().contains("kms:Decrypt"), "{}", answer.body);
        let statement = |account: &str| json!({ "Effect": "Allow", "Principal": { "AWS": account }, "Action": "kms:*", "Resource": "*" });
        let key_policy = json!({ "Version": "2012-10-17", "Statement": [statement(ACCOUNT), statement(OTHER_ACCOUNT)] });
        let input = json!({ "KeyId": key_arn, "PolicyName": "default", "Policy": key_policy.to_string() });
        owner.kms("PutKeyPolicy", &input).await?.ok()?;
        assert_eq!(other.ssm("GetParameter", &read).await?.ok()?["Parameter"]["Value"], "v");
        secure["Overwrite"] = json!(true);
        let theirs = other.ssm("PutParameter", &json!({ "Name": arn("sh/own"), "Value": "x", "Type": "String" })).await?;
        assert_eq!(theirs.code(), "ValidationException");
        Ok(())
    })
    .unwrap();
}
