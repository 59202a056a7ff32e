//! GetParametersForImport: a wrapping key of its own for material that is about to be imported.

use claviger_crypto::key_pair::PrivateKey;
use claviger_pipeline::{Work, internal, offload};

use super::prelude::*;
use crate::find::{self, Forms};
use crate::import::{self, TOKEN_LIFE};
use crate::{conditions, state};

pub(super) struct GetParametersForImport;

impl Operation for GetParametersForImport {
    type Service = Kms;
    const NAME: &'static str = "GetParametersForImport";
    const ACTION: &'static str = "kms:GetParametersForImport";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(1);
    type Input = kms::GetParametersForImportRequest;
    type Output = kms::GetParametersForImportResponse;
    type Error = kms::GetParametersForImportError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:wrappingalgorithm" => conditions::one(input.wrapping_algorithm.as_str()),
            "kms:wrappingkeyspec" => conditions::one(input.wrapping_key_spec.as_str()),
            _ => None,
        }
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require_external::<Self::Error>()?;
        key.require_manageable::<Self::Error>(&state::IMPORT_PARAMETERS)?;
        let (algorithm, spec) = (input.wrapping_algorithm, input.wrapping_key_spec);
        let kind = key.kind().map_err(InternalFailure::from)?;
        let wrapping_key = import::wrapping_key(spec)
            .filter(|wrapping_key| {
                import::wrapping(algorithm).is_some_and(|algorithm| import::suits(kind, algorithm, *wrapping_key))
            })
            .ok_or_else(|| {
                ValidationException::new(format!(
                    "Wrapping algorithm {} and wrapping key spec {} cannot be used to import a {} key.",
                    algorithm.as_str(),
                    spec.as_str(),
                    key.record.spec
                ))
            })?;
        // Finding primes takes up to seconds.
        let made =
            offload(Work::Long, move || PrivateKey::generate(wrapping_key)).await.map_err(InternalFailure::from)?;
        let made = made.ok_or_else(|| InternalFailure::from(internal("a wrapping key could not be made")))?;
        let record = &key.record;
        let domain = cx.system.vault.domain(&*cx.system.store, &record.account, &record.region).await;
        let domain = domain.map_err(|error| InternalFailure::from(internal(error)))?;
        let expires = cx.call.now.checked_add(TOKEN_LIFE).map_err(|error| InternalFailure::from(internal(error)))?;
        let token = import::seal_token(&domain, &key.path, algorithm, spec, &made, expires);
        Ok(Done::read(kms::GetParametersForImportResponse {
            key_id: Some(key.arn.clone()),
            import_token: Some(Blob(token.map_err(InternalFailure::from)?)),
            public_key: Some(SecretBlob(made.public_key().to_der().to_vec().into())),
            parameters_valid_to: Some(Timestamp(expires)),
        }))
    }
}
