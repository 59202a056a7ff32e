//! The quotas of this service: what is enforced, and what Service Quotas shows.
//!
//! Names and values are those of the developer guide (its tables of resource and request quotas, 2026). Codes are AWS's
//! where they are public. The others have the same form and are stable: `L-` and the first four bytes of SHA-256 of
//! `kms/NAME`; [`ALL`] is tested for it.

use claviger_pipeline::Limit;
use claviger_shapes::kms::{DataKeyPairSpec, KeySpec};

/// The service's code in Service Quotas.
pub const SERVICE: &str = "kms";
/// The service's name in Service Quotas.
pub const SERVICE_NAME: &str = "AWS Key Management Service (AWS KMS)";
/// What a caller that is too fast is told.
pub(crate) const THROTTLED: &str =
    "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";

/// Most aliases of a key that are read, whatever the quota: a page of the store.
pub(crate) const ALIASES_READ_MAX: usize = 1000;
/// Longest policy the API model lets through, in bytes.
const POLICY_BYTES_CEILING: f64 = 131_072.0;

const fn things(code: &'static str, name: &'static str, default: f64) -> Limit {
    Limit::things(SERVICE, code, name, default)
}

const fn rate(code: &'static str, name: &'static str, default: f64) -> Limit {
    Limit::rate(SERVICE, code, name, default)
}

/// Customer-managed keys, whatever their state; AWS-managed ones do not count, replicas do.
pub static KEYS: Limit = things("L-C2F1777E", "Customer Master Keys (CMKs)", 100_000.0);
/// Aliases of one key.
pub static ALIASES: Limit = things("L-340F62FB", "Aliases per CMK", 50.0).up_to(ALIASES_READ_MAX as f64);
/// Grants of one key.
pub static GRANTS: Limit = things("L-D594A657", "Grants per CMK", 50_000.0).up_to(u32::MAX as f64);
/// Custom key stores.
pub static CUSTOM_KEY_STORES: Limit = things("L-F33DCFEB", "Custom Key Stores", 10.0);
/// On-demand rotations of one key, ever.
pub static ON_DEMAND_ROTATIONS: Limit = things("L-0E66C9C0", "On-demand rotations per CMK", 25.0).fixed();
/// A key policy.
pub static POLICY_BYTES: Limit =
    Limit::bytes(SERVICE, "L-F8C23EA1", "Key policy document size", 32_768.0).up_to(POLICY_BYTES_CEILING);
/// Tags of one key. AWS lets nobody ask for more and does not list it.
pub static TAGS: Limit = things("L-FF14CAC8", "Tags per CMK", 50.0).fixed();

/// China's values for making RSA key pairs.
const CHINA: &[&str] = &["cn-north-1", "cn-northwest-1"];

