//! Which events a trail takes.

use serde::{Deserialize, Serialize};

/// What selectors look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    /// `kms.amazonaws.com`
    pub event_source: &'a str,
    /// `Encrypt`
    pub event_name: &'a str,
    /// `AwsApiCall` or `AwsServiceEvent`.
    pub event_type: &'a str,
    /// `Management`
    pub event_category: &'a str,
    /// Whether the call only reads. Cryptographic calls count as reading.
    pub read_only: bool,
    /// `userIdentity.arn`, where there is one.
    pub caller_arn: Option<&'a str>,
}

/// Events of a management kind by what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadWrite {
    /// Every event.
    #[default]
    All,
    /// Events that only read.
    ReadOnly,
    /// Events that change something.
    WriteOnly,
}

/// Data events a basic selector asks for. The audit log has none, so they are kept to be shown and select nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataResource {
    /// `AWS::S3::Object`, ...
    pub kind: Option<String>,
    /// ARNs, or beginnings of ARNs.
    pub values: Vec<String>,
}

/// A basic event selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basic {
    /// By what they do.
    pub read_write: ReadWrite,
    /// Whether management events are taken at all.
    pub management: bool,
    /// Data events.
    pub data_resources: Vec<DataResource>,
    /// Sources that are left out.
    pub excluded_sources: Vec<String>,
}

impl Default for Basic {
    fn default() -> Self {
        Self { read_write: ReadWrite::All, management: true, data_resources: Vec::new(), excluded_sources: Vec::new() }
    }
}

/// A condition of an advanced event selector: each list that is not empty must agree. Of positive lists one value
/// suffices, of negative ones none may match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// `eventCategory`, `readOnly`, `eventSource`, `eventName`, `eventType`, `userIdentity.arn`.
    pub field: String,
    /// The value is one of these.
    pub equals: Vec<String>,
    /// The value begins with one of these.
    pub starts_with: Vec<String>,
    /// The value ends with one of these.
    pub ends_with: Vec<String>,
    /// The value is none of these.
    pub not_equals: Vec<String>,
    /// The value begins with none of these.
    pub not_starts_with: Vec<String>,
    /// The value ends with none of these.
    pub not_ends_with: Vec<String>,
}

/// An advanced event selector: all its fields must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advanced {
    /// What the user calls it.
    pub name: Option<String>,
    /// Its conditions.
    pub fields: Vec<Field>,
}

/// A trail's selectors; an event is taken if one of them takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selectors {
    /// Basic ones.
    Basic(Vec<Basic>),
    /// Advanced ones.
    Advanced(Vec<Advanced>),
}

impl Default for Selectors {
    /// What a trail has until it is told otherwise: all management events.
    fn default() -> Self {
        Self::Basic(vec![Basic::default()])
    }
}

impl Selectors {
    /// Whether an event is taken.
    pub fn take(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Basic(selectors) => selectors.iter().any(|selector| selector.takes(facts)),
            Self::Advanced(selectors) => {
                selectors.iter().any(|selector| selector.fields.iter().all(|field| field.agrees(facts)))
            }
        }
    }
}

impl Basic {
    fn takes(&self, facts: &Facts<'_>) -> bool {
        let kind = match self.read_write {
            ReadWrite::All => true,
            ReadWrite::ReadOnly => facts.read_only,
            ReadWrite::WriteOnly => !facts.read_only,
        };
        let excluded = self.excluded_sources.iter().any(|source| source == facts.event_source);
        self.management && facts.event_category == "Management" && kind && !excluded
    }
}

