//! What botocore sends, what others might, and that flattening can be undone.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct AssumeRole {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<i32>,
    policy: Option<String>,
    #[serde(default)]
    policy_arns: Vec<PolicyArn>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    transitive_tag_keys: Vec<String>,
    external_id: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct PolicyArn {
    arn: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

fn read<T: for<'de> Deserialize<'de>>(form: &str) -> Result<T, Error> {
    T::deserialize(deserializer(form.as_bytes()))
}

/// The form of a whole call as botocore writes it.
fn assume_role() -> String {
    let fixtures: serde_json::Value = serde_json::from_str(include_str!("../../fixtures/botocore.json")).unwrap();
    let cases = fixtures["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["name"] == "sts assume-role").unwrap();
    case["body"].as_str().unwrap().to_owned()
}

#[test]
fn assume_role_as_botocore_sends_it() {
    let request: AssumeRole = read(&assume_role()).unwrap();
    let policy = |name| PolicyArn { arn: format!("arn:aws:iam::111122223333:policy/{name}") };
    let tag = |n| Tag { key: format!("k{n}"), value: format!("v+{n} ü") };
    let expected = AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/demo".into(),
        role_session_name: "me".into(),
        duration_seconds: Some(900),
        policy: Some("{\"a\": \"b&c\"}".into()),
        policy_arns: vec![policy("one"), policy("two")],
        // Twelve of them: element 10 comes after element 9, not after element 1.
        tags: (0..12).map(tag).collect(),
        transitive_tag_keys: vec!["k0".into()],
        external_id: None,
    };
    assert_eq!(request, expected);
}

#[test]
fn the_first_of_a_duplicated_parameter_counts() {
    let form =
        "RoleArn=first&RoleSessionName=s&RoleArn=second&TransitiveTagKeys.member.1=a&TransitiveTagKeys.member.1=b";
    let request: AssumeRole = read(form).unwrap();
    assert_eq!((&*request.role_arn, request.transitive_tag_keys), ("first", vec!["a".to_owned()]));
}

#[test]
fn unknown_parameters_are_ignored() {
    let form =
        "Action=AssumeRole&Version=2011-06-15&RoleArn=r&RoleSessionName=s&X-Amz-Date=1&Other.member.1.X=2&=&&a..b=1";
    assert!(read::<AssumeRole>(form).is_ok());
}

#[test]
fn scalars_are_parsed_where_the_type_asks() {
    type Map<T> = BTreeMap<String, T>;
    assert_eq!(read::<Map<bool>>("a=true&b=false").unwrap(), Map::from([("a".into(), true), ("b".into(), false)]));
    assert_eq!(read::<Map<i64>>("a=-7").unwrap()["a"], -7);
    assert_eq!(read::<Map<f64>>("a=1.5").unwrap()["a"], 1.5);
    for text in ["a=x", "a=", "a=1.5", "a=%201", "a=99999999999999999999", "a.b=1"] {
        assert!(read::<Map<i32>>(text).is_err(), "{text}");
    }
    assert!(read::<Map<bool>>("a=True").is_err());
}

#[test]
fn lists() {
    type Lists = BTreeMap<String, Vec<String>>;
    let list = |form: &str| read::<Lists>(form).unwrap().remove("a").unwrap();
    assert_eq!(list("a="), [""; 0]);
    assert_eq!(list("a.member.2=x&a.member.1=y&a.member.30=z"), ["y", "x", "z"]);
    assert_eq!(list("a.1=x&a.2=y"), ["x", "y"]);
    assert_eq!(list("a.member.x=1&a.member.1=y"), ["y"]);
    assert!(read::<Lists>("a=x").is_err());
}

#[test]
fn maps() {
    type Maps = BTreeMap<String, BTreeMap<String, String>>;
    let map = |form: &str| read::<Maps>(form).unwrap().remove("a").unwrap();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        map("a.entry.1.key=k&a.entry.1.value=v&a.entry.2.key=l&a.entry.2.value=w"),
        BTreeMap::from([pair("k", "v"), pair("l", "w")])
    );
    assert_eq!(map("a.entry.1.key=k"), BTreeMap::new());
    assert_eq!(map("a.x=1"), BTreeMap::from([pair("x", "1")]));
}

#[test]
fn enumerations_are_text() {
    #[derive(Debug, Deserialize, PartialEq)]
    enum Status {
        Active,
        Inactive,
    }
    let read = |form| read::<BTreeMap<String, Status>>(form);
    assert_eq!(read("a=Active&b=Inactive").unwrap()["b"], Status::Inactive);
    assert!(read("a=Other").is_err());
}

