//! DescribeParameters: filters, and what a wrong one is answered; tags.

use claviger_testkit::{Client, block_on};
use serde_json::{Value, json};

use super::refusal;
use crate::{development, new_key};

async fn names(client: &Client, filters: Value) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut input = json!({ "ParameterFilters": filters, "MaxResults": 3 });
    loop {
        let page = client.ssm("DescribeParameters", &input).await?.ok()?;
        let found = page["Parameters"].as_array().unwrap();
        names.extend(found.iter().map(|found| found["Name"].as_str().unwrap().to_owned()));
        if page["NextToken"].is_null() {
            return Ok(names);
        }
        input["NextToken"] = page["NextToken"].clone();
    }
}

async fn scene(client: &Client) -> anyhow::Result<String> {
    let (_, key) = new_key(client).await?;
    for (name, more) in [
        ("root", json!({ "Type": "String" })),
        ("/f/a", json!({ "Type": "String", "Tags": [{ "Key": "team", "Value": "red" }] })),
        ("/f/b", json!({ "Type": "StringList", "Tags": [{ "Key": "team", "Value": "reddish" }] })),
        ("/f/b/c", json!({ "Type": "SecureString" })),
        ("/f/b/d", json!({ "Type": "SecureString", "KeyId": key, "Tier": "Advanced" })),
        ("/fa", json!({ "Type": "String", "DataType": "aws:ec2:image", "Value": "ami-0123456789abcdef0" })),
    ] {
        let mut input = json!({ "Name": name, "Value": "v" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.ssm("PutParameter", &input).await?.ok()?;
    }
    Ok(key)
}

#[test]
fn every_filter_finds_what_it_says() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let key = scene(&client).await?;
        let all = ["/f/a", "/f/b", "/f/b/c", "/f/b/d", "/fa", "root"];
        assert_eq!(names(&client, json!([])).await?, all);
        let filter = |key: &str, option: &str, values: &[&str]| {
            let mut filter = json!({ "Key": key });
            if !option.is_empty() {
                filter["Option"] = json!(option);
            }
            if !values.is_empty() {
                filter["Values"] = json!(values);
            }
            filter
        };
        for (one, expected) in [
            (filter("Name", "", &["/f/b"]), vec!["/f/b"]),
            (filter("Name", "Equals", &["/root", "fa", "/f/a", "/f/b", "/none"]), vec!["/f/a", "/f/b", "/fa", "root"]),
            (filter("Name", "BeginsWith", &["/f/b"]), vec!["/f/b", "/f/b/c", "/f/b/d"]),
            (filter("Name", "BeginsWith", &["f"]), vec!["/f/a", "/f/b", "/f/b/c", "/f/b/d", "/fa"]),
            (filter("Name", "BeginsWith", &["ro", "/fa"]), vec!["/fa", "root"]),
            (filter("Name", "Contains", &["b/", "oo"]), vec!["/f/b/c", "/f/b/d", "root"]),
            (filter("Type", "", &["StringList", "SecureString"]), vec!["/f/b", "/f/b/c", "/f/b/d"]),
            (filter("Type", "BeginsWith", &["String"]), vec!["/f/a", "/f/b", "/fa", "root"]),
            (filter("KeyId", "", &["alias/aws/ssm"]), vec!["/f/b/c"]),
            (filter("KeyId", "BeginsWith", &["arn:"]), vec!["/f/b/d"]),
            (filter("KeyId", "Equals", &[&key]), vec!["/f/b/d"]),
            (filter("Path", "", &["/f"]), vec!["/f/a", "/f/b"]),
            (filter("Path", "Recursive", &["/f"]), vec!["/f/a", "/f/b", "/f/b/c", "/f/b/d"]),
            (filter("Path", "OneLevel", &["/"]), vec!["/fa", "root"]),
            (filter("Path", "OneLevel", &["/f/b", "/"]), vec!["/f/b/c", "/f/b/d", "/fa", "root"]),
            (filter("Tier", "", &["Advanced"]), vec!["/f/b/d"]),
            (filter("Tier", "", &["Intelligent-Tiering"]), vec![]),
            (filter("DataType", "BeginsWith", &["aws:"]), vec!["/fa"]),
            (filter("tag:team", "", &["red"]), vec!["/f/a"]),
            (filter("tag:team", "BeginsWith", &["red"]), vec!["/f/a", "/f/b"]),
            (filter("tag:team", "", &[]), vec!["/f/a", "/f/b"]),
            (filter("tag:none", "", &[]), vec![]),
        ] {
            assert_eq!(names(&client, json!([one.clone()])).await?, expected, "{one}");
        }
        let both = json!([filter("Path", "Recursive", &["/f"]), filter("Type", "", &["SecureString"])]);
        assert_eq!(names(&client, both).await?, ["/f/b/c", "/f/b/d"]);
        let old = json!({ "Filters": [{ "Key": "Name", "Values": ["/f/b"] }] });
        let found = client.ssm("DescribeParameters", &old).await?.ok()?;
        assert_eq!(found["Parameters"].as_array().unwrap().len(), 3);
        let metadata =
            client.ssm("DescribeParameters", &json!({ "Filters": [] })).await?.ok()?["Parameters"][2].clone();
        assert_eq!(metadata["KeyId"], "alias/aws/ssm");
        assert_eq!((&metadata["Policies"], &metadata["Tier"]), (&json!([]), &json!("Standard")));
        assert!(metadata.get("Value").is_none(), "{metadata}");
        assert_eq!(metadata["LastModifiedUser"], "arn:aws:iam::111122223333:root");
        let by_path = json!({ "Path": "/f", "Recursive": true, "ParameterFilters": [
            { "Key": "Type", "Values": ["SecureString"] } ] });
        let found = client.ssm("GetParametersByPath", &by_path).await?.ok()?;
        assert_eq!(found["Parameters"].as_array().unwrap().len(), 2);
        client.ssm("LabelParameterVersion", &json!({ "Name": "/f/a", "Labels": ["old"] })).await?.ok()?;
        client.ssm("PutParameter", &json!({ "Name": "/f/a", "Value": "new", "Overwrite": true })).await?.ok()?;
        let by_label = json!({ "Path": "/f", "ParameterFilters": [{ "Key": "Label", "Values": ["old"] }] });
        let found = client.ssm("GetParametersByPath", &by_label).await?.ok()?;
        assert_eq!(found["Parameters"][0]["Value"], "v");
        assert_eq!(found["Parameters"][0]["Selector"], ":old");
        Ok(())
    })
    .unwrap();
}

