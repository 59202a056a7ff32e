//! Parameter policies: what a parameter does by itself when its time comes.

use claviger_shapes::ValidationException;
use claviger_shapes::ssm::{
    IncompatiblePolicyException, InvalidPolicyAttributeException, InvalidPolicyTypeException, ParameterInlinePolicy,
    PoliciesLimitExceededException,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most policies of a parameter.
pub(crate) const POLICIES_MAX: usize = 10;

/// What a policy does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// Deletes the parameter at this time.
    Expiration(Timestamp),
    /// Tells that long before the parameter expires.
    ExpirationNotification(SignedDuration),
    /// Tells when the parameter has not been written for that long.
    NoChangeNotification(SignedDuration),
}

/// How far a policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Its time has not come.
    Pending,
    /// It has done what it does.
    Finished,
}

/// One policy of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// As it is shown.
    pub text: String,
    /// What it does.
    pub rule: Rule,
    /// How far it is.
    pub status: Status,
}

/// Why policies cannot be attached.
pub(crate) enum Refused {
    Form(ValidationException),
    Type(InvalidPolicyTypeException),
    Attribute(InvalidPolicyAttributeException),
    Together(IncompatiblePolicyException),
    Many(PoliciesLimitExceededException),
}

impl Rule {
    /// The name of its type.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Expiration(_) => "Expiration",
            Self::ExpirationNotification(_) => "ExpirationNotification",
            Self::NoChangeNotification(_) => "NoChangeNotification",
        }
    }
}

impl Policy {
    /// As clients get it.
    pub(crate) fn shown(&self) -> ParameterInlinePolicy {
        let status = match self.status {
            Status::Pending => "Pending",
            Status::Finished => "Finished",
        };
        ParameterInlinePolicy {
            policy_text: Some(self.text.clone()),
            policy_type: Some(self.rule.name().to_owned()),
            policy_status: Some(status.to_owned()),
        }
    }

    fn is_expiration(&self) -> bool {
        matches!(self.rule, Rule::Expiration(_))
    }
}

/// When a parameter expires, if it does.
fn expiration(policies: &[Policy]) -> Option<Timestamp> {
    policies.iter().find_map(|policy| match policy.rule {
        Rule::Expiration(at) => Some(at),
        _ => None,
    })
}

/// When the time of a policy among `policies` comes, for a parameter last written at `modified`.
pub(crate) fn due(policy: &Policy, policies: &[Policy], modified: Timestamp) -> Option<Timestamp> {
    if policy.status != Status::Pending {
        return None;
    }
    match policy.rule {
        Rule::Expiration(at) => Some(at),
        Rule::ExpirationNotification(before) => expiration(policies)?.checked_sub(before).ok(),
        Rule::NoChangeNotification(after) => modified.checked_add(after).ok(),
    }
}

/// When the first of them is due.
pub(crate) fn next(policies: &[Policy], modified: Timestamp) -> Option<Timestamp> {
    policies.iter().filter_map(|policy| due(policy, policies, modified)).min()
}

/// The policies of a version that is written without naming any: a write restarts the waiting for a change, and does not
/// move an expiration.
pub(crate) fn inherited(policies: &[Policy]) -> Vec<Policy> {
    let mut policies = policies.to_vec();
    for policy in &mut policies {
        if matches!(policy.rule, Rule::NoChangeNotification(_)) {
            policy.status = Status::Pending;
        }
    }
    policies
}

/// Reads the policies of a request; `[{}]` and `[]` stand for none.
pub(crate) fn parse(text: &str) -> Result<Vec<Policy>, Refused> {
    let Ok(entries) = serde_json::from_str::<Vec<Map<String, Value>>>(text) else {
        return Err(Refused::Form(ValidationException::new("Policies: must be a JSON array of policies.")));
    };
    if let [only] = entries.as_slice()
        && only.is_empty()
    {
        return Ok(Vec::new());
    }
    if entries.len() > POLICIES_MAX {
        let text = format!(
            "You specified more than the maximum number of allowed policies for the parameter. The maximum is \
             {POLICIES_MAX}."
        );
        return Err(Refused::Many(PoliciesLimitExceededException::new(text)));
    }
    let policies = entries.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    let expirations = policies.iter().filter(|policy| policy.is_expiration()).count();
    let notifies = policies.iter().any(|policy| matches!(policy.rule, Rule::ExpirationNotification(_)));
    let text = match (expirations, notifies) {
        (0, true) => "An ExpirationNotification policy needs an Expiration policy.",
        (2.., _) => "A parameter can have only one Expiration policy.",
        _ => return Ok(policies),
    };
    Err(Refused::Together(IncompatiblePolicyException::new(text)))
}

