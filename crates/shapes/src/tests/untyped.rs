//! A format in which everything is text, such as a query string, can feed the decoder through the
//! hints.

use std::collections::BTreeMap;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::decode::hint;
use crate::sts::{AssumeRoleRequest, GetCallerIdentityRequest};
use crate::{DecodeError, Input};

type Error = serde::de::value::Error;

/// `A.B.C=text` as a tree; a leaf has no children.
#[derive(Default, Clone)]
struct Node {
    text: String,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn parse(query: &[(&str, &str)]) -> Self {
        let mut root = Self::default();
        for (name, text) in query {
            let mut node = &mut root;
            for part in name.split('.') {
                node = node.children.entry(part.to_owned()).or_default();
            }
            node.text = (*text).to_owned();
        }
        root
    }
}

impl IntoDeserializer<'_, Error> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Error;

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, kind: &'static str, visitor: V) -> Result<V::Value, Error> {
        match kind {
            hint::INTEGER => match self.text.parse() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_string(self.text),
            },
            hint::LIST => {
                let members = self.children.into_values().flat_map(|member| member.children.into_values());
                visitor.visit_seq(SeqDeserializer::new(members))
            }
            hint::STRUCTURE | hint::MAP => visitor.visit_map(MapDeserializer::new(self.children.into_iter())),
            _ => visitor.visit_string(self.text),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.text)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[test]
fn a_query_is_decoded() {
    let request = AssumeRoleRequest::decode(Node::parse(&[
        ("Action", "AssumeRole"),
        ("RoleArn", "arn:aws:iam::123456789012:role/r"),
        ("RoleSessionName", "session"),
        ("DurationSeconds", "900"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "\u{e4} b"),
    ]))
    .unwrap();
    assert_eq!(request.role_session_name, "session");
    assert_eq!(request.duration_seconds, Some(900));
    let tags = request.tags.unwrap();
    assert_eq!((tags[0].key.as_str(), tags[0].value.as_str()), ("team", "\u{e4} b"));
    assert!(GetCallerIdentityRequest::decode(Node::parse(&[("Action", "GetCallerIdentity")])).is_ok());
}

#[test]
fn a_wrong_query_is_refused_in_the_same_words() {
    let mut query = vec![("RoleArn", "arn:aws:iam::123456789012:role/r"), ("RoleSessionName", "session")];
    query.push(("DurationSeconds", "soon"));
    assert_eq!(
        AssumeRoleRequest::decode(Node::parse(&query)).err(),
        Some(DecodeError::Serialization("STRING_VALUE can not be converted to an Integer".into()))
    );
    query.pop();
    query.push(("Tags.member.1.Key", "#"));
    let Err(DecodeError::Validation(text)) = AssumeRoleRequest::decode(Node::parse(&query)) else { panic!() };
    assert_eq!(
        text,
        "2 validation errors detected: Value '#' at 'tags.1.member.key' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+; Value null at 'tags.1.member.value' \
         failed to satisfy constraint: Member must not be null"
    );
}
