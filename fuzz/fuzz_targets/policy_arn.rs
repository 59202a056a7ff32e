//! A `Resource` means what the textbook says: six parts, each matched with `*` and `?`, and no wildcard crosses a part.
#![no_main]

use claviger_fuzz::glob;
use claviger_policy::{Document, Kind, NoContext, Policies, Principal, Request, evaluate};
use libfuzzer_sys::fuzz_target;

/// The six parts, or fewer.
fn parts(text: &str) -> Vec<&str> {
    text.splitn(6, ':').collect()
}

fn expected(pattern: &str, value: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (pattern, value) = (parts(pattern), parts(value));
    let whole = pattern.len() == 6 && value.len() == 6 && value[0] == "arn";
    whole && pattern.iter().zip(&value).all(|(pattern, value)| glob(pattern, value))
}

fuzz_target!(|input: &str| {
    let Some((pattern, value)) = input.split_once('\n') else { return };
    // Variables are another matter, and a long pattern costs the reference its square.
    if pattern.contains('$') || pattern.len() > 512 || value.len() > 512 {
        return;
    }
    let text = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "*", "Resource": pattern },
    })
    .to_string();
    let Ok(document) = Document::parse(&text, Kind::Identity) else { return };
    let request = Request {
        principal: Principal::user("111122223333", "arn:aws:iam::111122223333:user/alice", "AIDAALICEALICEALICE01"),
        action: "s3:GetObject",
        resource: value,
        resource_account: "111122223333",
        context: &NoContext,
    };
    let policies = Policies { identity: &[&document], ..Policies::default() };
    assert_eq!(evaluate(&request, &policies).allowed, expected(pattern, value), "{pattern:?} and {value:?}");
});
