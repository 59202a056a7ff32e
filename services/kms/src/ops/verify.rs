//! Verify: whether a signature is the key's. It either is, or the call fails.

use super::prelude::*;
use crate::asymmetric::{self, Signable};
use crate::grant::token;
use crate::{find, symmetric};

pub(super) struct Verify;

impl Operation for Verify {
    type Service = Kms;
    const NAME: &'static str = "Verify";
    const ACTION: &'static str = "kms:Verify";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::VerifyRequest;
    type Output = kms::VerifyResponse;
    type Error = kms::VerifyError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::Verify, None).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        asymmetric::signing_condition(input.signing_algorithm, input.message_type, key)
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "kms:messagetype" && input.message_type.is_none()
    }

    fn recorded(input: &Self::Input, _subject: Option<&Self::Subject>) -> Vec<(&'static str, String)> {
        input.message_type.is_none().then(|| ("messageType", RAW.to_owned())).into_iter().collect()
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        asymmetric::require_usable::<Self::Error>(subject, kms::KeyUsageType::SignVerify, Self::NAME)?;
        let message = Signable::new::<Self::Error>(key, input.signing_algorithm, input.message_type, &input.message.0)?;
        let backing = asymmetric::backing(cx, key).await?;
        let public = backing.pair().map_err(InternalFailure::from)?.public_key();
        let verified = public.verify(message.algorithm, message.message(), &input.signature.0);
        let verified = verified.map_err(|_| asymmetric::unexpected("a signature could not be judged"))?;
        if verified.is_err() {
            return Err(kms::KMSInvalidSignatureException::bare().into());
        }
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::VerifyResponse {
            key_id: Some(key.arn.clone()),
            signature_valid: Some(true),
            signing_algorithm: Some(input.signing_algorithm),
        }))
    }
}
