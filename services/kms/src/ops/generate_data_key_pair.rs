//! GenerateDataKeyPair: a key pair for use outside, its private half in the clear and under a KMS key.

use claviger_pipeline::Limit;

use super::prelude::*;
use crate::grant::token;
use crate::{conditions, data_key, find, symmetric};

pub(super) struct GenerateDataKeyPair;

impl Operation for GenerateDataKeyPair {
    type Service = Kms;
    const NAME: &'static str = "GenerateDataKeyPair";
    const ACTION: &'static str = "kms:GenerateDataKeyPair";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::GenerateDataKeyPairRequest;
    type Output = kms::GenerateDataKeyPairResponse;
    type Error = kms::GenerateDataKeyPairError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::refuse_recipient::<Self::Error>(input.recipient.is_some())?;
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::GenerateDataKeyPair, input.encryption_context.as_ref()).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:datakeypairspec" => conditions::one(input.key_pair_spec.as_str()),
            _ => conditions::symmetric(input.encryption_context.as_ref(), None, key),
        }
    }

    fn omitted(_input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "kms:encryptionalgorithm"
    }

    fn pools(input: &Self::Input, _subject: &Self::Subject) -> [Option<&'static Limit>; 2] {
        [Some(quotas::pair_pool(input.key_pair_spec)), None]
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        data_key::require_pair_maker::<Self::Error>(key, Self::NAME)?;
        let kind = data_key::pair_kind::<Self::Error>(input.key_pair_spec)?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        let context = symmetric::context(input.encryption_context.as_ref());
        let pair = data_key::generate_pair::<Self::Error>(cx, key, context, kind).await?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::GenerateDataKeyPairResponse {
            key_id: Some(key.arn.clone()),
            private_key_ciphertext_blob: Some(Blob(pair.wrapped)),
            private_key_plaintext: Some(SecretBlob::new(pair.private.expose().to_vec())),
            public_key: Some(Blob(pair.public)),
            key_pair_spec: Some(input.key_pair_spec),
            key_material_id: Some(pair.material_id.to_string()),
            ..Default::default()
        }))
    }
}
