//! The texts of constraint violations.

use crate::kms::{
    CreateAliasRequest, CreateCustomKeyStoreRequest, CreateGrantRequest, CreateKeyRequest, DecryptRequest,
    DeriveSharedSecretRequest, EncryptRequest, GenerateRandomRequest, ListRetirableGrantsRequest, ReplicateKeyRequest,
    UntagResourceRequest,
};
use crate::{DecodeError, Fault, Input};

fn violations<T: Input>(body: &str) -> String {
    match T::from_json(body.as_bytes()) {
        Err(DecodeError::Validation(text)) => text,
        Err(other) => panic!("{body}: {other}"),
        Ok(_) => panic!("{body} is accepted"),
    }
}

#[track_caller]
fn one<T: Input>(body: &str, clause: &str) {
    assert_eq!(violations::<T>(body), format!("1 validation error detected: {clause}"));
}

#[test]
fn a_required_member() {
    one::<EncryptRequest>(
        r#"{"Plaintext":"QQ=="}"#,
        "Value null at 'keyId' failed to satisfy constraint: Member must not be null",
    );
}

#[test]
fn the_length_of_a_text() {
    let long = "k".repeat(2049);
    one::<EncryptRequest>(
        &format!(r#"{{"KeyId":"{long}","Plaintext":"QQ=="}}"#),
        &format!(
            "Value '{long}' at 'keyId' failed to satisfy constraint: Member must have length less than or equal to 2048"
        ),
    );
    one::<EncryptRequest>(
        r#"{"KeyId":"","Plaintext":"QQ=="}"#,
        "Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
}

#[test]
fn a_text_is_counted_in_characters() {
    let longest = "\u{1f511}".repeat(8192);
    assert!(CreateKeyRequest::from_json(format!(r#"{{"Description":"{longest}"}}"#).as_bytes()).is_ok());
    let text = violations::<CreateKeyRequest>(&format!(r#"{{"Description":"{longest}x"}}"#));
    assert!(text.ends_with(
        "at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192"
    ));
}

#[test]
fn the_range_of_a_number() {
    one::<GenerateRandomRequest>(
        r#"{"NumberOfBytes":1025}"#,
        "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
    );
    one::<GenerateRandomRequest>(
        r#"{"NumberOfBytes":0}"#,
        "Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1",
    );
}

#[test]
fn an_enumeration() {
    one::<DeriveSharedSecretRequest>(
        r#"{"KeyId":"k","KeyAgreementAlgorithm":"X","PublicKey":"QQ=="}"#,
        "Value 'X' at 'keyAgreementAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [ECDH]",
    );
}

#[test]
fn a_pattern() {
    one::<CreateAliasRequest>(
        r#"{"AliasName":"alias/a b","TargetKeyId":"k"}"#,
        "Value 'alias/a b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression \
         pattern: ^[a-zA-Z0-9:/_-]+$",
    );
    one::<ReplicateKeyRequest>(
        r#"{"KeyId":"k","ReplicaRegion":"Mars"}"#,
        "Value 'Mars' at 'replicaRegion' failed to satisfy constraint: Member must satisfy regular expression \
         pattern: ^([a-z]+-){2,3}\\d+$"
            .replace("\\\\", "\\")
            .as_str(),
    );
}

#[test]
fn an_empty_text_breaks_length_and_pattern() {
    assert_eq!(
        violations::<CreateAliasRequest>(r#"{"AliasName":"","TargetKeyId":"k"}"#),
        "2 validation errors detected: \
         Value '' at 'aliasName' failed to satisfy constraint: Member must have length greater than or equal to 1; \
         Value '' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: \
         ^[a-zA-Z0-9:/_-]+$"
    );
}

#[test]
fn a_member_of_a_list_element() {
    one::<CreateKeyRequest>(
        r#"{"Tags":[{"TagKey":"","TagValue":"v"}]}"#,
        "Value '' at 'tags.1.member.tagKey' failed to satisfy constraint: \
         Member must have length greater than or equal to 1",
    );
    one::<CreateKeyRequest>(
        r#"{"Tags":[{"TagKey":"k","TagValue":"v"},{"TagKey":"k"}]}"#,
        "Value null at 'tags.2.member.tagValue' failed to satisfy constraint: Member must not be null",
    );
    one::<CreateKeyRequest>(
        r#"{"Tags":[null]}"#,
        "Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null",
    );
}

#[test]
fn the_elements_of_a_list() {
    // The whole list is shown and all constraints of an element are listed, as recorded from
    // Lambda, ECR and ACM.
    let text =
        violations::<CreateGrantRequest>(r#"{"KeyId":"k","GranteePrincipal":"p","Operations":["Encrypt","Steal"]}"#);
    assert!(
        text.starts_with(
            "1 validation error detected: Value '[Encrypt, Steal]' at 'operations' failed to satisfy constraint: \
             Member must satisfy constraint: [Member must satisfy enum value set: [Decrypt, Encrypt, "
        ) && text.ends_with("]]"),
        "{text}"
    );
    one::<UntagResourceRequest>(
        r#"{"KeyId":"k","TagKeys":["a",""]}"#,
        "Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: \
         [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]",
    );
    one::<UntagResourceRequest>(
        r#"{"KeyId":"k","TagKeys":["a",null]}"#,
        "Value '[a, null]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: \
         [Member must not be null]",
    );
}

#[test]
fn the_length_of_a_list_and_grant_tokens_are_not_shown() {
    one::<DecryptRequest>(
        r#"{"CiphertextBlob":"QQ==","GrantTokens":["1","2","3","4","5","6","7","8","9","10","11"]}"#,
        "Value at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 10",
    );
}

#[test]
fn blobs_and_sensitive_members_are_not_shown() {
    one::<EncryptRequest>(
        r#"{"KeyId":"k","Plaintext":""}"#,
        "Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
    one::<CreateCustomKeyStoreRequest>(
        r#"{"CustomKeyStoreName":"n","KeyStorePassword":"hunter"}"#,
        "Value at 'keyStorePassword' failed to satisfy constraint: Member must have length greater than or equal to 7",
    );
    one::<CreateCustomKeyStoreRequest>(
        r#"{"CustomKeyStoreName":"n","XksProxyAuthenticationCredential":
           {"AccessKeyId":"AAAAAAAAAAAAAAAAAAAA","RawSecretAccessKey":"not allowed!                               "}}"#,
        "Value at 'xksProxyAuthenticationCredential.rawSecretAccessKey' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: ^[a-zA-Z0-9\\/+=]+$"
            .replace("\\\\", "\\")
            .as_str(),
    );
}

#[test]
fn a_null_in_a_map_is_no_absent_entry() {
    one::<EncryptRequest>(
        r#"{"KeyId":"k","Plaintext":"QQ==","EncryptionContext":{"tenant":null}}"#,
        "Value at 'encryptionContext' failed to satisfy constraint: Map value must satisfy constraint: \
         [Member must not be null]",
    );
}

#[test]
fn all_violations_come_in_the_models_order() {
    assert_eq!(
        violations::<EncryptRequest>(r#"{"DryRun":true,"EncryptionAlgorithm":"X","Plaintext":"","KeyId":""}"#),
        "3 validation errors detected: \
         Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1; \
         Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1; \
         Value 'X' at 'encryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: \
         [SYMMETRIC_DEFAULT, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE]"
    );
    assert_eq!(
        violations::<ListRetirableGrantsRequest>(r#"{"Marker":"","Limit":0}"#).matches("failed to satisfy").count(),
        2
    );
}

#[test]
fn at_most_ten_violations_are_reported_and_they_are_the_first() {
    let tags = r#"{"TagKey":"","TagValue":""},"#.repeat(200);
    let body = format!(r#"{{"Tags":[{}],"Origin":"X"}}"#, tags.trim_end_matches(','));
    let text = violations::<CreateKeyRequest>(&body);
    assert!(text.starts_with("10 validation errors detected: Value 'X' at 'origin'"), "{text}");
    assert!(text.contains("'tags.9.member.tagKey'") && !text.contains("'tags.10.member.tagKey'"), "{text}");
}

#[test]
fn a_decode_error_is_a_fault() {
    let fault = Fault::from(DecodeError::Validation("text".to_owned()));
    assert_eq!((fault.code, fault.status, fault.message.as_deref()), ("ValidationException", 400, Some("text")));
    let fault = Fault::from(DecodeError::Serialization("".into()));
    assert_eq!((fault.code, fault.status, fault.message), ("SerializationException", 400, None));
}
