//! What a grant on a key can allow: it follows from what the key can do.

use claviger_shapes::ValidationException;
use claviger_shapes::kms::{GrantOperation, KeySpec, KeyUsageType};

use crate::key::Key;

use GrantOperation::{
    CreateGrant, Decapsulate, Decrypt, DeriveSharedSecret, DescribeKey, Encapsulate, Encrypt, GenerateDataKey,
    GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateDataKeyWithoutPlaintext, GenerateMac,
    GetPublicKey, ReEncryptFrom, ReEncryptTo, RetireGrant, Sign, Verify, VerifyMac,
};

const EVERY_KEY: [GrantOperation; 3] = [CreateGrant, RetireGrant, DescribeKey];

fn own(spec: KeySpec, usage: KeyUsageType) -> &'static [GrantOperation] {
    match (spec, usage) {
        (KeySpec::SymmetricDefault, _) => &[
            Encrypt,
            Decrypt,
            ReEncryptFrom,
            ReEncryptTo,
            GenerateDataKey,
            GenerateDataKeyWithoutPlaintext,
            GenerateDataKeyPair,
            GenerateDataKeyPairWithoutPlaintext,
        ],
        (_, KeyUsageType::EncryptDecrypt) => &[Encrypt, Decrypt, ReEncryptFrom, ReEncryptTo, GetPublicKey],
        (_, KeyUsageType::SignVerify) => &[Sign, Verify, GetPublicKey],
        (_, KeyUsageType::KeyAgreement) => &[DeriveSharedSecret, GetPublicKey],
        (_, KeyUsageType::EncapsulateDecapsulate) => &[Encapsulate, Decapsulate, GetPublicKey],
        (_, KeyUsageType::GenerateVerifyMac) => &[GenerateMac, VerifyMac],
    }
}

/// The operations a grant on such a key can allow.
fn valid(spec: KeySpec, usage: KeyUsageType) -> Vec<GrantOperation> {
    EVERY_KEY.iter().chain(own(spec, usage)).copied().collect()
}

fn list(operations: &[GrantOperation]) -> String {
    let names: Vec<_> = operations.iter().map(|operation| operation.as_str()).collect();
    format!("[{}]", names.join(", "))
}

/// Refuses operations the key cannot do.
pub(crate) fn require_valid<E: From<ValidationException>>(key: &Key, asked: &[GrantOperation]) -> Result<(), E> {
    let (spec, usage) = (key.record.key_spec(), key.record.key_usage());
    let valid = valid(spec, usage);
    let mut wrong: Vec<_> = asked.iter().copied().filter(|operation| !valid.contains(operation)).collect();
    wrong.dedup();
    if wrong.is_empty() {
        return Ok(());
    }
    let symmetric = usage == KeyUsageType::GenerateVerifyMac || spec == KeySpec::SymmetricDefault;
    let what = if symmetric { "a symmetric" } else { "an asymmetric" };
    Err(ValidationException::new(format!(
        "Operations {} are not supported when creating a grant for {what} KMS key with key usage {}. \
         Valid operations are {}",
        list(&wrong),
        usage.as_str(),
        list(&valid),
    ))
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published table, a row a kind of key.
    #[test]
    fn what_a_key_can_do_can_be_granted() {
        let text = |spec, usage| list(&valid(spec, usage));
        assert_eq!(
            text(KeySpec::Hmac224, KeyUsageType::GenerateVerifyMac),
            "[CreateGrant, RetireGrant, DescribeKey, GenerateMac, VerifyMac]"
        );
        let symmetric = valid(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt);
        assert_eq!(symmetric.len(), 11);
        assert!(!symmetric.contains(&GetPublicKey) && !symmetric.contains(&Sign));
        let rsa = valid(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt);
        assert!(rsa.contains(&ReEncryptTo) && rsa.contains(&GetPublicKey) && !rsa.contains(&GenerateDataKey));
        let agreement = valid(KeySpec::EccNistP256, KeyUsageType::KeyAgreement);
        assert!(agreement.contains(&DeriveSharedSecret) && !agreement.contains(&Sign));
        let kem = valid(KeySpec::MlKem768, KeyUsageType::EncapsulateDecapsulate);
        assert!(kem.contains(&Decapsulate) && kem.contains(&GetPublicKey) && !kem.contains(&Decrypt));
        let signing = valid(KeySpec::MlDsa65, KeyUsageType::SignVerify);
        assert!(signing.contains(&Verify) && signing.contains(&GetPublicKey) && !signing.contains(&VerifyMac));
    }
}
