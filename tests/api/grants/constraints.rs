//! What a grant demands of each request.

use super::*;

type Pairs<'a> = &'a [(&'a str, &'a str)];

const CONTEXT: [(&str, &str); 2] = [("Department", "IT"), ("Purpose", "Test")];

fn context(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn the_encryption_context_of_every_operation_is_held_against_the_constraint() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let operations = [
            "Encrypt",
            "Decrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo",
            "DescribeKey",
        ];
        let it = &CONTEXT[..1];
        // Constraint, its pairs, contexts that meet it, contexts that do not.
        let other_case = [("department", "IT")];
        let other_value = [("Department", "it")];
        let cases: [(&str, Pairs<'_>, &[Pairs<'_>], &[Pairs<'_>]); 2] = [
            ("EncryptionContextSubset", it, &[it, &CONTEXT], &[&[], &CONTEXT[1..], &other_case, &other_value]),
            ("EncryptionContextEquals", it, &[it], &[&[], &CONTEXT, &CONTEXT[1..], &other_case, &other_value]),
        ];
        for (constraint, pairs, meeting, failing) in cases {
            let more = json!({ "Constraints": { constraint: context(pairs) } });
            let (grant_id, _) = scene.grant_with(&ada.arn, &operations, more).await?;
            for (pairs, allowed) in
                meeting.iter().map(|pairs| (*pairs, true)).chain(failing.iter().map(|p| (*p, false)))
            {
                let given = context(pairs);
                let sealed = json!({ "KeyId": scene.key, "Plaintext": "eA==", "EncryptionContext": given });
                let sealed = scene.root.kms("Encrypt", &sealed).await?.ok()?;
                let blob = &sealed["CiphertextBlob"];
                let key = &scene.arn;
                for (name, input) in [
                    ("Encrypt", json!({ "KeyId": key, "Plaintext": "eA==", "EncryptionContext": given })),
                    ("Decrypt", json!({ "CiphertextBlob": blob, "EncryptionContext": given })),
                    ("GenerateDataKey", json!({ "KeyId": key, "KeySpec": "AES_128", "EncryptionContext": given })),
                    (
                        "GenerateDataKeyWithoutPlaintext",
                        json!({ "KeyId": key, "KeySpec": "AES_128", "EncryptionContext": given }),
                    ),
                    (
                        "ReEncrypt",
                        json!({ "CiphertextBlob": blob, "DestinationKeyId": key,
                        "SourceEncryptionContext": given, "DestinationEncryptionContext": context(it) }),
                    ),
                ] {
                    let answer = ada.client.kms(name, &input).await?;
                    let expected = if allowed { "" } else { "AccessDeniedException" };
                    assert_eq!(answer.code(), expected, "{constraint} {name} {given}: {}", answer.body);
                }
                // The destination has a context of its own.
                let from = json!({ "CiphertextBlob": scene.root.kms("Encrypt", &json!({ "KeyId": scene.key,
                    "Plaintext": "eA==", "EncryptionContext": context(it) })).await?.ok()?["CiphertextBlob"],
                    "DestinationKeyId": key, "SourceEncryptionContext": context(it),
                    "DestinationEncryptionContext": given });
                assert_eq!(ada.client.kms("ReEncrypt", &from).await?.status == 200, allowed, "{constraint} {given}");
            }
            // There is no context to hold against it.
            ada.client.kms("DescribeKey", &json!({ "KeyId": scene.arn })).await?.ok()?;
            scene.revoke(&grant_id).await?;
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_grant_for_a_services_resource_is_not_for_direct_calls() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = scene.people().user(ACCOUNT, "ada").await?;
        let source = format!("arn:aws:s3:us-east-1:{ACCOUNT}:bucket");
        let more = json!({ "Constraints": { "SourceArn": source } });
        scene.grant_with(&ada.arn, &["Encrypt", "DescribeKey"], more).await?;
        assert_denied(&scene.encrypt(&ada.client).await?, "kms:Encrypt");
        ada.client.kms("DescribeKey", &json!({ "KeyId": scene.arn })).await?.ok()?;
        Ok(())
    })
    .unwrap();
}
