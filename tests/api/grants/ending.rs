//! RetireGrant and RevokeGrant: who ends a grant.

use super::*;

async fn retire(client: &Client, token: &str) -> anyhow::Result<Answer> {
    client.kms("RetireGrant", &json!({ "GrantToken": token })).await
}

#[test]
fn the_retiring_principal_retires_by_token_or_by_id() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let (ada, ret) = (people.user(ACCOUNT, "ada").await?, people.user(ACCOUNT, "ret").await?);
        let more = json!({ "RetiringPrincipal": ret.arn });
        let (_, token) = scene.grant_with(&ada.arn, &["Encrypt"], more.clone()).await?;
        // Not the grantee, and not whoever happens to hold the token.
        assert_denied(&retire(&ada.client, &token).await?, "kms:RetireGrant");
        scene.encrypt(&ada.client).await?.ok()?;
        let dry = ret.client.kms("RetireGrant", &json!({ "GrantToken": token, "DryRun": true })).await?;
        assert_eq!(dry.code(), "DryRunOperationException");
        scene.encrypt(&ada.client).await?.ok()?;
        retire(&ret.client, &token).await?.ok()?;
        assert_denied(&scene.encrypt(&ada.client).await?, "kms:Encrypt");
        let (grant_id, _) = scene.grant_with(&ada.arn, &["Encrypt"], more).await?;
        let by_id = |key: &str| json!({ "KeyId": key, "GrantId": grant_id });
        let answer = ret.client.kms("RetireGrant", &by_id(&scene.key)).await?;
        assert_eq!(answer.code(), "InvalidArnException", "the key's ARN is asked for: {}", answer.body);
        ret.client.kms("RetireGrant", &by_id(&scene.arn)).await?.ok()?;
        assert_denied(&scene.encrypt(&ada.client).await?, "kms:Encrypt");
        assert_eq!(ret.client.kms("RetireGrant", &by_id(&scene.arn)).await?.code(), "NotFoundException");
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_grantee_retires_when_the_grant_says_so() {
    block_on(async {
        let scene = Scene::new().await?;
        let role = scene.people().role(ACCOUNT, "worker").await?;
        let (one, two) = (role.session("one").await?, role.session("two").await?);
        let (_, token) = scene.grant(&one.arn, &["Encrypt", "RetireGrant"]).await?;
        assert_denied(&retire(&two.client, &token).await?, "kms:RetireGrant");
        retire(&one.client, &token).await?.ok()?;
        // A constraint on the context is no hindrance: there is none to compare.
        let more = json!({ "Constraints": { "EncryptionContextEquals": { "a": "1" } } });
        let (_, token) = scene.grant_with(&role.arn, &["Encrypt", "RetireGrant"], more).await?;
        retire(&two.client, &token).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_issuing_account_retires_through_its_own_policies_and_the_key_policy_has_no_part_in_it() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let (ada, eve) = (people.user(ACCOUNT, "ada").await?, people.user(ACCOUNT, "eve").await?);
        let (_, token) = scene.grant(&ada.arn, &["Encrypt"]).await?;
        let policy = |effect: &str| {
            json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*", "Resource": "*" },
                { "Effect": effect, "Principal": { "AWS": eve.arn }, "Action": "kms:RetireGrant", "Resource": "*" },
            ] })
        };
        let put = |effect: &str| json!({ "KeyId": scene.key, "Policy": policy(effect).to_string() });
        scene.root.kms("PutKeyPolicy", &put("Allow")).await?.ok()?;
        assert_denied(&retire(&eve.client, &token).await?, "kms:RetireGrant");
        scene.root.kms("PutKeyPolicy", &put("Deny")).await?.ok()?;
        eve.allow("kms:RetireGrant", &scene.arn).await?;
        retire(&eve.client, &token).await?.ok()?;
        let (_, token) = scene.grant(&ada.arn, &["Encrypt"]).await?;
        retire(&scene.root, &token).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn across_accounts_retiring_still_needs_the_callers_own_account() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let (ada, bob) = (people.user(ACCOUNT, "ada").await?, people.user(OTHER_ACCOUNT, "bob").await?);
        let more = json!({ "RetiringPrincipal": bob.arn });
        let (grant_id, token) = scene.grant_with(&ada.arn, &["Encrypt"], more).await?;
        let answer = retire(&bob.client, &token).await?;
        assert_denied(&answer, "kms:RetireGrant");
        assert!(answer.message().contains("on this resource"), "{}", answer.message());
        bob.allow("kms:RetireGrant", "*").await?;
        // What another account cannot see looks the same whether it is there or not.
        let absent = json!({ "KeyId": scene.arn, "GrantId": "0".repeat(64) });
        let no_key = scene.arn.replace(&scene.key, "00000000-0000-4000-8000-000000000000");
        let nowhere = json!({ "KeyId": no_key, "GrantId": grant_id });
        let (absent, nowhere) =
            (bob.client.kms("RetireGrant", &absent).await?, bob.client.kms("RetireGrant", &nowhere).await?);
        assert_eq!((absent.code(), absent.message()), (nowhere.code(), nowhere.message()));
        assert_eq!(absent.code(), "AccessDeniedException");
        retire(&bob.client, &token).await?.ok()?;
        assert_denied(&scene.encrypt(&ada.client).await?, "kms:Encrypt");
        Ok(())
    })
    .unwrap();
}

