//! GenerateDataKeyWithoutPlaintext: a data key that only Decrypt will show.

use super::prelude::*;
use crate::data_key::{self, DataKey};
use crate::grant::token;
use crate::{conditions, find, symmetric};

pub(super) struct GenerateDataKeyWithoutPlaintext;

impl Operation for GenerateDataKeyWithoutPlaintext {
    type Service = Kms;
    const NAME: &'static str = "GenerateDataKeyWithoutPlaintext";
    const ACTION: &'static str = "kms:GenerateDataKeyWithoutPlaintext";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Shared(&quotas::SYMMETRIC);
    type Input = kms::GenerateDataKeyWithoutPlaintextRequest;
    type Output = kms::GenerateDataKeyWithoutPlaintextResponse;
    type Error = kms::GenerateDataKeyWithoutPlaintextError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        data_key::length(input.key_spec, input.number_of_bytes)?;
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::GenerateDataKeyWithoutPlaintext, input.encryption_context.as_ref()).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        conditions::symmetric(input.encryption_context.as_ref(), None, key)
    }

    fn omitted(_input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "kms:encryptionalgorithm"
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        symmetric::require_usable::<Self::Error>(subject, Self::NAME)?;
        subject.key.require_algorithm::<Self::Error>(None)?;
        let length = data_key::length(input.key_spec, input.number_of_bytes)?;
        let context = symmetric::context(input.encryption_context.as_ref());
        let DataKey { wrapped, material_id, .. } =
            data_key::generate::<Self::Error>(cx, &subject.key, context, length).await?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(&subject.key, Self::NAME, cx.call);
        Ok(Done::read(kms::GenerateDataKeyWithoutPlaintextResponse {
            ciphertext_blob: Some(Blob(wrapped)),
            key_id: Some(subject.key.arn.clone()),
            key_material_id: Some(material_id.to_string()),
        }))
    }
}
