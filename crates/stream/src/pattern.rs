//! Event patterns: EventBridge's language for choosing events.
//!
//! A pattern has the shape of the events it chooses; every leaf is a list of what the value there may be. Understood are
//! exact values, `prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `anything-but` (of all these), `exists`, `numeric`
//! and `$or`. Anything else is refused when the pattern is read, so that no rule silently chooses nothing.

use serde_json::{Map, Value};

/// A pattern that was understood.
#[derive(Clone, Debug)]
pub struct Pattern(Node);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event pattern{}: {reason}", if .path.is_empty() { String::new() } else { format!(" at {}", .path) })]
pub struct PatternError {
    path: String,
    reason: String,
}

#[derive(Clone, Debug)]
struct Node {
    fields: Vec<(String, Field)>,
    /// Each group is a choice: one of its patterns has to match.
    any_of: Vec<Vec<Node>>,
}

#[derive(Clone, Debug)]
enum Field {
    Nested(Node),
    Leaf(Vec<Test>),
}

#[derive(Clone, Debug)]
enum Test {
    Exists(bool),
    Value(Matcher),
    AnythingBut(Vec<Matcher>),
}

#[derive(Clone, Debug)]
enum Matcher {
    Exact(Value),
    Prefix(String),
    Suffix(String),
    IgnoreCase(String),
    Wildcard(String),
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The text is no JSON object, or has something in it that is not understood; says where.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let value = serde_json::from_str(text);
        let value: Value = value.map_err(|error| PatternError { path: String::new(), reason: error.to_string() })?;
        let Value::Object(map) = value else { return refuse("", "must be an object") };
        let node = Node::read(&map, "")?;
        if node.fields.is_empty() && node.any_of.is_empty() {
            return refuse("", "must not be empty");
        }
        Ok(Self(node))
    }

    /// Whether the pattern chooses the event.
    pub fn matches(&self, event: &Value) -> bool {
        self.0.matches(event)
    }
}

fn refuse<T>(path: &str, reason: &str) -> Result<T, PatternError> {
    Err(PatternError { path: path.to_owned(), reason: reason.to_owned() })
}

impl Node {
    fn read(map: &Map<String, Value>, path: &str) -> Result<Self, PatternError> {
        let mut node = Self { fields: Vec::new(), any_of: Vec::new() };
        for (name, value) in map {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match value {
                Value::Array(choices) if name == "$or" => {
                    let read = |choice: &Value| match choice {
                        Value::Object(map) => Self::read(map, &path),
                        _ => refuse(&path, "must be a list of objects"),
                    };
                    let group: Vec<Self> = choices.iter().map(read).collect::<Result<_, _>>()?;
                    if group.len() < 2 {
                        return refuse(&path, "needs two patterns or more");
                    }
                    node.any_of.push(group);
                }
                Value::Object(map) if map.is_empty() => return refuse(&path, "must not be empty"),
                Value::Object(map) => node.fields.push((name.clone(), Field::Nested(Self::read(map, &path)?))),
                Value::Array(tests) if tests.is_empty() => return refuse(&path, "must not be an empty list"),
                Value::Array(tests) => {
                    let tests = tests.iter().map(|test| Test::read(test, &path)).collect::<Result<_, _>>()?;
                    node.fields.push((name.clone(), Field::Leaf(tests)));
                }
                _ => return refuse(&path, "must be an object or a list"),
            }
        }
        Ok(node)
    }

    fn matches(&self, event: &Value) -> bool {
        // A list of objects matches when one of them does.
        if let Value::Array(elements) = event {
            return elements.iter().any(|element| self.matches(element));
        }
        self.fields.iter().all(|(name, field)| match (field, event.get(name)) {
            (Field::Nested(node), Some(value)) => node.matches(value),
            (Field::Nested(node), None) => node.matches(&Value::Null),
            (Field::Leaf(tests), value) => tests.iter().any(|test| test.matches(value)),
        }) && self.any_of.iter().all(|group| group.iter().any(|node| node.matches(event)))
    }
}

