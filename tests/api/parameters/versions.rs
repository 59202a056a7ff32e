//! Versions, labels and the selectors that pick them.

use claviger_testkit::{ACCOUNT, REGION, block_on};
use serde_json::json;

use super::{put, refusal, value};
use crate::development;

#[test]
fn a_selector_picks_a_version() {
    let (_server, client) = development().unwrap();
    block_on(async {
        for number in 1..=3 {
            assert_eq!(put(&client, "/v/a", &format!("value {number}")).await?, number);
        }
        let label = json!({ "Name": "/v/a", "ParameterVersion": 2, "Labels": ["prod"] });
        let answer = client.ssm("LabelParameterVersion", &label).await?.ok()?;
        assert_eq!(answer, json!({ "InvalidLabels": [], "ParameterVersion": 2 }));
        let arn = format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/v/a");
        for (name, shown, selector, version) in [
            ("/v/a:1".to_owned(), "/v/a", ":1", 1),
            ("/v/a:prod".to_owned(), "/v/a", ":prod", 2),
            (format!("{arn}:3"), "/v/a", ":3", 3),
        ] {
            let parameter = client.ssm("GetParameter", &json!({ "Name": name })).await?.ok()?["Parameter"].clone();
            assert_eq!((parameter["Name"].as_str(), parameter["Selector"].as_str()), (Some(shown), Some(selector)));
            assert_eq!(parameter["Version"], version);
            assert_eq!(parameter["Value"], format!("value {version}"));
            assert_eq!(parameter["ARN"], arn);
        }
        let missing = client.ssm("GetParameter", &json!({ "Name": "/v/a:99" })).await?;
        let text = "Systems Manager could not find version 99 of /v/a. Verify the version and try again.";
        assert_eq!(refusal(&missing), ("ParameterVersionNotFound", text));
        for (name, code) in [
            ("/v/a:none", "ParameterNotFound"),
            ("/v/a:", "ValidationException"),
            ("/v/a:1:2", "ValidationException"),
            (":1", "ValidationException"),
        ] {
            assert_eq!(client.ssm("GetParameter", &json!({ "Name": name })).await?.code(), code, "{name}");
        }
        for operation in ["GetParameterHistory", "DeleteParameter"] {
            let answer = client.ssm(operation, &json!({ "Name": "/v/a:1" })).await?;
            assert_eq!(answer.code(), "ValidationException", "{operation}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_hundred_versions_are_kept_and_a_labelled_one_is_not_dropped() {
    let (_server, client) = development().unwrap();
    block_on(async {
        for number in 1..=101 {
            assert_eq!(put(&client, "/v/b", &number.to_string()).await?, number);
        }
        assert_eq!(client.ssm("GetParameter", &json!({ "Name": "/v/b:1" })).await?.code(), "ParameterVersionNotFound");
        assert_eq!(value(&client, "/v/b:2").await?, "2");
        let label = json!({ "Name": "/v/b", "ParameterVersion": 2, "Labels": ["keep"] });
        client.ssm("LabelParameterVersion", &label).await?.ok()?;
        let input = json!({ "Name": "/v/b", "Value": "x", "Overwrite": true });
        let text = "You attempted to create a new version of /v/b by calling the PutParameter API with the overwrite \
                    flag. Version 2, the oldest version, can't be deleted because it has a label associated with it. \
                    Move the label to another version of the parameter, and try again.";
        assert_eq!(refusal(&client.ssm("PutParameter", &input).await?), ("ParameterMaxVersionLimitExceeded", text));
        assert_eq!(value(&client, "/v/b").await?, "101");
        // The label moves; then there is room.
        let label = json!({ "Name": "/v/b", "Labels": ["keep"] });
        client.ssm("LabelParameterVersion", &label).await?.ok()?;
        assert_eq!(put(&client, "/v/b", "x").await?, 102);
        assert_eq!(value(&client, "/v/b:keep").await?, "101");
        let mut numbers = Vec::new();
        let mut input = json!({ "Name": "/v/b", "MaxResults": 30 });
        loop {
            let page = client.ssm("GetParameterHistory", &input).await?.ok()?;
            numbers.extend(page["Parameters"].as_array().unwrap().iter().map(|past| past["Version"].as_i64().unwrap()));
            if page["NextToken"].is_null() {
                break;
            }
            input["NextToken"] = page["NextToken"].clone();
        }
        assert_eq!(numbers, (3..=102).collect::<Vec<_>>());
        client.ssm("DeleteParameter", &json!({ "Name": "/v/b" })).await?.ok()?;
        assert_eq!(put(&client, "/v/b", "new").await?, 1);
        let history = client.ssm("GetParameterHistory", &json!({ "Name": "/v/b" })).await?.ok()?;
        assert_eq!(history["Parameters"].as_array().unwrap().len(), 1);
        assert_eq!(history["Parameters"][0]["Labels"], json!([]));
        Ok(())
    })
    .unwrap();
}

#[test]
fn labels_that_may_not_be_are_told_and_the_others_attached() {
    let (_server, client) = development().unwrap();
    block_on(async {
        put(&client, "/v/c", "1").await?;
        put(&client, "/v/c", "2").await?;
        let labels = json!(["good-one_1.x", "1st", "awsome", "SSMx", "a b", "x/y"]);
        let input = json!({ "Name": "/v/c", "ParameterVersion": 1, "Labels": labels });
        let answer = client.ssm("LabelParameterVersion", &input).await?.ok()?;
        assert_eq!(answer["InvalidLabels"], json!(["1st", "awsome", "SSMx", "a b", "x/y"]));
        let nine: Vec<_> = (1..=9).map(|n| format!("l{n}")).collect();
        let input = json!({ "Name": "/v/c", "ParameterVersion": 1, "Labels": nine });
        client.ssm("LabelParameterVersion", &input).await?.ok()?;
        let input = json!({ "Name": "/v/c", "ParameterVersion": 1, "Labels": ["eleventh"] });
        let text = "A parameter version can have maximum 10 labels.Move one or more labels to another version and try \
                    again.";
        let answer = client.ssm("LabelParameterVersion", &input).await?;
        assert_eq!(refusal(&answer), ("ParameterVersionLabelLimitExceeded", text));
        let input = json!({ "Name": "/v/c", "ParameterVersion": 2, "Labels": ["l1"] });
        client.ssm("LabelParameterVersion", &input).await?.ok()?;
        let history = client.ssm("GetParameterHistory", &json!({ "Name": "/v/c" })).await?.ok()?;
        assert_eq!(history["Parameters"][1]["Labels"], json!(["l1"]));
        assert_eq!(history["Parameters"][0]["Labels"].as_array().unwrap().len(), 9);
        let input = json!({ "Name": "/v/c", "ParameterVersion": 2, "Labels": ["l1", "l2", "none"] });
        let answer = client.ssm("UnlabelParameterVersion", &input).await?.ok()?;
        assert_eq!(answer, json!({ "RemovedLabels": ["l1"], "InvalidLabels": ["l2", "none"] }));
        for (operation, name, version, code) in [
            ("LabelParameterVersion", "/none", 1, "ParameterNotFound"),
            ("UnlabelParameterVersion", "/none", 1, "ParameterNotFound"),
            ("LabelParameterVersion", "/v/c", 3, "ParameterVersionNotFound"),
            ("UnlabelParameterVersion", "/v/c", 0, "ParameterVersionNotFound"),
        ] {
            let input = json!({ "Name": name, "ParameterVersion": version, "Labels": ["x"] });
            assert_eq!(client.ssm(operation, &input).await?.code(), code, "{operation} {name}");
        }
        let input = json!({ "Name": "/v/c", "Labels": ["x"] });
        let text = "1 validation error detected: Value null at 'parameterVersion' failed to satisfy constraint: Member \
                    must not be null";
        let answer = client.ssm("UnlabelParameterVersion", &input).await?;
        assert_eq!(refusal(&answer), ("ValidationException", text));
        Ok(())
    })
    .unwrap();
}
