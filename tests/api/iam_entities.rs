//! Users, keys, groups, roles and account aliases when many ask at once, and what their records keep to themselves.

use std::sync::Arc;

use claviger_store::Records;
use claviger_testkit::{ACCOUNT, Answer, Client, Signing, block_on};
use serde_json::{Value, json};

use crate::{development, text};

/// Sends the same kind of call many times at once; the answers' codes, empty for successes.
async fn at_once<const N: usize>(
    client: &Arc<Client>,
    action: &'static str,
    calls: impl Iterator<Item = [(&'static str, String); N]>,
) -> anyhow::Result<Vec<Answer>> {
    let sent: Vec<_> = calls
        .map(|parameters| {
            let client = Arc::clone(client);
            tokio::spawn(async move {
                let parameters = parameters.each_ref().map(|(name, value)| (*name, value.as_str()));
                client.iam(action, &parameters).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await??);
    }
    Ok(answers)
}

/// How many succeeded; all others failed with this code and text.
fn winners(answers: &[Answer], code: &str, message: impl Fn(&str) -> bool) -> usize {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    for answer in lost {
        assert_eq!((answer.status, answer.code()), (409, code), "{}", answer.body);
        assert!(message(answer.message()), "{}", answer.message());
    }
    won.len()
}

fn members<'a>(answer: &'a Value, list: &str) -> &'a [Value] {
    answer[list].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[test]
fn a_name_in_whatever_case_has_one_winner() {
    let (_server, client) = development().unwrap();
    let client = Arc::new(client);
    block_on(async {
        let name = |number: usize| ["wanted", "Wanted", "WANTED", "wAnTeD"][number % 4].to_owned();
        let taken = |message: &str| {
            message.ends_with(" already exists.") && message.to_lowercase().contains(" with name wanted ")
        };
        let calls = (0..32).map(|number| [("UserName", name(number))]);
        let answers = at_once(&client, "CreateUser", calls).await?;
        assert_eq!(winners(&answers, "EntityAlreadyExists", taken), 1);
        let listed = client.iam("ListUsers", &[]).await?.ok()?;
        assert_eq!(members(&listed, "Users").len(), 1);

        let calls = (0..32).map(|number| [("GroupName", name(number))]);
        let answers = at_once(&client, "CreateGroup", calls).await?;
        assert_eq!(winners(&answers, "EntityAlreadyExists", taken), 1);

        let trust = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}});
        let calls = (0..32).map(|number| [("RoleName", name(number)), ("AssumeRolePolicyDocument", trust.to_string())]);
        let answers = at_once(&client, "CreateRole", calls).await?;
        assert_eq!(winners(&answers, "EntityAlreadyExists", taken), 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn nobody_gets_a_third_key() {
    let (_server, client) = development().unwrap();
    let client = Arc::new(client);
    block_on(async {
        let quota = |message: &str| message == "Cannot exceed quota for AccessKeysPerUser: 2";
        client.iam("CreateUser", &[("UserName", "alice")]).await?.ok()?;
        let calls = (0..64).map(|_| [("UserName", "alice".to_owned())]);
        let answers = at_once(&client, "CreateAccessKey", calls).await?;
        assert_eq!(winners(&answers, "LimitExceeded", quota), 2);
        let listed = client.iam("ListAccessKeys", &[("UserName", "alice")]).await?.ok()?;
        assert_eq!(members(&listed, "AccessKeyMetadata").len(), 2);

        let answers = at_once(&client, "CreateAccessKey", (0..64).map(|_| [])).await?;
        assert_eq!(winners(&answers, "LimitExceeded", quota), 2);
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_account_alias_has_one_holder() {
    let (server, client) = development().unwrap();
    block_on(async {
        let accounts: Vec<String> = (0..16).map(|number| format!("{:012}", 100_000_000_000_u64 + number)).collect();
        let mut sent = Vec::new();
        for account in &accounts {
            let client = server.client(Signing::Unknown(account.clone()));
            sent.push(tokio::spawn(
                async move { client.iam("CreateAccountAlias", &[("AccountAlias", "the-one")]).await },
            ));
        }
        let mut answers = Vec::new();
        for answer in sent {
            answers.push(answer.await??);
        }
        let taken = |message: &str| message == "The account alias the-one already exists.";
        assert_eq!(winners(&answers, "EntityAlreadyExists", taken), 1);
        // The installation's own account had to be written for it and has not got the alias.
        let own = client.iam("ListAccountAliases", &[]).await?.ok()?;
        assert!(members(&own, "AccountAliases").is_empty());
        Ok(())
    })
    .unwrap();
}

/// Whoever comes first: a user is never in a group, nor a key at a user, that is gone.
#[test]
fn nothing_hangs_on_what_is_deleted() {
    let (server, client) = development().unwrap();
    let client = Arc::new(client);
    block_on(async {
        for round in 0..8 {
            let (group, name) = (format!("g{round}"), format!("u{round}"));
            client.iam("CreateGroup", &[("GroupName", &group)]).await?.ok()?;
            client.iam("CreateUser", &[("UserName", &name)]).await?.ok()?;
            let call = |action: &'static str, parameters: Vec<(&'static str, String)>| {
                let client = Arc::clone(&client);
                tokio::spawn(async move {
                    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    client.iam(action, &parameters).await
                })
            };
            let of_group = ("GroupName", group.clone());
            let of_user = ("UserName", name.clone());
            let [join, end] =
                [call("AddUserToGroup", vec![of_group.clone(), of_user.clone()]), call("DeleteGroup", vec![of_group])];
            let (joined, ended) = (join.await??.status == 200, end.await??.status == 200);
            assert!(joined != ended, "joined: {joined}, ended: {ended}");
            if joined {
                client.iam("RemoveUserFromGroup", &[("GroupName", &group), ("UserName", &name)]).await?.ok()?;
            }
            let [make, end] = [call("CreateAccessKey", vec![of_user.clone()]), call("DeleteUser", vec![of_user])];
            let (made, ended) = (make.await??.status == 200, end.await??.status == 200);
            assert!(made != ended, "made: {made}, ended: {ended}");
            let keys = server.system().store.all::<claviger_pipeline::credentials::AccessKey>(None, "").await?;
            let users = server.system().store.all::<claviger_identity::UserRecord>(None, "").await?;
            for key in keys {
                let claviger_pipeline::credentials::Owner::User { user_id } = key.record.owner else { continue };
                assert!(users.iter().any(|user| user.record.user_id == user_id), "{user_id} is gone, its key is not");
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn records_show_who_got_a_key_and_not_its_secret() {
    let (server, client) = development().unwrap();
    block_on(async {
        client.iam("CreateUser", &[("UserName", "alice"), ("Path", "/staff/")]).await?.ok()?;
        let made = client.iam("CreateAccessKey", &[("UserName", "alice")]).await?.ok()?;
        let secret = text(&made, "/AccessKey/SecretAccessKey");
        assert_eq!(secret.len(), 40);
        let records = server.audit();
        assert!(!serde_json::to_string(&records)?.contains(&secret));
        let of = |name: &str| records.iter().find(|record| record["eventName"] == name).cloned().unwrap_or_default();
        let record = of("CreateAccessKey");
        assert_eq!(record["eventSource"], "iam.amazonaws.com");
        assert_eq!(record["readOnly"], false);
        assert_eq!(record["requestParameters"], json!({ "userName": "alice" }));
        let shown = &record["responseElements"]["accessKey"];
        assert_eq!(shown["accessKeyId"], made["AccessKey"]["AccessKeyId"]);
        assert_eq!((&shown["userName"], &shown["status"]), (&json!("alice"), &json!("Active")));
        let record = of("CreateUser");
        assert_eq!(record["responseElements"]["user"]["arn"], "arn:aws:iam::111122223333:user/staff/alice");
        Ok(())
    })
    .unwrap();
}
