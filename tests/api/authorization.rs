//! Key policies decide.

use claviger_testkit::{ACCOUNT, OTHER_ACCOUNT, Server, block_on};
use serde_json::{Value, json};

use crate::{development, new_key};

fn policy(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn account_may_everything() -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*", "Resource": "*" })
}

#[test]
fn an_explicit_deny_in_the_key_policy_stops_the_root_user() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, arn) = new_key(&client).await?;
        let deny = json!({
            "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
            "Condition": { "StringEquals": { "kms:EncryptionContext:Stage": "prod" } }
        });
        let text = policy(json!([account_may_everything(), deny]));
        client.kms("PutKeyPolicy", &json!({ "KeyId": id, "Policy": text })).await?.ok()?;
        let read = client.kms("GetKeyPolicy", &json!({ "KeyId": id })).await?.ok()?;
        assert_eq!(read["Policy"], text);
        let input = |stage: &str| json!({ "KeyId": id, "Plaintext": "eA==", "EncryptionContext": { "Stage": stage } });
        client.kms("Encrypt", &input("test")).await?.ok()?;
        let answer = client.kms("Encrypt", &input("prod")).await?;
        assert_eq!(answer.code(), "AccessDeniedException");
        let expected = format!(
            "User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: kms:Encrypt on resource: {arn} \
             with an explicit deny in a resource-based policy"
        );
        assert_eq!(answer.message(), expected);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_policy_that_locks_its_author_out_is_refused_unless_insisted_on() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let text = policy(json!([{
            "Effect": "Allow", "Principal": { "AWS": OTHER_ACCOUNT }, "Action": "kms:*", "Resource": "*"
        }]));
        let refused = client.kms("PutKeyPolicy", &json!({ "KeyId": id, "Policy": text })).await?;
        assert_eq!(refused.code(), "MalformedPolicyDocumentException");
        assert_eq!(refused.message(), "The new key policy will not allow you to update the key policy in the future.");
        let insisted = json!({ "KeyId": id, "Policy": text, "BypassPolicyLockoutSafetyCheck": true });
        client.kms("PutKeyPolicy", &insisted).await?.ok()?;
        // Without a statement for the account nobody in it is let in any more.
        let answer = client.kms("DescribeKey", &json!({ "KeyId": id })).await?;
        assert_eq!(answer.code(), "AccessDeniedException");
        assert!(answer.message().ends_with("because no resource-based policy allows the kms:DescribeKey action"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn another_account_may_what_the_policy_says_and_both_accounts_have_the_record() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let owner = server.client(server.issue(ACCOUNT).await?);
        let guest = server.client(server.issue(OTHER_ACCOUNT).await?);
        let (id, arn) = new_key(&owner).await?;
        let text = policy(json!([
            account_may_everything(),
            { "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{OTHER_ACCOUNT}:root") },
              "Action": ["kms:Encrypt", "kms:DisableKey"], "Resource": "*" }
        ]));
        owner.kms("PutKeyPolicy", &json!({ "KeyId": id, "Policy": text })).await?.ok()?;
        let sealed = guest.kms("Encrypt", &json!({ "KeyId": arn, "Plaintext": "eA==" })).await?.ok()?;
        assert_eq!(sealed["KeyId"], arn);
        let records = server.audit();
        let copies: Vec<_> = records.iter().filter(|record| record["eventName"] == "Encrypt").collect();
        let recipients: Vec<_> = copies.iter().map(|record| record["recipientAccountId"].clone()).collect();
        assert_eq!(recipients, [json!(OTHER_ACCOUNT), json!(ACCOUNT)]);
        assert_eq!(copies[0]["sharedEventID"], copies[1]["sharedEventID"]);
        assert!(copies[0]["sharedEventID"].is_string());
        assert_ne!(copies[0]["eventID"], copies[1]["eventID"]);
        assert_eq!(copies[1]["userIdentity"]["type"], "AWSAccount");
        // Some operations are never open to another account, whatever the policy says.
        let answer = guest.kms("DisableKey", &json!({ "KeyId": arn })).await?;
        assert_eq!(answer.code(), "AccessDeniedException");
        let answer = guest.kms("Decrypt", &json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await?;
        assert_eq!(answer.code(), "AccessDeniedException");
        assert!(answer.message().contains("the resource associated with this ciphertext"), "{}", answer.message());
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_policy_change_counts_at_once() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let encrypt = json!({ "KeyId": id, "Plaintext": "eA==" });
        for round in 0..20 {
            let mut statements = vec![account_may_everything()];
            if round % 2 == 1 {
                statements
                    .push(json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*" }));
            }
            let put = json!({ "KeyId": id, "Policy": policy(Value::Array(statements)) });
            client.kms("PutKeyPolicy", &put).await?.ok()?;
            let status = client.kms("Encrypt", &encrypt).await?.status;
            assert_eq!(status, if round % 2 == 1 { 400 } else { 200 }, "round {round}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_aws_managed_key_cannot_be_used_or_changed_directly() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let described = client.kms("DescribeKey", &json!({ "KeyId": "alias/aws/ssm" })).await?.ok()?;
        assert_eq!(described["KeyMetadata"]["KeyManager"], "AWS");
        let id = crate::text(&described, "/KeyMetadata/KeyId");
        let again = client.kms("DescribeKey", &json!({ "KeyId": "alias/aws/ssm" })).await?.ok()?;
        assert_eq!(crate::text(&again, "/KeyMetadata/KeyId"), id);
        for (name, input) in [
            ("Encrypt", json!({ "KeyId": "alias/aws/ssm", "Plaintext": "eA==" })),
            ("EnableKeyRotation", json!({ "KeyId": id })),
            ("DisableKey", json!({ "KeyId": id })),
            ("ScheduleKeyDeletion", json!({ "KeyId": id })),
            ("PutKeyPolicy", json!({ "KeyId": id, "Policy": policy(json!([account_may_everything()])) })),
        ] {
            let answer = client.kms(name, &input).await?;
            assert_eq!(answer.code(), "AccessDeniedException", "{name}: {}", answer.body);
        }
        let status = client.kms("GetKeyRotationStatus", &json!({ "KeyId": id })).await?.ok()?;
        assert_eq!(status["KeyRotationEnabled"], false);
        client.kms("GetKeyPolicy", &json!({ "KeyId": id })).await?.ok()?;
        Ok(())
    })
    .unwrap();
}
