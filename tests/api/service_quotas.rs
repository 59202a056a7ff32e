//! Service Quotas: what is shown is what is enforced, and what is asked for is granted or refused at once.

use std::collections::{BTreeSet, HashMap};

use claviger_kms::quotas;
use claviger_pipeline::{Limit, QuotaSettings};
use claviger_testkit::{ACCOUNT, Client, OTHER_ACCOUNT, Server, block_on};
use serde_json::{Value, json};

use crate::grants::people::People;
use crate::new_key;

async fn server(values: &[(&Limit, f64)]) -> anyhow::Result<(Server, Client)> {
    let values = values.iter().map(|(limit, value)| ((limit.service, limit.code), *value));
    let server = Server::with_quotas(QuotaSettings { requests: false, values: HashMap::from_iter(values) })?;
    let root = server.client(server.issue(ACCOUNT).await?);
    Ok((server, root))
}

fn of(limit: &Limit) -> Value {
    json!({ "ServiceCode": "kms", "QuotaCode": limit.code })
}

async fn value(client: &Client, operation: &str, limit: &Limit) -> anyhow::Result<Value> {
    Ok(client.service_quotas(operation, &of(limit)).await?.ok()?["Quota"]["Value"].clone())
}

async fn raise(client: &Client, limit: &Limit, to: f64) -> anyhow::Result<Value> {
    let input = json!({ "ServiceCode": "kms", "QuotaCode": limit.code, "DesiredValue": to });
    Ok(client.service_quotas("RequestServiceQuotaIncrease", &input).await?.ok()?["RequestedQuota"].clone())
}

