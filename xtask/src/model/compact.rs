//! Our own format of an API model: facts only, one line for each fact that stands alone.

use std::fmt;

use anyhow::Result;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};

/// The model of one service.
#[derive(Debug, DeriveDeserialize)]
pub(super) struct Model {
    /// Where the facts come from, name and version.
    pub(super) source: String,
    pub(super) service: Header,
    pub(super) operations: Ordered<Operation>,
    pub(super) shapes: Ordered<Shape>,
}

#[derive(Debug, Serialize, DeriveDeserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) api_version: String,
    pub(super) protocol: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) xml_namespace: Option<String>,
}

#[derive(Debug, Serialize, DeriveDeserialize)]
pub(super) struct Operation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<String>,
    /// The required members of the input, repeated here for readers of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) required: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<String>,
}

/// What a shape is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, DeriveDeserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Structure,
    Exception,
    List,
    Map,
    String,
    Blob,
    Integer,
    Long,
    Double,
    Boolean,
    Timestamp,
}

#[derive(Debug, Serialize, DeriveDeserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    /// Length of a text (characters), blob (bytes), list (elements); range of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pattern: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) sensitive: bool,
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<String>,
    /// The shape of a list's elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) element: Option<String>,
    /// The shapes of a map's keys and values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    /// The wire code and status of an exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) http_status: Option<u16>,
    /// The member of an exception that holds its text, where it is not `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text_member: Option<String>,
    /// The members of a structure, in order.
    #[serde(default, skip_serializing)]
    pub(super) members: Vec<Member>,
}

impl Shape {
    /// What stands for an input or output that an operation does not have.
    pub(super) fn empty_structure() -> Self {
        Self {
            kind: Kind::Structure,
            min: None,
            max: None,
            pattern: None,
            sensitive: false,
            values: Vec::new(),
            element: None,
            key: None,
            value: None,
            code: None,
            http_status: None,
            text_member: None,
            members: Vec::new(),
        }
    }
}

#[derive(Debug, Serialize, DeriveDeserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) shape: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) required: bool,
}

/// A JSON object in the order of the file; the order of members means something.
#[derive(Debug)]
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Ordered<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }

        from.deserialize_map(Entries(std::marker::PhantomData))
    }
}

pub(super) fn read(text: &str) -> Result<Model> {
    Ok(serde_json::from_str(text)?)
}

/// The file: an operation, a shape or a member a line.
pub(super) fn write(model: &Model) -> Result<String> {
    let mut lines = vec![
        "{".to_owned(),
        format!("\"source\": {},", serde_json::to_string(&model.source)?),
        format!("\"service\": {},", serde_json::to_string(&model.service)?),
        "\"operations\": {".to_owned(),
    ];
    let last = model.operations.0.len().saturating_sub(1);
    for (place, (name, operation)) in model.operations.0.iter().enumerate() {
        let comma = if place == last { "" } else { "," };
        lines.push(format!("  {name:?}: {}{comma}", serde_json::to_string(operation)?));
    }
    lines.push("},".to_owned());
    lines.push("\"shapes\": {".to_owned());
    let last = model.shapes.0.len().saturating_sub(1);
    for (place, (name, shape)) in model.shapes.0.iter().enumerate() {
        let comma = if place == last { "" } else { "," };
        lines.extend(write_shape(name, shape, comma)?);
    }
    lines.push("}".to_owned());
    lines.push("}\n".to_owned());
    Ok(lines.join("\n"))
}

fn write_shape(name: &str, shape: &Shape, comma: &str) -> Result<Vec<String>> {
    let facts = serde_json::to_string(shape)?;
    if shape.members.is_empty() {
        return Ok(vec![format!("  {name:?}: {facts}{comma}")]);
    }
    let open = facts.trim_end_matches('}');
    let mut lines = vec![format!("  {name:?}: {open},\"members\":[")];
    let last = shape.members.len() - 1;
    for (place, member) in shape.members.iter().enumerate() {
        let comma = if place == last { "" } else { "," };
        lines.push(format!("    {}{comma}", serde_json::to_string(member)?));
    }
    lines.push(format!("  ]}}{comma}"));
    Ok(lines)
}
