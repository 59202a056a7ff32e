use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::*;

fn claims(audiences: &[&str], party: Option<&str>) -> Claims {
    Claims {
        issuer: "https://issuer.example.com".to_owned(),
        subject: "subject".to_owned(),
        audiences: audiences.iter().map(|&audience| audience.to_owned()).collect(),
        authorized_party: party.map(str::to_owned),
        expires: Timestamp::MAX,
        issued_at: Timestamp::UNIX_EPOCH,
        not_before: None,
        extra: BTreeMap::new(),
    }
}

fn provider(client_ids: &[&str]) -> ProviderRecord {
    ProviderRecord {
        account: "111122223333".to_owned(),
        url: "issuer.example.com".to_owned(),
        scheme: "https".to_owned(),
        client_ids: client_ids.iter().map(|&id| id.to_owned()).collect(),
        thumbprints: BTreeSet::new(),
        created: Timestamp::UNIX_EPOCH,
        tags: BTreeMap::new(),
    }
}

#[test]
fn the_authorized_party_is_the_audience_where_there_is_one() {
    for (audiences, party, accepted, found) in [
        (&["a"][..], None, &["a"][..], Some("a")),
        (&["a", "b"], None, &["b", "c"], Some("b")),
        (&["a"], None, &[], None),
        (&["a"], None, &["A"], None),
        (&["api"], Some("client"), &["client"], Some("client")),
        (&["api"], Some("client"), &["api"], None),
        (&[], Some("client"), &["client"], Some("client")),
    ] {
        assert_eq!(
            audience(&claims(audiences, party), &provider(accepted)).as_deref(),
            found,
            "{audiences:?} {party:?}"
        );
    }
}

fn tags_of(claims: Value) -> Result<(Vec<String>, Vec<String>), Refused> {
    let claims = serde_json::from_value(claims).unwrap();
    let (tags, transitive) = session_tags(&claims)?;
    Ok((tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect(), transitive))
}

#[test]
fn tags_are_found_in_either_form() {
    let nested = json!({ TAGS: {
        "principal_tags": { "Project": ["Automation"], "CostCenter": "98 76", "empty": [""] },
        "transitive_tag_keys": ["project"],
    } });
    let (mut tags, transitive) = tags_of(nested).unwrap();
    tags.sort();
    assert_eq!(tags, ["CostCenter=98 76", "Project=Automation", "empty="]);
    assert_eq!(transitive, ["Project"], "as the tag is spelled");
    let flat = json!({
        format!("{TAGS}/principal_tags/Project"): "Automation",
        format!("{TAGS}/transitive_tag_keys"): ["Project"],
        format!("{TAGS}/something else"): 1,
    });
    assert_eq!(tags_of(flat).unwrap(), (vec!["Project=Automation".to_owned()], vec!["Project".to_owned()]));
    assert_eq!(tags_of(json!({ "aud": "x" })).unwrap(), (vec![], vec![]));
}

#[test]
fn tags_that_are_none_are_refused_and_not_left_out() {
    let long = "x".repeat(257);
    for wrong in [
        json!({ "Team": ["a", "b"] }),
        json!({ "Team": [] }),
        json!({ "Team": 1 }),
        json!({ "Team": null }),
        json!({ "Team": [long] }),
        json!({ "Team": "a;b" }),
        json!({ "": "a" }),
        json!({ "aws:team": "a" }),
        json!({ "AWS:team": "a" }),
        json!({ long[..129]: "a" }),
        json!({ "Team": "a", "team": "a" }),
        Value::Object((0..51).map(|n| (format!("key{n}"), json!("v"))).collect()),
    ] {
        assert!(tags_of(json!({ TAGS: { "principal_tags": wrong } })).is_err(), "{wrong}");
    }
    let stray = json!({ TAGS: { "principal_tags": { "Team": "a" }, "transitive_tag_keys": ["Other"] } });
    assert!(tags_of(stray).is_err());
    let twice = json!({ TAGS: { "principal_tags": { "Team": "a" } }, format!("{TAGS}/principal_tags/team"): "b" });
    assert!(tags_of(twice).is_err());
}

#[test]
fn source_identities_are_checked() {
    let read = |value: Value| source_identity(&BTreeMap::from([(SOURCE_IDENTITY.to_owned(), value)]));
    assert_eq!(read(json!("anna@example.com")).unwrap().as_deref(), Some("anna@example.com"));
    for wrong in [json!("a"), json!("a b"), json!("x".repeat(65)), json!(["anna"]), json!(7)] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
    assert_eq!(source_identity(&BTreeMap::new()).unwrap(), None);
}
