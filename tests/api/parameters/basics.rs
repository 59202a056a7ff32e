//! Writing, reading and deleting by name and by path.

use claviger_testkit::{ACCOUNT, REGION, block_on};
use serde_json::{Value, json};

use super::{put, refusal, value};
use crate::development;

const SUB_PATHS: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
    consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
    following 3 symbols .-_";

#[test]
fn a_value_is_read_back_with_everything_around_it() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let input = json!({ "Name": "/app/db/url", "Value": "postgres://db", "Type": "String" });
        let answer = client.ssm("PutParameter", &input).await?.ok()?;
        assert_eq!(answer, json!({ "Version": 1, "Tier": "Standard" }));
        let answer = client.ssm("GetParameter", &json!({ "Name": "/app/db/url" })).await?.ok()?;
        let mut parameter = answer["Parameter"].clone();
        let modified = parameter.as_object_mut().unwrap().remove("LastModifiedDate").unwrap();
        assert!(modified.as_f64().unwrap() > 1.7e9, "{modified}");
        assert_eq!(
            parameter,
            json!({ "Name": "/app/db/url", "Type": "String", "Value": "postgres://db", "Version": 1,
                "ARN": format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/db/url"), "DataType": "text" })
        );
        let again = client.ssm("PutParameter", &input).await?;
        let text = "The parameter already exists. To overwrite this value, set the overwrite option in the request to \
                    true.";
        assert_eq!(refusal(&again), ("ParameterAlreadyExists", text));
        // Equal values make versions too, and the type is kept.
        let input = json!({ "Name": "/app/db/url", "Value": "postgres://db", "Overwrite": true });
        assert_eq!(client.ssm("PutParameter", &input).await?.ok()?["Version"], 2);
        let deleted = client.ssm("DeleteParameter", &json!({ "Name": "/app/db/url" })).await?.ok()?;
        assert_eq!(deleted, json!({}));
        for operation in ["GetParameter", "DeleteParameter"] {
            let gone = client.ssm(operation, &json!({ "Name": "/app/db/url" })).await?;
            // No message at all: clients compare the code.
            assert_eq!(gone.body, json!({ "__type": "ParameterNotFound" }));
        }
        // A new life starts at one.
        assert_eq!(put(&client, "/app/db/url", "x").await?, 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn with_and_without_the_slash_is_one_parameter() {
    let (_server, client) = development().unwrap();
    block_on(async {
        assert_eq!(put(&client, "x", "1").await?, 1);
        assert_eq!(put(&client, "/x", "2").await?, 2);
        for name in ["x", "/x"] {
            let parameter = client.ssm("GetParameter", &json!({ "Name": name })).await?.ok()?["Parameter"].clone();
            assert_eq!((&parameter["Name"], &parameter["Value"]), (&json!(name), &json!("2")));
            assert_eq!(parameter["ARN"], format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/x"));
        }
        let arn = format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/x");
        let parameter = client.ssm("GetParameter", &json!({ "Name": arn })).await?.ok()?["Parameter"].clone();
        assert_eq!(parameter["Name"], "x");
        Ok(())
    })
    .unwrap();
}

#[test]
fn names_that_may_not_be_are_refused_in_aws_words() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let reserved = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";
        let qualified = "Parameter name must be a fully qualified name.";
        for (name, code, text) in [
            ("aws-thing", "ValidationException", reserved),
            ("SSMthing", "ValidationException", reserved),
            ("/SSM/thing", "ValidationException", SUB_PATHS),
            ("/aws/thing", "AccessDeniedException", "No access to reserved parameter name: /aws/thing."),
            ("a/b", "ValidationException", qualified),
            ("/a//b", "ValidationException", SUB_PATHS),
            ("/a/", "ValidationException", SUB_PATHS),
            ("/", "ValidationException", SUB_PATHS),
            ("/a b", "ValidationException", SUB_PATHS),
            ("/schlüssel", "ValidationException", SUB_PATHS),
            ("/a:1", "ValidationException", SUB_PATHS),
            ("arn:aws:ssm:us-east-1:111122223333:parameter/a", "ValidationException", qualified),
        ] {
            let input = json!({ "Name": name, "Value": "v", "Type": "String" });
            assert_eq!(refusal(&client.ssm("PutParameter", &input).await?), (code, text), "{name}");
        }
        let deep = "/1".repeat(16);
        let input = json!({ "Name": deep, "Value": "v", "Type": "String" });
        assert_eq!(client.ssm("PutParameter", &input).await?.code(), "HierarchyLevelLimitExceededException");
        assert_eq!(put(&client, &deep[2..], "v").await?, 1);
        // 1,011 characters with what stands before the name in the ARN.
        let room = 1011 - format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/").len();
        assert_eq!(put(&client, &"n".repeat(room), "v").await?, 1);
        let input = json!({ "Name": "n".repeat(room + 1), "Value": "v", "Type": "String" });
        assert_eq!(client.ssm("PutParameter", &input).await?.code(), "ValidationException");
        // Dots are letters like others; blanks around a name do not count; case does.
        assert_eq!(put(&client, "/a/../b", "dots").await?, 1);
        assert_eq!(value(&client, " /a/../b ").await?, "dots");
        assert_eq!(client.ssm("GetParameter", &json!({ "Name": "/b" })).await?.code(), "ParameterNotFound");
        assert_eq!(put(&client, "/a/Team/aws/x", "1").await?, 1);
        assert_eq!(client.ssm("GetParameter", &json!({ "Name": "/a/team/aws/x" })).await?.code(), "ParameterNotFound");
        Ok(())
    })
    .unwrap();
}

#[test]
fn values_are_checked_before_anything_is_stored() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let empty = "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have \
                     length greater than or equal to 1.";
        let large = "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger \
                     parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, \
                     see https://docs.aws.amazon.com/systems-manager/latest/userguide/\
                     parameter-store-advanced-parameters.html";
        for (member, given, text) in [
            ("Value", json!(""), empty),
            ("Value", json!("x".repeat(4097)), large),
            ("Type", Value::Null, "A parameter type is required when you create a parameter."),
            (
                "DataType",
                json!("Text"),
                "The following data type is not supported: Text (Data type names are all lowercase.)",
            ),
            ("KeyId", json!("alias/aws/ssm"), "KeyId is not required for String type parameter."),
        ] {
            let mut input = json!({ "Name": "/v", "Value": "v", "Type": "String" });
            input[member] = given;
            assert_eq!(refusal(&client.ssm("PutParameter", &input).await?), ("ValidationException", text));
        }
        let input = json!({ "Name": "/v", "Value": "a {{ssm:other}} b", "Type": "String" });
        assert_eq!(client.ssm("PutParameter", &input).await?.code(), "ValidationException");
        assert_eq!(client.ssm("GetParameter", &json!({ "Name": "/v" })).await?.code(), "ParameterNotFound");
        // Characters count, not bytes.
        assert_eq!(put(&client, "/v", &"ü".repeat(4096)).await?, 1);
        let input = json!({ "Name": "/v", "Value": "a,b", "Type": "StringList", "Overwrite": true });
        assert_eq!(client.ssm("PutParameter", &input).await?.code(), "HierarchyTypeMismatchException");
        Ok(())
    })
    .unwrap();
}