impl Test {
    fn read(test: &Value, path: &str) -> Result<Self, PatternError> {
        let Value::Object(map) = test else { return Ok(Self::Value(Matcher::Exact(scalar(test, path)?))) };
        let mut members = map.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else {
            return refuse(path, "a test has exactly one member");
        };
        match (name.as_str(), value) {
            ("exists", Value::Bool(wanted)) => Ok(Self::Exists(*wanted)),
            ("anything-but", Value::Array(list)) if !list.is_empty() => {
                let read = |value| Ok(Matcher::Exact(scalar(value, path)?));
                Ok(Self::AnythingBut(list.iter().map(read).collect::<Result<_, _>>()?))
            }
            ("anything-but", Value::Object(map)) => {
                let mut members = map.iter();
                let (Some((name, value)), None) = (members.next(), members.next()) else {
                    return refuse(path, "anything-but has exactly one member");
                };
                let values = value.as_array().map_or_else(|| vec![value], |list| list.iter().collect());
                let read = |value| Matcher::read(name, value, path);
                Ok(Self::AnythingBut(values.into_iter().map(read).collect::<Result<_, _>>()?))
            }
            ("anything-but", value) => Ok(Self::AnythingBut(vec![Matcher::Exact(scalar(value, path)?)])),
            (name, value) => Ok(Self::Value(Matcher::read(name, value, path)?)),
        }
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        let values: Vec<&Value> = match value {
            Some(Value::Array(elements)) => elements.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        };
        match self {
            // Only leaves exist; an object is no value.
            Self::Exists(wanted) => values.iter().any(|value| !value.is_object()) == *wanted,
            Self::Value(matcher) => values.iter().any(|value| matcher.matches(value)),
            Self::AnythingBut(none) => {
                !values.is_empty() && values.iter().all(|value| !none.iter().any(|matcher| matcher.matches(value)))
            }
        }
    }
}

impl Matcher {
    fn read(name: &str, value: &Value, path: &str) -> Result<Self, PatternError> {
        match (name, value) {
            ("prefix", Value::String(text)) => Ok(Self::Prefix(text.clone())),
            ("suffix", Value::String(text)) => Ok(Self::Suffix(text.clone())),
            ("equals-ignore-case", Value::String(text)) => Ok(Self::IgnoreCase(text.to_lowercase())),
            ("wildcard", Value::String(text)) if !text.contains("**") && !text.contains('\\') => {
                Ok(Self::Wildcard(text.clone()))
            }
            ("numeric", Value::Array(list)) if !list.is_empty() && list.len() % 2 == 0 => {
                let pairs = list.chunks(2).map(|pair| {
                    let comparison = match pair[0].as_str() {
                        Some("=") => Comparison::Equal,
                        Some("<") => Comparison::Less,
                        Some("<=") => Comparison::LessOrEqual,
                        Some(">") => Comparison::Greater,
                        Some(">=") => Comparison::GreaterOrEqual,
                        _ => return refuse(path, "numeric takes =, <, <=, > and >="),
                    };
                    match pair[1].as_f64() {
                        Some(number) => Ok((comparison, number)),
                        None => refuse(path, "numeric compares with a number"),
                    }
                });
                Ok(Self::Numeric(pairs.collect::<Result<_, _>>()?))
            }
            _ => refuse(path, &format!("`{name}` is not understood, or not with this value")),
        }
    }

    fn matches(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Exact(wanted) => match (wanted.as_f64(), value.as_f64()) {
                (Some(wanted), Some(value)) => wanted == value,
                _ => wanted == value,
            },
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::IgnoreCase(wanted) => text.is_some_and(|text| text.to_lowercase() == *wanted),
            Self::Wildcard(pattern) => text.is_some_and(|text| wildcard(pattern, text)),
            Self::Numeric(pairs) => value.as_f64().is_some_and(|value| {
                pairs.iter().all(|(comparison, number)| match comparison {
                    Comparison::Equal => value == *number,
                    Comparison::Less => value < *number,
                    Comparison::LessOrEqual => value <= *number,
                    Comparison::Greater => value > *number,
                    Comparison::GreaterOrEqual => value >= *number,
                })
            }),
        }
    }
}

fn scalar(value: &Value, path: &str) -> Result<Value, PatternError> {
    match value {
        Value::Array(_) | Value::Object(_) => refuse(path, "must be a text, a number, a truth value or null"),
        value => Ok(value.clone()),
    }
}

