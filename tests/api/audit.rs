//! Every call leaves a record, and no record holds a secret.

use base64_simd::STANDARD as BASE64;
use claviger_testkit::{ACCOUNT, block_on};
use serde_json::{Value, json};

use crate::{development, new_key, text};

fn last(server: &claviger_testkit::Server, name: &str) -> Value {
    let records = server.audit();
    records
        .into_iter()
        .rev()
        .find(|record| record["eventName"] == name)
        .unwrap_or_else(|| panic!("no record of {name}"))
}

#[test]
fn a_record_has_the_request_id_the_client_saw_and_cloudtrails_members() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, arn) = new_key(&client).await?;
        let input = json!({ "KeyId": id, "Plaintext": "c2VjcmV0", "EncryptionContext": { "Tenant": "a" } });
        let answer = client.kms("Encrypt", &input).await?;
        let record = last(&server, "Encrypt");
        assert_eq!(record["requestID"], answer.request_id);
        assert_eq!(record["eventSource"], "kms.amazonaws.com");
        assert_eq!(record["awsRegion"], "us-east-1");
        assert_eq!(record["recipientAccountId"], ACCOUNT);
        assert_eq!(record["readOnly"], true);
        assert_eq!(record["responseElements"], Value::Null);
        assert_eq!(record["userIdentity"]["type"], "Root");
        assert_eq!(record["userIdentity"]["arn"], format!("arn:aws:iam::{ACCOUNT}:root"));
        let parameters =
            json!({ "keyId": id, "encryptionContext": { "Tenant": "a" }, "encryptionAlgorithm": "SYMMETRIC_DEFAULT" });
        assert_eq!(record["requestParameters"], parameters);
        let resource = json!([{ "ARN": arn, "accountId": ACCOUNT, "type": "AWS::KMS::Key" }]);
        assert_eq!(record["resources"], resource);
        Ok(())
    })
    .unwrap();
}

#[test]
fn decrypt_records_the_key_it_found() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, arn) = new_key(&client).await?;
        let sealed = client.kms("Encrypt", &json!({ "KeyId": id, "Plaintext": "eA==" })).await?.ok()?;
        client.kms("Decrypt", &json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await?.ok()?;
        let parameters = json!({ "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "keyId": arn });
        assert_eq!(last(&server, "Decrypt")["requestParameters"], parameters);
        let wrong = json!({ "CiphertextBlob": sealed["CiphertextBlob"], "EncryptionContext": { "a": "b" } });
        assert_eq!(client.kms("Decrypt", &wrong).await?.code(), "InvalidCiphertextException");
        let record = last(&server, "Decrypt");
        assert_eq!(record["errorCode"], "InvalidCiphertextException");
        assert_eq!(record["responseElements"], Value::Null);
        Ok(())
    })
    .unwrap();
}

#[test]
fn no_record_holds_plaintext_ciphertext_or_material() {
    let (server, client) = development().unwrap();
    let secret = "the-planted-secret-that-must-not-appear";
    let encoded = BASE64.encode_to_string(secret);
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let sealed = client.kms("Encrypt", &json!({ "KeyId": id, "Plaintext": encoded })).await?.ok()?;
        let blob = text(&sealed, "/CiphertextBlob");
        client.kms("Decrypt", &json!({ "CiphertextBlob": blob })).await?.ok()?;
        client.kms("ReEncrypt", &json!({ "CiphertextBlob": blob, "DestinationKeyId": id })).await?.ok()?;
        let data_key = client.kms("GenerateDataKey", &json!({ "KeyId": id, "KeySpec": "AES_256" })).await?.ok()?;
        let random = client.kms("GenerateRandom", &json!({ "NumberOfBytes": 32 })).await?.ok()?;
        // A secret in the wrong member is refused; the refusal must not quote it in the log either.
        client.kms("Decrypt", &json!({ "CiphertextBlob": 7, "KeyId": id, "Plaintext": encoded })).await?;
        let log = serde_json::to_string(&server.audit())?;
        for hidden in [
            secret.to_owned(),
            encoded.clone(),
            blob,
            text(&data_key, "/Plaintext"),
            text(&data_key, "/CiphertextBlob"),
            text(&random, "/Plaintext"),
        ] {
            assert!(!log.contains(&hidden), "{hidden} is in the log");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_change_and_its_record_come_together() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, arn) = new_key(&client).await?;
        let created = last(&server, "CreateKey");
        assert_eq!(created["readOnly"], false);
        assert_eq!(created["responseElements"]["keyMetadata"]["arn"], arn);
        assert_eq!(created["responseElements"]["keyMetadata"]["aWSAccountId"], ACCOUNT);
        assert_eq!(created["resources"][0]["ARN"], arn);
        client.kms("ScheduleKeyDeletion", &json!({ "KeyId": id, "PendingWindowInDays": 7 })).await?.ok()?;
        let scheduled = last(&server, "ScheduleKeyDeletion");
        assert_eq!(scheduled["responseElements"]["keyId"], arn);
        // Dates of KMS responses are display text: Aug 10, 2022, 10:38:27 PM.
        let date = text(&scheduled, "/responseElements/deletionDate");
        assert!(date.ends_with(" AM") || date.ends_with(" PM"), "{date}");
        client.kms("EnableKey", &json!({ "KeyId": id })).await?;
        let refused = last(&server, "EnableKey");
        assert_eq!(refused["errorCode"], "KMSInvalidStateException");
        assert_eq!(refused["errorMessage"], format!("{arn} is pending deletion."));
        Ok(())
    })
    .unwrap();
}
