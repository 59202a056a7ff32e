//! Values of principals, tags and the encryption context are text: nothing in them is a sign of the language, and no
//! two of them are the same that are not.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::TableContext;

/// What an attacker would call himself: signs of the language, path segments, letters that other alphabets fold
/// together (a Kelvin sign, a long s, a dotless i).
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "*",
        "?",
        "${*}",
        "${?}",
        "${$}",
        "${aws:username}",
        "${aws:PrincipalTag/team}",
        "K",
        "k",
        "\u{212A}",
        "S",
        "s",
        "\u{17F}",
        "I",
        "i",
        "\u{131}",
        "\u{130}",
        ".",
        "..",
        "/",
        ":",
        ",",
        "a",
        "A",
        "é",
        "E\u{301}",
        " ",
        "",
    ]);
    vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

/// Two such values that are often the same, and often nearly.
fn pair() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        hostile().prop_map(|one| (one.clone(), one)),
        hostile().prop_map(|one| (one.clone(), one.to_lowercase())),
        hostile().prop_map(|one| (one.clone(), one.to_uppercase())),
        (hostile(), hostile()),
    ]
}

fn when(condition: &str, context: &TableContext) -> bool {
    identity_allows(&format!(r#""Action":"*","Resource":"*","Condition":{condition}"#), "kms:Encrypt", KEY, context)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_variable_means_its_value_and_nothing_else((value, other) in pair()) {
        let context = TableContext::new()
            .with("aws:PrincipalTag/team", value.clone())
            .with("aws:username", "alice")
            .with("kms:EncryptionContext:app", other.clone());
        for operator in ["StringEquals", "StringLike"] {
            let condition = format!(r#"{{"{operator}":{{"kms:EncryptionContext:app":"${{aws:PrincipalTag/team}}"}}}}"#);
            prop_assert_eq!(when(&condition, &context), value == other);
        }
        let list = r#"{"StringLike":{"kms:EncryptionContext:app":["never","x${aws:PrincipalTag/team}"]}}"#;
        let listed = context.with("kms:EncryptionContext:app", format!("x{other}"));
        prop_assert_eq!(when(list, &listed), value == other);
    }

    #[test]
    fn without_case_ascii_stays_apart_from_the_rest((value, other) in pair()) {
        let context =
            TableContext::new().with("aws:PrincipalTag/team", value.clone()).with("aws:a", other.clone());
        let condition = r#"{"StringEqualsIgnoreCase":{"aws:a":"${aws:PrincipalTag/team}"}}"#;
        let held = when(condition, &context);
        let ascii = |text: &str| text.chars().map(|one| one.is_ascii().then(|| one.to_ascii_lowercase())).collect::<Vec<_>>();
        prop_assert!(!held || ascii(&value) == ascii(&other), "{value:?} passes for {other:?}");
        prop_assert!(held || value != other);
    }

    #[test]
    fn a_variable_in_a_resource_stays_in_its_place((value, other) in pair()) {
        let context = TableContext::new().with("aws:username", value.clone());
        let rest = r#""Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*""#;
        let asked = format!("arn:aws:s3:::home/{other}/file");
        // The policy's own star may match a path that goes on; the variable must be all that stands before it.
        let expected = asked.starts_with(&format!("arn:aws:s3:::home/{value}/"));
        prop_assert_eq!(identity_allows(rest, "s3:GetObject", &asked, &context), expected);
    }

    #[test]
    fn a_variable_in_an_arn_condition_stays_in_its_part((value, other) in pair()) {
        let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
        let context =
            TableContext::new().with("aws:PrincipalTag/team", value.clone()).with("aws:PrincipalArn", role(&other));
        let condition = format!(r#"{{"ArnLike":{{"aws:PrincipalArn":"{}"}}}}"#, role("${aws:PrincipalTag/team}"));
        prop_assert_eq!(when(&condition, &context), value == other);
        // A colon in the value does not start the next part.
        let context = context.with("aws:PrincipalArn", format!("arn:aws:iam::{other}:role/x"));
        let condition = r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalTag/team}:role/x"}}"#;
        prop_assert_eq!(when(condition, &context), value == other && !other.contains(':'));
    }

    #[test]
    fn a_callers_name_is_no_pattern((named, called) in pair()) {
        let arn = |name: &str| format!("arn:aws:iam::111122223333:user/{name}");
        let principal = serde_json::json!({ "AWS": arn(&named) }).to_string();
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*"}}}}"#
        );
        let Ok(policy) = Document::parse(&text, Kind::Key) else { return Ok(()) };
        let caller_arn = arn(&called);
        let caller = Principal::user(HERE, &caller_arn, "AIDAALICEALICEALICE01");
        prop_assert_eq!(Setup::key(policy).ask(caller, "kms:Encrypt", KEY) == "allow", named == called);
    }

    #[test]
    fn what_is_asked_for_is_no_pattern(asked in hostile()) {
        let context = TableContext::new();
        let rest = r#""Action":"kms:Encrypt","Resource":"arn:aws:s3:::home/a""#;
        let action = format!("kms:{asked}");
        prop_assert!(!identity_allows(rest, &action, "arn:aws:s3:::home/a", &context));
        let resource = format!("arn:aws:s3:::home/{asked}");
        prop_assert_eq!(identity_allows(rest, "kms:Encrypt", &resource, &context), asked == "a");
    }

    #[test]
    fn a_list_fills_no_variable_and_meets_no_plain_operator(values in vec(hostile(), 0..4), single in hostile()) {
        let context = TableContext::new()
            .with_many("aws:PrincipalTag/team", values.clone())
            .with("aws:a", single.clone());
        for operator in ["StringEquals", "StringLike", "StringEqualsIgnoreCase"] {
            let variable = format!(r#"{{"{operator}":{{"aws:a":"${{aws:PrincipalTag/team}}"}}}}"#);
            prop_assert!(!when(&variable, &context));
            let plain = format!(r#"{{"{operator}":{{"aws:PrincipalTag/team":"${{aws:a}}"}}}}"#);
            prop_assert!(!when(&plain, &context));
        }
        let any = r#"{"ForAnyValue:StringLike":{"aws:PrincipalTag/team":"${aws:a}"}}"#;
        prop_assert_eq!(when(any, &context), values.contains(&single));
        let all = r#"{"ForAllValues:StringLike":{"aws:PrincipalTag/team":"${aws:a}"}}"#;
        prop_assert_eq!(when(all, &context), values.iter().all(|value| *value == single));
    }
}
