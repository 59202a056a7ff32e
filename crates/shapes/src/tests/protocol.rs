//! The JSON protocol: types, nulls, duplicates, numbers, points in time.

use crate::kms::{
    CreateGrantRequest, CreateKeyRequest, DecryptRequest, DescribeKeyRequest, EncryptRequest, EncryptResponse,
    EncryptionAlgorithmSpec, GenerateDataKeyResponse, GenerateRandomRequest, ImportKeyMaterialRequest, KeyMetadata,
    ListKeysRequest,
};
use crate::service_quotas::{RequestServiceQuotaIncreaseRequest, ServiceQuota};
use crate::{Blob, DecodeError, Input, SecretBlob, SecretString, Timestamp};

fn decode<T: Input>(body: &str) -> T {
    T::from_json(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"))
}

/// The text of the serialization error.
fn refusal<T: Input>(body: &str) -> String {
    match T::from_json(body.as_bytes()) {
        Err(DecodeError::Serialization(text)) => text.into_owned(),
        Err(other) => panic!("{body}: {other}"),
        Ok(_) => panic!("{body} is accepted"),
    }
}

#[test]
fn a_whole_request() {
    let request: EncryptRequest = decode(
        r#"{"KeyId":"alias/a","Plaintext":"c2VjcmV0","EncryptionContext":{"b":"2","a":"1"},
            "EncryptionAlgorithm":"RSAES_OAEP_SHA_256","GrantTokens":["t"],"DryRun":false}"#,
    );
    assert_eq!(request.key_id, "alias/a");
    assert_eq!(request.plaintext.0.as_slice(), b"secret");
    let context = request.encryption_context.unwrap();
    assert_eq!(context.into_iter().collect::<Vec<_>>(), [("a".into(), "1".into()), ("b".into(), "2".into())]);
    assert_eq!(request.encryption_algorithm, Some(EncryptionAlgorithmSpec::RsaesOaepSha256));
    assert_eq!(request.grant_tokens, Some(vec!["t".to_owned()]));
    assert_eq!(request.dry_run, Some(false));
}

#[test]
fn an_empty_body_is_an_empty_object() {
    assert!(ListKeysRequest::from_json(b"").is_ok());
    assert!(matches!(DescribeKeyRequest::from_json(b""), Err(DecodeError::Validation(_))));
}

#[test]
fn what_is_not_a_json_object_is_refused_without_a_text() {
    for body in ["{", "{}}", "{} {}", "nul", "null", "true", "1", "\"x\"", r#"{"Limit":1,}"#, " ", "\u{feff}{}"] {
        assert_eq!(refusal::<ListKeysRequest>(body), "", "{body}");
    }
    assert!(matches!(ListKeysRequest::from_json(b"{\"a\":\"\xff\"}"), Err(DecodeError::Serialization(_))));
    assert_eq!(refusal::<ListKeysRequest>("[]"), "Start of list found where not expected");
    assert!(ListKeysRequest::from_json(b" {} \n").is_ok());
}