#[test]
fn raising_a_quota_lifts_it_for_one_account_in_one_region() {
    block_on(async {
        let (server, root) = server(&[(&quotas::KEYS, 1.0)]).await?;
        let other = server.client(server.issue(OTHER_ACCOUNT).await?);
        let mut elsewhere = server.client(server.issue(ACCOUNT).await?);
        elsewhere.region = "eu-west-1".to_owned();
        for client in [&root, &other, &elsewhere] {
            new_key(client).await?;
            assert_eq!(client.kms("CreateKey", &json!({})).await?.code(), "LimitExceededException");
        }
        let change = raise(&root, &quotas::KEYS, 2.0).await?;
        assert_eq!(change["Status"], "APPROVED");
        assert_eq!(change["DesiredValue"], 2.0);
        assert_eq!(change["QuotaName"], "Customer Master Keys (CMKs)");
        let arn = format!("arn:aws:servicequotas:us-east-1:{ACCOUNT}:kms/L-C2F1777E");
        assert_eq!(change["QuotaArn"], arn);
        let requester: Value = serde_json::from_str(change["Requester"].as_str().unwrap())?;
        assert_eq!(requester, json!({ "accountId": ACCOUNT, "callerArn": format!("arn:aws:iam::{ACCOUNT}:root") }));
        new_key(&root).await?;
        for client in [&root, &other, &elsewhere] {
            assert_eq!(client.kms("CreateKey", &json!({})).await?.code(), "LimitExceededException");
        }
        // Over the installation's value, which is over AWS's.
        assert_eq!(value(&root, "GetServiceQuota", &quotas::KEYS).await?, 2.0);
        assert_eq!(value(&other, "GetServiceQuota", &quotas::KEYS).await?, 1.0);
        assert_eq!(value(&elsewhere, "GetServiceQuota", &quotas::KEYS).await?, 1.0);
        assert_eq!(value(&root, "GetAWSDefaultServiceQuota", &quotas::KEYS).await?, 100_000.0);
        // The change and its record are there together.
        let records = server.audit();
        let record = records.iter().find(|record| record["eventName"] == "RequestServiceQuotaIncrease").unwrap();
        assert_eq!(record["eventSource"], "servicequotas.amazonaws.com");
        assert_eq!(record["requestParameters"]["desiredValue"], 2.0);
        assert_eq!(record["responseElements"]["requestedQuota"]["status"], "APPROVED");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_raised_rate_holds_from_the_next_request_on() {
    block_on(async {
        let (_server, root) = server(&[(&quotas::SYMMETRIC, 0.0)]).await?;
        let random = json!({ "NumberOfBytes": 8 });
        assert_eq!(root.kms("GenerateRandom", &random).await?.code(), "ThrottlingException");
        raise(&root, &quotas::SYMMETRIC, 1e9).await?;
        for _ in 0..20 {
            root.kms("GenerateRandom", &random).await?.ok()?;
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_cannot_be_granted_is_not() {
    block_on(async {
        let (_server, root) = server(&[]).await?;
        let ask = async |input: Value| root.service_quotas("RequestServiceQuotaIncrease", &input).await;
        let input = |code: &str, value: f64| json!({ "ServiceCode": "kms", "QuotaCode": code, "DesiredValue": value });
        let rotations = quotas::ON_DEMAND_ROTATIONS.code;
        let (illegal, missing) = ("IllegalArgumentException", "NoSuchResourceException");
        let greater = "You must provide a quota value greater than the current quota value";
        let mut context = input("L-340F62FB", 60.0);
        context["ContextId"] = json!("x");
        for (input, code, text) in [
            (input("L-340F62FB", 50.0), illegal, greater),
            (input("L-340F62FB", 0.0), illegal, greater),
            (input(rotations, 100.0), illegal, "The request failed because the specified quota is not adjustable."),
            (
                input("L-00000000", 1.0),
                missing,
                "The request failed because the specified quota L-00000000 does not exist for service kms.",
            ),
            (
                json!({ "ServiceCode": "KMS", "QuotaCode": "L-340F62FB", "DesiredValue": 60 }),
                missing,
                "The request failed because the specified service does not exist.",
            ),
            (context, missing, "The request failed because applied value for the specified context Id do not exist."),
        ] {
            let answer = ask(input.clone()).await?;
            assert_eq!((answer.status, answer.code(), answer.message()), (400, code, text), "{input}");
        }
        assert_eq!(ask(input("L-340F62FB", 2e10)).await?.code(), "ValidationException");
        // More aliases than the server reads of a key: recorded, and not granted.
        let denied = raise(&root, &quotas::ALIASES, 5000.0).await?;
        assert_eq!(denied["Status"], "DENIED");
        assert_eq!(value(&root, "GetServiceQuota", &quotas::ALIASES).await?, 50.0);
        let found = json!({ "RequestId": denied["Id"] });
        let found = root.service_quotas("GetRequestedServiceQuotaChange", &found).await?.ok()?;
        assert_eq!(found["RequestedQuota"], denied);
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_quota_is_listed_once_page_by_page() {
    block_on(async {
        let (_server, root) = server(&[(&quotas::TAGS, 7.0)]).await?;
        let services = root.service_quotas("ListServices", &json!({})).await?.ok()?;
        let name = "AWS Key Management Service (AWS KMS)";
        assert_eq!(services, json!({ "Services": [{ "ServiceCode": "kms", "ServiceName": name }] }));
        for (operation, tags, account) in
            [("ListServiceQuotas", 7.0, ACCOUNT), ("ListAWSDefaultServiceQuotas", 50.0, "")]
        {
            let mut codes = BTreeSet::new();
            let mut token = Value::Null;
            loop {
                let input = json!({ "ServiceCode": "kms", "MaxResults": 7, "NextToken": token });
                let page = root.service_quotas(operation, &input).await?.ok()?;
                let listed = page["Quotas"].as_array().unwrap();
                assert!(listed.len() == 7 || page["NextToken"].is_null());
                for quota in listed {
                    let code = quota["QuotaCode"].as_str().unwrap();
                    assert_eq!(quota["QuotaArn"], format!("arn:aws:servicequotas:us-east-1:{account}:kms/{code}"));
                    assert!(codes.insert(code.to_owned()), "{code} twice");
                    if code == quotas::TAGS.code {
                        assert_eq!(quota["Value"], tags);
                    }
                    if code == quotas::SYMMETRIC.code {
                        assert_eq!(quota["Value"], 100_000.0);
                        assert_eq!(quota["Period"], json!({ "PeriodValue": 1, "PeriodUnit": "SECOND" }));
                    }
                }
                token = page["NextToken"].clone();
                if token.is_null() {
                    break;
                }
            }
            assert_eq!(codes.len(), quotas::ALL.len());
            for bad in ["AAAA", "!", "TC0wMDAwMDAwMA=="] {
                let input = json!({ "ServiceCode": "kms", "NextToken": bad });
                let code = root.service_quotas(operation, &input).await?;
                assert!(["InvalidPaginationTokenException", "ValidationException"].contains(&code.code()), "{bad}");
            }
            let answer = root.service_quotas(operation, &json!({ "ServiceCode": "ec2" })).await?;
            assert_eq!(answer.code(), "NoSuchResourceException");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn requests_are_listed_as_they_were_made() {
    block_on(async {
        let (server, root) = server(&[]).await?;
        for to in [60.0, 70.0, 2000.0] {
            raise(&root, &quotas::ALIASES, to).await?;
        }
        raise(&root, &quotas::GRANTS, 60_000.0).await?;
        let other = server.client(server.issue(OTHER_ACCOUNT).await?);
        raise(&other, &quotas::GRANTS, 70_000.0).await?;
        let list = async |operation: &str, input: Value| {
            let mut input = input;
            let mut values = Vec::new();
            loop {
                let page = root.service_quotas(operation, &input).await?.ok()?;
                let found = page["RequestedQuotas"].as_array().unwrap();
                values.extend(found.iter().map(|change| change["DesiredValue"].as_f64().unwrap()));
                input["NextToken"] = page["NextToken"].clone();
                if input["NextToken"].is_null() {
                    return anyhow::Ok(values);
                }
            }
        };
        let (history, by_quota) =
            ("ListRequestedServiceQuotaChangeHistory", "ListRequestedServiceQuotaChangeHistoryByQuota");
        assert_eq!(list(history, json!({})).await?, [60.0, 70.0, 2000.0, 60_000.0]);
        assert_eq!(list(history, json!({ "MaxResults": 1, "ServiceCode": "kms" })).await?.len(), 4);
        assert_eq!(list(history, json!({ "Status": "DENIED" })).await?, [2000.0]);
        assert_eq!(list(history, json!({ "QuotaRequestedAtLevel": "RESOURCE" })).await?, [0.0; 0]);
        let mut approved = of(&quotas::ALIASES);
        approved["Status"] = json!("APPROVED");
        approved["MaxResults"] = json!(2);
        assert_eq!(list(by_quota, approved).await?, [60.0, 70.0]);
        let answer = root.service_quotas(history, &json!({ "NextToken": "AAAA" })).await?;
        assert_eq!(answer.code(), "InvalidPaginationTokenException");
        let unknown = root.service_quotas("GetRequestedServiceQuotaChange", &json!({ "RequestId": "00" })).await?;
        assert_eq!(unknown.code(), "NoSuchResourceException");
        Ok(())
    })
    .unwrap();
}

#[test]
fn policies_say_who_may_ask_for_more_of_what() {
    block_on(async {
        let (server, _root) = server(&[]).await?;
        let ada = People(&server).user(ACCOUNT, "ada").await?;
        let ask = async |limit: &Limit, to: f64| {
            let input = json!({ "ServiceCode": "kms", "QuotaCode": limit.code, "DesiredValue": to });
            anyhow::Ok(ada.client.service_quotas("RequestServiceQuotaIncrease", &input).await?)
        };
        let answer = ask(&quotas::ALIASES, 60.0).await?;
        assert_eq!((answer.status, answer.code()), (400, "AccessDeniedException"));
        let (action, resource) = ("servicequotas:RequestServiceQuotaIncrease", "kms/L-340F62FB");
        let arn = format!("arn:aws:servicequotas:us-east-1:{ACCOUNT}:{resource}");
        assert!(answer.message().contains(action) && answer.message().contains(&arn), "{}", answer.message());
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action,
            "Resource": arn, "Condition": { "StringEquals": { "servicequotas:service": "kms" } } }] });
        ada.put_policy(&policy.to_string()).await?;
        assert_eq!(ask(&quotas::ALIASES, 60.0).await?.status, 200);
        assert_eq!(ask(&quotas::GRANTS, 60_000.0).await?.code(), "AccessDeniedException");
        let read = ada.client.service_quotas("GetServiceQuota", &of(&quotas::ALIASES)).await?;
        assert_eq!(read.code(), "AccessDeniedException");
        Ok(())
    })
    .unwrap();
}
