//! One service calls another for its caller: a call of its own, judged and recorded as the caller's.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use claviger_pipeline::Call;
use claviger_pipeline::credentials::impersonate;
use claviger_shapes::{Fault, SecretBlob, kms};
use claviger_testkit::{ACCOUNT, REGION, Server, block_on};
use serde_json::json;

use crate::grants::people::People;
use crate::{new_key, text};

/// A call as `principal` made it.
pub(crate) async fn call(server: &Server, principal: &str) -> anyhow::Result<Call> {
    let caller = impersonate(server.system(), "aws", principal).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Call {
        caller: Arc::new(caller.ok_or_else(|| anyhow::anyhow!("{principal} is not there"))?),
        partition: "aws",
        region: REGION.into(),
        request_id: "request".into(),
        event_id: "event".into(),
        now: server.system().clock.now(),
        source_ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
        secure: true,
        user_agent: "the client's".into(),
        via: None,
    })
}

pub(crate) async fn encrypt(server: &Server, call: &Call, key: &str) -> Result<kms::EncryptResponse, Fault> {
    let request = kms::EncryptRequest {
        key_id: key.to_owned(),
        plaintext: SecretBlob::new(b"x".to_vec()),
        encryption_context: None,
        grant_tokens: None,
        encryption_algorithm: None,
        dry_run: None,
    };
    server.system().invoke(call, "kms", "Encrypt", &request).await
}

pub(crate) fn code(result: Result<kms::EncryptResponse, Fault>) -> &'static str {
    result.map_or_else(|fault| fault.code, |_| "")
}

#[test]
fn the_policy_of_an_aws_managed_key_lets_its_service_in_for_everybody_and_nobody_directly() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let root = server.client(server.issue(ACCOUNT).await?);
        let described = root.kms("DescribeKey", &json!({ "KeyId": "alias/aws/ebs" })).await?.ok()?;
        let arn = text(&described, "/KeyMetadata/Arn");
        let ada = People(&server).user(ACCOUNT, "ada").await?;
        let direct = call(&server, &ada.arn).await?;
        assert_eq!(code(encrypt(&server, &direct, &arn).await), "AccessDeniedException");
        assert_eq!(ada.client.kms("Encrypt", &json!({ "KeyId": arn, "Plaintext": "eA==" })).await?.status, 400);
        assert_eq!(code(encrypt(&server, &direct.through("ec2", None), &arn).await), "");
        assert_eq!(code(encrypt(&server, &direct.through("ssm", None), &arn).await), "AccessDeniedException");
        // The service through which the last hop goes counts.
        assert_eq!(code(encrypt(&server, &direct.through("ssm", None).through("ec2", None), &arn).await), "");
        let other = direct.through("ec2", None);
        let elsewhere = Call { region: "eu-west-1".into(), ..other };
        assert_ne!(code(encrypt(&server, &elsewhere, &arn).await), "");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_services_call_is_recorded_as_the_callers_and_shows_the_service() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let root = server.client(server.issue(ACCOUNT).await?);
        let (_, arn) = new_key(&root).await?;
        let direct = call(&server, &format!("arn:aws:iam::{ACCOUNT}:root")).await?;
        let via = direct.through("ssm", None);
        encrypt(&server, &via, &arn).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let records = server.audit();
        let record = records.last().unwrap();
        assert_eq!(record["eventName"], "Encrypt");
        assert_eq!(record["userIdentity"]["type"], "Root");
        assert_eq!(record["userIdentity"]["invokedBy"], "ssm.amazonaws.com");
        assert_eq!(record["sourceIPAddress"], "ssm.amazonaws.com");
        assert_eq!(record["userAgent"], "ssm.amazonaws.com");
        assert_eq!(record["eventID"], *via.event_id);
        assert_ne!(record["eventID"], *direct.event_id);
        assert!(!record.to_string().contains("192.0.2.7"), "{record}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn conditions_tell_direct_calls_from_a_services() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let root = server.client(server.issue(ACCOUNT).await?);
        let (_, arn) = new_key(&root).await?;
        let ada = People(&server).user(ACCOUNT, "ada").await?;
        let bucket = format!("arn:aws:s3:::bucket-of-{ACCOUNT}");
        // Condition, allowed directly, allowed through ssm for no resource, allowed through ssm and s3 for a bucket.
        for (condition, expected) in [
            (json!({ "Bool": { "aws:ViaAWSService": "true" } }), [false, true, true]),
            (json!({ "Bool": { "aws:ViaAWSService": "false" } }), [true, false, false]),
            (json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } }), [true, false, false]),
            (json!({ "NotIpAddress": { "aws:SourceIp": "192.0.2.0/24" } }), [false, true, true]),
            (json!({ "ForAnyValue:StringEquals": { "aws:CalledVia": "ssm.amazonaws.com" } }), [false, true, true]),
            (json!({ "StringEquals": { "aws:CalledViaFirst": "ssm.amazonaws.com" } }), [false, true, true]),
            (json!({ "StringEquals": { "aws:CalledViaLast": "ssm.amazonaws.com" } }), [false, true, false]),
            (json!({ "StringEquals": { "kms:ViaService": "s3.us-east-1.amazonaws.com" } }), [false, false, true]),
            (json!({ "Null": { "kms:ViaService": "true" } }), [true, false, false]),
            (json!({ "ArnEquals": { "aws:SourceArn": bucket } }), [false, false, true]),
            (json!({ "StringEquals": { "aws:PrincipalArn": ada.arn } }), [true, true, true]),
            (json!({ "StringEquals": { "aws:username": "ada" } }), [true, true, true]),
        ] {
            let policy = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", "Condition": condition }] });
            ada.put_policy(&policy.to_string()).await?;
            let direct = call(&server, &ada.arn).await?;
            let ssm = direct.through("ssm", None);
            let s3 = ssm.through("s3", Some(&bucket));
            for (call, expected) in [&direct, &ssm, &s3].into_iter().zip(expected) {
                let allowed = code(encrypt(&server, call, &arn).await).is_empty();
                assert_eq!(allowed, expected, "{condition} via {:?}", call.via);
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_grant_for_a_resource_is_for_the_service_that_holds_it() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let root = server.client(server.issue(ACCOUNT).await?);
        let (_, arn) = new_key(&root).await?;
        let ada = People(&server).user(ACCOUNT, "ada").await?;
        let parameter = |name| format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name}");
        let (ours, other) = (parameter("ours"), parameter("other"));
        let grant = json!({ "KeyId": arn, "GranteePrincipal": ada.arn, "Operations": ["Encrypt"],
            "Constraints": { "SourceArn": ours } });
        root.kms("CreateGrant", &grant).await?.ok()?;
        let direct = call(&server, &ada.arn).await?;
        for (call, expected) in [
            (direct.through("ssm", Some(&ours)), ""),
            (direct.through("ssm", Some(&other)), "AccessDeniedException"),
            (direct.through("ssm", None), "AccessDeniedException"),
        ] {
            assert_eq!(code(encrypt(&server, &call, &arn).await), expected, "{:?}", call.via);
        }
        Ok(())
    })
    .unwrap();
}
