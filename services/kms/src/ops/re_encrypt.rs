//! ReEncrypt: from one key or context to another without the plaintext leaving the server.

use claviger_pipeline::Limit;

use super::prelude::*;
use crate::ciphertext::{self, Asked, CiphertextSubject};
use crate::grant::token;
use crate::{conditions, encryption, find, state, symmetric};

pub(super) struct ReEncrypt;

/// Source and destination, each with a permission of its own.
pub(super) struct Sides {
    from: CiphertextSubject,
    to: KeySubject,
}

const FROM: &str = "kms:ReEncryptFrom";
const TO: &str = "kms:ReEncryptTo";

impl Subject for Sides {
    fn permissions(&self, _action: &'static str) -> Vec<Permission<'_>> {
        vec![self.from.key.permission(FROM), self.to.permission(TO)]
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        if key == "kms:reencryptonsamekey" {
            let same = self.from.key.key.path == self.to.key.path;
            return conditions::one(claviger_pipeline::bool_text(same));
        }
        if side == 0 { self.from.key.key_condition(key) } else { self.to.key_condition(key) }
    }

    /// The request counts for each kind of key that works.
    fn pools(&self) -> [Option<&'static Limit>; 2] {
        let ([from, _], [to, _]) = (self.from.pools(), self.to.pools());
        let same = from.zip(to).is_some_and(|(from, to)| std::ptr::eq(from, to));
        [from, to.filter(|_| !same)]
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        let mut both = self.from.resources();
        both.extend(self.to.resources());
        both
    }
}

impl Operation for ReEncrypt {
    type Service = Kms;
    const NAME: &'static str = "ReEncrypt";
    const ACTION: &'static str = FROM;
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::OfSubject(&quotas::SYMMETRIC);
    type Input = kms::ReEncryptRequest;
    type Output = kms::ReEncryptResponse;
    type Error = kms::ReEncryptError;
    type Subject = Sides;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
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
            key_id: input.source_key_id.as_deref(),
            algorithm: input.source_encryption_algorithm,
            action: FROM,
        };
        let CiphertextSubject { key, mismatch } = ciphertext::find::<Self::Error>(cx, &asked).await?;
        let to = find::find_any::<Self::Error>(cx, &input.destination_key_id, TO).await?;
        let (operation, context) = (kms::GrantOperation::ReEncryptFrom, input.source_encryption_context.as_ref());
        let from = CiphertextSubject { key: key.granted::<Self::Error>(cx, operation, context).await?, mismatch };
        let (operation, context) = (kms::GrantOperation::ReEncryptTo, input.destination_encryption_context.as_ref());
        let to = to.granted::<Self::Error>(cx, operation, context).await?;
        Ok(Sides { from, to })
    }

    fn condition<'a>(input: &'a Self::Input, side: usize, key: &str) -> Option<Values<'a>> {
        if side == 0 {
            conditions::symmetric(input.source_encryption_context.as_ref(), input.source_encryption_algorithm, key)
        } else {
            let algorithm = input.destination_encryption_algorithm;
            conditions::symmetric(input.destination_encryption_context.as_ref(), algorithm, key)
        }
    }

    fn omitted(input: &Self::Input, side: usize, key: &str) -> bool {
        let algorithms = [input.source_encryption_algorithm, input.destination_encryption_algorithm];
        key == "kms:encryptionalgorithm" && algorithms.get(side).is_some_and(Option::is_none)
    }

    fn recorded(input: &Self::Input, subject: Option<&Self::Subject>) -> Vec<(&'static str, String)> {
        let default = |member, given: Option<_>| given.is_none().then(|| (member, SYMMETRIC_DEFAULT.to_owned()));
        let from = default("sourceEncryptionAlgorithm", input.source_encryption_algorithm);
        let to = default("destinationEncryptionAlgorithm", input.destination_encryption_algorithm);
        let unnamed = subject.filter(|_| input.source_key_id.is_none());
        let key = unnamed.map(|sides| ("sourceKeyId", sides.from.key.key.arn.clone()));
        from.into_iter().chain(to).chain(key).collect()
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        if super::is_ignoring(input.dry_run_modifiers.as_deref()) {
            symmetric::dry_run::<Self::Error>(input.dry_run)?;
        }
        let (from, to) = (&subject.from.key.key, &subject.to.key);
        from.require::<Self::Error>(&state::CRYPTOGRAPHY)?;
        to.require::<Self::Error>(&state::CRYPTOGRAPHY)?;
        subject.from.require_match::<Self::Error>()?;
        from.require_usage::<Self::Error>(kms::KeyUsageType::EncryptDecrypt, Self::NAME)?;
        to.require_usage::<Self::Error>(kms::KeyUsageType::EncryptDecrypt, Self::NAME)?;
        let source = from.require_algorithm::<Self::Error>(input.source_encryption_algorithm)?;
        let destination = to.require_algorithm::<Self::Error>(input.destination_encryption_algorithm)?;
        let ciphertext = input.ciphertext_blob.as_ref().map(|blob| blob.0.as_slice()).unwrap_or_default();
        let context = input.source_encryption_context.as_ref();
        let (plaintext, source_material) =
            encryption::decrypt::<Self::Error>(cx, from, source, context, ciphertext).await?;
        let context = input.destination_encryption_context.as_ref();
        let (blob, destination_material) =
            encryption::encrypt::<Self::Error>(cx, to, destination, context, &plaintext).await?;
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        cx.service.keys.uses.mark(from, Self::NAME, cx.call);
        cx.service.keys.uses.mark(to, Self::NAME, cx.call);
        Ok(Done::read(kms::ReEncryptResponse {
            ciphertext_blob: Some(Blob(blob)),
            source_key_id: Some(from.arn.clone()),
            key_id: Some(to.arn.clone()),
            source_encryption_algorithm: Some(source),
            destination_encryption_algorithm: Some(destination),
            source_key_material_id: source_material.map(|id| id.to_string()),
            destination_key_material_id: destination_material.map(|id| id.to_string()),
        }))
    }
}
