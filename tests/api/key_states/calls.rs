//! One well-formed call of each operation, which nothing but the key's state can refuse.

use claviger_testkit::{ACCOUNT, Answer};
use serde_json::{Value, json};

use super::specimen::{HERE, Scene, Specimen, THERE, alias};

const FAR: &str = "ap-northeast-1";

pub(super) fn wrapping() -> Value {
    json!({ "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" })
}

/// Calls the operation of a row on a specimen.
pub(super) async fn call(scene: &Scene, row: &str, specimen: &Specimen) -> anyhow::Result<Answer> {
    let (client, id) = (&specimen.client, &specimen.id);
    let account = format!("arn:aws:iam::{ACCOUNT}:root");
    let made = |member: &str| specimen.made.get(member).cloned().unwrap_or_else(|| json!("AAAA"));
    let other = scene.other(specimen);
    let operation = row.split(' ').next().unwrap_or_default();
    let input = match row {
        "Encrypt" => json!({ "KeyId": id, "Plaintext": "eA==" }),
        "Decrypt" => json!({ "KeyId": id, "CiphertextBlob": made("CiphertextBlob") }),
        "ReEncrypt from" => json!({ "CiphertextBlob": made("CiphertextBlob"), "DestinationKeyId": other }),
        "ReEncrypt to" => {
            let sealed = client.kms("Encrypt", &json!({ "KeyId": other, "Plaintext": "eA==" })).await?.ok()?;
            json!({ "CiphertextBlob": sealed["CiphertextBlob"], "DestinationKeyId": id })
        }
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => json!({ "KeyId": id, "KeySpec": "AES_256" }),
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            json!({ "KeyId": id, "KeyPairSpec": "ECC_NIST_P256" })
        }
        "Sign" => json!({ "KeyId": id, "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256" }),
        "Verify" => {
            let signature = made("Signature");
            json!({ "KeyId": id, "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": signature })
        }
        "GenerateMac" => json!({ "KeyId": id, "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256" }),
        "VerifyMac" => json!({ "KeyId": id, "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": made("Mac") }),
        "DeriveSharedSecret" => json!({ "KeyId": id, "KeyAgreementAlgorithm": "ECDH", "PublicKey": scene.peer }),
        "Encapsulate" => json!({ "KeyId": id, "EncapsulationAlgorithm": "ML_KEM" }),
        "Decapsulate" => {
            let blob = made("SharedSecretCiphertextBlob");
            json!({ "KeyId": id, "EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": blob })
        }
        "PutKeyPolicy" => {
            let policy = client.kms("GetKeyPolicy", &json!({ "KeyId": id })).await?.ok()?;
            json!({ "KeyId": id, "Policy": policy["Policy"] })
        }
        "RetireGrant" | "RevokeGrant" => json!({ "KeyId": specimen.arn, "GrantId": specimen.grant }),
        "CreateGrant" => {
            json!({ "KeyId": id, "GranteePrincipal": account, "Operations": [specimen.grantable()] })
        }
        "CreateAlias" => json!({ "AliasName": format!("alias/new-{id}"), "TargetKeyId": id }),
        "DeleteAlias" => {
            // Aliases are not replicated; one that is made here is there at home already.
            let _ = client.kms("CreateAlias", &json!({ "AliasName": alias(id), "TargetKeyId": id })).await?;
            json!({ "AliasName": alias(id) })
        }
        "UpdateAlias" => {
            let name = format!("alias/moved-{id}");
            client.kms("CreateAlias", &json!({ "AliasName": name, "TargetKeyId": other })).await?.ok()?;
            json!({ "AliasName": name, "TargetKeyId": id })
        }
        "TagResource" => json!({ "KeyId": id, "Tags": [{ "TagKey": "c", "TagValue": "d" }] }),
        "UntagResource" => json!({ "KeyId": id, "TagKeys": ["a"] }),
        "UpdateKeyDescription" => json!({ "KeyId": id, "Description": "changed" }),
        "GetParametersForImport" => {
            let mut input = wrapping();
            input["KeyId"] = json!(id);
            input
        }
        "ImportKeyMaterial" => {
            let mut input = specimen.import_input()?;
            input["KeyId"] = json!(id);
            input
        }
        "ReplicateKey" => json!({ "KeyId": id, "ReplicaRegion": FAR }),
        "UpdatePrimaryRegion" => {
            let other = if client.region == HERE { THERE } else { HERE };
            json!({ "KeyId": id, "PrimaryRegion": other })
        }
        // The specimen is the replica, so its primary key is asked.
        "UpdatePrimaryRegion to" => {
            return scene.client(HERE).kms(operation, &json!({ "KeyId": id, "PrimaryRegion": THERE })).await;
        }
        _ => json!({ "KeyId": id }),
    };
    client.kms(operation, &input).await
}
