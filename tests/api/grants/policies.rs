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
