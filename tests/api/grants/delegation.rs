//! Grants made by principals who may do so by a grant alone.

use super::*;

#[test]
fn who_holds_a_grant_passes_on_no_more_than_one_of_them() {
    block_on(async {
        let scene = Scene::new().await?;
        let (ada, bob) = (scene.people().user(ACCOUNT, "ada").await?, scene.people().user(ACCOUNT, "bob").await?);
        let child = |operations: &[&str], more: Value| scene.request(&bob.arn, operations, more);
        let create = |operations: &[&str], more: Value| {
            let input = child(operations, more);
            let client = &ada.client;
            async move { client.kms("CreateGrant", &input).await }
        };
        assert_denied(&create(&["Encrypt"], json!({})).await?, "kms:CreateGrant");
        scene.grant(&ada.arn, &["Encrypt"]).await?;
        assert_denied(&create(&["Encrypt"], json!({})).await?, "kms:CreateGrant");
        scene.grant(&ada.arn, &["CreateGrant", "Encrypt"]).await?;
        let only = json!({ "Constraints": { "EncryptionContextSubset": { "a": "1" } } });
        scene.grant_with(&ada.arn, &["CreateGrant", "Decrypt", "GenerateDataKey"], only.clone()).await?;
        // Two parents are not added up.
        assert_denied(&create(&["Encrypt", "Decrypt"], json!({})).await?, "kms:CreateGrant");
        assert_denied(&create(&["Encrypt", "Decrypt"], only.clone()).await?, "kms:CreateGrant");
        assert_denied(&create(&["DescribeKey"], json!({})).await?, "kms:CreateGrant");
        // The constraint of the parent, or a stricter one.
        assert_denied(&create(&["Decrypt"], json!({})).await?, "kms:CreateGrant");
        let other = json!({ "Constraints": { "EncryptionContextSubset": { "a": "2" } } });
        assert_denied(&create(&["Decrypt"], other).await?, "kms:CreateGrant");
        made(create(&["Decrypt"], only.clone()).await?)?;
        let more = json!({ "Constraints": { "EncryptionContextSubset": { "a": "1", "b": "2" } } });
        made(create(&["Decrypt"], more).await?)?;
        let equals = json!({ "Constraints": { "EncryptionContextEquals": { "a": "1" } } });
        made(create(&["GenerateDataKey"], equals).await?)?;
        // What was passed on works, and further on as well.
        made(create(&["Encrypt", "CreateGrant"], json!({})).await?)?;
        scene.encrypt(&bob.client).await?.ok()?;
        let cat = scene.people().user(ACCOUNT, "cat").await?;
        let further = scene.request(&cat.arn, &["Encrypt"], json!({}));
        made(bob.client.kms("CreateGrant", &further).await?)?;
        scene.encrypt(&cat.client).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn who_may_by_policy_grants_what_the_key_can_do() {
    block_on(async {
        let scene = Scene::new().await?;
        let (ada, bob) = (scene.people().user(ACCOUNT, "ada").await?, scene.people().user(ACCOUNT, "bob").await?);
        ada.allow("kms:CreateGrant", "*").await?;
        assert_denied(&scene.encrypt(&ada.client).await?, "kms:Encrypt");
        made(ada.client.kms("CreateGrant", &scene.request(&bob.arn, &["Encrypt"], json!({}))).await?)?;
        scene.encrypt(&bob.client).await?.ok()?;
        // A grant that is too narrow takes nothing away.
        scene.grant(&ada.arn, &["CreateGrant", "Decrypt"]).await?;
        made(ada.client.kms("CreateGrant", &scene.request(&bob.arn, &["GenerateDataKey"], json!({}))).await?)?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn children_outlive_their_parent() {
    block_on(async {
        let scene = Scene::new().await?;
        let (ada, bob) = (scene.people().user(ACCOUNT, "ada").await?, scene.people().user(ACCOUNT, "bob").await?);
        let (parent, _) = scene.grant(&ada.arn, &["CreateGrant", "Encrypt"]).await?;
        made(ada.client.kms("CreateGrant", &scene.request(&bob.arn, &["Encrypt"], json!({}))).await?)?;
        scene.revoke(&parent).await?;
        scene.encrypt(&bob.client).await?.ok()?;
        let again = ada.client.kms("CreateGrant", &scene.request(&bob.arn, &["Encrypt"], json!({}))).await?;
        assert_denied(&again, "kms:CreateGrant");
        Ok(())
    })
    .unwrap();
}

#[test]
fn policies_see_what_a_grant_would_allow() {
    block_on(async {
        let scene = Scene::new().await?;
        let (ada, bob) = (scene.people().user(ACCOUNT, "ada").await?, scene.people().user(ACCOUNT, "bob").await?);
        let pairs = json!({ "EncryptionContextSubset": { "Stage": "prod" } });
        let retirer = format!("arn:aws:iam::{ACCOUNT}:root");
        let full = json!({ "Constraints": pairs, "RetiringPrincipal": retirer });
        let plain = json!({});
        let key = |name: &str, value: &str| json!({ "StringEquals": { name: value } });
        let names = |quantifier: &str, value: Value| json!({ quantifier: { "kms:GrantOperations": value } });
        // Condition on CreateGrant, the request's further members, whether it is allowed.
        let table = [
            (names("ForAllValues:StringEquals", json!(["Encrypt", "Decrypt"])), &plain, true),
            (names("ForAllValues:StringEquals", json!(["Encrypt"])), &plain, false),
            (names("ForAnyValue:StringEquals", json!(["Decrypt"])), &plain, true),
            (key("kms:GranteePrincipal", &bob.arn), &plain, true),
            (key("kms:GranteePrincipal", &ada.arn), &plain, false),
            (key("kms:RetiringPrincipal", &retirer), &full, true),
            (key("kms:RetiringPrincipal", &retirer), &plain, false),
            (key("kms:GrantConstraintType", "EncryptionContextSubset"), &full, true),
            (key("kms:GrantConstraintType", "EncryptionContextEquals"), &full, false),
            (key("kms:GrantConstraintType", "EncryptionContextSubset"), &plain, false),
            (key("kms:EncryptionContext:Stage", "prod"), &full, true),
            (key("kms:EncryptionContext:Stage", "test"), &full, false),
            (json!({ "Bool": { "kms:GrantIsForAWSResource": "false" } }), &plain, true),
            (json!({ "Bool": { "kms:GrantIsForAWSResource": "true" } }), &plain, false),
            (json!({ "Null": { "kms:GranteeServicePrincipal": "true" } }), &plain, true),
            (json!({ "Null": { "kms:GrantConstraintSourceArn": "false" } }), &full, false),
            (json!({ "Null": { "kms:ViaService": "true" } }), &plain, true),
        ];
        for (condition, more, allowed) in table {
            let statement =
                json!({ "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*", "Condition": condition });
            ada.put_policy(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()).await?;
            let input = scene.request(&bob.arn, &["Encrypt", "Decrypt"], more.clone());
            let answer = ada.client.kms("CreateGrant", &input).await?;
            assert_eq!(answer.status == 200, allowed, "{statement} {more}: {}", answer.body);
        }
        Ok(())
    })
    .unwrap();
}
