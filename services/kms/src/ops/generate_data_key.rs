//! GenerateDataKey: a data key in the clear and under a KMS key.

use super::prelude::*;
use crate::data_key::{self, DataKey};
use crate::grant::token;
use crate::{conditions, find, symmetric};

pub(super) struct GenerateDataKey;

impl Operation for GenerateDataKey {
    type Service = Kms;
    const NAME: &'static str = "GenerateDataKey";
    const ACTION: &'static str = "kms:GenerateDataKey";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Shared(&quotas::SYMMETRIC);
    type Input = kms::GenerateDataKeyRequest;
    type Output = kms::GenerateDataKeyResponse;
    type Error = kms::GenerateDataKeyError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::refuse_recipient::<Self::Error>(input.recipient.is_some())?;
        data_key::length(input.key_spec, input.number_of_bytes)?;
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::GenerateDataKey, input.encryption_context.as_ref()).await
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
        let DataKey { plaintext, wrapped, material_id } =
            data_key::generate::<Self::Error>(cx, &subject.key, context, length).await?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(&subject.key, Self::NAME, cx.call);
        Ok(Done::read(kms::GenerateDataKeyResponse {
            ciphertext_blob: Some(Blob(wrapped)),
            plaintext: Some(SecretBlob(plaintext)),
            key_id: Some(subject.key.arn.clone()),
            key_material_id: Some(material_id.to_string()),
            ..Default::default()
        }))
    }
}
