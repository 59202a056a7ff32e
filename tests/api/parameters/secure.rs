//! SecureString: under which key, for whom, and what becomes of it with the key.

use claviger_testkit::{ACCOUNT, REGION, block_on};
use serde_json::{Value, json};

use super::refusal;
use crate::{development, new_key};

#[test]
fn the_value_is_encrypted_by_the_key_service_as_the_caller() {
    let (server, client) = development().unwrap();
    block_on(async {
        let input = json!({ "Name": "/s/pw", "Value": "hunter2", "Type": "SecureString" });
        client.ssm("PutParameter", &input).await?.ok()?;
        let read = async |decrypt: bool| {
            let input = json!({ "Name": "/s/pw", "WithDecryption": decrypt });
            anyhow::Ok(client.ssm("GetParameter", &input).await?.ok()?["Parameter"]["Value"].clone())
        };
        assert_eq!(read(true).await?, "hunter2");
        let stored = read(false).await?;
        assert!(!stored.as_str().unwrap().contains("hunter2"));
        let arn = format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/s/pw");
        // The key that was made for it lets nobody in directly.
        let direct = json!({ "CiphertextBlob": stored, "EncryptionContext": { "PARAMETER_ARN": arn } });
        assert_eq!(client.kms("Decrypt", &direct).await?.code(), "AccessDeniedException");
        let records: Vec<Value> = server.audit();
        let calls: Vec<_> = records.iter().filter(|record| record["eventSource"] == "kms.amazonaws.com").collect();
        let encrypt = calls.iter().find(|record| record["eventName"] == "Encrypt").unwrap();
        assert_eq!(encrypt["userIdentity"]["invokedBy"], "ssm.amazonaws.com");
        assert_eq!(encrypt["requestParameters"]["encryptionContext"], json!({ "PARAMETER_ARN": arn }));
        assert!(!format!("{records:?}").contains("hunter2"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_key_that_cannot_be_used_fails_writes_and_reads() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (key, arn) = new_key(&client).await?;
        let put = async |overwrite: bool| {
            let input = json!({ "Name": "/s/own", "Value": "v", "Type": "SecureString", "KeyId": key,
                "Overwrite": overwrite });
            client.ssm("PutParameter", &input).await
        };
        put(false).await?.ok()?;
        client.kms("DisableKey", &json!({ "KeyId": key })).await?.ok()?;
        let text = format!("{arn} is disabled.");
        assert_eq!(refusal(&put(true).await?), ("InvalidKeyId", text.as_str()));
        for (operation, input) in [
            ("GetParameter", json!({ "Name": "/s/own", "WithDecryption": true })),
            ("GetParameters", json!({ "Names": ["/s/own"], "WithDecryption": true })),
            ("GetParametersByPath", json!({ "Path": "/s", "WithDecryption": true })),
        ] {
            assert_eq!(refusal(&client.ssm(operation, &input).await?), ("InvalidKeyId", text.as_str()), "{operation}");
        }
        // What needs no plaintext needs no key, and nothing was stored meanwhile.
        let answer = client.ssm("GetParameter", &json!({ "Name": "/s/own" })).await?.ok()?;
        assert_eq!(answer["Parameter"]["Version"], 1);
        for (key, text) in [
            ("alias/none", format!("Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/none is not found.")),
            (
                "1234abcd-12ab-34cd-56ef-1234567890ab",
                format!("Key 'arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab' does not exist"),
            ),
        ] {
            let input = json!({ "Name": "/s/none", "Value": "v", "Type": "SecureString", "KeyId": key });
            assert_eq!(refusal(&client.ssm("PutParameter", &input).await?), ("InvalidKeyId", text.as_str()));
        }
        let spec = json!({ "KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT" });
        let pair = client.kms("CreateKey", &spec).await?.ok()?["KeyMetadata"]["KeyId"].clone();
        let input = json!({ "Name": "/s/pair", "Value": "v", "Type": "SecureString", "KeyId": pair });
        assert_eq!(client.ssm("PutParameter", &input).await?.code(), "InvalidKeyId");
        Ok(())
    })
    .unwrap();
}