fn one(entry: &Map<String, Value>) -> Result<Policy, Refused> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let kind = text("Type").unwrap_or_default();
    if !["Expiration", "ExpirationNotification", "NoChangeNotification"].contains(&kind) {
        let text = format!(
            "The policy type {kind} is not supported. Parameter Store supports the following policy \
                            types: Expiration, ExpirationNotification, and NoChangeNotification."
        );
        return Err(Refused::Type(InvalidPolicyTypeException::new(text)));
    }
    if text("Version") != Some("1.0") {
        return Err(attribute(kind, "Version", "must be \"1.0\""));
    }
    let nothing = Map::new();
    let attributes = entry.get("Attributes").and_then(Value::as_object).unwrap_or(&nothing);
    let known: &[&str] = match kind {
        "Expiration" => &["Timestamp"],
        "ExpirationNotification" => &["Before", "Unit"],
        _ => &["After", "Unit"],
    };
    if let Some(unknown) = attributes.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(attribute(kind, unknown, "is not one of its attributes"));
    }
    let value = |name: &str| attributes.get(name).and_then(Value::as_str);
    let (rule, shown) = match known {
        [timestamp] => {
            let given = value(timestamp).unwrap_or_default();
            let at = given.parse::<Timestamp>();
            let at = at.map_err(|_| attribute(kind, timestamp, "must be a time such as 2030-01-01T00:00:00.000Z"))?;
            (Rule::Expiration(at), serde_json::json!({ "Timestamp": given }))
        }
        _ => {
            let name = known.first().copied().unwrap_or_default();
            let (given, unit) = (value(name).unwrap_or_default(), value("Unit").unwrap_or_default());
            let hours = match unit {
                "Days" => 24,
                "Hours" => 1,
                _ => return Err(attribute(kind, "Unit", "must be Days or Hours")),
            };
            let number = given.parse::<u32>().ok().filter(|number| *number > 0);
            let number = number.ok_or_else(|| attribute(kind, name, "must be a positive whole number"))?;
            let length = SignedDuration::from_hours(i64::from(number) * hours);
            let shown = serde_json::json!({ name: given, "Unit": unit });
            match kind {
                "ExpirationNotification" => (Rule::ExpirationNotification(length), shown),
                _ => (Rule::NoChangeNotification(length), shown),
            }
        }
    };
    let text = format!(r#"{{"Type":"{kind}","Version":"1.0","Attributes":{shown}}}"#);
    Ok(Policy { text, rule, status: Status::Pending })
}

fn attribute(kind: &str, name: &str, rule: &str) -> Refused {
    Refused::Attribute(InvalidPolicyAttributeException::new(format!("{kind}: the attribute {name} {rule}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRES: &str =
        r#"{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-01-01T00:00:00+01:00"}}"#;
    const TELLS: &str =
        r#"{"Type":"ExpirationNotification","Version":"1.0","Attributes":{"Before":"2","Unit":"Hours"}}"#;
    const IDLE: &str = r#"{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"1","Unit":"Days"}}"#;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn read(texts: &[&str]) -> Vec<Policy> {
        parse(&format!("[{}]", texts.join(","))).ok().unwrap()
    }

    #[test]
    fn each_is_due_at_its_time_and_done_once() {
        let mut policies = read(&[EXPIRES, TELLS, IDLE]);
        let modified = at("2029-12-31T00:00:00Z");
        let times = |policies: &[Policy]| policies.iter().map(|one| due(one, policies, modified)).collect::<Vec<_>>();
        let expected = ["2029-12-31T23:00:00Z", "2029-12-31T21:00:00Z", "2030-01-01T00:00:00Z"].map(at);
        assert_eq!(times(&policies), expected.map(Some));
        assert_eq!(next(&policies, modified), Some(expected[1]));
        policies[1].status = Status::Finished;
        policies[2].status = Status::Finished;
        assert_eq!(next(&policies, modified), Some(expected[0]));
        let kept = inherited(&policies);
        assert_eq!((kept[1].status, kept[2].status), (Status::Finished, Status::Pending));
    }

    #[test]
    fn what_is_shown_reads_back_as_the_same() {
        let policies = read(&[EXPIRES, TELLS, IDLE]);
        let texts: Vec<&str> = policies.iter().map(|policy| policy.text.as_str()).collect();
        assert_eq!(read(&texts), policies);
        assert_eq!(texts, [EXPIRES, TELLS, IDLE]);
    }

    #[test]
    fn nothing_stands_for_no_policies() {
        for text in ["[]", "[{}]", " [ { } ] "] {
            assert!(parse(text).ok().unwrap().is_empty(), "{text}");
        }
        for text in ["", "{}", "[1]", "[{},{}]", "null"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
