//! Many callers at once.

use std::sync::Arc;

use claviger_testkit::{Signing, block_on};
use serde_json::json;

use crate::{development, new_key};

#[test]
fn one_name_has_one_winner() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let client = Arc::new(client);
        let tries: Vec<_> = (0..32)
            .map(|_| {
                let (client, id) = (Arc::clone(&client), id.clone());
                tokio::spawn(async move {
                    client.kms("CreateAlias", &json!({ "AliasName": "alias/wanted", "TargetKeyId": id })).await
                })
            })
            .collect();
        let mut won = 0;
        for tried in tries {
            let answer = tried.await??;
            match answer.code() {
                "" => won += 1,
                code => assert_eq!(code, "AlreadyExistsException"),
            }
        }
        assert_eq!(won, 1);
        let listed = client.kms("ListAliases", &json!({ "KeyId": id })).await?.ok()?;
        assert_eq!(listed["Aliases"].as_array().map(Vec::len), Some(1));
        drop(server);
        Ok(())
    })
    .unwrap();
}

#[test]
fn no_writer_overwrites_another() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let client = Arc::new(client);
        let writers: Vec<_> = (0..40)
            .map(|number| {
                let (client, id) = (Arc::clone(&client), id.clone());
                tokio::spawn(async move {
                    let tag = json!({ "TagKey": format!("tag-{number}"), "TagValue": "x" });
                    client.kms("TagResource", &json!({ "KeyId": id, "Tags": [tag] })).await
                })
            })
            .collect();
        for writer in writers {
            writer.await??.ok()?;
        }
        let listed = client.kms("ListResourceTags", &json!({ "KeyId": id })).await?.ok()?;
        assert_eq!(listed["Tags"].as_array().map(Vec::len), Some(40));
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_limit_of_aliases_holds_under_load() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let client = Arc::new(client);
        let tries: Vec<_> = (0..60)
            .map(|number| {
                let (client, id) = (Arc::clone(&client), id.clone());
                tokio::spawn(async move {
                    let input = json!({ "AliasName": format!("alias/n{number}"), "TargetKeyId": id });
                    client.kms("CreateAlias", &input).await
                })
            })
            .collect();
        let mut made = 0;
        for tried in tries {
            let answer = tried.await??;
            match answer.code() {
                "" => made += 1,
                code => assert_eq!(code, "LimitExceededException"),
            }
        }
        assert_eq!(made, 50);
        Ok(())
    })
    .unwrap();
}

#[test]
fn accounts_and_regions_do_not_see_each_other() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        let other = server.client(Signing::Unknown("999988887777".to_owned()));
        let mut elsewhere = server.client(Signing::Unknown("test".to_owned()));
        elsewhere.region = "ap-south-1".to_owned();
        for stranger in [&other, &elsewhere] {
            let answer = stranger.kms("DescribeKey", &json!({ "KeyId": id })).await?;
            assert_eq!(answer.code(), "NotFoundException", "{}", answer.body);
            let listed = stranger.kms("ListKeys", &json!({})).await?.ok()?;
            assert_eq!(listed["Keys"], json!([]));
        }
        Ok(())
    })
    .unwrap();
}
