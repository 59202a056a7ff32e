//! CreateGrant: names, what is refused, limits, races.

use claviger_kms::grant::GrantRecord;
use claviger_kms::record::{KeyRecord, key_path};
use claviger_store::{Batch, Records};
use claviger_testkit::REGION;

use super::*;

#[test]
fn the_same_name_and_the_same_parameters_are_the_same_grant() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let pairs = json!({ "EncryptionContextSubset": { "a": "1", "b": "2" } });
        let named = json!({ "Name": "batch", "Constraints": pairs });
        let (first, token) = scene.grant_with(&ada.arn, &["Encrypt", "Decrypt"], named.clone()).await?;
        // Another order, a repeat, another spelling of the same principal.
        for (grantee, operations) in
            [(&ada.arn, &["Encrypt", "Decrypt"][..]), (&ada.id, &["Decrypt", "Encrypt", "Decrypt"][..])]
        {
            let (again, other_token) = scene.grant_with(grantee, operations, named.clone()).await?;
            assert_eq!(again, first);
            assert_ne!(other_token, token);
            let input = json!({ "KeyId": scene.arn, "Plaintext": "eA==", "GrantTokens": [other_token],
                                "EncryptionContext": { "a": "1", "b": "2" } });
            ada.client.kms("Encrypt", &input).await?.ok()?;
        }
        let different = [
            (&["Encrypt"][..], named.clone()),
            (&["Encrypt", "Decrypt"], json!({ "Name": "batch" })),
            (&["Encrypt", "Decrypt"], json!({ "Name": "Batch", "Constraints": pairs })),
            (&["Encrypt", "Decrypt"], json!({ "Name": "batch", "Constraints": pairs, "RetiringPrincipal": ada.arn })),
            (
                &["Encrypt", "Decrypt"],
                json!({ "Name": "batch", "Constraints": { "EncryptionContextEquals": { "a": "1", "b": "2" } } }),
            ),
            (&["Encrypt", "Decrypt"], json!({ "Constraints": pairs })),
            (&["Encrypt", "Decrypt"], json!({ "Constraints": pairs })),
        ];
        let mut known = vec![first];
        for (operations, more) in different {
            let (grant_id, _) = scene.grant_with(&ada.arn, operations, more.clone()).await?;
            assert!(!known.contains(&grant_id), "{more}");
            known.push(grant_id);
        }
        let (other, _) = new_key(&scene.root).await?;
        let mut elsewhere = scene.request(&ada.arn, &["Encrypt", "Decrypt"], named);
        elsewhere["KeyId"] = json!(other);
        assert!(!known.contains(&made(scene.root.kms("CreateGrant", &elsewhere).await?)?.0));
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_makes_no_sense_is_refused() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let ada = people.user(ACCOUNT, "ada").await?;
        let role = people.role(ACCOUNT, "worker").await?;
        let many: serde_json::Map<_, _> = (0..9).map(|number| (format!("k{number}"), json!("v"))).collect();
        let source = format!("arn:aws:s3:us-east-1:{ACCOUNT}:bucket");
        let invalid = |text: &str| ("ValidationException", text.to_owned());
        let no_arn = |arn: &str| ("InvalidArnException", format!("ARN does not refer to a valid principal: {arn}"));
        let nobody = format!("arn:aws:iam::{ACCOUNT}:role/nobody");
        let group = format!("arn:aws:iam::{ACCOUNT}:group/staff");
        let pathed = format!("arn:aws:sts::{ACCOUNT}:assumed-role/team/worker/s");
        let missing_account = "arn:aws:sts::999999999999:federated-user/who";
        let at = |grantee: &str, operations: &[&str], more: Value| scene.request(grantee, operations, more);
        let without_grantee = |more: Value| {
            let mut request = at("", &["Encrypt"], more);
            request.as_object_mut().unwrap().remove("GranteePrincipal");
            request
        };
        let anything = ("ValidationException", String::new());
        let table = [
            (at(&ada.arn, &[], json!({})), anything.clone()),
            (without_grantee(json!({})), anything.clone()),
            (at(&ada.arn, &["Encrypt"], json!({ "GranteeServicePrincipal": "logs.amazonaws.com" })), anything.clone()),
            (without_grantee(json!({ "GranteeServicePrincipal": "logs.amazonaws.com" })), anything.clone()),
            (
                without_grantee(json!({ "GranteeServicePrincipal": "logs.amazonaws.com",
                "Constraints": { "SourceArn": source } })),
                anything.clone(),
            ),
            (
                without_grantee(
                    json!({ "GranteeServicePrincipal": "logs.amazonaws.com", "RetiringPrincipal": ada.arn }),
                ),
                anything.clone(),
            ),
            (
                at(
                    &ada.arn,
                    &["Encrypt"],
                    json!({ "RetiringPrincipal": ada.arn,
                "RetiringServicePrincipal": "sqs.amazonaws.com" }),
                ),
                anything.clone(),
            ),
            (
                at(
                    &ada.arn,
                    &["Encrypt"],
                    json!({ "Constraints": { "EncryptionContextEquals": { "a": "1" },
                "EncryptionContextSubset": { "a": "1" } } }),
                ),
                anything.clone(),
            ),
            (
                at(&ada.arn, &["Encrypt"], json!({ "Constraints": { "EncryptionContextSubset": many } })),
                anything.clone(),
            ),
            (
                at(
                    &ada.arn,
                    &["Encrypt"],
                    json!({ "Constraints": { "EncryptionContextEquals": { "a": "v".repeat(385) } } }),
                ),
                anything.clone(),
            ),
            (
                at(&ada.arn, &["Sign", "Encrypt"], json!({})),
                invalid(
                    "Operations [Sign] are not supported when creating a grant for a symmetric KMS key with key usage \
                 ENCRYPT_DECRYPT. Valid operations are [CreateGrant, RetireGrant, DescribeKey, Encrypt, Decrypt, \
                 ReEncryptFrom, ReEncryptTo, GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateDataKeyPair, \
                 GenerateDataKeyPairWithoutPlaintext]",
                ),
            ),
            (at(&nobody, &["Encrypt"], json!({})), no_arn(&nobody)),
            (at(&group, &["Encrypt"], json!({})), no_arn(&group)),
            (at(missing_account, &["Encrypt"], json!({})), no_arn(missing_account)),
            (at(&ada.arn, &["Encrypt"], json!({ "RetiringPrincipal": nobody })), no_arn(&nobody)),
            (at(&pathed, &["Encrypt"], json!({})), ("InvalidArnException", format!("ARN is not valid: {pathed}"))),
            (
                at("logs.amazonaws.com", &["Encrypt"], json!({})),
                ("InvalidArnException", "GranteePrincipal does not refer to a valid principal.".to_owned()),
            ),
        ];
        for (input, (code, message)) in table {
            let answer = scene.root.kms("CreateGrant", &input).await?;
            assert_eq!(answer.code(), code, "{input}: {}", answer.body);
            assert!(message.is_empty() || answer.message() == message, "{input}: {}", answer.message());
        }
        let alias = scene
            .root
            .kms(
                "CreateGrant",
                &json!({ "KeyId": "alias/x", "GranteePrincipal": ada.arn,
            "Operations": ["Encrypt"] }),
            )
            .await?;
        assert_eq!(
            (alias.code(), alias.message()),
            ("InvalidArnException", "Key Aliases are not supported for this operation.")
        );
        let dry = at(&ada.arn, &["Encrypt"], json!({ "DryRun": true }));
        assert_eq!(scene.root.kms("CreateGrant", &dry).await?.code(), "DryRunOperationException");
        assert_eq!(scene.server.system().store.all::<GrantRecord>(None, "").await?.len(), 0, "nothing was made");
        // Everybody who can be a grantee, by every name.
        let account = format!("arn:aws:iam::{ACCOUNT}:root");
        let federated = format!("arn:aws:sts::{ACCOUNT}:federated-user/who");
        let session = role.session_arn("s");
        let session_id = format!("{}:s", role.id);
        for grantee in [&account, &ada.arn, &ada.id, &role.arn, &role.id, &session, &session_id, &federated] {
            scene.grant(grantee, &["Encrypt"]).await?;
        }
        Ok(())
    })
    .unwrap();
}

