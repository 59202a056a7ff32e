//! How fast accounts may ask, and how much they may have.

use std::collections::HashMap;

use claviger_kms::quotas;
use claviger_pipeline::{Limit, QuotaSettings};
use claviger_testkit::{ACCOUNT, Answer, Client, OTHER_ACCOUNT, Server, block_on};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{new_key, text, via_service};

/// So slow that one request is all there is until time is moved by [`REFILL`].
const SLOW: f64 = 0.001;
const REFILL: SignedDuration = SignedDuration::from_secs(1001);

fn settings(values: &[(&Limit, f64)]) -> QuotaSettings {
    let values = values.iter().map(|(limit, value)| ((limit.service, limit.code), *value));
    QuotaSettings { requests: false, values: HashMap::from_iter(values) }
}

fn named(name: &str) -> &'static Limit {
    quotas::ALL.iter().find(|limit| limit.name == name).unwrap()
}

/// A server with these quotas and a client of the root user.
async fn server(values: &[(&Limit, f64)]) -> anyhow::Result<(Server, Client)> {
    let server = Server::with_quotas(settings(values))?;
    let root = server.client(server.issue(ACCOUNT).await?);
    Ok((server, root))
}

async fn key_of(client: &Client, spec: &str, usage: &str) -> anyhow::Result<String> {
    let created = client.kms("CreateKey", &json!({ "KeySpec": spec, "KeyUsage": usage })).await?.ok()?;
    Ok(text(&created, "/KeyMetadata/KeyId"))
}

fn throttled(answer: &Answer) -> bool {
    if answer.code() == "ThrottlingException" {
        assert_eq!(answer.status, 400);
        let text = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
        assert_eq!(answer.message(), text);
        return true;
    }
    assert_eq!(answer.status, 200, "{}", answer.body);
    false
}

async fn encrypt(client: &Client, key: &str) -> anyhow::Result<bool> {
    Ok(throttled(&client.kms("Encrypt", &json!({ "KeyId": key, "Plaintext": "eA==" })).await?))
}

