//! Grants decide: whom they let in, under which constraints, who may pass them on, and who ends them.

mod constraints;
mod delegation;
mod ending;
mod lists;
mod making;
pub(crate) mod people;
mod policies;

use claviger_testkit::{ACCOUNT, Answer, Client, OTHER_ACCOUNT, Server, block_on};
use serde_json::{Value, json};

use crate::{new_key, text};
use people::People;

/// A key of [`ACCOUNT`] with the default policy, and its root user; both accounts are there.
struct Scene {
    server: Server,
    root: Client,
    key: String,
    arn: String,
}

impl Scene {
    async fn new() -> anyhow::Result<Self> {
        let server = Server::enforced()?;
        People(&server).accounts().await?;
        let root = server.client(server.issue(ACCOUNT).await?);
        let (key, arn) = new_key(&root).await?;
        Ok(Self { server, root, key, arn })
    }

    fn people(&self) -> People<'_> {
        People(&self.server)
    }

    /// Makes a grant as the root user: (grant id, token).
    async fn grant(&self, grantee: &str, operations: &[&str]) -> anyhow::Result<(String, String)> {
        self.grant_with(grantee, operations, json!({})).await
    }

    async fn grant_with(&self, grantee: &str, operations: &[&str], more: Value) -> anyhow::Result<(String, String)> {
        made(self.root.kms("CreateGrant", &self.request(grantee, operations, more)).await?)
    }

    fn request(&self, grantee: &str, operations: &[&str], more: Value) -> Value {
        let mut request = json!({ "KeyId": self.arn, "GranteePrincipal": grantee, "Operations": operations });
        let (Value::Object(members), Value::Object(more)) = (&mut request, more) else { unreachable!() };
        members.extend(more);
        request
    }

    async fn revoke(&self, grant_id: &str) -> anyhow::Result<()> {
        let input = json!({ "KeyId": self.key, "GrantId": grant_id });
        self.root.kms("RevokeGrant", &input).await?.ok().map(drop)
    }

    async fn encrypt(&self, client: &Client) -> anyhow::Result<Answer> {
        client.kms("Encrypt", &json!({ "KeyId": self.arn, "Plaintext": "eA==" })).await
    }
}

fn made(answer: Answer) -> anyhow::Result<(String, String)> {
    let body = answer.ok()?;
    Ok((text(&body, "/GrantId"), text(&body, "/GrantToken")))
}

/// The end of the message of a caller whose account is asked and says nothing.
fn silent(action: &str) -> String {
    format!(" because no identity-based policy allows the {action} action")
}

fn assert_denied(answer: &Answer, action: &str) {
    assert_eq!(answer.code(), "AccessDeniedException", "{}", answer.body);
    assert!(answer.message().ends_with(&silent(action)), "{}", answer.message());
}

