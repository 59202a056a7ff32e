//! What happens by itself when time passes.

use claviger_testkit::{Client, Server, block_on};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{development, new_key, text};

const DAY: i64 = 24;

pub(crate) async fn pass(server: &Server, days: i64) {
    server.system().clock.advance(SignedDuration::from_hours(days * DAY) + SignedDuration::from_secs(1));
    server.shared().bell.ring_and_wait().await;
    // The turn under way when the bell rang may have read the clock before it moved.
    server.shared().bell.ring_and_wait().await;
}

async fn rotations(client: &Client, id: &str) -> anyhow::Result<Vec<Value>> {
    let listed = client.kms("ListKeyRotations", &json!({ "KeyId": id })).await?.ok()?;
    Ok(listed["Rotations"].as_array().cloned().unwrap_or_default())
}

#[test]
fn a_key_is_gone_after_its_waiting_period() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, arn) = new_key(&client).await?;
        client.kms("CreateAlias", &json!({ "AliasName": "alias/gone", "TargetKeyId": id })).await?.ok()?;
        let sealed = client.kms("Encrypt", &json!({ "KeyId": id, "Plaintext": "eA==" })).await?.ok()?;
        let decrypt = json!({ "CiphertextBlob": sealed["CiphertextBlob"] });
        client.kms("ScheduleKeyDeletion", &json!({ "KeyId": id, "PendingWindowInDays": 7 })).await?.ok()?;
        let answer = client.kms("Decrypt", &decrypt).await?;
        assert_eq!(
            (answer.code(), answer.message()),
            ("KMSInvalidStateException", &*format!("{arn} is pending deletion."))
        );
        pass(&server, 6).await;
        client.kms("DescribeKey", &json!({ "KeyId": id })).await?.ok()?;
        pass(&server, 1).await;
        let answer = client.kms("DescribeKey", &json!({ "KeyId": id })).await?;
        assert_eq!((answer.code(), answer.message()), ("NotFoundException", &*format!("Key '{arn}' does not exist")));
        assert_eq!(client.kms("Decrypt", &decrypt).await?.code(), "AccessDeniedException");
        assert_eq!(client.kms("DescribeKey", &json!({ "KeyId": "alias/gone" })).await?.code(), "NotFoundException");
        assert!(
            server.audit().iter().any(|r| r["eventName"] == "DeleteKey" && r["serviceEventDetails"]["keyId"] == arn)
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_cancelled_deletion_never_happens_and_leaves_the_key_disabled() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        client.kms("ScheduleKeyDeletion", &json!({ "KeyId": id, "PendingWindowInDays": 7 })).await?.ok()?;
        client.kms("CancelKeyDeletion", &json!({ "KeyId": id })).await?.ok()?;
        pass(&server, 40).await;
        let described = client.kms("DescribeKey", &json!({ "KeyId": id })).await?.ok()?;
        assert_eq!(described["KeyMetadata"]["KeyState"], "Disabled");
        assert_eq!(described["KeyMetadata"].get("DeletionDate"), None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn automatic_rotation_keeps_its_schedule_and_old_ciphertexts_open() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let sealed = client.kms("Encrypt", &json!({ "KeyId": id, "Plaintext": "eA==" })).await?.ok()?;
        client.kms("EnableKeyRotation", &json!({ "KeyId": id, "RotationPeriodInDays": 90 })).await?.ok()?;
        pass(&server, 89).await;
        assert_eq!(rotations(&client, &id).await?.len(), 0);
        pass(&server, 1).await;
        let first = rotations(&client, &id).await?;
        assert_eq!(first.len(), 1);
        assert_eq!(
            (&first[0]["RotationType"], &first[0]["KeyMaterialState"]),
            (&json!("AUTOMATIC"), &json!("CURRENT"))
        );
        // Three more periods in one leap: each rotation has its own date.
        pass(&server, 270).await;
        let all = rotations(&client, &id).await?;
        assert_eq!(all.len(), 4);
        let dates: Vec<f64> = all.iter().filter_map(|rotation| rotation["RotationDate"].as_f64()).collect();
        for pair in dates.windows(2) {
            assert!((pair[1] - pair[0] - 90.0 * 86_400.0).abs() < 1.0, "{dates:?}");
        }
        client.kms("Decrypt", &json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await?.ok()?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_disabled_key_rotates_once_when_it_is_enabled_again() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        client.kms("EnableKeyRotation", &json!({ "KeyId": id, "RotationPeriodInDays": 90 })).await?.ok()?;
        client.kms("DisableKey", &json!({ "KeyId": id })).await?.ok()?;
        pass(&server, 365).await;
        assert_eq!(rotations(&client, &id).await?.len(), 0);
        client.kms("EnableKey", &json!({ "KeyId": id })).await?.ok()?;
        pass(&server, 0).await;
        assert_eq!(rotations(&client, &id).await?.len(), 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_second_request_does_not_rotate_twice() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, arn) = new_key(&client).await?;
        for _ in 0..2 {
            let answer = client.kms("RotateKeyOnDemand", &json!({ "KeyId": id })).await?.ok()?;
            assert_eq!(text(&answer, "/KeyId"), arn);
        }
        let status = client.kms("GetKeyRotationStatus", &json!({ "KeyId": id })).await?.ok()?;
        assert!(status["OnDemandRotationStartDate"].is_number(), "{status}");
        pass(&server, 0).await;
        let done = rotations(&client, &id).await?;
        assert_eq!(done.len(), 1);
        assert_eq!(done[0]["RotationType"], "ON_DEMAND");
        let status = client.kms("GetKeyRotationStatus", &json!({ "KeyId": id })).await?.ok()?;
        assert_eq!(status.get("OnDemandRotationStartDate"), None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn on_demand_rotations_are_limited() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, arn) = new_key(&client).await?;
        for _ in 0..25 {
            client.kms("RotateKeyOnDemand", &json!({ "KeyId": id })).await?.ok()?;
            pass(&server, 0).await;
        }
        let answer = client.kms("RotateKeyOnDemand", &json!({ "KeyId": id })).await?;
        assert_eq!(answer.code(), "LimitExceededException");
        let said = "The on-demand rotations limit has been reached for the given keyId. \
                    No more on-demand rotations can be performed for this key: ";
        assert_eq!(answer.message(), format!("{said}{arn}"));
        let all = json!({ "KeyId": id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL", "Limit": 10 });
        let page = client.kms("ListKeyRotations", &all).await?.ok()?;
        assert_eq!((page["Rotations"].as_array().map(Vec::len), &page["Truncated"]), (Some(10), &json!(true)));
        Ok(())
    })
    .unwrap();
}
