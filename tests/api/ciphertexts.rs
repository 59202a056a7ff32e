//! Ciphertexts: tampering, contexts, wrong keys, rotation.

use base64_simd::STANDARD as BASE64;
use claviger_testkit::{Client, Signing, block_on};
use serde_json::{Value, json};

use crate::{development, new_key, text};

async fn encrypt(client: &Client, key: &str, context: Value) -> anyhow::Result<String> {
    let input = json!({ "KeyId": key, "Plaintext": "aGVsbG8=", "EncryptionContext": context });
    Ok(text(&client.kms("Encrypt", &input).await?.ok()?, "/CiphertextBlob"))
}

#[test]
fn any_flipped_bit_is_refused() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let blob = BASE64.decode_to_vec(encrypt(&client, &id, json!({})).await?)?;
        for position in 0..blob.len() {
            let mut bad = blob.clone();
            bad[position] ^= 1 << (position % 8);
            let encoded = BASE64.encode_to_string(&bad);
            for input in [json!({ "CiphertextBlob": encoded }), json!({ "CiphertextBlob": encoded, "KeyId": id })] {
                let answer = client.kms("Decrypt", &input).await?;
                assert_eq!(answer.code(), "InvalidCiphertextException", "byte {position}: {}", answer.body);
                assert!(answer.body.get("message").is_none(), "{}", answer.body);
            }
        }
        for length in 0..blob.len() {
            let input = json!({ "CiphertextBlob": BASE64.encode_to_string(&blob[..length.max(1)]), "KeyId": id });
            assert_eq!(client.kms("Decrypt", &input).await?.status, 400, "cut to {length}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_context_binds_names_and_values_apart() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let blob = encrypt(&client, &id, json!({ "a": "bc", "x": "y" })).await?;
        for wrong in [
            json!({ "ab": "c", "x": "y" }),
            json!({ "a": "bc" }),
            json!({ "a": "bc", "X": "y" }),
            json!({ "a": "BC", "x": "y" }),
            json!({ "a": "bc", "x": "y", "z": "" }),
            json!({}),
        ] {
            let input = json!({ "CiphertextBlob": blob, "EncryptionContext": wrong });
            assert_eq!(client.kms("Decrypt", &input).await?.code(), "InvalidCiphertextException", "{wrong}");
        }
        let reordered = json!({ "x": "y", "a": "bc" });
        client.kms("Decrypt", &json!({ "CiphertextBlob": blob, "EncryptionContext": reordered })).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn wrong_keys_have_the_error_that_tools_rely_on() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (first, _) = new_key(&client).await?;
        let (second, _) = new_key(&client).await?;
        let blob = encrypt(&client, &first, json!({})).await?;
        let answer = client.kms("Decrypt", &json!({ "CiphertextBlob": blob, "KeyId": second })).await?;
        assert_eq!(answer.code(), "IncorrectKeyException");
        let said = "The key ID in the request does not identify a CMK that can perform this operation.";
        assert_eq!(answer.message(), said);
        // In another Region the key does not exist, and that is all one learns.
        let mut elsewhere = server.client(Signing::Unknown("test".to_owned()));
        elsewhere.region = "eu-west-1".to_owned();
        let answer = elsewhere.kms("Decrypt", &json!({ "CiphertextBlob": blob })).await?;
        assert_eq!(answer.code(), "AccessDeniedException");
        assert!(answer.message().contains("kms:Decrypt on the resource associated with this ciphertext because"));
        // A blob of the real AWS KMS (recognised by its leading bytes) belongs to no key here.
        let mut foreign = vec![1, 2, 2, 0, 0x78];
        foreign.extend([7; 32]);
        foreign.push(1);
        foreign.extend([9; 16]);
        foreign.extend(110u32.to_be_bytes());
        foreign.push(0x30);
        foreign.extend([0x6c; 109]);
        let answer = client.kms("Decrypt", &json!({ "CiphertextBlob": BASE64.encode_to_string(&foreign) })).await?;
        assert_eq!(answer.code(), "AccessDeniedException", "{}", answer.body);
        let answer = client.kms("Decrypt", &json!({ "CiphertextBlob": "AAAA" })).await?;
        assert_eq!(answer.code(), "InvalidCiphertextException");
        Ok(())
    })
    .unwrap();
}

#[test]
fn dry_runs_check_everything_first() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let blob = encrypt(&client, &id, json!({})).await?;
        let dry = |input: Value| {
            let mut input = input;
            input["DryRun"] = json!(true);
            input
        };
        for (name, input) in [
            ("Encrypt", json!({ "KeyId": id, "Plaintext": "eA==" })),
            ("Decrypt", json!({ "CiphertextBlob": blob })),
            ("ReEncrypt", json!({ "CiphertextBlob": blob, "DestinationKeyId": id })),
            ("GenerateDataKey", json!({ "KeyId": id, "KeySpec": "AES_256" })),
            ("GenerateDataKeyWithoutPlaintext", json!({ "KeyId": id, "NumberOfBytes": 7 })),
            ("Decrypt", json!({ "KeyId": id, "DryRunModifiers": ["IGNORE_CIPHERTEXT"] })),
        ] {
            let answer = client.kms(name, &dry(input)).await?;
            assert_eq!(answer.code(), "DryRunOperationException", "{name}: {}", answer.body);
            assert_eq!(answer.message(), "The request would have succeeded, but the DryRun option is set.");
        }
        let wrong = dry(json!({ "CiphertextBlob": blob, "EncryptionContext": { "a": "b" } }));
        assert_eq!(client.kms("Decrypt", &wrong).await?.code(), "InvalidCiphertextException");
        let modifier = json!({ "KeyId": id, "CiphertextBlob": blob, "DryRunModifiers": ["IGNORE_CIPHERTEXT"] });
        assert_eq!(client.kms("Decrypt", &modifier).await?.code(), "ValidationException");
        Ok(())
    })
    .unwrap();
}
