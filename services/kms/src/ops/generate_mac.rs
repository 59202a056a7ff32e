//! GenerateMac: an HMAC of a message.

use super::prelude::*;
use crate::grant::token;
use crate::{asymmetric, find, spec, symmetric};

pub(super) struct GenerateMac;

impl Operation for GenerateMac {
    type Service = Kms;
    const NAME: &'static str = "GenerateMac";
    const ACTION: &'static str = "kms:GenerateMac";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Shared(&quotas::SYMMETRIC);
    type Input = kms::GenerateMacRequest;
    type Output = kms::GenerateMacResponse;
    type Error = kms::GenerateMacError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::GenerateMac, None).await
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
        let made = mac.sign(&input.message.0);
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::GenerateMacResponse {
            key_id: Some(key.arn.clone()),
            mac: Some(Blob(made)),
            mac_algorithm: Some(input.mac_algorithm),
        }))
    }
}
