//! Key policies mean the principals they named, not whoever comes to the name later.

use super::*;

fn with_user(arn: &str) -> String {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*", "Resource": "*" },
        { "Effect": "Allow", "Principal": { "AWS": [arn] }, "Action": "kms:Encrypt", "Resource": "*" },
    ] })
    .to_string()
}

#[test]
fn a_successor_of_the_same_name_inherits_nothing() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let ada = people.user(ACCOUNT, "ada").await?;
        let text = with_user(&ada.arn);
        scene.root.kms("PutKeyPolicy", &json!({ "KeyId": scene.key, "Policy": text })).await?.ok()?;
        scene.encrypt(&ada.client).await?.ok()?;
        let read = || async {
            let read = scene.root.kms("GetKeyPolicy", &json!({ "KeyId": scene.key })).await?.ok()?;
            anyhow::Ok(crate::text(&read, "/Policy"))
        };
        assert_eq!(read().await?, text);
        ada.delete().await?;
        assert_eq!(read().await?, with_user(&ada.id));
        let successor = people.user(ACCOUNT, "ada").await?;
        assert_eq!(successor.arn, ada.arn);
        assert_denied(&scene.encrypt(&successor.client).await?, "kms:Encrypt");
        assert_eq!(read().await?, with_user(&ada.id));
        // Put anew, it means whoever has the name now.
        scene.root.kms("PutKeyPolicy", &json!({ "KeyId": scene.key, "Policy": text })).await?.ok()?;
        scene.encrypt(&successor.client).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_policy_names_only_who_exists() {
    block_on(async {
        let scene = Scene::new().await?;
        let role = scene.people().role(ACCOUNT, "worker").await?;
        for name in [
            format!("arn:aws:iam::{ACCOUNT}:user/nobody"),
            format!("arn:aws:iam::{ACCOUNT}:role/worker"),
            format!("arn:aws:sts::{ACCOUNT}:assumed-role/nobody/s"),
            "arn:aws:iam::999999999999:root".to_owned(),
            "AIDAAAAAAAAAAAAAAAAAA".to_owned(),
        ] {
            let put = json!({ "KeyId": scene.key, "Policy": with_user(&name) });
            for (operation, input) in [("PutKeyPolicy", put), ("CreateKey", json!({ "Policy": with_user(&name) }))] {
                let answer = scene.root.kms(operation, &input).await?;
                assert_eq!(answer.code(), "MalformedPolicyDocumentException", "{name}: {}", answer.body);
                assert_eq!(answer.message(), "Policy contains a statement with one or more invalid principals.");
            }
        }
        for name in [role.arn.clone(), role.session_arn("s"), role.id.clone()] {
            let created = scene.root.kms("CreateKey", &json!({ "Policy": with_user(&name) })).await?.ok()?;
            let session = role.session("s").await?;
            let input = json!({ "KeyId": created["KeyMetadata"]["KeyId"], "Plaintext": "eA==" });
            session.client.kms("Encrypt", &input).await?.ok()?;
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn values_of_omitted_members_are_seen_by_every_operator_but_null() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let key = &scene.key;
        let null = |name: &str, absent: &str| json!({ "Null": { name: absent } });
        let is = |name: &str, value: &str| json!({ "StringEquals": { name: value } });
        let number = |name: &str, value: &str| json!({ "NumericEquals": { name: value } });
        let (algorithm, policy_name) = ("kms:EncryptionAlgorithm", "kms:PolicyName");
        let (window, period) = ("kms:ScheduleKeyDeletionPendingWindowInDays", "kms:RotationPeriodInDays");
        let encrypt = json!({ "KeyId": key, "Plaintext": "eA==" });
        let named = json!({ "KeyId": key, "Plaintext": "eA==", "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" });
        let plain = json!({ "KeyId": key });
        let table = [
            ("Encrypt", &encrypt, is(algorithm, "SYMMETRIC_DEFAULT"), true),
            ("Encrypt", &encrypt, null(algorithm, "true"), true),
            ("Encrypt", &named, null(algorithm, "true"), false),
            ("Encrypt", &named, null(algorithm, "false"), true),
            ("GetKeyPolicy", &plain, is(policy_name, "default"), true),
            ("GetKeyPolicy", &plain, null(policy_name, "true"), true),
            ("GetKeyPolicy", &json!({ "KeyId": key, "PolicyName": "default" }), null(policy_name, "true"), false),
            ("EnableKeyRotation", &plain, number(period, "365"), true),
            ("EnableKeyRotation", &plain, null(period, "true"), true),
            ("EnableKeyRotation", &json!({ "KeyId": key, "RotationPeriodInDays": 90 }), null(period, "true"), false),
            ("CreateKey", &json!({}), is("kms:KeySpec", "SYMMETRIC_DEFAULT"), true),
            ("CreateKey", &json!({}), null("kms:KeySpec", "true"), true),
            ("CreateKey", &json!({ "KeySpec": "SYMMETRIC_DEFAULT" }), null("kms:KeySpec", "true"), false),
            ("CreateKey", &json!({}), is("kms:CallerAccount", ACCOUNT), true),
            ("CreateKey", &json!({}), null("kms:ViaService", "true"), true),
            // What follows from the key is there, whoever asks.
            ("Encrypt", &encrypt, null("kms:KeySpec", "false"), true),
            ("Encrypt", &encrypt, null("kms:MultiRegionKeyType", "true"), true),
            ("Encrypt", &encrypt, null("kms:TrailingDaysWithoutKeyUsage", "true"), true),
            ("ScheduleKeyDeletion", &plain, null(window, "false"), false),
            ("ScheduleKeyDeletion", &plain, number(window, "30"), true),
        ];
        for (operation, input, condition, allowed) in table {
            allow_on_condition(&ada, operation, &condition).await?;
            let answer = ada.client.kms(operation, input).await?;
            assert_eq!(answer.status == 200, allowed, "{operation} {input} {condition}: {}", answer.body);
        }
        Ok(())
    })
    .unwrap();
}

async fn allow_on_condition(person: &people::Person, operation: &str, condition: &Value) -> anyhow::Result<()> {
    let action = format!("kms:{operation}");
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition });
    person.put_policy(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()).await
}

#[test]
fn a_policy_can_spare_keys_that_are_in_use() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let unused = json!({ "NumericGreaterThanEquals": { "kms:TrailingDaysWithoutKeyUsage": "30" } });
        allow_on_condition(&ada, "DisableKey", &unused).await?;
        let disable = json!({ "KeyId": scene.key });
        let days = |days: i64| scene.server.system().clock.advance(jiff::SignedDuration::from_hours(days * 24));
        assert_denied(&ada.client.kms("DisableKey", &disable).await?, "kms:DisableKey");
        days(31);
        scene.encrypt(&scene.root).await?.ok()?;
        assert_denied(&ada.client.kms("DisableKey", &disable).await?, "kms:DisableKey");
        days(29);
        assert_denied(&ada.client.kms("DisableKey", &disable).await?, "kms:DisableKey");
        days(1);
        ada.client.kms("DisableKey", &disable).await?.ok()?;
        Ok(())
    })
    .unwrap();
}
