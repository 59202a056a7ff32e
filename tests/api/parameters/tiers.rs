//! Tiers: what they hold, how one is chosen, and that there is no way back; the settings of the service.

use std::sync::Arc;

use claviger_ssm::record::CountRecord;
use claviger_store::Batch;
use claviger_testkit::{ACCOUNT, Client, REGION, block_on};
use serde_json::{Value, json};

use super::refusal;
use crate::{development, new_key};

const SETTING: &str = "/ssm/parameter-store/default-parameter-tier";

async fn tier(client: &Client, name: &str, size: usize, tier: Option<&str>) -> anyhow::Result<Value> {
    let mut input = json!({ "Name": name, "Value": "x".repeat(size), "Type": "String", "Overwrite": true });
    if let Some(tier) = tier {
        input["Tier"] = json!(tier);
    }
    let answer = client.ssm("PutParameter", &input).await?;
    Ok(if answer.status == 200 { answer.body["Tier"].clone() } else { answer.body["__type"].clone() })
}

#[test]
fn a_tier_is_chosen_and_never_left_downwards() {
    let (_server, client) = development().unwrap();
    block_on(async {
        assert_eq!(tier(&client, "/t/a", 4096, None).await?, "Standard");
        assert_eq!(tier(&client, "/t/a", 4097, None).await?, "ValidationException");
        assert_eq!(tier(&client, "/t/a", 4096, Some("Intelligent-Tiering")).await?, "Standard");
        assert_eq!(tier(&client, "/t/a", 4097, Some("Intelligent-Tiering")).await?, "Advanced");
        assert_eq!(tier(&client, "/t/a", 1, Some("Intelligent-Tiering")).await?, "Advanced");
        assert_eq!(tier(&client, "/t/a", 8192, Some("Advanced")).await?, "Advanced");
        assert_eq!(tier(&client, "/t/a", 8193, Some("Advanced")).await?, "ValidationException");
        assert_eq!(tier(&client, "/t/a", 1, None).await?, "Advanced");
        let back = json!({ "Name": "/t/a", "Value": "v", "Overwrite": true, "Tier": "Standard" });
        let text = "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                    advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced \
                    parameter and recreate it as a standard parameter. Be aware that standard parameters have a value \
                    limit of 4096 characters.";
        assert_eq!(refusal(&client.ssm("PutParameter", &back).await?), ("ValidationException", text));
        let json_type = json!({ "Name": "/t/j", "Value": "{\"a\":1}", "Type": "String", "DataType": "json" });
        assert_eq!(client.ssm("PutParameter", &json_type).await?.code(), "ValidationException");
        let set = async |value: &str| {
            client.ssm("UpdateServiceSetting", &json!({ "SettingId": SETTING, "SettingValue": value })).await
        };
        assert_eq!(set("Intelligent-Tiering").await?.ok()?, json!({}));
        assert_eq!(client.ssm("PutParameter", &json_type).await?.ok()?["Tier"], "Advanced");
        assert_eq!(set("Best").await?.code(), "ValidationException");
        let arn = format!("arn:aws:ssm:{REGION}:{ACCOUNT}:servicesetting{SETTING}");
        let shown =
            client.ssm("GetServiceSetting", &json!({ "SettingId": arn })).await?.ok()?["ServiceSetting"].clone();
        assert_eq!(shown["SettingId"], SETTING);
        assert_eq!((&shown["SettingValue"], &shown["Status"]), (&json!("Intelligent-Tiering"), &json!("Customized")));
        assert_eq!(
            (&shown["ARN"], &shown["LastModifiedUser"]),
            (&json!(arn), &json!(format!("arn:aws:iam::{ACCOUNT}:root")))
        );
        let shown = client.ssm("ResetServiceSetting", &json!({ "SettingId": SETTING })).await?.ok()?;
        assert_eq!(shown["ServiceSetting"]["SettingValue"], "Standard");
        let shown =
            client.ssm("GetServiceSetting", &json!({ "SettingId": SETTING })).await?.ok()?["ServiceSetting"].clone();
        assert_eq!((&shown["Status"], &shown["LastModifiedUser"]), (&json!("Default"), &json!("System")));
        let unknown = json!({ "SettingId": "/ssm/managed-instance/activation-tier" });
        assert_eq!(client.ssm("GetServiceSetting", &unknown).await?.code(), "ServiceSettingNotFound");
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_last_places_of_a_tier_are_given_once() {
    let (server, client) = development().unwrap();
    block_on(async {
        // As if 9,998 parameters were there.
        let mut batch = Batch::default();
        batch.insert(&CountRecord { id: format!("{ACCOUNT}/{REGION}/00"), standard: 9_998, advanced: 0 });
        server.system().commit(batch).await?;
        let client = Arc::new(client);
        let writers: Vec<_> = (0..12)
            .map(|number| {
                let client = Arc::clone(&client);
                let input = json!({ "Name": format!("/l/{number}"), "Value": "v", "Type": "String" });
                tokio::spawn(async move { client.ssm("PutParameter", &input).await })
            })
            .collect();
        let mut made = 0;
        for writer in writers {
            let answer = writer.await??;
            match answer.code() {
                "" => made += 1,
                code => assert_eq!(code, "ParameterLimitExceeded"),
            }
        }
        assert_eq!(made, 2);
        let one_more = |tier: &str| json!({ "Name": "/l/more", "Value": "v", "Type": "String", "Tier": tier });
        assert_eq!(client.ssm("PutParameter", &one_more("Standard")).await?.code(), "ParameterLimitExceeded");
        assert_eq!(client.ssm("PutParameter", &one_more("Intelligent-Tiering")).await?.ok()?["Tier"], "Advanced");
        // New versions take no place; what goes, or goes up, leaves one.
        let found = client.ssm("GetParametersByPath", &json!({ "Path": "/l" })).await?.ok()?["Parameters"].clone();
        let names: Vec<_> = found.as_array().unwrap().iter().map(|found| found["Name"].as_str().unwrap()).collect();
        assert_eq!(tier(&client, names[0], 1, None).await?, "Standard");
        assert_eq!(tier(&client, names[0], 1, Some("Advanced")).await?, "Advanced");
        assert_eq!(tier(&client, "/l/new", 1, None).await?, "Standard");
        client.ssm("DeleteParameters", &json!({ "Names": [names[1], "/l/new"] })).await?.ok()?;
        assert_eq!(tier(&client, "/l/a", 1, None).await?, "Standard");
        assert_eq!(tier(&client, "/l/b", 1, None).await?, "Standard");
        assert_eq!(tier(&client, "/l/c", 1, None).await?, "ParameterLimitExceeded");
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_advanced_tier_seals_values_in_envelopes_under_the_writers_key() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (key, arn) = new_key(&client).await?;
        let value = "ü".repeat(8192);
        let input = json!({ "Name": "/t/e", "Value": value, "Type": "SecureString", "KeyId": key, "Tier": "Advanced" });
        client.ssm("PutParameter", &input).await?.ok()?;
        let read = json!({ "Name": "/t/e", "WithDecryption": true });
        assert_eq!(client.ssm("GetParameter", &read).await?.ok()?["Parameter"]["Value"], value);
        let records = server.audit();
        let call = |name: &str| {
            records
                .iter()
                .find(|record| record["eventName"] == name && record["eventSource"] == "kms.amazonaws.com")
                .unwrap()
        };
        let context = json!({ "PARAMETER_ARN": format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/t/e") });
        for name in ["GenerateDataKey", "Decrypt"] {
            assert_eq!(call(name)["requestParameters"]["encryptionContext"], context, "{name}");
            assert_eq!(call(name)["userIdentity"]["invokedBy"], "ssm.amazonaws.com");
            assert_eq!(call(name)["resources"][0]["ARN"], arn);
        }
        assert!(records.iter().all(|record| record["eventName"] != "Encrypt"));
        client.kms("DisableKey", &json!({ "KeyId": key })).await?.ok()?;
        let text = format!("{arn} is disabled.");
        assert_eq!(refusal(&client.ssm("GetParameter", &read).await?), ("InvalidKeyId", text.as_str()));
        // Going up without naming a key means the service's own, and the old version stays under the old one.
        client.kms("EnableKey", &json!({ "KeyId": key })).await?.ok()?;
        let input = json!({ "Name": "/t/up", "Value": "1", "Type": "SecureString", "KeyId": key });
        client.ssm("PutParameter", &input).await?.ok()?;
        let input = json!({ "Name": "/t/up", "Value": "2", "Overwrite": true, "Tier": "Advanced" });
        client.ssm("PutParameter", &input).await?.ok()?;
        let input = json!({ "Name": "/t/up", "WithDecryption": true });
        let history = client.ssm("GetParameterHistory", &input).await?.ok()?["Parameters"].clone();
        for (at, (value, key, tier)) in
            [("1", key.as_str(), "Standard"), ("2", "alias/aws/ssm", "Advanced")].into_iter().enumerate()
        {
            assert_eq!((&history[at]["Value"], &history[at]["KeyId"]), (&json!(value), &json!(key)));
            assert_eq!(history[at]["Tier"], tier);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn patterns_and_data_types_are_checked_against_what_is_in_force() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let put = async |value: &str, more: Value| {
            let mut input = json!({ "Name": "/t/p", "Value": value, "Overwrite": true });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            client.ssm("PutParameter", &input).await
        };
        let pattern = r"\d{1,4}";
        put("80", json!({ "Type": "String", "AllowedPattern": pattern, "Description": "a port" })).await?.ok()?;
        let text = format!("Parameter value, cannot be validated against allowedPattern: {pattern}");
        // The whole value must match, and the pattern is inherited.
        for wrong in ["80a", "x80", "12345", "80\n80"] {
            let answer = put(wrong, json!({})).await?;
            assert_eq!(refusal(&answer), ("ParameterPatternMismatchException", text.as_str()));
        }
        put("443", json!({})).await?.ok()?;
        for bad in ["(", "a)|(b", "(a{1000}){1000}"] {
            assert_eq!(
                put("443", json!({ "AllowedPattern": bad })).await?.code(),
                "InvalidAllowedPatternException",
                "{bad}"
            );
        }
        put("none", json!({ "AllowedPattern": "" })).await?.ok()?;
        let found = client.ssm("DescribeParameters", &json!({})).await?.ok()?["Parameters"][0].clone();
        assert_eq!((&found["Description"], &found["Version"]), (&json!("a port"), &json!(3)));
        assert!(found.get("AllowedPattern").is_none());
        for (data_type, good, bad) in [
            ("aws:ec2:image", "ami-0123456789abcdef0", "image"),
            ("boolean", "true", "True"),
            ("integer", "-12", "1.5"),
            ("float", "1e3", "one"),
            ("hostname", "db.example.com", "-db"),
            ("email", "ada@example.com", "ada"),
            ("ipv4-address", "192.0.2.1", "192.0.2.256"),
            ("ipv6-address", "2001:db8::1", "192.0.2.1"),
            ("aws:region", "eu-west-1", "Europe"),
            ("aws:account:id", "111122223333", "1111"),
        ] {
            put(good, json!({ "DataType": data_type })).await?.ok()?;
            // Inherited too.
            assert_eq!(put(bad, json!({})).await?.code(), "ValidationException", "{data_type}");
            let parameter = client.ssm("GetParameter", &json!({ "Name": "/t/p" })).await?.ok()?["Parameter"].clone();
            assert_eq!((&parameter["DataType"], &parameter["Value"]), (&json!(data_type), &json!(good)));
        }
        Ok(())
    })
    .unwrap();
}
