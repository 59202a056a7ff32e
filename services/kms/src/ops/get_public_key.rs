//! GetPublicKey: the public half of a key pair, for use outside.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::grant::token;
use crate::spec::Kind;
use crate::{asymmetric, metadata, state};

pub(super) struct GetPublicKey;

impl Operation for GetPublicKey {
    type Service = Kms;
    const NAME: &'static str = "GetPublicKey";
    const ACTION: &'static str = "kms:GetPublicKey";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(2000);
    type Input = kms::GetPublicKeyRequest;
    type Output = kms::GetPublicKeyResponse;
    type Error = kms::GetPublicKeyError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find::<Self::Error>(cx, &input.key_id, Forms::Any, true, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::GetPublicKey, None).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require::<Self::Error>(&state::PUBLIC_KEY)?;
        if !matches!(key.kind().map_err(InternalFailure::from)?, Kind::Pair(_)) {
            return Err(kms::UnsupportedOperationException::bare().into());
        }
        let backing = asymmetric::backing(cx, key).await?;
        let public = backing.pair().map_err(InternalFailure::from)?.public_key().to_der().to_vec();
        let shown = metadata::of(key);
        Ok(Done::read(kms::GetPublicKeyResponse {
            key_id: Some(key.arn.clone()),
            public_key: Some(Blob(public)),
            customer_master_key_spec: shown.customer_master_key_spec,
            key_spec: shown.key_spec,
            key_usage: shown.key_usage,
            encryption_algorithms: shown.encryption_algorithms,
            signing_algorithms: shown.signing_algorithms,
            key_agreement_algorithms: shown.key_agreement_algorithms,
            encapsulation_algorithms: shown.encapsulation_algorithms,
        }))
    }
}