/// Cryptography with symmetric and HMAC keys, and random bytes.
pub static SYMMETRIC: Limit = rate("L-6E3AF000", "Cryptographic operations (symmetric) request rate", 10_000.0)
    .regional(&[
        (&["us-east-1", "us-west-2", "eu-west-1"], 100_000.0),
        (&["us-east-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "eu-central-1", "eu-west-2"], 20_000.0),
    ]);
/// Cryptography with RSA keys.
pub static RSA: Limit = rate("L-2AC98190", "Cryptographic operations (RSA) request rate", 1_000.0);
/// Cryptography with elliptic curve and SM2 keys. The guide has no pool for ML-KEM; its keys share this one.
pub static ECC: Limit = rate("L-DC14942D", "Cryptographic operations (ECC and SM2) request rate", 1_000.0);
/// Cryptography with ML-DSA keys.
pub static ML_DSA: Limit = rate("L-F6A836FA", "Cryptographic operations (ML-DSA) request rate", 1_000.0);

static PAIR_ECC_NIST_P256: Limit = rate("L-D2EEB5E0", "GenerateDataKeyPair (ECC_NIST_P256) request rate", 100.0);
static PAIR_ECC_NIST_P384: Limit = rate("L-16B46EF0", "GenerateDataKeyPair (ECC_NIST_P384) request rate", 100.0);
static PAIR_ECC_NIST_P521: Limit = rate("L-1D966DA0", "GenerateDataKeyPair (ECC_NIST_P521) request rate", 100.0);
static PAIR_ECC_SECG_P256K1: Limit = rate("L-15A124FF", "GenerateDataKeyPair (ECC_SECG_P256K1) request rate", 100.0);
static PAIR_ECC_NIST_EDWARDS25519: Limit =
    rate("L-F7E9CCBE", "GenerateDataKeyPair (ECC_NIST_EDWARDS25519) request rate", 100.0);
static PAIR_RSA_2048: Limit =
    rate("L-FD494130", "GenerateDataKeyPair (RSA_2048) request rate", 20.0).regional(&[(CHINA, 1.0)]);
static PAIR_RSA_3072: Limit =
    rate("L-9E6AA8AE", "GenerateDataKeyPair (RSA_3072) request rate", 4.0).regional(&[(CHINA, 0.5)]);
static PAIR_RSA_4096: Limit =
    rate("L-C1A50D59", "GenerateDataKeyPair (RSA_4096) request rate", 1.0).regional(&[(CHINA, 0.1)]);
static PAIR_SM2: Limit = rate("L-69F3FDBA", "GenerateDataKeyPair (SM2 — China Regions only) request rate", 25.0);

/// Making keys; a replica costs two of these in its Region.
pub static CREATE_KEY: Limit = rate("L-32B67F4A", "CreateKey request rate", 5.0);
/// Moving the primary, charged in both Regions.
pub static UPDATE_PRIMARY_REGION: Limit = rate("L-6DFC4698", "UpdatePrimaryRegion request rate", 5.0);

/// Every quota.
pub static ALL: &[&Limit] = &[
    &KEYS,
    &ALIASES,
    &GRANTS,
    &CUSTOM_KEY_STORES,
    &ON_DEMAND_ROTATIONS,
    &POLICY_BYTES,
    &TAGS,
    &SYMMETRIC,
    &RSA,
    &ECC,
    &ML_DSA,
    &PAIR_ECC_NIST_P256,
    &PAIR_ECC_NIST_P384,
    &PAIR_ECC_NIST_P521,
    &PAIR_ECC_SECG_P256K1,
    &PAIR_ECC_NIST_EDWARDS25519,
    &PAIR_RSA_2048,
    &PAIR_RSA_3072,
    &PAIR_RSA_4096,
    &PAIR_SM2,
    &CREATE_KEY,
    &UPDATE_PRIMARY_REGION,
    &rate("L-635264CC", "CancelKeyDeletion request rate", 5.0),
    &rate("L-705B9E79", "ConnectCustomKeyStore request rate", 5.0),
    &rate("L-F7504F73", "CreateAlias request rate", 5.0),
    &rate("L-08932E37", "CreateCustomKeyStore request rate", 5.0),
    &rate("L-0428A42E", "CreateGrant request rate", 50.0),
    &rate("L-1F75ADD1", "DeleteAlias request rate", 15.0),
    &rate("L-E99520CB", "DeleteCustomKeyStore request rate", 5.0),
    &rate("L-1233BF9B", "DeleteImportedKeyMaterial request rate", 15.0),
    &rate("L-E20AA94C", "DescribeCustomKeyStores request rate", 5.0),
    &rate("L-FAE8F084", "DescribeKey request rate", 2000.0),
    &rate("L-6B8C93BD", "DisableKey request rate", 5.0),
    &rate("L-CE1DB614", "DisableKeyRotation request rate", 5.0),
    &rate("L-9F1FCF6D", "DisconnectCustomKeyStore request rate", 5.0),
    &rate("L-BD96F100", "EnableKey request rate", 5.0),
    &rate("L-BE799B67", "EnableKeyRotation request rate", 15.0),
    &rate("L-4F2252C9", "GetKeyLastUsage request rate", 5.0),
    &rate("L-2D4CEC9F", "GetKeyPolicy request rate", 1000.0),
    &rate("L-619D712E", "GetKeyRotationStatus request rate", 1000.0),
    &rate("L-559158D2", "GetParametersForImport request rate", 1.0),
    &rate("L-8BF1477F", "GetPublicKey request rate", 2000.0),
    &rate("L-F3ECADE8", "ImportKeyMaterial request rate", 15.0),
    &rate("L-1837E406", "ListAliases request rate", 500.0),
    &rate("L-668D7BB5", "ListGrants request rate", 100.0),
    &rate("L-C077CE7C", "ListKeyPolicies request rate", 100.0),
    &rate("L-A9B6265F", "ListKeyRotations request rate", 100.0),
    &rate("L-178BBBE0", "ListKeys request rate", 500.0),
    &rate("L-1106D6A7", "ListResourceTags request rate", 2000.0),
    &rate("L-99721B9C", "ListRetirableGrants request rate", 100.0),
    &rate("L-91FAD047", "PutKeyPolicy request rate", 15.0),
    &rate("L-C5E0A1AD", "ReplicateKey request rate", 5.0),
    &rate("L-412327A7", "RetireGrant request rate", 50.0),
    &rate("L-9CC22AE2", "RevokeGrant request rate", 50.0),
    &rate("L-6556C145", "RotateKeyOnDemand request rate", 5.0),
    &rate("L-417DC9FC", "ScheduleKeyDeletion request rate", 15.0),
    &rate("L-6B8AB897", "TagResource request rate", 10.0),
    &rate("L-1222DA33", "UntagResource request rate", 5.0),
    &rate("L-CB7276C9", "UpdateAlias request rate", 5.0),
    &rate("L-5BB66C26", "UpdateCustomKeyStore request rate", 5.0),
    &rate("L-C776270E", "UpdateKeyDescription request rate", 5.0),
];

/// The pool of cryptographic operations with keys of a spec.
pub fn pool(spec: KeySpec) -> &'static Limit {
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &RSA,
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => &ML_DSA,
        KeySpec::SymmetricDefault | KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => {
            &SYMMETRIC
        }
        _ => &ECC,
    }
}

