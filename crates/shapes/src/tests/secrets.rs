//! Nothing secret reaches an audit record or a debug print, for any operation.

use std::collections::BTreeSet;

use serde_json::Value;

use super::filled::planted;
use super::model::{CLOUDTRAIL, IAM, KMS, SERVICE_QUOTAS, SSM, STS, members_of};
use crate::kms::filled::CASES;

/// The names of the members below the structure: secret ones and those with visible text.
#[derive(Default)]
struct Names {
    secret: BTreeSet<&'static str>,
    visible: BTreeSet<&'static str>,
}

impl Names {
    fn of(model: &'static Value, structure: &Value) -> Self {
        let mut names = Self::default();
        if let Some(structure) = structure.as_str() {
            names.sort(model, structure);
        }
        // A tag's value has the name of a parameter's; the test below tells them apart.
        let visible = &names.visible;
        names.secret.retain(|name| !visible.contains(name));
        names
    }

    fn sort(&mut self, model: &'static Value, structure: &str) {
        for (name, shape, _) in members_of(model, structure) {
            let element = model["shapes"][shape]["element"].as_str().unwrap_or(shape);
            let facts = &model["shapes"][element];
            let withheld = element == "GrantTokenType" || facts["sensitive"].as_bool() == Some(true);
            match facts["type"].as_str().unwrap() {
                "structure" => self.sort(model, element),
                "blob" => drop(self.secret.insert(name)),
                "string" if withheld => drop(self.secret.insert(name)),
                "string" if facts["enum"].is_null() => drop(self.visible.insert(name)),
                "map" if model["shapes"][facts["key"].as_str().unwrap()]["enum"].is_null() => {
                    self.visible.insert(name);
                }
                _ => {}
            }
        }
    }

    fn check(&self, operation: &str, text: &str) {
        for name in &self.secret {
            let plain = planted(name);
            let encoded = base64_simd::STANDARD.encode_to_string(plain.as_bytes());
            assert!(!text.contains(&plain) && !text.contains(&encoded), "{operation} shows {name}: {text}");
        }
        for name in &self.visible {
            assert!(text.contains(&planted(name)), "{operation} loses {name}: {text}");
        }
    }
}

#[test]
fn planted_secrets_never_appear() {
    let mut secrets = 0;
    let services = [
        (&*KMS, CASES),
        (&*STS, crate::sts::filled::CASES),
        (&*IAM, crate::iam::filled::CASES),
        (&*SSM, crate::ssm::filled::CASES),
        (&*SERVICE_QUOTAS, crate::service_quotas::filled::CASES),
        (&*CLOUDTRAIL, crate::cloudtrail::filled::CASES),
    ];
    for (model, cases) in services {
        assert_eq!(cases.len(), model["operations"].as_object().unwrap().len());
        for case in cases {
            let facts = &model["operations"][case.name];
            let names = Names::of(model, &facts["input"]);
            for text in (case.request)(&[]) {
                names.check(case.name, &text);
            }
            secrets += names.secret.len();

            let names = Names::of(model, &facts["output"]);
            let [audited, printed, wire] = (case.response)(&[]);
            names.check(case.name, &audited);
            names.check(case.name, &printed);
            secrets += names.secret.len();

            // The client gets everything, secrets included.
            let wire: Value = serde_json::from_str(&wire).unwrap();
            let output = facts["output"].as_str().unwrap_or_default();
            assert_eq!(wire.as_object().unwrap().len(), members_of(model, output).count(), "{}", case.name);
        }
    }
    assert!(secrets > 60, "only {secrets}");
}

#[test]
fn a_parameters_value_is_secret_although_a_tags_is_not() {
    let put = crate::ssm::filled::CASES.iter().find(|case| case.name == "PutParameter").unwrap();
    let [audited, printed] = (put.request)(&["Tags"]);
    assert!(!audited.contains(&planted("Value")) && audited.contains(&planted("Name")), "{audited}");
    // The two tags of the request, and not the value.
    assert_eq!(printed.matches(&planted("Value")).count(), 2, "{printed}");
}

#[test]
fn hidden_members_are_left_out_at_any_depth() {
    for case in CASES {
        for name in Names::of(&KMS, &KMS["operations"][case.name]["input"]).visible {
            let [audited, _] = (case.request)(&[name]);
            assert!(!audited.contains(&planted(name)), "{} shows {name}: {audited}", case.name);
        }
    }
}

#[test]
fn the_view_is_cloudtrails() {
    let of = |name: &str| CASES.iter().find(|case| case.name == name).unwrap();
    let [audited, ..] = (of("DescribeKey").response)(&[]);
    let view: Value = serde_json::from_str(&audited).unwrap();
    let metadata = view["keyMetadata"].as_object().unwrap();
    assert_eq!(metadata["aWSAccountId"], planted("AWSAccountId"));
    assert_eq!(metadata["creationDate"], "Jan 1, 1970, 12:00:00 AM");
    assert_eq!(metadata["multiRegionConfiguration"]["primaryKey"]["region"], planted("Region"));
    assert_eq!(metadata["enabled"], true);

    let [audited, _] = (of("CreateKey").request)(&["Policy", "TagValue"]);
    let view: Value = serde_json::from_str(&audited).unwrap();
    assert_eq!(view["tags"][0], serde_json::json!({"tagKey": planted("TagKey")}));
    assert!(view.get("policy").is_none());
    assert_eq!(view["customKeyStoreId"], planted("CustomKeyStoreId"));
}

#[test]
fn dates_read_as_in_cloudtrail() {
    let text = |at: &str| crate::Timestamp(at.parse().unwrap()).display_text();
    assert_eq!(text("2022-08-10T22:38:27.9Z"), "Aug 10, 2022, 10:38:27 PM");
    assert_eq!(text("2026-01-02T00:05:09Z"), "Jan 2, 2026, 12:05:09 AM");
    assert_eq!(text("2026-12-31T12:00:00Z"), "Dec 31, 2026, 12:00:00 PM");
}
