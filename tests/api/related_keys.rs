//! Multi-Region keys and imported material in the audit record.

use claviger_testkit::{ACCOUNT, Signing, block_on};
use jiff::SignedDuration;
use serde_json::json;

use crate::{development, text};

const THERE: &str = "eu-west-1";

#[test]
fn what_happens_in_two_regions_is_on_record_in_both() {
    let (server, client) = development().unwrap();
    block_on(async {
        let made = client.kms("CreateKey", &json!({ "MultiRegion": true })).await?.ok()?;
        let id = text(&made, "/KeyMetadata/KeyId");
        client.kms("ReplicateKey", &json!({ "KeyId": id, "ReplicaRegion": THERE })).await?.ok()?;
        server.system().clock.advance(SignedDuration::from_secs(1));
        server.shared().bell.ring_and_wait().await;
        server.shared().bell.ring_and_wait().await;
        client.kms("UpdatePrimaryRegion", &json!({ "KeyId": id, "PrimaryRegion": THERE })).await?.ok()?;
        let refused = client.kms("ReplicateKey", &json!({ "KeyId": id, "ReplicaRegion": THERE })).await?;
        assert_eq!(refused.code(), "UnsupportedOperationException");
        let records = server.audit();
        let regions = |name: &str| -> Vec<String> {
            let named = records.iter().filter(|record| record["eventName"] == name);
            named.map(|record| text(record, "/awsRegion")).collect()
        };
        // The refused call is the first Region's affair alone.
        assert_eq!(regions("ReplicateKey"), ["us-east-1", THERE, "us-east-1"]);
        assert_eq!(regions("UpdatePrimaryRegion"), ["us-east-1", THERE]);
        assert_eq!(regions("SynchronizeMultiRegionKey"), [THERE]);
        let ids: std::collections::BTreeSet<_> = records.iter().map(|record| text(record, "/eventID")).collect();
        assert_eq!(ids.len(), records.len());
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_replica_needs_permission_to_create_keys() {
    let server = claviger_testkit::Server::enforced().unwrap();
    block_on(async {
        let root = server.client(server.issue(ACCOUNT).await?);
        let made = root.kms("CreateKey", &json!({ "MultiRegion": true })).await?.ok()?;
        let id = text(&made, "/KeyMetadata/KeyId");
        root.iam("CreateUser", &[("UserName", "kim")]).await?.ok()?;
        let issued = root.iam("CreateAccessKey", &[("UserName", "kim")]).await?.ok()?;
        let kim = server.client(Signing::With {
            access_key_id: text(&issued, "/AccessKey/AccessKeyId"),
            secret: text(&issued, "/AccessKey/SecretAccessKey"),
        });
        let replicate = json!({ "KeyId": id, "ReplicaRegion": THERE });
        for (action, wanted) in [("kms:ReplicateKey", "kms:CreateKey"), ("kms:CreateKey", "kms:ReplicateKey")] {
            let policy = json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": action, "Resource": "*" } ] });
            let document = policy.to_string();
            let parameters = [("UserName", "kim"), ("PolicyName", "one"), ("PolicyDocument", document.as_str())];
            root.iam("PutUserPolicy", &parameters).await?.ok()?;
            let answer = kim.kms("ReplicateKey", &replicate).await?;
            assert_eq!(answer.code(), "AccessDeniedException");
            assert!(answer.message().contains(wanted), "{}", answer.message());
        }
        Ok(())
    })
    .unwrap();
}