async fn key_record(scene: &Scene) -> anyhow::Result<claviger_store::Stored<KeyRecord>> {
    let path = key_path(ACCOUNT, REGION, &scene.key);
    scene.server.system().store.load::<KeyRecord>(&path).await?.ok_or_else(|| anyhow::anyhow!("the key is gone"))
}

#[test]
fn a_key_has_room_for_fifty_thousand() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let (named, _) = scene.grant_with(&ada.arn, &["Encrypt"], json!({ "Name": "n" })).await?;
        let mut stored = key_record(&scene).await?;
        assert_eq!(stored.record.grants, 1);
        stored.record.grants = 50_000;
        let mut batch = Batch::default();
        batch.update(stored.version, &stored.record);
        scene.server.system().commit(batch).await?;
        let input = scene.request(&ada.arn, &["Encrypt"], json!({}));
        assert_eq!(scene.root.kms("CreateGrant", &input).await?.code(), "LimitExceededException");
        // What is there already needs no room, and what ends makes some.
        assert_eq!(scene.grant_with(&ada.arn, &["Encrypt"], json!({ "Name": "n" })).await?.0, named);
        scene.revoke(&named).await?;
        scene.grant(&ada.arn, &["Encrypt"]).await?;
        assert_eq!(scene.root.kms("CreateGrant", &input).await?.code(), "LimitExceededException");
        Ok(())
    })
    .unwrap();
}

