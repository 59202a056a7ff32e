//! Sign: a signature over a message or its digest.

use super::prelude::*;
use crate::asymmetric::{self, Signable};
use crate::grant::token;
use crate::{find, symmetric};

pub(super) struct Sign;

impl Operation for Sign {
    type Service = Kms;
    const NAME: &'static str = "Sign";
    const ACTION: &'static str = "kms:Sign";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::SignRequest;
    type Output = kms::SignResponse;
    type Error = kms::SignError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::Sign, None).await
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
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        let backing = asymmetric::backing(cx, key).await?;
        let signed =
            asymmetric::private(key, backing, move |pair| pair.sign(message.algorithm, message.message())).await?;
        let signature = signed.map_err(|_| asymmetric::unexpected("a message could not be signed"))?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::SignResponse {
            key_id: Some(key.arn.clone()),
            signature: Some(Blob(signature)),
            signing_algorithm: Some(input.signing_algorithm),
        }))
    }
}
