//! VerifyMac: whether an HMAC is the key's. It either is, or the call fails.

use super::prelude::*;
use crate::grant::token;
use crate::{asymmetric, find, spec, symmetric};

pub(super) struct VerifyMac;

impl Operation for VerifyMac {
    type Service = Kms;
    const NAME: &'static str = "VerifyMac";
    const ACTION: &'static str = "kms:VerifyMac";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Shared(&quotas::SYMMETRIC);
    type Input = kms::VerifyMacRequest;
    type Output = kms::VerifyMacResponse;
    type Error = kms::VerifyMacError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::VerifyMac, None).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        (key == "kms:macalgorithm").then(|| Values::One(input.mac_algorithm.as_str().into()))
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        asymmetric::require_usable::<Self::Error>(subject, kms::KeyUsageType::GenerateVerifyMac, Self::NAME)?;
        let spec = key.record.key_spec();
        if spec::mac(spec) != Some(input.mac_algorithm) {
            return Err(spec::incompatible(input.mac_algorithm.as_str(), spec).into());
        }
        let backing = asymmetric::backing(cx, key).await?;
        let mac = backing.mac().map_err(InternalFailure::from)?;
        mac.verify(&input.message.0, &input.mac.0).map_err(|_| kms::KMSInvalidMacException::bare())?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::VerifyMacResponse {
            key_id: Some(key.arn.clone()),
            mac_valid: Some(true),
            mac_algorithm: Some(input.mac_algorithm),
        }))
    }
}
