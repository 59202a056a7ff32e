//! Condition operators, modifiers and variables, row by row.

use std::cell::Cell;

use super::*;
use crate::{TableContext, Values};

/// Whether one condition holds: `condition` as JSON, in a document of Version 2012-10-17.
fn holds(condition: &str, context: &dyn Context) -> bool {
    identity_allows(&format!(r#""Action":"*","Resource":"*","Condition":{{{condition}}}"#), "kms:Encrypt", KEY, context)
}

/// Condition, context, whether it holds.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);

fn check(rows: &[Row<'_>]) {
    for (condition, context, expected) in rows {
        let table = context.iter().fold(TableContext::new(), |table, (key, value)| table.with(key, *value));
        assert_eq!(holds(condition, &table), *expected, "{condition} with {context:?}");
    }
}

#[test]
fn strings() {
    check(&[
        (r#""StringEquals":{"aws:a":"x"}"#, &[("aws:a", "x")], true),
        (r#""StringEquals":{"AWS:A":"x"}"#, &[("aws:a", "x")], true),
        (r#""StringEquals":{"aws:a":"x"}"#, &[("aws:a", "X")], false),
        (r#""StringEquals":{"aws:a":["y","x"]}"#, &[("aws:a", "x")], true),
        (r#""StringEquals":{"aws:a":"x*"}"#, &[("aws:a", "xy")], false),
        (r#""StringEquals":{"aws:a":"x*"}"#, &[("aws:a", "x*")], true),
        (r#""StringEquals":{"aws:a":7}"#, &[("aws:a", "7")], true),
        (r#""StringEquals":{"aws:a":""}"#, &[("aws:a", "")], true),
        (r#""StringEquals":{"aws:a":[]}"#, &[("aws:a", "x")], false),
        (r#""StringNotEquals":{"aws:a":["y","x"]}"#, &[("aws:a", "x")], false),
        (r#""StringNotEquals":{"aws:a":["y","z"]}"#, &[("aws:a", "x")], true),
        (r#""StringEqualsIgnoreCase":{"aws:a":"Éclair-X"}"#, &[("aws:a", "éCLAIR-x")], true),
        (r#""StringEqualsIgnoreCase":{"aws:a":"key"}"#, &[("aws:a", "\u{212a}ey")], false),
        (r#""StringEqualsIgnoreCase":{"aws:a":"key"}"#, &[("aws:a", "keys")], false),
        (r#""StringNotEqualsIgnoreCase":{"aws:a":"X"}"#, &[("aws:a", "x")], false),
        (r#""StringLike":{"aws:a":"a*c?e"}"#, &[("aws:a", "abbcde")], true),
        (r#""StringLike":{"aws:a":"a*c?e"}"#, &[("aws:a", "ace")], false),
        (r#""StringLike":{"aws:a":"*"}"#, &[("aws:a", "")], true),
        (r#""StringLike":{"aws:a":"?"}"#, &[("aws:a", "é")], true),
        (r#""StringLike":{"aws:a":"A*"}"#, &[("aws:a", "ab")], false),
        (r#""StringNotLike":{"aws:a":["a*","b*"]}"#, &[("aws:a", "b")], false),
        (r#""StringNotLike":{"aws:a":["a*","b*"]}"#, &[("aws:a", "c")], true),
    ]);
}

#[test]
fn numbers_are_decimal() {
    check(&[
        (r#""NumericEquals":{"aws:a":"10"}"#, &[("aws:a", "10.0")], true),
        (r#""NumericEquals":{"aws:a":1e1}"#, &[("aws:a", "10")], true),
        (r#""NumericEquals":{"aws:a":"0"}"#, &[("aws:a", "-0.00")], true),
        (r#""NumericEquals":{"aws:a":"9007199254740993"}"#, &[("aws:a", "9007199254740992")], false),
        (r#""NumericEquals":{"aws:a":"0.1"}"#, &[("aws:a", "0.10000000000000001")], false),
        (r#""NumericNotEquals":{"aws:a":["1","2"]}"#, &[("aws:a", "3")], true),
        (r#""NumericNotEquals":{"aws:a":["1","2"]}"#, &[("aws:a", "2")], false),
        (r#""NumericLessThan":{"aws:a":"7"}"#, &[("aws:a", "6.999")], true),
        (r#""NumericLessThan":{"aws:a":"7"}"#, &[("aws:a", "7")], false),
        (r#""NumericLessThan":{"aws:a":"-7"}"#, &[("aws:a", "-70")], true),
        (r#""NumericLessThanEquals":{"aws:a":"7"}"#, &[("aws:a", "7.0")], true),
        (r#""NumericGreaterThan":{"aws:a":"7"}"#, &[("aws:a", "10")], true),
        (r#""NumericGreaterThan":{"aws:a":"7"}"#, &[("aws:a", "07")], false),
        (r#""NumericGreaterThanEquals":{"aws:a":"7"}"#, &[("aws:a", "7")], true),
        (r#""NumericLessThan":{"aws:a":"seven"}"#, &[("aws:a", "1")], false),
        (r#""NumericLessThan":{"aws:a":"7"}"#, &[("aws:a", "1x")], false),
    ]);
}

#[test]
fn dates_are_iso_8601_or_epoch_seconds() {
    check(&[
        (r#""DateEquals":{"aws:a":"2024-05-01T10:00:00Z"}"#, &[("aws:a", "2024-05-01T12:00:00+02:00")], true),
        (r#""DateEquals":{"aws:a":"1700000000"}"#, &[("aws:a", "2023-11-14T22:13:20Z")], true),
        (r#""DateEquals":{"aws:a":1700000000}"#, &[("aws:a", "1700000000")], true),
        (r#""DateNotEquals":{"aws:a":"2024-05-01"}"#, &[("aws:a", "2024-05-01T00:00:00Z")], false),
        (r#""DateGreaterThan":{"aws:a":"2024-05-01"}"#, &[("aws:a", "2024-05-01T00:00:01Z")], true),
        (r#""DateGreaterThan":{"aws:a":"2024-05"}"#, &[("aws:a", "2024-04-30T23:59:59Z")], false),
        (r#""DateGreaterThanEquals":{"aws:a":"2024-05"}"#, &[("aws:a", "2024-05-01T00:00:00Z")], true),
        (r#""DateLessThan":{"aws:a":"9999-12-31T23:59:59Z"}"#, &[("aws:a", "2024-05-01T00:00:00Z")], true),
        (r#""DateLessThanEquals":{"aws:a":"2024-05-01T00:00:00.5Z"}"#, &[("aws:a", "2024-05-01T00:00:00.6Z")], false),
        (r#""DateLessThan":{"aws:a":"2024-05-01T00:00:00Z"}"#, &[("aws:a", "yesterday")], false),
    ]);
}

#[test]
fn booleans_and_bytes() {
    check(&[
        (r#""Bool":{"aws:a":"true"}"#, &[("aws:a", "true")], true),
        (r#""Bool":{"aws:a":true}"#, &[("aws:a", "True")], true),
        (r#""Bool":{"aws:a":"false"}"#, &[("aws:a", "true")], false),
        (r#""Bool":{"aws:a":"yes"}"#, &[("aws:a", "yes")], false),
        (r#""Bool":{"aws:a":"${aws:b}"}"#, &[("aws:a", "true"), ("aws:b", "true")], true),
        (r#""Bool":{"aws:a":"false"}"#, &[], false),
        (r#""Bool":{"aws:a":["false","true"]}"#, &[("aws:a", "true")], true),
        (r#""BinaryEquals":{"aws:a":"QmluYXJ5"}"#, &[("aws:a", "QmluYXJ5")], true),
        (r#""BinaryEquals":{"aws:a":"QmluYXJ5"}"#, &[("aws:a", "Qmlu")], false),
        (r#""BinaryEquals":{"aws:a":["Qmlu","QmluYXJ5"]}"#, &[("aws:a", "QmluYXJ5")], true),
        (r#""BinaryEquals":{"aws:a":"!"}"#, &[("aws:a", "!")], false),
    ]);
}

#[test]
fn addresses() {
    check(&[
        (r#""IpAddress":{"aws:a":"203.0.113.0/24"}"#, &[("aws:a", "203.0.113.255")], true),
        (r#""IpAddress":{"aws:a":"203.0.113.7/24"}"#, &[("aws:a", "203.0.113.200")], true),
        (r#""IpAddress":{"aws:a":"203.0.113.0/24"}"#, &[("aws:a", "203.0.114.0")], false),
        (r#""IpAddress":{"aws:a":"203.0.113.7"}"#, &[("aws:a", "203.0.113.7")], true),
        (r#""IpAddress":{"aws:a":"203.0.113.7"}"#, &[("aws:a", "203.0.113.6")], false),
        (r#""IpAddress":{"aws:a":"0.0.0.0/0"}"#, &[("aws:a", "198.51.100.1")], true),
        (r#""IpAddress":{"aws:a":"0.0.0.0/0"}"#, &[("aws:a", "2001:db8::1")], false),
        (r#""IpAddress":{"aws:a":"::/0"}"#, &[("aws:a", "2001:db8::1")], true),
        (r#""IpAddress":{"aws:a":"2001:DB8:1234:5678::/64"}"#, &[("aws:a", "2001:db8:1234:5678:9::1")], true),
        (r#""IpAddress":{"aws:a":"2001:db8:1234:5678::/64"}"#, &[("aws:a", "2001:db8:1234:5679::1")], false),
        (r#""IpAddress":{"aws:a":"2001:db8::1"}"#, &[("aws:a", "2001:db8::2")], false),
        (r#""IpAddress":{"aws:a":"10.0.0.0/8"}"#, &[("aws:a", "::ffff:10.1.2.3")], true),
        (r#""IpAddress":{"aws:a":"::ffff:10.0.0.0/104"}"#, &[("aws:a", "10.1.2.3")], true),
        (r#""IpAddress":{"aws:a":"10.0.0.0/33"}"#, &[("aws:a", "10.0.0.0")], false),
        (r#""IpAddress":{"aws:a":"10.0.0.*"}"#, &[("aws:a", "10.0.0.1")], false),
        (r#""NotIpAddress":{"aws:a":"10.0.0.0/8"}"#, &[("aws:a", "10.1.2.3")], false),
        (r#""NotIpAddress":{"aws:a":"10.0.0.0/8"}"#, &[("aws:a", "2001:db8::1")], true),
        (r#""NotIpAddress":{"aws:a":["10.0.0.0/8","192.0.2.0/24"]}"#, &[("aws:a", "192.0.2.1")], false),
    ]);
}

#[test]
fn arns_compare_part_by_part() {
    let topic = "arn:aws:sns:eu-west-1:111122223333:orders:new";
    check(&[
        (r#""ArnLike":{"aws:a":"arn:aws:sns:*:111122223333:orders*"}"#, &[("aws:a", topic)], true),
        (r#""ArnEquals":{"aws:a":"arn:aws:sns:*:111122223333:*"}"#, &[("aws:a", topic)], true),
        (r#""ArnLike":{"aws:a":"arn:aws:sns:*:orders*"}"#, &[("aws:a", topic)], false),
        (r#""ArnLike":{"aws:a":"arn:aws:s*s:eu-west-1:111122223333:*"}"#, &[("aws:a", topic)], true),
        (r#""ArnLike":{"aws:a":"arn:aws:sns:eu-*:orders:new"}"#, &[("aws:a", topic)], false),
        (r#""ArnLike":{"aws:a":"*"}"#, &[("aws:a", topic)], false),
        (r#""ArnLike":{"aws:a":"*:*:*:*:*:*"}"#, &[("aws:a", topic)], true),
        (r#""ArnLike":{"aws:a":"*:*:*:*:*:*"}"#, &[("aws:a", "urn:a:b:c:d:e")], false),
        (r#""ArnLike":{"aws:a":"arn:aws:sns:eu-west-1:111122223333:ORDERS*"}"#, &[("aws:a", topic)], false),
        (r#""ArnLike":{"aws:a":"arn:aws:sns:*:*:*"}"#, &[("aws:a", "not an arn")], false),
        (r#""ArnNotLike":{"aws:a":"arn:aws:sns:*:*:*"}"#, &[("aws:a", "not an arn")], true),
        (r#""ArnNotEquals":{"aws:a":"arn:aws:sns:*:111122223333:*"}"#, &[("aws:a", topic)], false),
        (r#""ArnNotEquals":{"aws:a":"arn:aws:sns:*:444455556666:*"}"#, &[("aws:a", topic)], true),
        (r#""StringLike":{"aws:a":"arn:aws:sns:*:orders*"}"#, &[("aws:a", topic)], true),
        (r#""ArnLike":{"aws:a":"arn:aws:sns:*:${aws:b}:*"}"#, &[("aws:a", topic), ("aws:b", HERE)], true),
        (r#""ArnLike":{"aws:a":"arn:aws:sns:*:${aws:b}:*"}"#, &[("aws:a", topic), ("aws:b", "*")], false),
        (r#""ArnLike":{"aws:a":"${aws:b}"}"#, &[("aws:a", topic), ("aws:b", topic)], true),
        (r#""ArnLike":{"aws:a":"${aws:b}"}"#, &[("aws:a", topic), ("aws:b", "arn:aws:sns:*:*:*")], false),
    ]);
    // A value with colons cannot push the parts behind it along.
    let shifted = "arn:aws:sns:eu-west-1:1:orders:111122223333:x";
    check(&[(
        r#""ArnLike":{"aws:a":"arn:aws:sns:eu-west-1:${aws:b}:x"}"#,
        &[("aws:a", shifted), ("aws:b", "1:orders:111122223333")],
        false,
    )]);
}

#[test]
fn missing_keys() {
    let value = |operator: &str| match operator {
        "IpAddress" | "NotIpAddress" => "10.0.0.0/8",
        "Bool" => "true",
        operator if operator.starts_with("Arn") => "arn:aws:s3:::b",
        operator if operator.starts_with("Date") => "2024-01-01",
        operator if operator.starts_with("Binary") => "AAAA",
        _ => "1",
    };
    let positive = [
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "NumericEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "DateEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "ArnEquals",
        "ArnLike",
    ];
    let negated = [
        "StringNotEquals",
        "StringNotEqualsIgnoreCase",
        "StringNotLike",
        "NumericNotEquals",
        "DateNotEquals",
        "NotIpAddress",
        "ArnNotEquals",
        "ArnNotLike",
    ];
    let missing =
        |operator: &str, name: &str| holds(&format!(r#""{name}":{{"aws:a":"{}"}}"#, value(operator)), &NoContext);
    for (operator, expected) in positive.map(|name| (name, false)).into_iter().chain(negated.map(|name| (name, true))) {
        assert_eq!(missing(operator, operator), expected, "{operator}");
        assert!(missing(operator, &format!("{operator}IfExists")), "{operator}IfExists");
        assert!(missing(operator, &format!("ForAllValues:{operator}")), "ForAllValues:{operator}");
        assert!(!missing(operator, &format!("ForAnyValue:{operator}")), "ForAnyValue:{operator}");
        assert!(missing(operator, &format!("ForAnyValue:{operator}IfExists")), "ForAnyValue:{operator}IfExists");
    }
}

#[test]
fn multi_valued_keys() {
    let rows: [(&str, &[&str], bool); 17] = [
        (r#""ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}"#, &["a", "b"], true),
        (r#""ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}"#, &["a"], true),
        (r#""ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}"#, &["a", "c"], false),
        (r#""ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}"#, &[], true),
        (r#""ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}"#, &["c", "b"], true),
        (r#""ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}"#, &["c"], false),
        (r#""ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}"#, &[], false),
        (r#""ForAllValues:StringNotEquals":{"aws:TagKeys":["a","b"]}"#, &["c", "d"], true),
        (r#""ForAllValues:StringNotEquals":{"aws:TagKeys":["a","b"]}"#, &["c", "a"], false),
        (r#""ForAnyValue:StringNotEquals":{"aws:TagKeys":["a","b"]}"#, &["c", "a"], true),
        (r#""ForAnyValue:StringNotEquals":{"aws:TagKeys":["a","b"]}"#, &["a", "b"], false),
        (r#""ForAnyValue:StringLike":{"aws:TagKeys":"pro*"}"#, &["x", "project"], true),
        (r#""StringEquals":{"aws:TagKeys":"a"}"#, &["a"], false),
        (r#""StringNotEquals":{"aws:TagKeys":"a"}"#, &["b"], false),
        (r#""StringEqualsIfExists":{"aws:TagKeys":"a"}"#, &[], true),
        (r#""Null":{"aws:TagKeys":"false"}"#, &["a"], true),
        (r#""Null":{"aws:TagKeys":"true"}"#, &[], true),
    ];
    for (condition, values, expected) in rows {
        let context = TableContext::new().with_many("aws:TagKeys", values.iter().copied());
        assert_eq!(holds(condition, &context), expected, "{condition} with {values:?}");
    }
    // A single-valued key is a set of one.
    check(&[
        (r#""ForAnyValue:StringEquals":{"aws:a":["x","y"]}"#, &[("aws:a", "y")], true),
        (r#""ForAllValues:StringEquals":{"aws:a":["x","y"]}"#, &[("aws:a", "z")], false),
    ]);
}

#[test]
fn null_asks_for_presence() {
    check(&[
        (r#""Null":{"aws:a":"true"}"#, &[], true),
        (r#""Null":{"aws:a":"true"}"#, &[("aws:a", "x")], false),
        (r#""Null":{"aws:a":"false"}"#, &[("aws:a", "")], true),
        (r#""Null":{"aws:a":false}"#, &[], false),
        (r#""Null":{"aws:a":["true","false"]}"#, &[], true),
    ]);
}

#[test]
fn null_looks_at_the_raw_request_and_nothing_else_does() {
    struct Defaulted;
    impl Context for Defaulted {
        fn get(&self, key: &str) -> Option<Values<'_>> {
            (key == "kms:rotationperiodindays").then(|| Values::One("365".into()))
        }
        fn was_requested(&self, _key: &str) -> bool {
            false
        }
    }
    assert!(holds(r#""Null":{"kms:RotationPeriodInDays":"true"}"#, &Defaulted));
    assert!(!holds(r#""Null":{"kms:RotationPeriodInDays":"false"}"#, &Defaulted));
    assert!(holds(r#""NumericEquals":{"kms:RotationPeriodInDays":"365"}"#, &Defaulted));
}

#[test]
fn keys_and_operators_all_have_to_hold() {
    let both = r#""StringEquals":{"aws:a":"x","aws:b":"y"},"Bool":{"aws:c":"true"}"#;
    check(&[
        (both, &[("aws:a", "x"), ("aws:b", "y"), ("aws:c", "true")], true),
        (both, &[("aws:a", "x"), ("aws:b", "n"), ("aws:c", "true")], false),
        (both, &[("aws:a", "x"), ("aws:b", "y"), ("aws:c", "false")], false),
        ("", &[], true),
        (r#""StringEquals":{}"#, &[], true),
    ]);
}

#[test]
fn variables_stand_for_context_values() {
    check(&[
        (r#""StringEquals":{"aws:a":"${aws:b}"}"#, &[("aws:a", "x"), ("aws:b", "x")], true),
        (r#""StringEquals":{"aws:a":"${AWS:B}"}"#, &[("aws:a", "x"), ("aws:b", "x")], true),
        (r#""StringEquals":{"aws:a":"p-${aws:b}-s"}"#, &[("aws:a", "p-x-s"), ("aws:b", "x")], true),
        (r#""StringEqualsIgnoreCase":{"aws:a":"p-${aws:b}"}"#, &[("aws:a", "P-X"), ("aws:b", "x")], true),
        (r#""StringLike":{"aws:a":"${aws:b}*"}"#, &[("aws:a", "xyz"), ("aws:b", "x")], true),
        (r#""StringLike":{"aws:a":"${aws:b}"}"#, &[("aws:a", "anything"), ("aws:b", "*")], false),
        (r#""StringLike":{"aws:a":"${aws:b}"}"#, &[("aws:a", "*"), ("aws:b", "*")], true),
        (r#""StringEquals":{"aws:a":"${aws:b}"}"#, &[("aws:a", "${aws:b}")], false),
        (r#""StringNotEquals":{"aws:a":"${aws:b}"}"#, &[("aws:a", "x")], true),
        (r#""StringEquals":{"aws:a":"${aws:b, 'none'}"}"#, &[("aws:a", "none")], true),
        (r#""StringEquals":{"aws:a":"${aws:b, 'none'}"}"#, &[("aws:a", "none"), ("aws:b", "x")], false),
        (r#""StringLike":{"aws:a":"${aws:b, '*'}"}"#, &[("aws:a", "none")], false),
        (r#""StringEquals":{"aws:a":"${aws:b, 'a}b'}"}"#, &[("aws:a", "a}b")], true),
        (r#""StringEquals":{"aws:a":"${*}${?}${$}"}"#, &[("aws:a", "*?$")], true),
        (r#""StringLike":{"aws:a":"a${*}b"}"#, &[("aws:a", "axb")], false),
        (r#""StringLike":{"aws:a":"a${*}b"}"#, &[("aws:a", "a*b")], true),
        (r#""StringEquals":{"aws:a":"${"}"#, &[("aws:a", "${")], true),
        (r#""StringEquals":{"aws:a":"${aws:PrincipalTag/t}"}"#, &[("aws:a", "x"), ("aws:PrincipalTag/t", "x")], true),
    ]);
    let many = TableContext::new().with("aws:a", "x").with_many("aws:TagKeys", ["x"]);
    assert!(!holds(r#""StringEquals":{"aws:a":"${aws:TagKeys, 'x'}"}"#, &many));
}

#[test]
fn the_older_version_has_no_variables() {
    let text = |version: &str| {
        format!(
            r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":"*",
                "Condition":{{"StringEquals":{{"aws:a":"${{aws:b}}"}}}}}}}}"#
        )
    };
    for (version, expected) in
        [("", false), (r#""Version":"2008-10-17","#, false), (r#""Version":"2012-10-17","#, true)]
    {
        let setup = Setup { identity: vec![document(Kind::Identity, &text(version))], ..Setup::default() };
        let same = TableContext::new().with("aws:a", "x").with("aws:b", "x");
        let literal = TableContext::new().with("aws:a", "${aws:b}").with("aws:b", "x");
        assert_eq!(setup.ask_in(alice(), "kms:Encrypt", KEY, &same) == "allow", expected, "{version}");
        assert_eq!(setup.ask_in(alice(), "kms:Encrypt", KEY, &literal) == "allow", !expected, "{version}");
    }
}

#[test]
fn variables_in_resources_count_from_the_fifth_colon_on() {
    let user = TableContext::new().with("aws:username", "ann").with("aws:PrincipalAccount", HERE).with("aws:x", "*");
    let allows = |resource: &str, asked: &str| {
        identity_allows(&format!(r#""Action":"*","Resource":"{resource}""#), "s3:GetObject", asked, &user)
    };
    assert!(allows("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/ann/notes"));
    assert!(!allows("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/bob/notes"));
    assert!(!allows("arn:aws:s3:::home/${aws:x}/*", "arn:aws:s3:::home/bob/notes"));
    assert!(!allows("arn:aws:s3:::home/${aws:missing}/*", "arn:aws:s3:::home//notes"));
    assert!(allows("arn:aws:s3:::home/${aws:missing, 'all'}/*", "arn:aws:s3:::home/all/notes"));
    assert!(!allows("arn:aws:kms:eu-west-1:${aws:PrincipalAccount}:key/*", KEY));
}

#[test]
fn a_policy_without_conditions_never_looks_at_the_context() {
    struct Counting(Cell<u32>);
    impl Context for Counting {
        fn get(&self, _key: &str) -> Option<Values<'_>> {
            self.0.set(self.0.get() + 1);
            None
        }
    }
    let context = Counting(Cell::new(0));
    assert!(identity_allows(r#""Action":"kms:*","Resource":"*""#, "kms:Encrypt", KEY, &context));
    assert_eq!(context.0.get(), 0);
    // Nor does a statement about something else.
    let other = r#""Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:a":"x"}}"#;
    assert!(!identity_allows(other, "kms:Encrypt", KEY, &context));
    assert_eq!(context.0.get(), 0);
}
