//! The actions and condition keys that exist, as far as `facts/vocabulary.json` knows them.
//!
//! Five services are known in full; of all others only the prefix. What is not known is never called wrong.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::action::{Action, ActionPattern};

/// The type of a condition key, in the words of AWS's service authorization reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum KeyType {
    String,
    #[serde(rename = "ARN")]
    Arn,
    Bool,
    Numeric,
    Date,
    #[serde(rename = "IPAddress")]
    IpAddress,
    ArrayOfString,
    #[serde(rename = "ArrayOfARN")]
    ArrayOfArn,
}

impl KeyType {
    /// Whether a request may hold several values under the key.
    pub(crate) fn is_set(self) -> bool {
        matches!(self, KeyType::ArrayOfString | KeyType::ArrayOfArn)
    }
}

/// One action.
#[derive(Deserialize)]
pub(crate) struct ActionFacts {
    /// The types of resource it works on; none: its resource is always `*`.
    pub(crate) on: Vec<String>,
    /// The service's own condition keys that its requests may carry, where that is known.
    pub(crate) keys: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Service {
    actions: BTreeMap<String, ActionFacts>,
    keys: BTreeMap<String, KeyType>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Vocabulary {
    services: BTreeMap<String, Service>,
    global: BTreeMap<String, KeyType>,
    prefixes: Vec<String>,
    foreign: BTreeMap<String, Vec<String>>,
}

static ALL: LazyLock<Vocabulary> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../facts/vocabulary.json")).unwrap_or_default());

pub(crate) fn vocabulary() -> &'static Vocabulary {
    &ALL
}

/// What is known of a condition key.
pub(crate) enum Key {
    /// It exists. `fixed`: under exactly this name; otherwise it is one of a family, whose values are free.
    Known { of: KeyType, fixed: bool },
    /// Its prefix is one we know in full, and it is not there; the nearest name that is.
    Unknown { near: Option<String> },
    /// Nothing.
    Foreign,
}

impl Vocabulary {
    /// Whether some AWS service has this prefix.
    pub(crate) fn is_service(&self, prefix: &str) -> bool {
        self.prefixes.iter().any(|known| known.eq_ignore_ascii_case(prefix))
    }

    /// Whether the service's actions are known.
    pub(crate) fn knows(&self, prefix: &str) -> bool {
        self.services.contains_key(&prefix.to_ascii_lowercase())
    }

    /// Whether actions of `service` work on resources whose ARN names `arn`.
    pub(crate) fn acts_on(&self, service: &str, arn: &str) -> bool {
        let foreign = self.foreign.get(service).map_or(&[][..], Vec::as_slice);
        service.eq_ignore_ascii_case(arn) || foreign.iter().any(|other| other == arn || other == "*")
    }

    /// Every known action that the pattern means, with its service.
    pub(crate) fn expand(&self, pattern: &ActionPattern) -> Vec<(&str, &str, &ActionFacts)> {
        let all = self.services.iter().flat_map(|(service, facts)| {
            facts.actions.iter().map(move |(name, facts)| (service.as_str(), name.as_str(), facts))
        });
        all.filter(|(service, name, _)| pattern.matches(Action::parse(&format!("{service}:{name}")))).collect()
    }

    /// The action or service closest to a name that does not exist.
    pub(crate) fn near_action(&self, text: &str) -> Option<String> {
        // The API operation of two permissions, neither of which has its name.
        if text.eq_ignore_ascii_case("kms:ReEncrypt") {
            return Some("kms:ReEncrypt*".to_owned());
        }
        let (service, _) = text.split_once(':')?;
        if self.knows(service) {
            let service = service.to_ascii_lowercase();
            let names = self.services[&service].actions.keys().map(|name| format!("{service}:{name}"));
            return nearest(text, names);
        }
        nearest(service, self.prefixes.iter().cloned())
    }

    pub(crate) fn key(&self, name: &str) -> Key {
        let prefix = name.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let keys = match self.services.get(&prefix) {
            Some(service) => &service.keys,
            None if prefix == "aws" => &self.global,
            None => return Key::Foreign,
        };
        for (known, of) in keys {
            match known.strip_suffix('*') {
                Some(family) => {
                    let head = name.get(..family.len()).filter(|_| name.len() > family.len());
                    if head.is_some_and(|head| head.eq_ignore_ascii_case(family)) {
                        return Key::Known { of: *of, fixed: false };
                    }
                }
                None if known.eq_ignore_ascii_case(name) => return Key::Known { of: *of, fixed: true },
                None => {}
            }
        }
        Key::Unknown { near: nearest(name, keys.keys().map(|known| known.replace('*', "NAME"))) }
    }
}

/// The name that takes the fewest changes, if they are few for its length.
fn nearest(text: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&lower, &name.to_ascii_lowercase());
    let (changes, name) = names.map(|name| (distance(&name), name)).min()?;
    (changes <= 1 + text.len() / 6).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_can_be_read() {
        let names: Vec<&str> = vocabulary().services.keys().map(String::as_str).collect();
        assert_eq!(names, ["iam", "kms", "secretsmanager", "ssm", "sts"]);
        assert!(vocabulary().is_service("s3") && !vocabulary().is_service("kmss"));
        assert!(vocabulary().acts_on("sts", "iam") && !vocabulary().acts_on("kms", "s3"));
    }

    /// Two sources of facts must agree: the API model and the authorization reference.
    #[test]
    fn every_operation_of_the_key_management_service_is_an_action() {
        let model: serde_json::Value = serde_json::from_str(include_str!("../../../../models/kms.json")).unwrap();
        let actions = &vocabulary().services["kms"].actions;
        let without: Vec<&String> =
            model["operations"].as_object().unwrap().keys().filter(|name| !actions.contains_key(*name)).collect();
        assert_eq!(without, ["ReEncrypt"], "which is two actions, ReEncryptFrom and ReEncryptTo");
    }

    #[test]
    fn near_names() {
        let near = |text: &str| vocabulary().near_action(text).unwrap_or_default();
        assert_eq!(near("kms:Decrpt"), "kms:Decrypt");
        assert_eq!(near("kms:ReEncrypt"), "kms:ReEncrypt*");
        assert_eq!(near("iam:ListUser"), "iam:ListUsers");
        assert_eq!(near("kmss:Decrypt"), "kms");
        assert_eq!(near("kms:Frobnicate"), "");
    }
}