#[test]
fn revoking_is_the_keys_side_alone() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let (ada, bob) = (people.user(ACCOUNT, "ada").await?, people.user(OTHER_ACCOUNT, "bob").await?);
        let more = json!({ "RetiringPrincipal": ada.arn });
        let (grant_id, _) = scene.grant_with(&ada.arn, &["Encrypt", "RetireGrant"], more).await?;
        let revoke = |key: &str, id: &str| json!({ "KeyId": key, "GrantId": id });
        assert_denied(&ada.client.kms("RevokeGrant", &revoke(&scene.arn, &grant_id)).await?, "kms:RevokeGrant");
        bob.allow("kms:*", "*").await?;
        let answer = bob.client.kms("RevokeGrant", &revoke(&scene.arn, &grant_id)).await?;
        assert_eq!(answer.code(), "AccessDeniedException");
        let (other, _) = new_key(&scene.root).await?;
        for (key, id, code) in [
            (&scene.key, "0".repeat(64), "NotFoundException"),
            (&other, grant_id.clone(), "NotFoundException"),
            (&scene.key, "nonsense".to_owned(), "InvalidGrantIdException"),
            (&scene.key, grant_id.to_uppercase(), "InvalidGrantIdException"),
        ] {
            let answer = scene.root.kms("RevokeGrant", &revoke(key, &id)).await?;
            assert_eq!(answer.code(), code, "{id}: {}", answer.body);
        }
        let dry = json!({ "KeyId": scene.key, "GrantId": grant_id, "DryRun": true });
        assert_eq!(scene.root.kms("RevokeGrant", &dry).await?.code(), "DryRunOperationException");
        scene.encrypt(&ada.client).await?.ok()?;
        ada.allow("kms:RevokeGrant", &scene.arn).await?;
        ada.client.kms("RevokeGrant", &revoke(&scene.key, &grant_id)).await?.ok()?;
        assert_denied(&scene.encrypt(&ada.client).await?, "kms:Encrypt");
        Ok(())
    })
    .unwrap();
}

#[test]
fn grants_end_in_every_state_of_the_key_and_begin_only_in_one() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let input = json!({ "KeyId": scene.key });
        for (state, code) in [("DisableKey", "DisabledException"), ("ScheduleKeyDeletion", "KMSInvalidStateException")]
        {
            let (first, _) = scene.grant(&ada.arn, &["Encrypt"]).await?;
            let (_, token) = scene.grant(&ada.arn, &["Decrypt"]).await?;
            scene.root.kms(state, &input).await?.ok()?;
            let answer = scene.root.kms("CreateGrant", &scene.request(&ada.arn, &["Encrypt"], json!({}))).await?;
            assert_eq!(answer.code(), code, "{}", answer.body);
            assert_eq!(scene.encrypt(&ada.client).await?.code(), code);
            scene.revoke(&first).await?;
            retire(&scene.root, &token).await?.ok()?;
            if state == "DisableKey" {
                scene.root.kms("EnableKey", &input).await?.ok()?;
            }
        }
        assert_eq!(scene.root.kms("ListGrants", &input).await?.ok()?["Grants"], json!([]));
        Ok(())
    })
    .unwrap();
}

#[test]
fn grants_go_with_their_key() {
    use claviger_kms::grant::GrantRecord;
    use claviger_store::Records;
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let more = json!({ "RetiringPrincipal": ada.arn, "Name": "n" });
        let (_, token) = scene.grant_with(&ada.arn, &["Encrypt"], more).await?;
        scene.grant(&ada.arn, &["Decrypt"]).await?;
        let schedule = json!({ "KeyId": scene.key, "PendingWindowInDays": 7 });
        scene.root.kms("ScheduleKeyDeletion", &schedule).await?.ok()?;
        let system = scene.server.system();
        assert_eq!(system.store.all::<GrantRecord>(None, "").await?.len(), 2);
        system.clock.advance(jiff::SignedDuration::from_hours(7 * 24 + 1));
        for _ in 0..2 {
            scene.server.shared().bell.ring_and_wait().await;
        }
        assert_eq!(system.store.all::<GrantRecord>(None, "").await?.len(), 0);
        assert_eq!(retire(&scene.root, &token).await?.code(), "NotFoundException");
        Ok(())
    })
    .unwrap();
}