#[test]
fn wrong_filters_are_refused_in_known_words() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let name = json!({ "Key": "Name", "Values": ["a"] });
        for (filters, code, text) in [
            (
                json!([{ "Key": "Label", "Values": ["x"] }]),
                "InvalidFilterKey",
                "The following filter key is not valid: Label. Valid filter keys include: [Path, Name, Type, KeyId, Tier].",
            ),
            (
                json!([name, name]),
                "InvalidFilterKey",
                "The following filter is duplicated in the request: Name. A request can contain only one occurrence of \
                 a specific filter.",
            ),
            (
                json!([{ "Key": "Name" }]),
                "InvalidFilterValue",
                "The following filter values are missing : null for filter key Name.",
            ),
            (
                json!([{ "Key": "Type", "Option": "Contains", "Values": ["String"] }]),
                "InvalidFilterOption",
                "The following filter option is not valid: Contains. Valid options include: [BeginsWith, Equals].",
            ),
            (
                json!([{ "Key": "Path", "Option": "Equals", "Values": ["/a"] }]),
                "InvalidFilterOption",
                "The following filter option is not valid: Equals. Valid options include: [Recursive, OneLevel].",
            ),
            (
                json!([{ "Key": "Tier", "Values": ["test"] }]),
                "InvalidFilterOption",
                "The following filter value is not valid: test. Valid values include: [Standard, Advanced, \
                 Intelligent-Tiering]",
            ),
            (
                json!([{ "Key": "Type", "Values": ["test"] }]),
                "InvalidFilterOption",
                "The following filter value is not valid: test. Valid values include: [String, StringList, SecureString]",
            ),
            (
                json!([{ "Key": "Path", "Values": ["/aws/x"] }]),
                "ValidationException",
                "Filters for common parameters can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). When using \
                 global parameters, please specify within a global namespace.",
            ),
        ] {
            let answer = client.ssm("DescribeParameters", &json!({ "ParameterFilters": filters })).await?;
            assert_eq!(refusal(&answer), (code, text));
        }
        let both = json!({ "Filters": [], "ParameterFilters": [] });
        let text = "You can use either Filters or ParameterFilters in a single request.";
        assert_eq!(refusal(&client.ssm("DescribeParameters", &both).await?), ("ValidationException", text));
        let input = json!({ "Path": "/", "ParameterFilters": [name] });
        let text = "The following filter key is not valid: Name. Valid filter keys include: [Type, KeyId].";
        assert_eq!(refusal(&client.ssm("GetParametersByPath", &input).await?), ("InvalidFilterKey", text));
        let malformed = json!({ "ParameterFilters": [{ "Key": "Path", "Values": ["a"] }] });
        let answer = client.ssm("DescribeParameters", &malformed).await?;
        assert!(answer.message().ends_with("Valid example: /get/parameters2-/by1./path0_."), "{}", answer.body);
        let wrong = json!({ "ParameterFilters": [{ "Key": "Owner", "Values": ["a"] }] });
        let answer = client.ssm("DescribeParameters", &wrong).await?;
        assert!(answer.message().contains("at 'parameterFilters.1.member.key'"), "{}", answer.body);
        Ok(())
    })
    .unwrap();
}