/// The pool of making data key pairs of a spec. The guide has none for ML-KEM; its pairs, as cheap to make, share that
/// of P-256.
pub fn pair_pool(spec: DataKeyPairSpec) -> &'static Limit {
    match spec {
        DataKeyPairSpec::Rsa2048 => &PAIR_RSA_2048,
        DataKeyPairSpec::Rsa3072 => &PAIR_RSA_3072,
        DataKeyPairSpec::Rsa4096 => &PAIR_RSA_4096,
        DataKeyPairSpec::EccNistP384 => &PAIR_ECC_NIST_P384,
        DataKeyPairSpec::EccNistP521 => &PAIR_ECC_NIST_P521,
        DataKeyPairSpec::EccSecgP256k1 => &PAIR_ECC_SECG_P256K1,
        DataKeyPairSpec::EccNistEdwards25519 => &PAIR_ECC_NIST_EDWARDS25519,
        DataKeyPairSpec::Sm2 => &PAIR_SM2,
        _ => &PAIR_ECC_NIST_P256,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use claviger_crypto::digest::sha256;
    use claviger_pipeline::Measure;

    use super::*;

    /// Published codes: of the developer guide (RSA), and of lists that operators of AWS accounts keep in public.
    const PUBLISHED: &str = "C2F1777E 340F62FB D594A657 F33DCFEB 0E66C9C0 6E3AF000 2AC98190 DC14942D D2EEB5E0 16B46EF0 \
                             1D966DA0 635264CC 705B9E79 F7504F73 08932E37 0428A42E 32B67F4A 1F75ADD1 E99520CB 1233BF9B \
                             E20AA94C FAE8F084 6B8C93BD CE1DB614 9F1FCF6D BD96F100 BE799B67";

    #[test]
    fn every_code_is_aws_or_derived() {
        let mut codes = BTreeSet::new();
        for limit in ALL {
            let hash = hex::encode_upper(&sha256(format!("kms/{}", limit.name).as_bytes())[..4]);
            let bare = limit.code.strip_prefix("L-").unwrap();
            assert!(bare == hash || PUBLISHED.split_whitespace().any(|known| known == bare), "{}", limit.name);
            assert!(codes.insert(bare), "{bare} twice");
            assert_eq!(limit.measure == Measure::Rate, limit.name.ends_with(" request rate"), "{}", limit.name);
        }
        assert!(PUBLISHED.split_whitespace().all(|code| codes.contains(code)));
    }

    #[test]
    fn rates_differ_by_region_as_documented() {
        let symmetric = |region| SYMMETRIC.default_in(region);
        assert_eq!(["us-east-1", "eu-west-1", "us-west-2"].map(symmetric), [100_000.0; 3]);
        assert_eq!(["eu-central-1", "us-east-2", "ap-northeast-1"].map(symmetric), [20_000.0; 3]);
        assert_eq!(["eu-north-1", "us-west-1", "local"].map(symmetric), [10_000.0; 3]);
        assert_eq!(PAIR_RSA_4096.default_in("cn-north-1"), 0.1);
        assert_eq!(PAIR_RSA_4096.default_in("eu-north-1"), 1.0);
    }
}
