//! GenerateRandom: 1-1024 bytes from the server's random generator.

use zeroize::Zeroizing;

use super::prelude::*;
use crate::key_store;

pub(super) struct GenerateRandom;

impl Operation for GenerateRandom {
    type Service = Kms;
    const NAME: &'static str = "GenerateRandom";
    const ACTION: &'static str = "kms:GenerateRandom";
    const AUDIT: Audit = Audit::read_only().without_parameters();
    const QUOTA: Quota = Quota::Shared(&quotas::SYMMETRIC);
    type Input = kms::GenerateRandomRequest;
    type Output = kms::GenerateRandomResponse;
    type Error = kms::GenerateRandomError;
    type Subject = NoResource;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::refuse_recipient::<Self::Error>(input.recipient.is_some())?;
        if input.number_of_bytes.is_none() {
            return Err(ValidationException::new("NumberOfBytes is required.").into());
        }
        Ok(NoResource::of(&cx))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: KmsCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        if let Some(store) = &input.custom_key_store_id {
            return Err(key_store::not_found(store).into());
        }
        let length = input.number_of_bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
        let mut bytes = Zeroizing::new(vec![0; length]);
        claviger_crypto::random::fill(&mut bytes);
        Ok(Done::read(kms::GenerateRandomResponse { plaintext: Some(SecretBlob(bytes)), ..Default::default() }))
    }
}
