//! What the fuzz targets share: every request type there is.

use claviger_shapes::{DecodeError, Input, kms, sts};
use serde::Deserializer;

/// Decodes something as every request type of a service and checks what holds for all of them.
macro_rules! every_request {
    ($(#[$meta:meta])* $name:ident, $service:ident; $($request:ident),* $(,)?) => {
        $(#[$meta])*
        pub fn $name<S: Source>(source: &S) {
            let all: &[fn(&S)] = &[$(check::<$service::$request, S>),*];
            assert_eq!(all.len(), $service::OPERATIONS.len(), "a request type is not fuzzed");
            all.iter().for_each(|check| check(source));
        }
    };
}

every_request! {
    /// All requests of the Key Management Service.
    every_kms_request, kms;
    CancelKeyDeletionRequest, ConnectCustomKeyStoreRequest, CreateAliasRequest,
    CreateCustomKeyStoreRequest, CreateGrantRequest, CreateKeyRequest, DecapsulateRequest, DecryptRequest,
    DeleteAliasRequest, DeleteCustomKeyStoreRequest, DeleteImportedKeyMaterialRequest,
    DeriveSharedSecretRequest, DescribeCustomKeyStoresRequest, DescribeKeyRequest, DisableKeyRequest,
    DisableKeyRotationRequest, DisconnectCustomKeyStoreRequest, EnableKeyRequest,
    EnableKeyRotationRequest, EncapsulateRequest, EncryptRequest, GenerateDataKeyPairRequest,
    GenerateDataKeyPairWithoutPlaintextRequest, GenerateDataKeyRequest,
    GenerateDataKeyWithoutPlaintextRequest, GenerateMacRequest, GenerateRandomRequest,
    GetKeyLastUsageRequest, GetKeyPolicyRequest, GetKeyRotationStatusRequest,
    GetParametersForImportRequest, GetPublicKeyRequest, ImportKeyMaterialRequest, ListAliasesRequest,
    ListGrantsRequest, ListKeyPoliciesRequest, ListKeyRotationsRequest, ListKeysRequest,
    ListResourceTagsRequest, ListRetirableGrantsRequest, PutKeyPolicyRequest, ReEncryptRequest,
    ReplicateKeyRequest, RetireGrantRequest, RevokeGrantRequest, RotateKeyOnDemandRequest,
    ScheduleKeyDeletionRequest, SignRequest, TagResourceRequest, UntagResourceRequest, UpdateAliasRequest,
    UpdateCustomKeyStoreRequest, UpdateKeyDescriptionRequest, UpdatePrimaryRegionRequest,
    VerifyMacRequest, VerifyRequest,
}

every_request! {
    /// All requests of the Security Token Service.
    every_sts_request, sts;
    AssumeRoleRequest, AssumeRoleWithSAMLRequest, AssumeRoleWithWebIdentityRequest, AssumeRootRequest,
    DecodeAuthorizationMessageRequest, GetAccessKeyInfoRequest, GetCallerIdentityRequest,
    GetDelegatedAccessTokenRequest, GetFederationTokenRequest, GetSessionTokenRequest,
    GetWebIdentityTokenRequest,
}

/// Where a request can be decoded from, as often as there are types.
pub trait Source {
    /// Decodes one request.
    fn decode<T: Input>(&self) -> Result<T, DecodeError>;
}

/// A JSON body.
pub struct Json<'a>(pub &'a [u8]);

impl Source for Json<'_> {
    fn decode<T: Input>(&self) -> Result<T, DecodeError> {
        T::from_json(self.0)
    }
}

/// Anything that serde can read several times.
pub struct Form<D>(pub D);

impl<D: Clone + for<'de> Deserializer<'de>> Source for Form<D> {
    fn decode<T: Input>(&self) -> Result<T, DecodeError> {
        T::decode(self.0.clone())
    }
}

fn check<T: Input, S: Source>(source: &S) {
    match source.decode::<T>() {
        Ok(_) | Err(DecodeError::Serialization(_)) => {}
        Err(DecodeError::Validation(text)) => {
            let (count, rest) = text.split_once(' ').expect("a violation begins with their number");
            assert!(count.parse::<u32>().is_ok_and(|count| count > 0), "{text}");
            assert!(rest.starts_with("validation error"), "{text}");
        }
    }
}

/// Whether a text matches a pattern of `*` and `?`, by the table that textbooks give: slow, and too plain to be wrong.
pub fn glob(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // After each sign of the pattern: which beginnings of the text it can have matched.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for sign in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        for (end, reachable) in reached.iter().enumerate() {
            if !reachable {
                continue;
            }
            match sign {
                '*' => next[end..].fill(true),
                sign => {
                    if text.get(end).is_some_and(|one| sign == '?' || sign == *one) {
                        next[end + 1] = true;
                    }
                }
            }
        }
        reached = next;
    }
    reached[text.len()]
}