impl Field {
    fn agrees(&self, facts: &Facts<'_>) -> bool {
        let value = match self.field.as_str() {
            "eventCategory" => Some(facts.event_category),
            "readOnly" => Some(if facts.read_only { "true" } else { "false" }),
            "eventSource" => Some(facts.event_source),
            "eventName" => Some(facts.event_name),
            "eventType" => Some(facts.event_type),
            "userIdentity.arn" => facts.caller_arn,
            _ => None,
        };
        // An event without the member agrees with no positive list and with every negative one.
        let one = |list: &[String], matches: fn(&str, &str) -> bool| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|wanted| matches(value, wanted)))
        };
        let none = |list: &[String], matches: fn(&str, &str) -> bool| {
            !value.is_some_and(|value| list.iter().any(|wanted| matches(value, wanted)))
        };
        let equal = |value: &str, wanted: &str| value == wanted;
        let starts = |value: &str, wanted: &str| value.starts_with(wanted);
        let ends = |value: &str, wanted: &str| value.ends_with(wanted);
        one(&self.equals, equal)
            && one(&self.starts_with, starts)
            && one(&self.ends_with, ends)
            && none(&self.not_equals, equal)
            && none(&self.not_starts_with, starts)
            && none(&self.not_ends_with, ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event<'a>(source: &'a str, name: &'a str, read_only: bool) -> Facts<'a> {
        Facts {
            event_source: source,
            event_name: name,
            read_only,
            event_category: "Management",
            event_type: "AwsApiCall",
            caller_arn: Some("arn:aws:iam::111122223333:user/a"),
        }
    }

    const KMS: &str = "kms.amazonaws.com";

    #[test]
    fn write_only_leaves_cryptographic_calls_out_and_keeps_changes() {
        let selectors = Selectors::Basic(vec![Basic { read_write: ReadWrite::WriteOnly, ..Basic::default() }]);
        assert!(!selectors.take(&event(KMS, "Encrypt", true)));
        assert!(selectors.take(&event(KMS, "DisableKey", false)));
        let excluding = Selectors::Basic(vec![Basic { excluded_sources: vec![KMS.to_owned()], ..Basic::default() }]);
        assert!(!excluding.take(&event(KMS, "DisableKey", false)));
        assert!(excluding.take(&event("iam.amazonaws.com", "CreateUser", false)));
        let nothing = Selectors::Basic(vec![Basic { management: false, ..Basic::default() }]);
        assert!(!nothing.take(&event(KMS, "DisableKey", false)));
        assert!(Selectors::default().take(&event(KMS, "Encrypt", true)));
    }

    #[test]
    fn advanced_selectors_need_every_field_and_one_selector() {
        let field = |field: &str, equals: &[&str], not_equals: &[&str]| Field {
            field: field.to_owned(),
            equals: equals.iter().map(|value| (*value).to_owned()).collect(),
            not_equals: not_equals.iter().map(|value| (*value).to_owned()).collect(),
            ..Field::default()
        };
        let management = field("eventCategory", &["Management"], &[]);
        let quiet = Advanced { name: None, fields: vec![management.clone(), field("eventSource", &[], &[KMS])] };
        let reads = Advanced { name: None, fields: vec![management, field("readOnly", &["true"], &[])] };
        let selectors = Selectors::Advanced(vec![quiet.clone()]);
        assert!(!selectors.take(&event(KMS, "Encrypt", true)));
        assert!(selectors.take(&event("sts.amazonaws.com", "AssumeRole", true)));
        let both = Selectors::Advanced(vec![quiet, reads]);
        assert!(both.take(&event(KMS, "Encrypt", true)));
        assert!(!both.take(&event(KMS, "DisableKey", false)));
        let caller = Field {
            field: "userIdentity.arn".to_owned(),
            not_ends_with: vec!["user/a".to_owned()],
            ..Field::default()
        };
        let others = Selectors::Advanced(vec![Advanced { name: None, fields: vec![caller] }]);
        assert!(!others.take(&event(KMS, "Encrypt", true)));
        assert!(others.take(&Facts { caller_arn: None, ..event(KMS, "Encrypt", true) }));
        // A member no event of this log has: such selectors take nothing.
        let data = Selectors::Advanced(vec![Advanced {
            name: None,
            fields: vec![field("resources.type", &["AWS::S3::Object"], &[])],
        }]);
        assert!(!data.take(&event(KMS, "Encrypt", true)));
    }
}
