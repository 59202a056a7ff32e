//! Who may do what: by path, by condition, by tag, and as whom the key service is asked.

use claviger_testkit::{ACCOUNT, Answer, OTHER_ACCOUNT, REGION, Server, block_on};
use serde_json::{Value, json};

use super::put;
use crate::grants::people::People;
use crate::new_key;

fn arn(path: &str) -> String {
    format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{path}")
}

fn policy(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn denied(answer: &Answer) -> bool {
    answer.code() == "AccessDeniedException"
}

#[test]
fn a_policy_by_path_lets_in_there_and_nowhere_else() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let root = server.client(server.issue(ACCOUNT).await?);
        for name in ["/prod/app/url", "/prod/app/db/pw", "/prod/other", "/test/app/url", "prod"] {
            put(&root, name, "v").await?;
        }
        let ada = People(&server).user(ACCOUNT, "ada").await?;
        ada.put_policy(&policy(json!([{ "Effect": "Allow", "Resource": [arn("prod/app"), arn("prod/app/*")],
            "Action": ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"] }])))
            .await?;
        let get = async |name: &str| ada.client.ssm("GetParameter", &json!({ "Name": name })).await;
        get("/prod/app/url").await?.ok()?;
        get("/prod/app/url:1").await?.ok()?;
        let other = get("/prod/other").await?;
        let text = format!(
            "User: {} is not authorized to perform: ssm:GetParameter on resource: {} because no identity-based policy \
             allows the ssm:GetParameter action",
            ada.arn,
            arn("prod/other")
        );
        assert_eq!((other.code(), other.message()), ("AccessDeniedException", text.as_str()));
        // What is not there is refused alike where it may not be looked for, and is only missing where it may.
        assert!(denied(&get("/none").await?) && denied(&get("prod").await?));
        assert_eq!(get("/prod/app/none").await?.code(), "ParameterNotFound");
        let by_path = async |path: &str, recursive: bool| {
            ada.client.ssm("GetParametersByPath", &json!({ "Path": path, "Recursive": recursive })).await
        };
        assert_eq!(by_path("/prod/app/", true).await?.ok()?["Parameters"].as_array().unwrap().len(), 2);
        assert!(denied(&by_path("/prod", true).await?) && denied(&by_path("/", true).await?));
        // One forbidden name forbids all.
        let names = json!({ "Names": ["/prod/app/url", "/prod/other"] });
        assert!(denied(&ada.client.ssm("GetParameters", &names).await?));
        let names = json!({ "Names": ["/prod/app/url", "/prod/app/none"] });
        assert_eq!(ada.client.ssm("GetParameters", &names).await?.ok()?["InvalidParameters"], json!(["/prod/app/none"]));
        for operation in ["DeleteParameter", "GetParameterHistory"] {
            assert!(denied(&ada.client.ssm(operation, &json!({ "Name": "/prod/app/url" })).await?), "{operation}");
        }
        assert!(denied(&ada.client.ssm("DescribeParameters", &json!({})).await?));
        // A node's children are not judged one by one.
        ada.put_policy(&policy(json!([
            { "Effect": "Allow", "Action": "ssm:GetParametersByPath", "Resource": "*" },
            { "Effect": "Deny", "Action": "ssm:*", "Resource": arn("prod/app/db/*") },
            { "Effect": "Deny", "Action": "ssm:*", "Resource": "*",
              "Condition": { "StringEquals": { "ssm:Recursive": "true" }, "ArnLike": { "aws:PrincipalArn": "*/none" } } }
        ])))
        .await?;
        assert_eq!(by_path("/prod", true).await?.ok()?["Parameters"].as_array().unwrap().len(), 3);
        Ok(())
    })
    .unwrap();
}

#[test]
fn conditions_see_the_request_and_the_parameter() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let root = server.client(server.issue(ACCOUNT).await?);
        let input = json!({ "Name": "/c/red", "Value": "v", "Type": "String", "Tags": [{ "Key": "Team", "Value": "red" }] });
        root.ssm("PutParameter", &input).await?.ok()?;
        put(&root, "/c/plain", "v").await?;
        let ada = People(&server).user(ACCOUNT, "ada").await?;
        let write = |name: &str, more: Value| {
            let mut input = json!({ "Name": name, "Value": "v", "Type": "String" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        let idle = r#"[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"1","Unit":"Days"}}]"#;
        let tags = json!({ "Tags": [{ "Key": "Team", "Value": "red" }] });
        let all = json!({ "Effect": "Allow", "Action": "ssm:*", "Resource": "*" });
        let deny = |action: &str, condition: Value| {
            json!([all, { "Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition }])
        };
        let equals = |key: &str, value: &str| json!({ "StringEquals": { key: value } });
        for (statements, operation, input, expected) in [
            (deny("ssm:PutParameter", equals("ssm:Overwrite", "true")), "PutParameter",
             write("/c/red", json!({ "Overwrite": true })), false),
            (deny("ssm:PutParameter", equals("ssm:Overwrite", "true")), "PutParameter", write("/c/n1", json!({})), true),
            (deny("ssm:PutParameter", equals("ssm:Policies", "true")), "PutParameter",
             write("/c/n2", json!({ "Tier": "Advanced", "Policies": idle })), false),
            (deny("ssm:PutParameter", equals("ssm:Policies", "true")), "PutParameter", write("/c/n3", json!({})), true),
            (deny("ssm:GetParametersByPath", equals("ssm:Recursive", "true")), "GetParametersByPath",
             json!({ "Path": "/c", "Recursive": true }), false),
            (deny("ssm:GetParametersByPath", equals("ssm:Recursive", "true")), "GetParametersByPath",
             json!({ "Path": "/c" }), true),
            (deny("ssm:GetParameter", equals("ssm:resourceTag/Team", "red")), "GetParameter", json!({ "Name": "/c/red" }), false),
            (deny("ssm:GetParameter", equals("aws:ResourceTag/Team", "red")), "GetParameter", json!({ "Name": "/c/red" }), false),
            (deny("ssm:GetParameter", equals("aws:ResourceTag/Team", "red")), "GetParameter", json!({ "Name": "/c/plain" }), true),
            (deny("ssm:PutParameter", equals("aws:RequestTag/Team", "red")), "PutParameter", write("/c/n4", tags.clone()), false),
            // Tags need a permission of their own.
            (json!([{ "Effect": "Allow", "Action": "ssm:PutParameter", "Resource": "*" }]), "PutParameter",
             write("/c/n5", tags.clone()), false),
            (json!([{ "Effect": "Allow", "Action": ["ssm:PutParameter", "ssm:AddTagsToResource"], "Resource": "*" }]),
             "PutParameter", write("/c/n6", tags), true),
        ] {
            ada.put_policy(&policy(statements.clone())).await?;
            let answer = ada.client.ssm(operation, &input).await?;
            assert_eq!(answer.status == 200, expected, "{statements} {input}: {}", answer.body);
            assert!(expected || denied(&answer), "{}", answer.body);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_key_is_used_with_the_callers_rights() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let root = server.client(server.issue(ACCOUNT).await?);
        let (key, key_arn) = new_key(&root).await?;
        let input = json!({ "Name": "/k/pw", "Value": "secret", "Type": "SecureString", "KeyId": key });
        root.ssm("PutParameter", &input).await?.ok()?;
        let ada = People(&server).user(ACCOUNT, "ada").await?;
        let read = async || ada.client.ssm("GetParameter", &json!({ "Name": "/k/pw", "WithDecryption": true })).await;
        let allowed = json!({ "Effect": "Allow", "Action": ["ssm:GetParameter", "ssm:PutParameter"], "Resource": "*" });
        ada.put_policy(&policy(json!([allowed]))).await?;
        let answer = read().await?;
        assert!(denied(&answer), "{}", answer.body);
        assert!(
            answer.message().contains("not authorized to perform: kms:Decrypt on the resource associated"),
            "{}",
            answer.body
        );
        ada.client.ssm("GetParameter", &json!({ "Name": "/k/pw" })).await?.ok()?;
        let overwrite = json!({ "Name": "/k/pw", "Value": "x", "Overwrite": true });
        let answer = ada.client.ssm("PutParameter", &overwrite).await?;
        assert!(denied(&answer) && answer.message().contains("kms:Encrypt"), "{}", answer.body);
        // Through this service, for this parameter, and not directly.
        let through = json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key_arn, "Condition": {
            "StringEquals": { "kms:ViaService": format!("ssm.{REGION}.amazonaws.com"),
                "kms:EncryptionContext:PARAMETER_ARN": arn("k/pw") } } });
        ada.put_policy(&policy(json!([allowed, through]))).await?;
        assert_eq!(read().await?.ok()?["Parameter"]["Value"], "secret");
        let blob =
            ada.client.ssm("GetParameter", &json!({ "Name": "/k/pw" })).await?.ok()?["Parameter"]["Value"].clone();
        let direct = json!({ "CiphertextBlob": blob, "EncryptionContext": { "PARAMETER_ARN": arn("k/pw") } });
        assert!(denied(&ada.client.kms("Decrypt", &direct).await?));
        // A grant of the key's owner counts as anywhere.
        ada.put_policy(&policy(json!([allowed]))).await?;
        let grant = json!({ "KeyId": key_arn, "GranteePrincipal": ada.arn, "Operations": ["Decrypt"],
            "Constraints": { "EncryptionContextEquals": { "PARAMETER_ARN": arn("k/pw") } } });
        root.kms("CreateGrant", &grant).await?.ok()?;
        assert_eq!(read().await?.ok()?["Parameter"]["Value"], "secret");
        // The service's own key is for everybody of the account who may read the parameter.
        let input = json!({ "Name": "/k/own", "Value": "mine", "Type": "SecureString" });
        ada.client.ssm("PutParameter", &input).await?.ok()?;
        let own = ada.client.ssm("GetParameter", &json!({ "Name": "/k/own", "WithDecryption": true })).await?.ok()?;
        assert_eq!(own["Parameter"]["Value"], "mine");
        // What stands in the place of the account leads nowhere else.
        put(&root, "/k/us-east-1/x", "v").await?;
        let odd = format!("arn:aws:ssm:{REGION}:{ACCOUNT}/{REGION}/k:parameter/x");
        assert_eq!(root.ssm("GetParameter", &json!({ "Name": odd })).await?.code(), "ValidationException");
        let stranger = server.client(server.issue(OTHER_ACCOUNT).await?);
        let answer = stranger.ssm("GetParameter", &json!({ "Name": arn("k/own"), "WithDecryption": true })).await?;
        assert!(denied(&answer) && !answer.message().contains(&arn("k/own")), "{}", answer.body);
        Ok(())
    })
    .unwrap();
}