#[test]
fn a_grant_counts_at_once_and_is_gone_at_once() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        assert_denied(&scene.encrypt(&ada.client).await?, "kms:Encrypt");
        for round in 0..20 {
            let (grant_id, _) = scene.grant(&ada.arn, &["Encrypt", "GenerateDataKey"]).await?;
            let sealed = scene.encrypt(&ada.client).await?.ok()?;
            assert_eq!(sealed["KeyId"], scene.arn);
            ada.client.kms("GenerateDataKey", &json!({ "KeyId": scene.arn, "KeySpec": "AES_256" })).await?.ok()?;
            // Nothing that was not granted.
            let decrypt = json!({ "KeyId": scene.arn, "CiphertextBlob": sealed["CiphertextBlob"] });
            assert_denied(&ada.client.kms("Decrypt", &decrypt).await?, "kms:Decrypt");
            assert_denied(&ada.client.kms("DescribeKey", &json!({ "KeyId": scene.arn })).await?, "kms:DescribeKey");
            scene.revoke(&grant_id).await?;
            assert_denied(&scene.encrypt(&ada.client).await?, "kms:Encrypt");
            assert_eq!(scene.root.kms("ListGrants", &json!({ "KeyId": scene.key })).await?.ok()?["Grants"], json!([]));
            assert!(round < 20);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_grant_is_for_one_key_and_one_principal() {
    block_on(async {
        let scene = Scene::new().await?;
        let (ada, eve) = (scene.people().user(ACCOUNT, "ada").await?, scene.people().user(ACCOUNT, "eve").await?);
        let (_, token) = scene.grant(&ada.arn, &["Encrypt"]).await?;
        let (_, other_arn) = new_key(&scene.root).await?;
        scene.encrypt(&ada.client).await?.ok()?;
        // Somebody else's token is no permission, and neither is one's own on another key.
        let with_token = |key: &str| json!({ "KeyId": key, "Plaintext": "eA==", "GrantTokens": [token] });
        assert_denied(&eve.client.kms("Encrypt", &with_token(&scene.arn)).await?, "kms:Encrypt");
        assert_denied(&ada.client.kms("Encrypt", &with_token(&other_arn)).await?, "kms:Encrypt");
        ada.client.kms("Encrypt", &with_token(&scene.arn)).await?.ok()?;
        scene.root.kms("Encrypt", &with_token(&other_arn)).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn tokens_are_ours_or_refused_and_mean_nothing_once_the_grant_is_gone() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let (grant_id, token) = scene.grant(&ada.arn, &["Encrypt", "Decrypt", "CreateGrant"]).await?;
        let (middle, mut forged) = (token.len() / 2, token.clone().into_bytes());
        forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged)?;
        let inputs = |tokens: Value| {
            let key = &scene.arn;
            [
                ("Encrypt", json!({ "KeyId": key, "Plaintext": "eA==", "GrantTokens": tokens })),
                ("GenerateDataKey", json!({ "KeyId": key, "KeySpec": "AES_128", "GrantTokens": tokens })),
                (
                    "GenerateDataKeyWithoutPlaintext",
                    json!({ "KeyId": key, "KeySpec": "AES_128", "GrantTokens": tokens }),
                ),
                ("Decrypt", json!({ "KeyId": key, "CiphertextBlob": "eA==", "GrantTokens": tokens })),
                (
                    "ReEncrypt",
                    json!({ "DestinationKeyId": key, "SourceKeyId": key, "CiphertextBlob": "eA==",
                                      "GrantTokens": tokens }),
                ),
                ("CreateGrant", scene.request(&ada.arn, &["Encrypt"], json!({ "GrantTokens": tokens }))),
            ]
        };
        for wrong in ["no token!", "bm90aGluZw", &forged, &token[1..]] {
            for (name, input) in inputs(json!([token, wrong])) {
                let answer = scene.root.kms(name, &input).await?;
                assert_eq!(answer.code(), "InvalidGrantTokenException", "{name}: {}", answer.body);
            }
        }
        // Ten are enough for anybody, and the same one ten times is one.
        let many = vec![token.as_str(); 10];
        ada.client
            .kms("Encrypt", &json!({ "KeyId": scene.arn, "Plaintext": "eA==", "GrantTokens": many }))
            .await?
            .ok()?;
        let too_many = vec![token.as_str(); 11];
        let input = json!({ "KeyId": scene.arn, "Plaintext": "eA==", "GrantTokens": too_many });
        let answer = ada.client.kms("Encrypt", &input).await?;
        assert_eq!(answer.code(), "ValidationException");
        assert!(!answer.message().contains(&token), "a token is not repeated");
        // Played back after the end it is a token without a grant.
        scene.revoke(&grant_id).await?;
        let again = json!({ "KeyId": scene.arn, "Plaintext": "eA==", "GrantTokens": [token] });
        assert_denied(&ada.client.kms("Encrypt", &again).await?, "kms:Encrypt");
        scene.root.kms("Encrypt", &again).await?.ok()?;
        let answer = scene.root.kms("RetireGrant", &json!({ "GrantToken": token })).await?;
        assert_eq!(answer.code(), "NotFoundException", "{}", answer.body);
        // A grant made anew is another grant.
        scene.grant(&ada.arn, &["Decrypt"]).await?;
        assert_denied(&ada.client.kms("Encrypt", &again).await?, "kms:Encrypt");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_role_is_all_its_sessions_and_a_session_is_itself() {
    block_on(async {
        let scene = Scene::new().await?;
        let role = scene.people().role(ACCOUNT, "worker").await?;
        let (one, two) = (role.session("one").await?, role.session("two").await?);
        for session in [&one, &two] {
            assert_denied(&scene.encrypt(&session.client).await?, "kms:Encrypt");
        }
        let (to_role, _) = scene.grant(&role.arn, &["Encrypt"]).await?;
        for session in [&one, &two] {
            scene.encrypt(&session.client).await?.ok()?;
        }
        scene.revoke(&to_role).await?;
        scene.grant(&one.arn, &["Encrypt"]).await?;
        scene.encrypt(&one.client).await?.ok()?;
        assert_denied(&scene.encrypt(&two.client).await?, "kms:Encrypt");
        // A session need not exist when it is named.
        scene.grant(&role.session_arn("later"), &["Encrypt"]).await?;
        scene.encrypt(&role.session("later").await?.client).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn session_policy_and_boundary_limit_a_grant_to_the_role_but_not_one_to_the_session() {
    block_on(async {
        let scene = Scene::new().await?;
        let role = scene.people().role(ACCOUNT, "worker").await?;
        let narrow = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*" } ] });
        let limited = role.session_with("limited", Some(vec![narrow.to_string()])).await?;
        let (to_role, _) = scene.grant(&role.arn, &["Encrypt"]).await?;
        let answer = scene.encrypt(&limited.client).await?;
        assert_eq!(answer.code(), "AccessDeniedException");
        assert!(answer.message().ends_with(" because no session policy allows the kms:Encrypt action"));
        scene.grant(&limited.arn, &["Encrypt"]).await?;
        scene.encrypt(&limited.client).await?.ok()?;
        scene.revoke(&to_role).await?;
        // An explicit denial wins over both.
        let deny = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*" } ] });
        role.put_policy(&deny.to_string()).await?;
        let answer = scene.encrypt(&limited.client).await?;
        assert!(answer.message().ends_with(" with an explicit deny in an identity-based policy"), "{}", answer.body);
        Ok(())
    })
    .unwrap();
}

#[test]
fn across_accounts_the_issuer_decides_what_is_still_needed() {
    block_on(async {
        let scene = Scene::new().await?;
        let bob = scene.people().user(OTHER_ACCOUNT, "bob").await?;
        // Issued by the key's owner: the grant opens the key, bob's own account has its say.
        scene.grant(&bob.arn, &["Encrypt", "DescribeKey"]).await?;
        let answer = scene.encrypt(&bob.client).await?;
        assert_eq!(answer.code(), "AccessDeniedException");
        let expected = format!(
            "User: {} is not authorized to perform: kms:Encrypt on this resource{}",
            bob.arn,
            silent("kms:Encrypt")
        );
        assert_eq!(answer.message(), expected);
        bob.allow("kms:Encrypt", "*").await?;
        scene.encrypt(&bob.client).await?.ok()?;
        assert_eq!(
            bob.client.kms("DescribeKey", &json!({ "KeyId": scene.arn })).await?.code(),
            "AccessDeniedException"
        );
        // The account as grantee stands for whom its policies allow.
        let ben = scene.people().user(OTHER_ACCOUNT, "ben").await?;
        ben.allow("kms:*", "*").await?;
        let answer = ben.client.kms("DescribeKey", &json!({ "KeyId": scene.arn })).await?;
        assert!(answer.message().contains("the resource does not exist in this Region"), "{}", answer.body);
        scene.grant(&format!("arn:aws:iam::{OTHER_ACCOUNT}:root"), &["DescribeKey"]).await?;
        ben.client.kms("DescribeKey", &json!({ "KeyId": scene.arn })).await?.ok()?;
        // Issued by bob's account: it has said yes already.
        let cat = scene.people().user(OTHER_ACCOUNT, "cat").await?;
        let issue = scene.request(&cat.arn, &["Encrypt"], json!({}));
        let other_root = scene.server.client(scene.server.issue(OTHER_ACCOUNT).await?);
        assert_eq!(other_root.kms("CreateGrant", &issue).await?.code(), "AccessDeniedException");
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*", "Resource": "*" },
            { "Effect": "Allow", "Principal": { "AWS": OTHER_ACCOUNT }, "Action": "kms:CreateGrant", "Resource": "*" },
        ] });
        let put = json!({ "KeyId": scene.key, "Policy": policy.to_string() });
        scene.root.kms("PutKeyPolicy", &put).await?.ok()?;
        made(other_root.kms("CreateGrant", &issue).await?)?;
        scene.encrypt(&cat.client).await?.ok()?;
        let listed = scene.root.kms("ListGrants", &json!({ "KeyId": scene.key })).await?.ok()?;
        let issuers: Vec<_> = listed["Grants"].as_array().into_iter().flatten().map(|g| &g["IssuingAccount"]).collect();
        assert!(issuers.contains(&&json!(format!("arn:aws:iam::{OTHER_ACCOUNT}:root"))), "{listed}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_audit_log_shows_grants_and_never_tokens() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let more = json!({ "Name": "batch", "Constraints": { "EncryptionContextSubset": { "Stage": "prod" } } });
        let (grant_id, token) = scene.grant_with(&ada.arn, &["Encrypt", "RetireGrant"], more).await?;
        let input = json!({ "KeyId": scene.arn, "Plaintext": "eA==", "EncryptionContext": { "Stage": "prod" },
                            "GrantTokens": [token] });
        ada.client.kms("Encrypt", &input).await?.ok()?;
        ada.client.kms("RetireGrant", &json!({ "GrantToken": token })).await?.ok()?;
        let records = scene.server.audit();
        let of = |name: &str| records.iter().find(|record| record["eventName"] == name).unwrap_or(&Value::Null);
        let created = of("CreateGrant");
        assert_eq!(created["responseElements"]["grantId"], grant_id);
        assert_eq!(created["requestParameters"]["granteePrincipal"], ada.arn);
        assert_eq!(created["requestParameters"]["operations"], json!(["Encrypt", "RetireGrant"]));
        let context = &created["requestParameters"]["constraints"]["encryptionContextSubset"];
        assert_eq!(*context, json!({ "Stage": "prod" }));
        assert_eq!(created["readOnly"], false);
        let retired = of("RetireGrant");
        assert_eq!(retired["resources"][0]["ARN"], scene.arn);
        assert_eq!(retired["requestParameters"], Value::Null);
        assert_eq!(retired["additionalEventData"]["grantId"], grant_id);
        assert!(!serde_json::to_string(&records)?.contains(&token), "a token reached the log");
        Ok(())
    })
    .unwrap();
}