#[test]
fn a_pool_runs_dry_fills_with_time_and_belongs_to_one_account_and_region() {
    block_on(async {
        let (server, root) = server(&[(&quotas::SYMMETRIC, SLOW)]).await?;
        let (key, _) = new_key(&root).await?;
        assert!(!encrypt(&root, &key).await?);
        // Every operation of the pool counts, also a dry run and bytes that no key is needed for.
        assert!(encrypt(&root, &key).await?);
        assert!(throttled(&root.kms("GenerateRandom", &json!({ "NumberOfBytes": 8 })).await?));
        assert!(throttled(&root.kms("GenerateDataKey", &json!({ "KeyId": key, "KeySpec": "AES_256" })).await?));
        // Whoever is too fast learns nothing of what is wrong with the request.
        assert!(throttled(&root.kms("GenerateMac", &json!({})).await?));
        // Other operations go on.
        assert!(!throttled(&root.kms("DescribeKey", &json!({ "KeyId": key })).await?));
        let other = server.client(server.issue(OTHER_ACCOUNT).await?);
        let (others, _) = new_key(&other).await?;
        assert!(!encrypt(&other, &others).await?);
        let mut elsewhere = server.client(server.issue(ACCOUNT).await?);
        elsewhere.region = "eu-west-1".to_owned();
        let (there, _) = new_key(&elsewhere).await?;
        assert!(!encrypt(&elsewhere, &there).await?);

        server.system().clock.advance(REFILL);
        assert!(!encrypt(&root, &key).await?);
        assert!(encrypt(&root, &key).await?);
        // A dry run is a request.
        server.system().clock.advance(REFILL);
        let dry = json!({ "KeyId": key, "Plaintext": "eA==", "DryRun": true });
        assert_eq!(root.kms("Encrypt", &dry).await?.code(), "DryRunOperationException");
        assert!(encrypt(&root, &key).await?);
        // Time set back takes nothing away for longer.
        server.system().clock.advance(-REFILL * 100);
        server.system().clock.advance(REFILL);
        assert!(!encrypt(&root, &key).await?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_is_refused_is_recorded() {
    block_on(async {
        let (server, root) = server(&[(&quotas::RSA, 0.0), (named("ListKeys request rate"), 0.0)]).await?;
        let key = key_of(&root, "RSA_2048", "SIGN_VERIFY").await?;
        let sign = json!({ "KeyId": key, "Message": "eA==", "SigningAlgorithm": "RSASSA_PSS_SHA_256" });
        assert!(throttled(&root.kms("Sign", &sign).await?));
        assert!(throttled(&root.kms("ListKeys", &json!({})).await?));
        for record in server.audit().iter().rev().take(2) {
            assert_eq!(record["errorCode"], "ThrottlingException");
            assert!(record["errorMessage"].as_str().unwrap().starts_with("You have exceeded the rate"));
            assert_eq!(record["userIdentity"]["type"], "Root");
            assert_eq!(record["resources"], Value::Null);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_pools_follow_the_kind_of_key() {
    block_on(async {
        let pools = [&quotas::SYMMETRIC, &quotas::RSA, &quotas::ECC, &quotas::ML_DSA].map(|pool| (pool, SLOW));
        let (server, root) = server(&pools).await?;
        let sign = |key: &str, algorithm: &str| {
            ("Sign", json!({ "KeyId": key, "Message": "eA==", "SigningAlgorithm": algorithm }))
        };
        let mac =
            |key: &str| ("GenerateMac", json!({ "KeyId": key, "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256" }));
        let rsa = key_of(&root, "RSA_2048", "SIGN_VERIFY").await?;
        let oaep = key_of(&root, "RSA_2048", "ENCRYPT_DECRYPT").await?;
        let ecc = key_of(&root, "ECC_NIST_P256", "SIGN_VERIFY").await?;
        let edwards = key_of(&root, "ECC_NIST_EDWARDS25519", "SIGN_VERIFY").await?;
        let lattice = key_of(&root, "ML_DSA_44", "SIGN_VERIFY").await?;
        let hmac = key_of(&root, "HMAC_256", "GENERATE_VERIFY_MAC").await?;
        let symmetric = key_of(&root, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await?;
        let by_oaep = json!({ "KeyId": oaep, "Plaintext": "eA==", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256" });
        // In each row the first takes what there is, and the second finds nothing.
        let rows = [
            [sign(&rsa, "RSASSA_PSS_SHA_256"), ("Encrypt", by_oaep)],
            [sign(&ecc, "ECDSA_SHA_256"), sign(&edwards, "ED25519_SHA_512")],
            [sign(&lattice, "ML_DSA_SHAKE_256"), sign(&lattice, "ML_DSA_SHAKE_256")],
            [mac(&hmac), ("Encrypt", json!({ "KeyId": symmetric, "Plaintext": "eA==" }))],
        ];
        for [(first, one), (second, two)] in &rows {
            assert!(!throttled(&root.kms(first, one).await?), "{one}");
            assert!(throttled(&root.kms(second, two).await?), "{two}");
        }
        // A key nobody knows counts as a symmetric one.
        server.system().clock.advance(REFILL);
        let unknown = json!({ "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "Plaintext": "eA==" });
        assert_eq!(root.kms("Encrypt", &unknown).await?.code(), "NotFoundException");
        assert!(throttled(&root.kms("Encrypt", &unknown).await?));
        assert!(encrypt(&root, &symmetric).await?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn key_pairs_have_a_pool_for_each_spec() {
    block_on(async {
        let slow = ["RSA_2048", "ECC_NIST_P384"].map(|spec| format!("GenerateDataKeyPair ({spec}) request rate"));
        let (_server, root) = server(&slow.each_ref().map(|name| (named(name), SLOW))).await?;
        let (key, _) = new_key(&root).await?;
        let make = |operation: &'static str, spec: &'static str| {
            let input = json!({ "KeyId": key, "KeyPairSpec": spec });
            let root = &root;
            async move { anyhow::Ok(throttled(&root.kms(operation, &input).await?)) }
        };
        assert!(!make("GenerateDataKeyPair", "ECC_NIST_P384").await?);
        assert!(make("GenerateDataKeyPairWithoutPlaintext", "ECC_NIST_P384").await?);
        assert!(!make("GenerateDataKeyPair", "RSA_2048").await?);
        assert!(make("GenerateDataKeyPair", "RSA_2048").await?);
        assert!(!make("GenerateDataKeyPair", "ECC_NIST_P256").await?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn re_encryption_counts_for_both_kinds_of_key() {
    block_on(async {
        let (server, root) = server(&[(&quotas::SYMMETRIC, SLOW), (&quotas::RSA, SLOW)]).await?;
        let (from, to) = (new_key(&root).await?.0, new_key(&root).await?.0);
        let oaep = key_of(&root, "RSA_2048", "ENCRYPT_DECRYPT").await?;
        let sealed = root.kms("Encrypt", &json!({ "KeyId": from, "Plaintext": "eA==" })).await?.ok()?;
        let blob = &sealed["CiphertextBlob"];
        // Two symmetric keys: one request.
        server.system().clock.advance(REFILL);
        let plain = json!({ "CiphertextBlob": blob, "DestinationKeyId": to });
        assert!(!throttled(&root.kms("ReEncrypt", &plain).await?));
        server.system().clock.advance(REFILL);
        let across = json!({ "CiphertextBlob": blob, "DestinationKeyId": oaep,
            "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_256" });
        assert!(!throttled(&root.kms("ReEncrypt", &across).await?));
        assert!(encrypt(&root, &from).await?);
        let by_oaep = json!({ "KeyId": oaep, "Plaintext": "eA==", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256" });
        assert!(throttled(&root.kms("Encrypt", &by_oaep).await?));
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_caller_pays_for_foreign_keys_and_for_what_services_do_on_its_behalf() {
    block_on(async {
        let (server, owner) = server(&[(&quotas::SYMMETRIC, SLOW)]).await?;
        let stranger = server.client(server.issue(OTHER_ACCOUNT).await?);
        let (key, arn) = new_key(&owner).await?;
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "kms:*",
            "Principal": { "AWS": [ACCOUNT, OTHER_ACCOUNT] }, "Resource": "*" }] });
        let put = json!({ "KeyId": key, "Policy": policy.to_string() });
        owner.kms("PutKeyPolicy", &put).await?.ok()?;
        assert!(!encrypt(&stranger, &arn).await?);
        assert!(encrypt(&stranger, &arn).await?);
        // The owner has not been charged.
        assert!(!encrypt(&owner, &key).await?);
        assert!(encrypt(&owner, &key).await?);

        server.system().clock.advance(REFILL);
        let through = via_service::call(&server, &format!("arn:aws:iam::{ACCOUNT}:root")).await?.through("ssm", None);
        let mine = |call| via_service::encrypt(&server, call, &arn);
        assert_eq!(via_service::code(mine(&through).await), "");
        assert_eq!(via_service::code(mine(&through).await), "ThrottlingException");
        assert_eq!(server.audit().last().unwrap()["errorCode"], "ThrottlingException");
        assert!(encrypt(&owner, &key).await?);
        assert!(!encrypt(&stranger, &arn).await?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn nobody_is_throttled_unless_the_installation_says_so() {
    block_on(async {
        let server = Server::enforced()?;
        let client = server.client(server.issue(ACCOUNT).await?);
        let (key, _) = new_key(&client).await?;
        for _ in 0..12 {
            assert!(!throttled(&client.kms("EnableKey", &json!({ "KeyId": key })).await?));
        }
        // As AWS has it, five a second: calls that take less than that are refused sooner or later.
        let server = Server::with_quotas(QuotaSettings { requests: true, ..QuotaSettings::default() })?;
        let client = server.client(server.issue(ACCOUNT).await?);
        let (key, _) = new_key(&client).await?;
        let mut refused = false;
        for _ in 0..500 {
            refused |= throttled(&client.kms("EnableKey", &json!({ "KeyId": key })).await?);
            if refused {
                break;
            }
        }
        assert!(refused);
        // What has no rate stays free.
        for _ in 0..20 {
            assert_eq!(client.sts("GetCallerIdentity", &[]).await?.status, 200);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn there_is_room_for_so_many_keys_and_a_deleted_one_makes_room() {
    block_on(async {
        let (server, root) = server(&[(&quotas::KEYS, 3.0)]).await?;
        let full =
            |there: u64| format!("Key quota for this account in this region is 3 but the current usage is {there}.");
        // Keys that AWS manages do not count.
        root.kms("DescribeKey", &json!({ "KeyId": "alias/aws/ebs" })).await?.ok()?;
        let (first, _) = new_key(&root).await?;
        new_key(&root).await?;
        // A creation that fails takes no room.
        let bad = json!({ "Policy": "{}" });
        assert_eq!(root.kms("CreateKey", &bad).await?.code(), "MalformedPolicyDocumentException");
        new_key(&root).await?;
        for _ in 0..3 {
            let answer = root.kms("CreateKey", &json!({})).await?;
            assert_eq!((answer.status, answer.code()), (400, "LimitExceededException"));
            assert_eq!(answer.message(), full(3));
        }
        let other = server.client(server.issue(OTHER_ACCOUNT).await?);
        new_key(&other).await?;
        let mut elsewhere = server.client(server.issue(ACCOUNT).await?);
        elsewhere.region = "eu-west-1".to_owned();
        new_key(&elsewhere).await?;

        // A key that waits for its deletion counts; one that is gone does not.
        let schedule = json!({ "KeyId": first, "PendingWindowInDays": 7 });
        root.kms("ScheduleKeyDeletion", &schedule).await?.ok()?;
        assert_eq!(root.kms("CreateKey", &json!({})).await?.message(), full(3));
        server.system().clock.advance(SignedDuration::from_hours(24 * 7 + 1));
        server.shared().bell.ring_and_wait().await;
        server.shared().bell.ring_and_wait().await;
        assert_eq!(root.kms("DescribeKey", &json!({ "KeyId": first })).await?.code(), "NotFoundException");
        new_key(&root).await?;
        assert_eq!(root.kms("CreateKey", &json!({})).await?.message(), full(3));
        Ok(())
    })
    .unwrap();
}

#[test]
fn nothing_else_grows_beyond_its_quota_either() {
    block_on(async {
        let values = [
            (&quotas::ALIASES, 2.0),
            (&quotas::GRANTS, 1.0),
            (&quotas::ON_DEMAND_ROTATIONS, 0.0),
            (&quotas::POLICY_BYTES, 300.0),
            (&quotas::TAGS, 2.0),
        ];
        let (_server, root) = server(&values).await?;
        let (key, arn) = new_key(&root).await?;
        let alias = |name: &str| json!({ "AliasName": format!("alias/{name}"), "TargetKeyId": key });
        for name in ["one", "two"] {
            root.kms("CreateAlias", &alias(name)).await?.ok()?;
        }
        let answer = root.kms("CreateAlias", &alias("three")).await?;
        assert_eq!(answer.code(), "LimitExceededException");
        let text = "Aliases per key quota for this account in this region is 2, current usage is 2.";
        assert_eq!(answer.message(), text);
        // Moving an alias here is no way around it; deleting one makes room.
        let (second, _) = new_key(&root).await?;
        let moving = json!({ "AliasName": "alias/moving", "TargetKeyId": second });
        root.kms("CreateAlias", &moving).await?.ok()?;
        assert_eq!(root.kms("UpdateAlias", &alias("moving")).await?.message(), text);
        root.kms("DeleteAlias", &json!({ "AliasName": "alias/one" })).await?.ok()?;
        root.kms("UpdateAlias", &alias("moving")).await?.ok()?;

        let grant = |operation: &str| {
            json!({ "KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": [operation] })
        };
        let granted = root.kms("CreateGrant", &grant("Encrypt")).await?.ok()?;
        assert_eq!(root.kms("CreateGrant", &grant("Decrypt")).await?.code(), "LimitExceededException");
        root.kms("RevokeGrant", &json!({ "KeyId": arn, "GrantId": granted["GrantId"] })).await?.ok()?;
        root.kms("CreateGrant", &grant("Decrypt")).await?.ok()?;

        let answer = root.kms("RotateKeyOnDemand", &json!({ "KeyId": key })).await?;
        assert_eq!(answer.code(), "LimitExceededException");
        assert!(answer.message().ends_with(&format!("for this key: {arn}")));

        let tags = |number: usize| {
            (0..number).map(|n| json!({ "TagKey": format!("k{n}"), "TagValue": "" })).collect::<Vec<_>>()
        };
        assert_eq!(root.kms("CreateKey", &json!({ "Tags": tags(3) })).await?.code(), "TagException");
        root.kms("TagResource", &json!({ "KeyId": key, "Tags": tags(2) })).await?.ok()?;
        let one_more = json!({ "KeyId": key, "Tags": [{ "TagKey": "more", "TagValue": "" }] });
        assert_eq!(root.kms("TagResource", &one_more).await?.code(), "LimitExceededException");

        let policy = |space: usize| {
            let statement = json!([{ "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*", "Resource": "*" }]);
            let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
            json!({ "KeyId": key, "Policy": format!("{text}{}", " ".repeat(space - text.len())) })
        };
        root.kms("PutKeyPolicy", &policy(300)).await?.ok()?;
        assert_eq!(root.kms("PutKeyPolicy", &policy(301)).await?.code(), "LimitExceededException");
        Ok(())
    })
    .unwrap();
}

#[test]
fn operations_declare_the_rates_of_the_table() {
    // The declaration is what a reader sees, the table is what holds: AWS's numbers stand in both.
    let server = Server::enforced().unwrap();
    let services = server.shared().engine().services();
    let kms = services.iter().find(|service| service.name == "kms").unwrap();
    let mut compared = 0;
    for (operation, declared) in kms.rates() {
        let row = quotas::ALL.iter().find(|limit| limit.name == format!("{operation} request rate"));
        let row = row.unwrap_or_else(|| panic!("no quota of {operation}"));
        assert_eq!(row.default, f64::from(declared), "{operation}");
        compared += 1;
    }
    assert!(compared >= 25, "only {compared}");
}

#[test]
fn a_replica_costs_and_counts_in_its_own_region() {
    block_on(async {
        let (server, root) = server(&[(&quotas::CREATE_KEY, SLOW), (&quotas::KEYS, 2.0)]).await?;
        let mut there = server.client(server.issue(ACCOUNT).await?);
        there.region = "eu-west-1".to_owned();
        let primary = root.kms("CreateKey", &json!({ "MultiRegion": true })).await?.ok()?;
        server.system().clock.advance(REFILL);
        let second = root.kms("CreateKey", &json!({ "MultiRegion": true })).await?.ok()?;
        let replicate = |key: &Value| json!({ "KeyId": key["KeyMetadata"]["KeyId"], "ReplicaRegion": "eu-west-1" });
        // What CreateKey leaves in the other Region is what replicas are made of.
        new_key(&there).await?;
        assert!(throttled(&root.kms("ReplicateKey", &replicate(&primary)).await?));
        server.system().clock.advance(REFILL);
        root.kms("ReplicateKey", &replicate(&primary)).await?.ok()?;
        // The key made there and the replica fill the other Region.
        server.system().clock.advance(REFILL);
        let answer = root.kms("ReplicateKey", &replicate(&second)).await?;
        assert_eq!(answer.code(), "LimitExceededException");
        let text = "Key quota for this account in this region is 2 but the current usage is 2.";
        assert_eq!(answer.message(), text);
        server.system().clock.advance(REFILL);
        assert_eq!(there.kms("CreateKey", &json!({})).await?.message(), text);
        Ok(())
    })
    .unwrap();
}