#[test]
fn grants_made_at_once_are_counted_and_a_name_is_made_once() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let (named, plain) = (
            scene.request(&ada.arn, &["Encrypt"], json!({ "Name": "same" })),
            scene.request(&ada.arn, &["Encrypt"], json!({})),
        );
        let calls = |input: &Value| {
            let (client, input) = (&scene.root, input.clone());
            async move { made(client.kms("CreateGrant", &input).await?).map(|(grant_id, _)| grant_id) }
        };
        let (a, b, c, d, e, f) =
            tokio::try_join!(calls(&named), calls(&named), calls(&plain), calls(&named), calls(&plain), calls(&named))?;
        assert!(a == b && b == d && d == f, "one name, one grant");
        assert!(c != e && c != a && e != a);
        assert_eq!(key_record(&scene).await?.record.grants, 3);
        let end = |grant_id: &String| {
            let (client, input) = (&scene.root, json!({ "KeyId": scene.key, "GrantId": grant_id }));
            async move { client.kms("RevokeGrant", &input).await }
        };
        let (first, second, third) = tokio::try_join!(end(&a), end(&a), end(&c))?;
        let mut codes = [first.code(), second.code()];
        codes.sort_unstable();
        assert_eq!((codes, third.code()), (["", "NotFoundException"], ""));
        assert_eq!(key_record(&scene).await?.record.grants, 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn many_grants_made_at_once_are_all_made() {
    block_on(async {
        let scene = std::sync::Arc::new(Scene::new().await?);
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let input = scene.request(&ada.arn, &["Encrypt"], json!({}));
        let tries: Vec<_> = (0..150)
            .map(|_| {
                let (scene, input) = (std::sync::Arc::clone(&scene), input.clone());
                tokio::spawn(async move { made(scene.root.kms("CreateGrant", &input).await?) })
            })
            .collect();
        for tried in tries {
            tried.await??;
        }
        assert_eq!(key_record(&scene).await?.record.grants, 150);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_flood_of_grants_is_seen_to_the_last_one() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let of = |number: usize| json!({ "EncryptionContextEquals": { "n": number.to_string() } });
        scene.grant_with(&ada.arn, &["Encrypt"], json!({ "Constraints": of(0) })).await?;
        let system = scene.server.system();
        let first = system.store.all::<GrantRecord>(None, "").await?.remove(0).record;
        let flood: Vec<_> = (1..=1_200)
            .map(|number| {
                let mut grant = first.clone();
                grant.grant_id = format!("{number:064x}");
                grant.constraints.equals = Some([("n".to_owned(), number.to_string())].into());
                grant
            })
            .collect();
        let may = |number: usize| {
            let input =
                json!({ "KeyId": scene.arn, "Plaintext": "eA==", "EncryptionContext": { "n": number.to_string() } });
            let client = &ada.client;
            async move { anyhow::Ok(client.kms("Encrypt", &input).await?.status == 200) }
        };
        // Few at once are read one by one, many together.
        for size in [20, 1_200] {
            assert!(may(0).await? && !may(size).await?);
            let (mut come, mut go) = (Batch::default(), Batch::default());
            for grant in &flood[..size] {
                come.insert(grant);
                go.remove::<GrantRecord>(claviger_store::Record::id(grant), None);
            }
            system.commit(come).await?;
            assert!(may(0).await? && may(1).await? && may(size).await? && !may(size + 1).await?, "{size} came");
            system.commit(go).await?;
            assert!(may(0).await? && !may(1).await? && !may(size).await?, "{size} went");
        }
        Ok(())
    })
    .unwrap();
}
