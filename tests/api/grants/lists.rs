//! ListGrants and ListRetirableGrants.

use super::*;

fn ids(listed: &Value) -> Vec<String> {
    let grants = listed["Grants"].as_array().cloned().unwrap_or_default();
    grants.iter().map(|grant| text(grant, "/GrantId")).collect()
}

#[test]
fn an_entry_tells_everything_but_the_token() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let ada = people.user(ACCOUNT, "ada").await?;
        let role = people.role(OTHER_ACCOUNT, "worker").await?;
        let constraints = json!({ "EncryptionContextSubset": { "a": "1" } });
        let more = json!({ "RetiringPrincipal": role.arn, "Name": "nightly", "Constraints": constraints });
        let (grant_id, token) = scene.grant_with(&ada.arn, &["Encrypt", "Decrypt", "Encrypt"], more).await?;
        let listed = scene.root.kms("ListGrants", &json!({ "KeyId": scene.key })).await?.ok()?;
        assert_eq!(listed["Truncated"], false);
        assert!(listed.get("NextMarker").is_none());
        let mut entry = listed["Grants"][0].clone();
        assert!(entry["CreationDate"].is_number(), "{entry}");
        entry["CreationDate"].take();
        let expected = json!({
            "KeyId": scene.arn, "GrantId": grant_id, "Name": "nightly", "CreationDate": null,
            "GranteePrincipal": ada.arn, "RetiringPrincipal": role.arn,
            "IssuingAccount": format!("arn:aws:iam::{ACCOUNT}:root"),
            "Operations": ["Encrypt", "Decrypt"], "Constraints": constraints,
        });
        assert_eq!(entry, expected);
        assert!(!listed.to_string().contains(&token));
        // A service as grantee needs a source and somebody to retire the grant.
        let source = format!("arn:aws:s3:us-east-1:{ACCOUNT}:bucket");
        let service = json!({
            "KeyId": scene.key, "GranteeServicePrincipal": "logs.amazonaws.com", "Operations": ["Encrypt"],
            "RetiringServicePrincipal": "sqs.amazonaws.com", "Constraints": { "SourceArn": source },
        });
        let (for_service, _) = made(scene.root.kms("CreateGrant", &service).await?)?;
        let by_service = json!({ "KeyId": scene.key, "GranteeServicePrincipal": "logs.amazonaws.com" });
        let listed = scene.root.kms("ListGrants", &by_service).await?.ok()?;
        assert_eq!(ids(&listed), std::slice::from_ref(&for_service));
        let entry = &listed["Grants"][0];
        assert_eq!(entry["GranteeServicePrincipal"], "logs.amazonaws.com");
        assert_eq!(entry["RetiringServicePrincipal"], "sqs.amazonaws.com");
        assert!(entry.get("GranteePrincipal").is_none() && entry.get("RetiringPrincipal").is_none());
        assert_eq!(entry["Name"], "");
        let retirable = json!({ "RetiringServicePrincipal": "sqs.amazonaws.com" });
        assert_eq!(ids(&scene.root.kms("ListRetirableGrants", &retirable).await?.ok()?), [for_service]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn lists_narrow_and_page() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let (ada, bob) = (people.user(ACCOUNT, "ada").await?, people.user(ACCOUNT, "bob").await?);
        let mut all = Vec::new();
        for number in 0..7 {
            let grantee = if number % 2 == 0 { &ada } else { &bob };
            let more = json!({ "RetiringPrincipal": bob.arn });
            all.push(scene.grant_with(&grantee.arn, &["Encrypt"], more).await?.0);
        }
        let list = |input: Value| {
            let client = &scene.root;
            async move { client.kms("ListGrants", &input).await }
        };
        let one = list(json!({ "KeyId": scene.key, "GrantId": all[3] })).await?.ok()?;
        assert_eq!(ids(&one), [all[3].clone()]);
        for grantee in [&ada.arn, &ada.id] {
            let of_ada = list(json!({ "KeyId": scene.key, "GranteePrincipal": grantee })).await?.ok()?;
            assert_eq!(ids(&of_ada).len(), 4);
        }
        let none = list(json!({ "KeyId": scene.key, "GrantId": all[3], "GranteePrincipal": ada.arn })).await?.ok()?;
        assert_eq!(ids(&none).len(), 0);
        for (operation, filter) in [
            ("ListGrants", json!({ "KeyId": scene.key })),
            ("ListRetirableGrants", json!({ "RetiringPrincipal": bob.arn })),
        ] {
            for limit in [1, 3, 7, 1000] {
                let (mut found, mut input) = (Vec::new(), filter.clone());
                input["Limit"] = json!(limit);
                loop {
                    let page = scene.root.kms(operation, &input).await?.ok()?;
                    assert!(ids(&page).len() <= limit);
                    found.extend(ids(&page));
                    assert_eq!(page["Truncated"], page.get("NextMarker").is_some());
                    match page.get("NextMarker") {
                        Some(marker) => input["Marker"] = marker.clone(),
                        None => break,
                    }
                }
                found.sort_unstable();
                let mut expected = all.clone();
                expected.sort_unstable();
                assert_eq!(found, expected, "{operation} {limit}");
            }
        }
        let page = list(json!({ "KeyId": scene.key, "Limit": 1 })).await?.ok()?;
        let (other, _) = new_key(&scene.root).await?;
        let elsewhere = list(json!({ "KeyId": other, "Marker": page["NextMarker"] })).await?;
        assert_eq!(elsewhere.code(), "InvalidMarkerException");
        let malformed = list(json!({ "KeyId": scene.key, "GrantId": "x" })).await?;
        assert_eq!(malformed.code(), "InvalidGrantIdException");
        // Lists are the key's side's to see.
        assert_denied(&ada.client.kms("ListGrants", &json!({ "KeyId": scene.arn })).await?, "kms:ListGrants");
        let denied = ada.client.kms("ListRetirableGrants", &json!({ "RetiringPrincipal": ada.arn })).await?;
        assert_denied(&denied, "kms:ListRetirableGrants");
        Ok(())
    })
    .unwrap();
}