#[test]
fn malformed_json_wins_over_violations() {
    assert_eq!(refusal::<EncryptRequest>(r#"{"KeyId":""} x"#), "");
    assert_eq!(
        refusal::<EncryptRequest>(r#"{"KeyId":"","Plaintext":1}"#),
        "NUMBER_VALUE can not be converted to a Blob"
    );
}

#[test]
fn deep_nesting_is_refused_even_where_nobody_looks() {
    let deep = |levels: usize| format!(r#"{{"Unknown":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
    assert!(ListKeysRequest::from_json(deep(100).as_bytes()).is_ok());
    assert_eq!(refusal::<ListKeysRequest>(&deep(1_000)), "");
    assert_eq!(refusal::<ListKeysRequest>(&deep(200_000)), "");
}

#[test]
fn unknown_members_are_ignored_and_null_is_absent() {
    let request: EncryptRequest = decode(
        r#"{"Foo":{"a":[1,2.5,"x",null,true]},"KeyId":"k","keyid":"K","Plaintext":"QQ==","DryRun":null,
            "EncryptionContext":null,"GrantTokens":null,"EncryptionAlgorithm":null}"#,
    );
    assert_eq!(request.key_id, "k");
    assert_eq!((request.dry_run, request.encryption_context, request.grant_tokens), (None, None, None));
    let text = EncryptRequest::from_json(br#"{"KeyId":null,"Plaintext":"QQ=="}"#).unwrap_err().to_string();
    assert!(text.starts_with("1 validation error detected: Value null at 'keyId'"), "{text}");
}

#[test]
fn the_last_of_a_duplicated_member_counts() {
    let request: EncryptRequest = decode(
        r#"{"KeyId":"","Plaintext":"","KeyId":"k","Plaintext":"QQ==","DryRun":true,"DryRun":null,
            "EncryptionContext":{"a":"1","a":"2"}}"#,
    );
    assert_eq!((request.key_id.as_str(), request.dry_run), ("k", None));
    assert_eq!(request.encryption_context.unwrap()["a"], "2");
    let text = EncryptRequest::from_json(br#"{"KeyId":"k","Plaintext":"QQ==","KeyId":""}"#).unwrap_err().to_string();
    assert!(text.starts_with("1 validation error detected: Value '' at 'keyId'"), "{text}");
    // Violations inside a structure go with it.
    let request: CreateKeyRequest = decode(r#"{"Tags":[{"TagKey":""},{}],"Tags":[]}"#);
    assert_eq!(request.tags.map(|tags| tags.len()), Some(0));
}

#[test]
fn wrong_types_are_named_as_recorded() {
    const LIST: &str = "Start of list found where not expected";
    const MAP: &str = "Start of structure or map found where not expected.";
    for (body, text) in [
        (r#"{"KeyId":1}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"KeyId":1.5}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"KeyId":true}"#, "TRUE_VALUE can not be converted to a String"),
        (r#"{"KeyId":false}"#, "FALSE_VALUE can not be converted to a String"),
        (r#"{"KeyId":["k"]}"#, LIST),
        (r#"{"KeyId":{}}"#, MAP),
        (r#"{"EncryptionAlgorithm":1}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"GrantTokens":"t"}"#, "Expected list or null"),
        (r#"{"GrantTokens":1}"#, "Expected list or null"),
        (r#"{"GrantTokens":{}}"#, MAP),
        (r#"{"GrantTokens":[1]}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"GrantTokens":[["t"]]}"#, LIST),
        (r#"{"EncryptionContext":"c"}"#, "Expected map or null"),
        (r#"{"EncryptionContext":[]}"#, LIST),
        (r#"{"EncryptionContext":{"a":1}}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"EncryptionContext":{"a":{}}}"#, MAP),
        (r#"{"DryRun":1}"#, "NUMBER_VALUE can not be converted to a Boolean"),
        (r#"{"DryRun":"maybe"}"#, "STRING_VALUE can not be converted to an Boolean"),
        (r#"{"Plaintext":1}"#, "NUMBER_VALUE can not be converted to a Blob"),
        (r#"{"Plaintext":{}}"#, MAP),
    ] {
        assert_eq!(refusal::<EncryptRequest>(body), text, "{body}");
    }
    for (body, text) in [
        (r#"{"NumberOfBytes":"1"}"#, "STRING_VALUE can not be converted to an Integer"),
        (r#"{"NumberOfBytes":true}"#, "TRUE_VALUE can not be converted to an Integer"),
        (r#"{"NumberOfBytes":[1]}"#, LIST),
        (r#"{"NumberOfBytes":{"a":1}}"#, MAP),
        (r#"{"Recipient":"x"}"#, "Expected null"),
        (r#"{"Recipient":[]}"#, LIST),
        (r#"{"Recipient":{"KeyEncryptionAlgorithm":1}}"#, "NUMBER_VALUE can not be converted to a String"),
    ] {
        assert_eq!(refusal::<GenerateRandomRequest>(body), text, "{body}");
    }
    assert_eq!(refusal::<CreateKeyRequest>(r#"{"Tags":["x"]}"#), "Expected null");
    assert_eq!(refusal::<CreateKeyRequest>(r#"{"Tags":{}}"#), MAP);
}

#[test]
fn words_that_count_as_booleans() {
    for (word, value) in [("true", true), ("Yes", true), ("1", true), ("FALSE", false), ("n", false), ("0", false)] {
        let body = format!(r#"{{"CiphertextBlob":"QQ==","DryRun":"{word}"}}"#);
        assert_eq!(decode::<DecryptRequest>(&body).dry_run, Some(value), "{word}");
    }
}

#[test]
fn base64_is_standard_and_padded() {
    let decoded = |text: &str| {
        let body = format!(r#"{{"CiphertextBlob":{}}}"#, serde_json::to_string(text).unwrap());
        DecryptRequest::from_json(body.as_bytes()).map(|request| request.ciphertext_blob.unwrap().0)
    };
    assert_eq!(decoded("+/8=").unwrap(), [0xfb, 0xff]);
    for text in ["QQ", "QQ=", "Q", "-_8=", "Q===", "QQ==QQ==", "QR==", "Q Q=", "QQ==\n", "\u{e9}"] {
        assert!(matches!(decoded(text), Err(DecodeError::Serialization(_))), "{text}");
    }
    // The value itself, which Kinesis repeats here, may be a plaintext.
    assert_eq!(
        refusal::<EncryptRequest>(r#"{"KeyId":"k","Plaintext":"Foo"}"#),
        "STRING_VALUE can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but \
         found: 3"
    );
    // PHP writes slashes escaped.
    let request: DecryptRequest = decode(r#"{"CiphertextBlob":"+\/8="}"#);
    assert_eq!(request.ciphertext_blob.unwrap().0, [0xfb, 0xff]);
}

#[test]
fn numbers_are_cut_to_integers_and_saturate() {
    let bytes = |number: &str| {
        GenerateRandomRequest::from_json(format!(r#"{{"NumberOfBytes":{number}}}"#).as_bytes())
            .map(|request| request.number_of_bytes.unwrap())
    };
    assert_eq!(bytes("7").unwrap(), 7);
    assert_eq!(bytes("7.9").unwrap(), 7);
    assert_eq!(bytes("1e2").unwrap(), 100);
    for (number, shown) in [
        ("99999999999", "2147483647"),
        ("18446744073709551615", "2147483647"),
        ("1e300", "2147483647"),
        ("-99999999999", "-2147483648"),
        ("-0.5", "0"),
    ] {
        let text = bytes(number).unwrap_err().to_string();
        assert!(text.starts_with(&format!("1 validation error detected: Value '{shown}' at")), "{text}");
    }
}

#[test]
fn points_in_time() {
    let valid_to = |json: &str| {
        let body = format!(r#"{{"KeyId":"k","ImportToken":"QQ==","EncryptedKeyMaterial":"QQ==","ValidTo":{json}}}"#);
        ImportKeyMaterialRequest::from_json(body.as_bytes()).map(|request| request.valid_to.unwrap())
    };
    assert_eq!(valid_to("1757665868").unwrap().0.to_string(), "2025-09-12T08:31:08Z");
    assert_eq!(valid_to("1757665868.602").unwrap().0.to_string(), "2025-09-12T08:31:08.602Z");
    assert_eq!(valid_to("1.757665868602E9").unwrap().0.to_string(), "2025-09-12T08:31:08.602Z");
    assert_eq!(valid_to("-1.5").unwrap().0.to_string(), "1969-12-31T23:59:58.5Z");
    for (json, found) in
        [("\"2025-09-12\"", "STRING_VALUE"), ("1e300", "NUMBER_VALUE"), ("9223372036854775807", "NUMBER_VALUE")]
    {
        let text = valid_to(json).unwrap_err().to_string();
        assert_eq!(text, format!("SerializationException: {found} can not be converted to milliseconds since epoch"));
    }
    let at: jiff::Timestamp = "2025-09-12T08:31:08.602917Z".parse().unwrap();
    let metadata = KeyMetadata { creation_date: Some(Timestamp(at)), ..KeyMetadata::default() };
    assert_eq!(serde_json::to_string(&metadata).unwrap(), r#"{"CreationDate":1757665868.602}"#);
}

#[test]
fn responses_have_their_members_in_order_and_no_nulls() {
    let response = EncryptResponse {
        key_id: Some("k".to_owned()),
        ciphertext_blob: Some(Blob(vec![0xfb, 0xff])),
        encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
    };
    assert_eq!(
        serde_json::to_string(&response).unwrap(),
        r#"{"CiphertextBlob":"+/8=","KeyId":"k","EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#
    );
    assert_eq!(serde_json::to_string(&EncryptResponse::default()).unwrap(), "{}");
    let response = GenerateDataKeyResponse {
        plaintext: Some(SecretBlob::new(b"secret".to_vec())),
        ..GenerateDataKeyResponse::default()
    };
    assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"Plaintext":"c2VjcmV0"}"#);
}

#[test]
fn secrets_do_not_print() {
    assert_eq!(format!("{:?}", Blob(vec![1, 2, 3])), "Blob(3 bytes)");
    assert_eq!(format!("{:?}", SecretBlob::new(b"secret".to_vec())), "SecretBlob(..)");
    assert_eq!(format!("{:?}", SecretString::new("secret".to_owned())), "SecretString(..)");
    let request: EncryptRequest = decode(r#"{"KeyId":"k","Plaintext":"c2VjcmV0","GrantTokens":["token"]}"#);
    assert_eq!(format!("{request:?}"), r#"EncryptRequest {"keyId":"k"}"#);
}

#[test]
fn a_grant_keeps_its_structure() {
    let request: CreateGrantRequest = decode(
        r#"{"KeyId":"k","GranteePrincipal":"p","Operations":["Decrypt"],
            "Constraints":{"EncryptionContextSubset":{"a":"b"}}}"#,
    );
    let constraints = request.constraints.unwrap();
    assert_eq!(constraints.encryption_context_subset.unwrap()["a"], "b");
    assert_eq!(constraints.encryption_context_equals, None);
}

#[test]
fn numbers_with_a_fraction_keep_it() {
    let request = |value: &str| format!(r#"{{"ServiceCode":"kms","QuotaCode":"L-2AC98190","DesiredValue":{value}}}"#);
    for (sent, read) in [("0.25", 0.25), ("700", 700.0), ("1e10", 1e10), ("0", 0.0)] {
        assert_eq!(decode::<RequestServiceQuotaIncreaseRequest>(&request(sent)).desired_value, read);
    }
    for (sent, relation) in
        [("-0.5", "greater than or equal to 0"), ("10000000000.5", "less than or equal to 10000000000")]
    {
        match RequestServiceQuotaIncreaseRequest::from_json(request(sent).as_bytes()) {
            Err(DecodeError::Validation(text)) => {
                let expected = format!(
                    "1 validation error detected: Value '{sent}' at 'desiredValue' failed to satisfy constraint: \
                     Member must have value {relation}"
                );
                assert_eq!(text, expected);
            }
            other => panic!("{sent}: {other:?}"),
        }
    }
    let refused = refusal::<RequestServiceQuotaIncreaseRequest>(&request("\"700\""));
    assert_eq!(refused, "STRING_VALUE can not be converted to a Double");
    let quota = ServiceQuota { value: Some(700.0), ..ServiceQuota::default() };
    assert_eq!(serde_json::to_string(&quota).unwrap(), r#"{"Value":700.0}"#);
}
