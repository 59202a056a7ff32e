//! Encrypt: up to 4096 bytes under a KMS key, fewer under RSA keys.

use super::prelude::*;
use crate::grant::token;
use crate::{conditions, encryption, find, symmetric};

pub(super) struct Encrypt;

impl Operation for Encrypt {
    type Service = Kms;
    const NAME: &'static str = "Encrypt";
    const ACTION: &'static str = "kms:Encrypt";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::EncryptRequest;
    type Output = kms::EncryptResponse;
    type Error = kms::EncryptError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find_any::<Self::Error>(cx, &input.key_id, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::Encrypt, input.encryption_context.as_ref()).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        conditions::symmetric(input.encryption_context.as_ref(), input.encryption_algorithm, key)
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "kms:encryptionalgorithm" && input.encryption_algorithm.is_none()
    }

    fn recorded(input: &Self::Input, _subject: Option<&Self::Subject>) -> Vec<(&'static str, String)> {
        let algorithm =
            input.encryption_algorithm.is_none().then_some(("encryptionAlgorithm", SYMMETRIC_DEFAULT.into()));
        algorithm.into_iter().collect()
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        symmetric::require_usable::<Self::Error>(subject, Self::NAME)?;
        let key = &subject.key;
        let algorithm = key.require_algorithm::<Self::Error>(input.encryption_algorithm)?;
        let context = input.encryption_context.as_ref();
        let (blob, _) = encryption::encrypt::<Self::Error>(cx, key, algorithm, context, &input.plaintext.0).await?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::EncryptResponse {
            ciphertext_blob: Some(Blob(blob)),
            key_id: Some(key.arn.clone()),
            encryption_algorithm: Some(algorithm),
        }))
    }
}