#[test]
fn request_types_find_their_values_by_hints() {
    // The visitor of generated request types: announced by a name, then fed with what the format has.
    struct Seen(String);
    struct Announced;
    impl<'de> Visitor<'de> for Announced {
        type Value = Seen;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("anything")
        }
        fn visit_i64<E>(self, value: i64) -> Result<Seen, E> {
            Ok(Seen(format!("i64 {value}")))
        }
        fn visit_f64<E>(self, value: f64) -> Result<Seen, E> {
            Ok(Seen(format!("f64 {value}")))
        }
        fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
            Ok(Seen(format!("bool {value}")))
        }
        fn visit_str<E>(self, value: &str) -> Result<Seen, E> {
            Ok(Seen(format!("str {value}")))
        }
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Seen, A::Error> {
            let mut seen = String::from("seq");
            while let Some(text) = list.next_element::<String>()? {
                seen = seen + " " + &text;
            }
            Ok(Seen(seen))
        }
        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Seen, A::Error> {
            let mut seen = String::from("map");
            while let Some((key, _)) = map.next_entry::<String, de::IgnoredAny>()? {
                seen = seen + " " + &key;
            }
            Ok(Seen(seen))
        }
    }
    let seen = |name, form: &str| {
        let mut whole = deserializer(form.as_bytes());
        let value = whole.members.remove("a").unwrap();
        value.deserialize_newtype_struct(name, Announced).map(|seen| seen.0).unwrap()
    };
    for (name, form, expected) in [
        (hint::STRING, "a=7", "str 7"),
        (hint::BLOB, "a=AQ%3D%3D", "str AQ=="),
        (hint::STRING, "a.b=7", "map b"),
        (hint::INTEGER, "a=900", "i64 900"),
        (hint::INTEGER, "a=9x", "str 9x"),
        (hint::BOOLEAN, "a=true", "bool true"),
        (hint::BOOLEAN, "a=TRUE", "str TRUE"),
        (hint::TIMESTAMP, "a=2026-01-01T00:00:00.25Z", "f64 1767225600.25"),
        (hint::TIMESTAMP, "a=soon", "str soon"),
        (hint::LIST, "a.member.1=x&a.member.2=y", "seq x y"),
        (hint::LIST, "a=", "seq"),
        (hint::LIST, "a=x", "str x"),
        (hint::MAP, "a.entry.1.key=k&a.entry.1.value=v", "map k"),
        (hint::STRUCTURE, "a.B=1&a.C.D=2", "map B C"),
        (hint::STRUCTURE, "a.entry=1", "map entry"),
        (hint::STRUCTURE, "a=", "map"),
        (hint::STRUCTURE, "a=x", "str x"),
    ] {
        assert_eq!(seen(name, form), expected, "{name} {form}");
    }
}

#[test]
fn generated_request_types_decode() {
    use claviger_shapes::{DecodeError, Input, sts};
    assert!(
        sts::GetCallerIdentityRequest::decode(deserializer(b"Action=GetCallerIdentity&Version=2011-06-15")).is_ok()
    );
    let request = sts::AssumeRoleRequest::decode(deserializer(assume_role().as_bytes())).unwrap();
    assert_eq!(request.duration_seconds, Some(900));
    assert_eq!(request.tags.unwrap().len(), 12);
    assert_eq!(request.transitive_tag_keys, Some(vec!["k0".to_owned()]));

    let form = "RoleArn=arn:aws:iam::111122223333:role/demo&RoleSessionName=me&DurationSeconds=soon";
    let error = sts::AssumeRoleRequest::decode(deserializer(form.as_bytes())).unwrap_err();
    assert!(matches!(error, DecodeError::Serialization(_)), "{error}");
    let error = sts::AssumeRoleRequest::decode(deserializer(b"DurationSeconds=1")).unwrap_err();
    assert!(error.to_string().starts_with("3 validation errors detected: Value null at 'roleArn'"), "{error}");
}

#[test]
fn deep_names_do_not_exhaust_the_stack() {
    let form = format!("{}=1&b=2", ["a"; 100_000].join("."));
    let value = read::<BTreeMap<String, String>>(&form).unwrap();
    assert_eq!(value, BTreeMap::from([("b".to_owned(), "2".to_owned())]));
}

#[test]
fn floods_of_parameters_are_refused() {
    use claviger_shapes::{Input, sts::GetCallerIdentityRequest};
    let flood = |count: usize| (0..count).map(|n| format!("a{n}=&")).collect::<String>();
    assert!(read::<BTreeMap<String, String>>(&flood(MOST)).is_ok());
    assert!(read::<BTreeMap<String, String>>(&flood(MOST + 1)).is_err());
    assert!(read::<AssumeRole>(&flood(MOST + 1)).unwrap_err().to_string().contains("too many"));
    assert!(read::<Value>(&flood(MOST + 1)).is_err());
    assert!(GetCallerIdentityRequest::decode(deserializer(flood(MOST + 1).as_bytes())).is_err());
}

/// A value as a Query client flattens it.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    List(Vec<Value>),
    Structure(BTreeMap<String, Value>),
}

impl Value {
    fn flatten(&self, name: &str, out: &mut form_urlencoded::Serializer<'_, String>) {
        match self {
            Value::Text(text) => drop(out.append_pair(name, text)),
            Value::List(list) => {
                for (at, value) in list.iter().enumerate() {
                    value.flatten(&format!("{name}.member.{}", at + 1), out);
                }
            }
            Value::Structure(members) => {
                for (member, value) in members {
                    let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                    value.flatten(&name, out);
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.into()))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Value::List(values))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    members.insert(name, value);
                }
                Ok(Value::Structure(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

fn value() -> impl Strategy<Value = Value> {
    let text = "[ -~éß\u{1F511}\r\n\t]{0,12}".prop_map(Value::Text);
    text.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..12).prop_map(Value::List),
            prop::collection::btree_map("[A-Z][a-z]{0,5}", inner, 1..5).prop_map(Value::Structure),
        ]
    })
}

proptest! {
    #[test]
    fn flattening_is_undone(members in prop::collection::btree_map("[A-Z][a-z]{0,5}", value(), 1..5)) {
        let value = Value::Structure(members);
        let mut form = form_urlencoded::Serializer::new(String::new());
        value.flatten("", &mut form);
        prop_assert_eq!(Value::deserialize(deserializer(form.finish().as_bytes())).unwrap(), value);
    }

    #[test]
    fn any_bytes_make_a_value(form in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read::<AssumeRole>(&String::from_utf8_lossy(&form));
        prop_assert!(Value::deserialize(deserializer(&form)).is_ok());
    }
}
