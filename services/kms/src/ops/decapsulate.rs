//! Decapsulate: the shared secret of an encapsulation. A ciphertext of the right length that was made for another key
//! gives a secret too, one that nobody else has: ML-KEM rejects implicitly.

use super::prelude::*;
use crate::grant::token;
use crate::{asymmetric, find, symmetric};

pub(super) struct Decapsulate;

impl Operation for Decapsulate {
    type Service = Kms;
    const NAME: &'static str = "Decapsulate";
    const ACTION: &'static str = "kms:Decapsulate";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::DecapsulateRequest;
    type Output = kms::DecapsulateResponse;
    type Error = kms::DecapsulateError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::Decapsulate, None).await
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
        let backing = asymmetric::backing(cx, key).await?;
        let pair = backing.pair().map_err(InternalFailure::from)?;
        let secret = pair.decapsulate(&input.shared_secret_ciphertext_blob.0);
        let secret = secret.map_err(|_| kms::InvalidCiphertextException::bare())?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::DecapsulateResponse {
            key_id: Some(key.arn.clone()),
            shared_secret: Some(SecretBlob::new(secret.expose().to_vec())),
            encapsulation_algorithm: Some(input.encapsulation_algorithm),
        }))
    }
}
