//! Decrypt: the key follows from the ciphertext; a key the caller names must be that one.

use super::prelude::*;
use crate::ciphertext::{self, Asked, CiphertextSubject};
use crate::grant::token;
use crate::{conditions, encryption, symmetric};

pub(super) struct Decrypt;

impl Operation for Decrypt {
    type Service = Kms;
    const NAME: &'static str = "Decrypt";
    const ACTION: &'static str = "kms:Decrypt";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::DecryptRequest;
    type Output = kms::DecryptResponse;
    type Error = kms::DecryptError;
    type Subject = CiphertextSubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::refuse_recipient::<Self::Error>(input.recipient.is_some())?;
        let ignore = super::ignores_ciphertext::<Self::Error>(
            input.dry_run_modifiers.as_deref(),
            input.dry_run,
            input.ciphertext_blob.is_some(),
            "ciphertextBlob",
        )?;
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let ciphertext = input.ciphertext_blob.as_ref().filter(|_| !ignore).map(|blob| blob.0.as_slice());
        let asked = Asked {
            ciphertext,
            key_id: input.key_id.as_deref(),
            algorithm: input.encryption_algorithm,
            action: Self::ACTION,
        };
        let CiphertextSubject { key, mismatch } = ciphertext::find::<Self::Error>(cx, &asked).await?;
        let key =
            key.granted::<Self::Error>(cx, kms::GrantOperation::Decrypt, input.encryption_context.as_ref()).await?;
        Ok(CiphertextSubject { key, mismatch })
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        conditions::symmetric(input.encryption_context.as_ref(), input.encryption_algorithm, key)
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "kms:encryptionalgorithm" && input.encryption_algorithm.is_none()
    }

    fn recorded(input: &Self::Input, subject: Option<&Self::Subject>) -> Vec<(&'static str, String)> {
        let algorithm = input.encryption_algorithm.is_none().then(|| ("encryptionAlgorithm", SYMMETRIC_DEFAULT.into()));
        let key = subject.filter(|_| input.key_id.is_none()).map(|subject| ("keyId", subject.key.key.arn.clone()));
        algorithm.into_iter().chain(key).collect()
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        if super::is_ignoring(input.dry_run_modifiers.as_deref()) {
            symmetric::dry_run::<Self::Error>(input.dry_run)?;
        }
        let key = &subject.key.key;
        key.require::<Self::Error>(&crate::state::CRYPTOGRAPHY)?;
        subject.require_match::<Self::Error>()?;
        key.require_usage::<Self::Error>(kms::KeyUsageType::EncryptDecrypt, Self::NAME)?;
        let algorithm = key.require_algorithm::<Self::Error>(input.encryption_algorithm)?;
        let context = input.encryption_context.as_ref();
        let ciphertext = input.ciphertext_blob.as_ref().map(|blob| blob.0.as_slice()).unwrap_or_default();
        let (plaintext, material_id) =
            encryption::decrypt::<Self::Error>(cx, key, algorithm, context, ciphertext).await?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(key, Self::NAME, cx.call);
        Ok(Done::read(kms::DecryptResponse {
            key_id: Some(key.arn.clone()),
            plaintext: Some(SecretBlob(plaintext)),
            encryption_algorithm: Some(algorithm),
            key_material_id: material_id.map(|id| id.to_string()),
            ..Default::default()
        }))
    }
}