#[test]
fn tags_come_and_go() {
    let (_server, client) = development().unwrap();
    block_on(async {
        scene(&client).await?;
        let on = |name: &str| json!({ "ResourceType": "Parameter", "ResourceId": name });
        let tags = async |name: &str| {
            let answer = client.ssm("ListTagsForResource", &on(name)).await?;
            anyhow::Ok(answer.ok()?["TagList"].clone())
        };
        assert_eq!(tags("/f/a").await?, json!([{ "Key": "team", "Value": "red" }]));
        let mut add = on("/f/a");
        add["Tags"] = json!([{ "Key": "team", "Value": "blue" }, { "Key": "Env", "Value": "" }]);
        assert_eq!(client.ssm("AddTagsToResource", &add).await?.ok()?, json!({}));
        assert_eq!(
            tags("/f/a").await?,
            json!([{ "Key": "Env", "Value": "" }, { "Key": "team", "Value": "blue" }])
        );
        let mut remove = on("/f/a");
        remove["TagKeys"] = json!(["Env", "none"]);
        client.ssm("RemoveTagsFromResource", &remove).await?.ok()?;
        // They stay when a value is written.
        client.ssm("PutParameter", &json!({ "Name": "/f/a", "Value": "2", "Overwrite": true })).await?.ok()?;
        assert_eq!(tags("/f/a").await?, json!([{ "Key": "team", "Value": "blue" }]));
        add["Tags"] = (0..50).map(|n| json!({ "Key": format!("k{n}"), "Value": "v" })).collect();
        assert_eq!(client.ssm("AddTagsToResource", &add).await?.code(), "TooManyTagsError");
        add["Tags"] = json!([{ "Key": "aws:x", "Value": "v" }]);
        assert_eq!(client.ssm("AddTagsToResource", &add).await?.code(), "ValidationException");
        assert_eq!(client.ssm("ListTagsForResource", &on("/none")).await?.code(), "InvalidResourceId");
        let document = json!({ "ResourceType": "Document", "ResourceId": "x" });
        assert_eq!(client.ssm("ListTagsForResource", &document).await?.code(), "InvalidResourceType");
        let both = json!({ "Name": "/f/a", "Value": "3", "Overwrite": true, "Tags": [{ "Key": "a", "Value": "b" }] });
        let text = "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please \
                    remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
                    RemoveTagsFromResource.";
        assert_eq!(refusal(&client.ssm("PutParameter", &both).await?), ("ValidationException", text));
        Ok(())
    })
    .unwrap();
}