#[test]
fn retirable_grants_of_other_accounts_are_listed_and_other_accounts_principals_are_not() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let (ada, bob) = (people.user(ACCOUNT, "ada").await?, people.user(OTHER_ACCOUNT, "bob").await?);
        let more = json!({ "RetiringPrincipal": bob.arn });
        let (grant_id, _) = scene.grant_with(&ada.arn, &["Encrypt"], more).await?;
        bob.allow("kms:ListRetirableGrants", "*").await?;
        let input = json!({ "RetiringPrincipal": bob.arn });
        let listed = bob.client.kms("ListRetirableGrants", &input).await?.ok()?;
        assert_eq!(ids(&listed), [grant_id]);
        assert_eq!(listed["Grants"][0]["KeyId"], scene.arn);
        let answer = scene.root.kms("ListRetirableGrants", &input).await?;
        assert_eq!(answer.code(), "AccessDeniedException", "{}", answer.body);
        let both = json!({ "RetiringPrincipal": bob.arn, "RetiringServicePrincipal": "sqs.amazonaws.com" });
        for wrong in [json!({}), both] {
            assert_eq!(scene.root.kms("ListRetirableGrants", &wrong).await?.code(), "ValidationException");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn whoever_is_gone_is_shown_by_id_and_no_successor_inherits() {
    block_on(async {
        let scene = Scene::new().await?;
        let people = scene.people();
        let role = people.role(ACCOUNT, "worker").await?;
        let gone_id = role.id.clone();
        let retirer = json!({ "RetiringPrincipal": role.arn });
        let (grant_id, _) = scene.grant_with(&role.arn, &["Encrypt"], retirer).await?;
        let session = role.session("s").await?;
        scene.grant(&session.id, &["Encrypt"]).await?;
        scene.encrypt(&session.client).await?.ok()?;
        role.delete().await?;
        let refused = |answer: Answer, code: &str, message: String| {
            assert_eq!((answer.code(), answer.message()), (code, message.as_str()));
        };
        let by = |grantee: &str| json!({ "KeyId": scene.key, "GranteePrincipal": grantee });
        let absent = format!("ARN does not refer to a valid principal: {}", role.arn);
        refused(scene.root.kms("ListGrants", &by(&role.arn)).await?, "InvalidArnException", absent.clone());
        let text = "Input does not refer to a valid principal".to_owned();
        refused(scene.root.kms("ListGrants", &by(&gone_id)).await?, "InvalidArnException", text);
        let by_arn = json!({ "RetiringPrincipal": role.arn });
        refused(scene.root.kms("ListRetirableGrants", &by_arn).await?, "InvalidArnException", absent);
        let by_id = json!({ "RetiringPrincipal": gone_id });
        let text = format!("Retiring principal {gone_id} could not be found");
        refused(scene.root.kms("ListRetirableGrants", &by_id).await?, "NotFoundException", text);
        let create = scene.request(&gone_id, &["Encrypt"], json!({}));
        let text = "GranteePrincipal does not refer to a valid principal.".to_owned();
        refused(scene.root.kms("CreateGrant", &create).await?, "InvalidArnException", text);
        let successor = people.role(ACCOUNT, "worker").await?;
        assert_eq!(successor.arn, role.arn);
        assert_denied(&scene.encrypt(&successor.session("s").await?.client).await?, "kms:Encrypt");
        let listed = scene.root.kms("ListGrants", &json!({ "KeyId": scene.key })).await?.ok()?;
        let grants = listed["Grants"].as_array().cloned().unwrap_or_default();
        let shown: Vec<_> = grants.iter().map(|grant| text_of(grant, "GranteePrincipal")).collect();
        assert!(shown.contains(&gone_id) && shown.contains(&session.id), "{listed}");
        let first = grants.iter().find(|grant| grant["GrantId"] == grant_id).unwrap();
        assert_eq!(first["RetiringPrincipal"], gone_id);
        Ok(())
    })
    .unwrap();
}

fn text_of(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}
