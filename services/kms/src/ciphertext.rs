//! The key a ciphertext was made under, and whether the caller's idea of it is right.

use claviger_pipeline::{Limit, Permission, Subject, Wording, unseen};
use claviger_policy::Values;
use claviger_shapes::kms::{
    EncryptionAlgorithmSpec, IncorrectKeyException, InvalidCiphertextException, KeyUsageType, NotFoundException,
};
use claviger_shapes::{AccessDeniedException, InternalFailure, ValidationException};

use crate::KmsCx;
use crate::find::look_up;
use crate::key::KeySubject;
use crate::record::key_path;
use crate::reference::Reference;
use crate::symmetric::{Source, source};

/// The key of a decryption, and what is wrong with the pair of key and ciphertext, if anything.
pub(crate) struct CiphertextSubject {
    /// The key permission is asked for.
    pub key: KeySubject,
    /// Told only to a caller who may use the key, after the key's state.
    pub mismatch: Option<Mismatch>,
}

/// Why key and ciphertext do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// The ciphertext is under another key, or the key decrypts nothing at all.
    OtherKey,
    /// The request does not say how a key pair's ciphertext was made.
    Unreadable,
}

/// What a request says about its ciphertext.
pub(crate) struct Asked<'a> {
    /// The blob; absent only in a dry run that ignores it.
    pub ciphertext: Option<&'a [u8]>,
    /// The key the caller expects.
    pub key_id: Option<&'a str>,
    /// The algorithm the caller expects.
    pub algorithm: Option<EncryptionAlgorithmSpec>,
    /// The action judged.
    pub action: &'static str,
}

/// Finds the key of a decryption.
pub(crate) async fn find<E>(cx: KmsCx<'_>, asked: &Asked<'_>) -> Result<CiphertextSubject, E>
where
    E: From<NotFoundException>
        + From<AccessDeniedException>
        + From<ValidationException>
        + From<InvalidCiphertextException>
        + From<IncorrectKeyException>
        + From<InternalFailure>,
{
    let Some(key_id) = asked.key_id else {
        return by_ciphertext(cx, asked).await;
    };
    let source = asked.ciphertext.map(source);
    let reference = Reference::parse(key_id, cx.call)?;
    if let (Reference::Elsewhere { key_id, .. }, Some(Source::Ours(origin))) = (&reference, &source)
        && *key_id == origin.key_id
        && key_id.starts_with("mrk-")
    {
        // Related multi-Region keys share the material, but the caller insists on one that is not here.
        return Err(incorrect().into());
    }
    let mut found = look_up(cx, &reference).await.map_err(InternalFailure::from)?;
    // A bare key id that is not the caller's own may be that of the ciphertext's key, in the account it names.
    if found.is_none()
        && let (Reference::Key { key_id, bare: true, .. }, Some(Source::Ours(origin))) = (&reference, &source)
        && *key_id == origin.key_id
    {
        let named = Reference::Key { account: &origin.account, key_id, bare: false };
        found = look_up(cx, &named).await.map_err(InternalFailure::from)?;
    }
    let Some((key, alias)) = found else {
        return Err(crate::find::missing(cx.call, &reference, asked.action));
    };
    let mismatch = match &source {
        None => None,
        Some(_) if key.record.key_usage() != KeyUsageType::EncryptDecrypt => Some(Mismatch::OtherKey),
        // Ciphertexts of key pairs say nothing of themselves.
        Some(_) if !key.is_symmetric() => asked.algorithm.is_none().then_some(Mismatch::Unreadable),
        // Told with all other damage, when it is opened.
        Some(Source::Malformed) => None,
        Some(Source::Ours(origin)) => {
            let record = &key.record;
            let same = origin.key_id == record.key_id
                && origin.account == record.account
                && (origin.region == record.region || record.key_id.starts_with("mrk-"));
            (!same).then_some(Mismatch::OtherKey)
        }
        Some(Source::Foreign) => Some(Mismatch::OtherKey),
    };
    let key = KeySubject::new(cx.call, asked.action, key, alias, true);
    Ok(CiphertextSubject { key, mismatch })
}

async fn by_ciphertext<E>(cx: KmsCx<'_>, asked: &Asked<'_>) -> Result<CiphertextSubject, E>
where
    E: From<AccessDeniedException>
        + From<ValidationException>
        + From<InvalidCiphertextException>
        + From<InternalFailure>,
{
    if asked.algorithm.is_some_and(|algorithm| algorithm != EncryptionAlgorithmSpec::SymmetricDefault) {
        return Err(ValidationException::new("KeyId must not be null").into());
    }
    let refused = || AccessDeniedException::new(unseen(cx.call, asked.action, Wording::Ciphertext));
    let origin = match asked.ciphertext.map(source) {
        None => return Err(ValidationException::new("KeyId must not be null").into()),
        Some(Source::Malformed) => return Err(InvalidCiphertextException::bare().into()),
        Some(Source::Foreign) => return Err(refused().into()),
        Some(Source::Ours(origin)) => origin,
    };
    let here = &*cx.call.region;
    if origin.region != here && !origin.key_id.starts_with("mrk-") {
        return Err(refused().into());
    }
    let path = key_path(&origin.account, here, &origin.key_id);
    let Some(key) = cx.service.key(cx.system, path).await.map_err(InternalFailure::from)? else {
        return Err(refused().into());
    };
    let key = KeySubject { unnamed: true, ..KeySubject::new(cx.call, asked.action, key, None, true) };
    Ok(CiphertextSubject { key, mismatch: None })
}

fn incorrect() -> IncorrectKeyException {
    IncorrectKeyException::new("The key ID in the request does not identify a CMK that can perform this operation.")
}

impl CiphertextSubject {
    /// Tells an authorized caller what is wrong with the pair.
    pub(crate) fn require_match<E>(&self) -> Result<(), E>
    where
        E: From<IncorrectKeyException> + From<InvalidCiphertextException>,
    {
        match self.mismatch {
            None => Ok(()),
            Some(Mismatch::OtherKey) => Err(incorrect().into()),
            Some(Mismatch::Unreadable) => Err(InvalidCiphertextException::bare().into()),
        }
    }
}

impl Subject for CiphertextSubject {
    fn pools(&self) -> [Option<&'static Limit>; 2] {
        self.key.pools()
    }

    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.key.permissions(action)
    }
    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        self.key.condition(side, key)
    }
    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        self.key.resources()
    }
}
