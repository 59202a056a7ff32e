//! Many writers at once, and readers meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;

use claviger_testkit::block_on;
use serde_json::{Value, json};

use super::put;
use crate::development;

#[test]
fn sixty_four_writers_of_one_name_make_as_many_versions() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let client = Arc::new(client);
        let writers: Vec<_> = (0..64)
            .map(|number| {
                let client = Arc::clone(&client);
                tokio::spawn(async move { put(&client, "/w/one", &number.to_string()).await })
            })
            .collect();
        let mut versions = BTreeSet::new();
        for writer in writers {
            assert!(versions.insert(writer.await??));
        }
        assert_eq!(versions, (1..=64).collect());
        let mut values = BTreeSet::new();
        let mut input = json!({ "Name": "/w/one" });
        loop {
            let page = client.ssm("GetParameterHistory", &input).await?.ok()?;
            let value = |past: &Value| past["Value"].as_str().unwrap().parse::<i64>().unwrap();
            values.extend(page["Parameters"].as_array().unwrap().iter().map(value));
            if page["NextToken"].is_null() {
                break;
            }
            input["NextToken"] = page["NextToken"].clone();
        }
        assert_eq!(values, (0..64).collect(), "a value was lost");
        Ok(())
    })
    .unwrap();
}

#[test]
fn whom_too_many_overtake_is_told_to_come_again_and_loses_nothing() {
    let (_server, client) = development().unwrap();
    block_on(async {
        put(&client, "/w/crowd", "first").await?;
        let client = Arc::new(client);
        let writers: Vec<_> = (0..150)
            .map(|number| {
                let client = Arc::clone(&client);
                let input = json!({ "Name": "/w/crowd", "Labels": [format!("l{}", number % 9)] });
                tokio::spawn(async move { client.ssm("LabelParameterVersion", &input).await })
            })
            .collect();
        for writer in writers {
            let answer = writer.await??;
            assert!(answer.status == 200 || answer.code() == "TooManyUpdates", "{}", answer.body);
        }
        let history = client.ssm("GetParameterHistory", &json!({ "Name": "/w/crowd" })).await?.ok()?;
        assert_eq!(history["Parameters"][0]["Labels"].as_array().map(Vec::len), Some(9));
        Ok(())
    })
    .unwrap();
}

#[test]
fn pages_neither_skip_nor_repeat_what_was_there_throughout() {
    let (_server, client) = development().unwrap();
    block_on(async {
        for number in 0..40 {
            put(&client, &format!("/w/p/k{number:02}"), "v").await?;
        }
        let client = Arc::new(client);
        let writer = {
            let client = Arc::clone(&client);
            tokio::spawn(async move {
                for number in 0..120 {
                    let name = format!("/w/p/k{:02}", number % 40);
                    put(&client, &name, &number.to_string()).await?;
                    let passing = format!("{name}x");
                    put(&client, &passing, "v").await?;
                    client.ssm("DeleteParameter", &json!({ "Name": passing })).await?.ok()?;
                }
                anyhow::Ok(())
            })
        };
        let expected: Vec<String> = (0..40).map(|number| format!("/w/p/k{number:02}")).collect();
        for _ in 0..10 {
            let mut names = Vec::new();
            let mut input = json!({ "Path": "/w/p", "MaxResults": 3 });
            loop {
                let page = client.ssm("GetParametersByPath", &input).await?.ok()?;
                names.extend(
                    page["Parameters"].as_array().unwrap().iter().map(|p| p["Name"].as_str().unwrap().to_owned()),
                );
                if page["NextToken"].is_null() {
                    break;
                }
                input["NextToken"] = page["NextToken"].clone();
            }
            names.retain(|name| !name.ends_with('x'));
            assert_eq!(names, expected);
        }
        writer.await??;
        Ok(())
    })
    .unwrap();
}