/// `*` stands for any text. The pieces between are looked for from the left, which finds a match if there is one.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "source": "aws.kms", "detail-type": "AWS API Call via CloudTrail", "account": "111122223333",
            "detail": { "eventName": "Decrypt", "errorCode": "AccessDenied", "count": 3, "userIdentity": null,
                "resources": [{ "ARN": "arn:aws:kms:eu-west-1:1:key/a" }, { "ARN": "arn:aws:kms:eu-west-1:1:key/b" }],
                "labels": ["red", "blue"] },
        })
    }

    #[track_caller]
    fn check(pattern: Value, expected: bool) {
        let parsed = Pattern::parse(&pattern.to_string()).unwrap();
        assert_eq!(parsed.matches(&event()), expected, "{pattern}");
    }

    // The rules and several of the cases are those of the public documentation of EventBridge's event patterns.
    #[test]
    fn the_language() {
        check(json!({ "source": ["aws.kms"] }), true);
        check(json!({ "source": ["aws.ssm"] }), false);
        check(json!({ "source": ["aws.ssm", "aws.kms"], "account": ["111122223333"] }), true);
        check(json!({ "source": ["aws.kms"], "account": ["x"] }), false);
        check(json!({ "detail": { "eventName": [{ "prefix": "Dec" }] } }), true);
        check(json!({ "detail": { "eventName": [{ "suffix": "crypt" }] } }), true);
        check(json!({ "detail": { "eventName": [{ "suffix": "Dec" }] } }), false);
        check(json!({ "detail": { "eventName": [{ "equals-ignore-case": "DECRYPT" }] } }), true);
        check(json!({ "detail": { "eventName": [{ "wildcard": "*c*pt" }] } }), true);
        check(json!({ "detail": { "eventName": [{ "wildcard": "D*x*" }] } }), false);
        check(json!({ "detail": { "eventName": [{ "anything-but": "Encrypt" }] } }), true);
        check(json!({ "detail": { "eventName": [{ "anything-but": ["Encrypt", "Decrypt"] }] } }), false);
        check(json!({ "detail": { "eventName": [{ "anything-but": { "prefix": "De" } }] } }), false);
        check(json!({ "detail": { "eventName": [{ "anything-but": { "suffix": ["x", "y"] } }] } }), true);
        check(json!({ "detail": { "missing": [{ "anything-but": "x" }] } }), false);
        check(json!({ "detail": { "errorCode": [{ "exists": true }] } }), true);
        check(json!({ "detail": { "missing": [{ "exists": false }] } }), true);
        check(json!({ "detail": { "errorCode": [{ "exists": false }] } }), false);
        check(json!({ "nowhere": { "deep": [{ "exists": false }] } }), true);
        check(json!({ "detail": { "count": [{ "numeric": [">", 0, "<=", 3] }] } }), true);
        check(json!({ "detail": { "count": [{ "numeric": ["<", 3] }] } }), false);
        check(json!({ "detail": { "count": [3.0] } }), true);
        check(json!({ "detail": { "count": ["3"] } }), false);
        check(json!({ "detail": { "userIdentity": [null] } }), true);
        check(json!({ "detail": { "labels": ["blue"] } }), true);
        check(json!({ "detail": { "labels": [{ "anything-but": "blue" }] } }), false);
        check(json!({ "detail": { "resources": { "ARN": [{ "suffix": "key/b" }] } } }), true);
        check(json!({ "$or": [{ "source": ["aws.ssm"] }, { "account": ["111122223333"] }] }), true);
        check(json!({ "$or": [{ "source": ["aws.ssm"] }, { "account": ["x"] }], "source": ["aws.kms"] }), false);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (pattern, told) in [
            (json!([]), "must be an object"),
            (json!({}), "must not be empty"),
            (json!({ "source": "aws.kms" }), "source: must be an object or a list"),
            (json!({ "detail": { "a": [] } }), "detail.a: must not be an empty list"),
            (json!({ "detail": { "a": [{ "cidr": "10.0.0.0/8" }] } }), "detail.a: `cidr` is not understood"),
            (json!({ "a": [{ "prefix": 3 }] }), "a: `prefix` is not understood, or not with this value"),
            (json!({ "a": [{ "numeric": ["~", 3] }] }), "a: numeric takes"),
            (json!({ "a": [{ "prefix": "x", "suffix": "y" }] }), "a: a test has exactly one member"),
            (json!({ "$or": [{ "a": ["x"] }] }), "$or: needs two"),
            (json!({ "a": [["x"]] }), "a: must be a text"),
        ] {
            let error = Pattern::parse(&pattern.to_string()).unwrap_err().to_string();
            assert!(error.contains(told), "{pattern}: {error}");
        }
        assert!(Pattern::parse("{").is_err());
    }

    #[test]
    fn stars_match_what_is_between_them() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("*", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }
}
