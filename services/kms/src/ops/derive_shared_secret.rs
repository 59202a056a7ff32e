//! DeriveSharedSecret: ECDH between a key and somebody's public key.

use super::prelude::*;
use crate::grant::token;
use crate::{asymmetric, find, symmetric};

pub(super) struct DeriveSharedSecret;

impl Operation for DeriveSharedSecret {
    type Service = Kms;
    const NAME: &'static str = "DeriveSharedSecret";
    const ACTION: &'static str = "kms:DeriveSharedSecret";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::DeriveSharedSecretRequest;
    type Output = kms::DeriveSharedSecretResponse;
    type Error = kms::DeriveSharedSecretError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::refuse_recipient::<Self::Error>(input.recipient.is_some())?;
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::DeriveSharedSecret, None).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        (key == "kms:keyagreementalgorithm").then(|| Values::One(input.key_agreement_algorithm.as_str().into()))
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        asymmetric::require_usable::<Self::Error>(subject, kms::KeyUsageType::KeyAgreement, Self::NAME)?;
        let backing = asymmetric::backing(cx, key).await?;
        let pair = backing.pair().map_err(InternalFailure::from)?;
        // Whatever is wrong with the other's key, AWS answers without a word.
        let secret = pair.agree(&input.public_key.0).map_err(|_| ValidationException::bare())?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::DeriveSharedSecretResponse {
            key_id: Some(key.arn.clone()),
            shared_secret: Some(SecretBlob::new(secret.expose().to_vec())),
            key_agreement_algorithm: Some(input.key_agreement_algorithm),
            key_origin: Some(key.record.key_origin()),
            ..Default::default()
        }))
    }
}