#[test]
fn several_are_read_and_deleted_at_once() {
    let (_server, client) = development().unwrap();
    block_on(async {
        for name in ["/s/b", "/s/a", "c"] {
            put(&client, name, name).await?;
        }
        let names = json!({ "Names": ["/s/b", "/none", "c", "/s/a", "/s/a", "/s/a:9", "/none"] });
        let answer = client.ssm("GetParameters", &names).await?.ok()?;
        let found: Vec<_> = answer["Parameters"].as_array().unwrap().iter().map(|found| &found["Name"]).collect();
        assert_eq!(found, ["/s/a", "/s/b", "c"]);
        assert_eq!(answer["InvalidParameters"], json!(["/none", "/s/a:9"]));
        let answer = client.ssm("DeleteParameters", &json!({ "Names": ["/s/a", "/none", "/c", "c"] })).await?.ok()?;
        assert_eq!(answer, json!({ "DeletedParameters": ["/s/a", "/c"], "InvalidParameters": ["/none"] }));
        let answer = client.ssm("GetParameters", &json!({ "Names": ["/s/b"] })).await?.ok()?;
        assert_eq!(answer["InvalidParameters"], json!([]));
        let many: Vec<_> = (0..11).map(|n| format!("p{n}")).collect();
        let text = format!(
            "1 validation error detected: Value '[{}]' at 'names' failed to satisfy constraint: Member must have \
             length less than or equal to 10",
            many.join(", ")
        );
        let answer = client.ssm("GetParameters", &json!({ "Names": many })).await?;
        assert_eq!(refusal(&answer), ("ValidationException", text.as_str()));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_node_lists_its_children_or_all_below_it() {
    let (_server, client) = development().unwrap();
    block_on(async {
        for name in ["/p", "/p/a", "/p/b", "/p/b/c", "/p/b/c/d", "/pq/a", "root"] {
            put(&client, name, "v").await?;
        }
        for (path, recursive, expected) in [
            ("/p", false, vec!["/p/a", "/p/b"]),
            ("/p/", false, vec!["/p/a", "/p/b"]),
            ("/p", true, vec!["/p/a", "/p/b", "/p/b/c", "/p/b/c/d"]),
            ("/p/b/c/d", true, vec![]),
            ("/", false, vec!["/p", "root"]),
            ("/", true, vec!["/p", "/p/a", "/p/b", "/p/b/c", "/p/b/c/d", "/pq/a", "root"]),
            ("/aws/service", true, vec![]),
        ] {
            let mut names = Vec::new();
            let mut token = Value::Null;
            loop {
                let mut input = json!({ "Path": path, "Recursive": recursive, "MaxResults": 2 });
                if !token.is_null() {
                    input["NextToken"] = token;
                }
                let page = client.ssm("GetParametersByPath", &input).await?.ok()?;
                let found = page["Parameters"].as_array().unwrap();
                assert!(found.len() <= 2);
                names.extend(found.iter().map(|found| found["Name"].as_str().unwrap().to_owned()));
                token = page["NextToken"].clone();
                if token.is_null() {
                    break;
                }
            }
            assert_eq!(names, expected, "{path} {recursive}");
        }
        for path in ["p", "", "//", "/p//b", "/p b"] {
            let answer = client.ssm("GetParametersByPath", &json!({ "Path": path })).await?;
            assert_eq!(answer.code(), "ValidationException", "{path}");
        }
        let page = client.ssm("GetParametersByPath", &json!({ "Path": "/p", "MaxResults": 1 })).await?.ok()?;
        for (path, token) in [("/pq", page["NextToken"].clone()), ("/p", json!("AAAA")), ("/p", json!("no token"))] {
            let answer = client.ssm("GetParametersByPath", &json!({ "Path": path, "NextToken": token })).await?;
            assert_eq!(answer.code(), "InvalidNextToken");
        }
        Ok(())
    })
    .unwrap();
}
