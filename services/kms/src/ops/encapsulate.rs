//! Encapsulate: a fresh shared secret, and the ciphertext from which the key's private half gets it.

use super::prelude::*;
use crate::grant::token;
use crate::{asymmetric, find, symmetric};

pub(super) struct Encapsulate;

impl Operation for Encapsulate {
    type Service = Kms;
    const NAME: &'static str = "Encapsulate";
    const ACTION: &'static str = "kms:Encapsulate";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::EncapsulateRequest;
    type Output = kms::EncapsulateResponse;
    type Error = kms::EncapsulateError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::Encapsulate, None).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        asymmetric::require_usable::<Self::Error>(subject, kms::KeyUsageType::EncapsulateDecapsulate, Self::NAME)?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        let backing = asymmetric::backing(cx, key).await?;
        let made = backing.pair().map_err(InternalFailure::from)?.public_key().encapsulate();
        let (ciphertext, secret) = made.ok_or_else(|| asymmetric::unexpected("nothing could be encapsulated"))?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::EncapsulateResponse {
            key_id: Some(key.arn.clone()),
            shared_secret: Some(SecretBlob::new(secret.expose().to_vec())),
            shared_secret_ciphertext_blob: Some(Blob(ciphertext)),
            encapsulation_algorithm: Some(input.encapsulation_algorithm),
        }))
    }
}
