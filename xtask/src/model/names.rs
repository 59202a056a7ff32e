//! Names of the model as Rust writes them.

/// Words of a name: split at case changes and at what is neither letter nor digit.
/// `AWSAccountId` has three, `XksProxyUriEndpoint` four.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (place, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let after = letters.get(place + 1);
        let lower = |c: Option<&char>| c.is_some_and(char::is_ascii_lowercase);
        let digit = before.is_some_and(char::is_ascii_digit);
        if letter.is_ascii_uppercase() && (lower(before) || lower(after) || digit) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A field or module: `key_id`.
pub(super) fn snake(name: &str) -> String {
    words(name).join("_")
}

/// A constant: `KEY_ID_TYPE`.
pub(super) fn screaming(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// A member as audit records and violation paths name it: the first letter in lower case.
pub(super) fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(name.len().min(1));
    first.to_ascii_lowercase() + rest
}

/// A type: the model of IAM begins some of its names in lower case.
pub(super) fn type_name(name: &str) -> String {
    let (first, rest) = name.split_at(name.len().min(1));
    first.to_ascii_uppercase() + rest
}

/// A variant for the value of an enumeration: `RSA_2048` gives `Rsa2048`, `SignVerify` stays.
pub(super) fn variant(value: &str) -> String {
    let parts = value.split(|c: char| !c.is_ascii_alphanumeric());
    let name: String = parts
        .filter(|part| !part.is_empty())
        .map(|part| {
            let shouted = !part.chars().any(|c| c.is_ascii_lowercase());
            let words = if shouted { vec![part.to_ascii_lowercase()] } else { words(part) };
            words.iter().map(|word| type_name(word)).collect::<String>()
        })
        .collect();
    // `Self` alone is taken in Rust.
    if name == "Self" { "SelfValue".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rust() {
        assert_eq!(snake("KeyId"), "key_id");
        assert_eq!(snake("AWSAccountId"), "aws_account_id");
        assert_eq!(snake("CloudHsmClusterId"), "cloud_hsm_cluster_id");
        assert_eq!(snake("GenerateDataKeyPairWithoutPlaintext"), "generate_data_key_pair_without_plaintext");
        assert_eq!(screaming("KeyIdType"), "KEY_ID_TYPE");
        assert_eq!(lower_first("AWSAccountId"), "aWSAccountId");
        assert_eq!(type_name("statusType"), "StatusType");
        assert_eq!(variant("SYMMETRIC_DEFAULT"), "SymmetricDefault");
        assert_eq!(variant("ECC_NIST_P256"), "EccNistP256");
        assert_eq!(variant("RSAES_OAEP_SHA_1"), "RsaesOaepSha1");
        assert_eq!(variant("GenerateDataKeyPair"), "GenerateDataKeyPair");
        assert_eq!(variant("AWSManagedPolicy"), "AwsManagedPolicy");
        assert_eq!(variant("aws-managed"), "AwsManaged");
    }
}
