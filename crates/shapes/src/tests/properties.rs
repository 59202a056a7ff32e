//! Whatever arrives, decoding answers and never panics.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::DecodeError;
use crate::kms::OPERATIONS;
use crate::kms::filled::CASES;

/// JSON that is about right: member names of the models, values of any type.
fn json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[A-Za-z0-9+/]{4}={0,2}".prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((member(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn member() -> impl Strategy<Value = String> {
    let names = ["Tags", "TagKey", "TagValue", "Recipient", "Constraints", "EncryptionContext", "Operations", "Limit"];
    let required: Vec<&str> = OPERATIONS.iter().flat_map(|operation| operation.required).copied().collect();
    let known = proptest::sample::select([&names[..], &required].concat());
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn decode_all(body: &[u8]) -> Result<(), TestCaseError> {
    for case in CASES {
        if let Err(DecodeError::Validation(text)) = (case.decode)(body) {
            let count = text.matches(" failed to satisfy constraint: ").count();
            let noun = if count == 1 { "error" } else { "errors" };
            prop_assert!(text.starts_with(&format!("{count} validation {noun} detected: ")) || count > 10, "{}", text);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(body in vec(any::<u8>(), 0..64)) {
        decode_all(&body)?;
    }

    #[test]
    fn any_json(body in vec((member(), json()), 0..8)) {
        let body = Value::Object(body.into_iter().collect());
        decode_all(body.to_string().as_bytes())?;
    }

    #[test]
    fn a_cut_body_is_refused(cut in 1usize..70) {
        let body = br#"{"KeyId":"k","Plaintext":"QQ==","EncryptionContext":{"a":"b"},"DryRun":true}"#;
        let body = &body[..body.len() - cut];
        let decoded = <crate::kms::EncryptRequest as crate::Input>::from_json(body);
        prop_assert!(matches!(decoded, Err(DecodeError::Serialization(_))));
    }
}
