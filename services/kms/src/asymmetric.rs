//! What operations on key pairs and HMAC keys have in common.

use std::sync::Arc;

use claviger_crypto::key_pair::{Message, PrivateKey, Refused, SigningAlgorithm};
use claviger_pipeline::{Work, internal, offload};
use claviger_policy::Values;
use claviger_shapes::kms::{
    DisabledException, InvalidKeyUsageException, KMSInvalidStateException, KeyUsageType, MessageType,
    SigningAlgorithmSpec,
};
use claviger_shapes::{InternalFailure, ValidationException};
use zeroize::Zeroizing;

use crate::KmsCx;
use crate::backing::Backing;
use crate::conditions::one;
use crate::key::{Key, KeySubject};
use crate::spec::{self, Kind};
use crate::state;

/// Refuses a key that cannot be used for `operation` right now.
pub(crate) fn require_usable<E>(subject: &KeySubject, usage: KeyUsageType, operation: &str) -> Result<(), E>
where
    E: From<DisabledException> + From<KMSInvalidStateException> + From<InvalidKeyUsageException>,
{
    subject.key.require::<E>(&state::CRYPTOGRAPHY)?;
    subject.key.require_usage::<E>(usage, operation)
}

/// What stands behind the key, unwrapped.
pub(crate) async fn backing(cx: KmsCx<'_>, key: &Key) -> Result<Arc<Backing>, InternalFailure> {
    cx.service.current_material(cx.system, key).await.map_err(InternalFailure::from)
}

/// Runs the private half of a key pair. RSA takes a millisecond and more: it does so aside.
pub(crate) async fn private<T: Send + 'static>(
    key: &Key,
    backing: Arc<Backing>,
    work: impl FnOnce(&PrivateKey) -> T + Send + 'static,
) -> Result<T, InternalFailure> {
    let rsa = key.kind().map_err(InternalFailure::from)?.is_rsa();
    let run = move || backing.pair().map(work);
    let done = if rsa { offload(Work::Short, run).await.and_then(|done| done) } else { run() };
    done.map_err(InternalFailure::from)
}

/// A message to be signed or verified, owned so that it can be signed aside.
pub(crate) struct Signable {
    pub(crate) algorithm: SigningAlgorithm,
    kind: MessageType,
    bytes: Zeroizing<Vec<u8>>,
}

impl Signable {
    /// Takes a message whose type and length suit the key and the algorithm.
    pub(crate) fn new<E>(
        key: &Key,
        asked: SigningAlgorithmSpec,
        kind: Option<MessageType>,
        bytes: &[u8],
    ) -> Result<Self, E>
    where
        E: From<ValidationException> + From<InvalidKeyUsageException> + From<InternalFailure>,
    {
        let (spec, name) = (key.record.key_spec(), asked.as_str());
        let incompatible = || E::from(spec::incompatible(name, spec));
        let algorithm = spec::signing_algorithm(asked).filter(|_| spec::signing(spec).contains(&asked));
        let algorithm = algorithm.ok_or_else(incompatible)?;
        let Kind::Pair(pair) = key.kind().map_err(InternalFailure::from)? else { return Err(incompatible()) };
        let signable =
            Self { algorithm, kind: kind.unwrap_or(MessageType::Raw), bytes: Zeroizing::new(bytes.to_vec()) };
        let (spec, kind) = (spec.as_str(), signable.kind.as_str());
        let text = match algorithm.check(pair, &signable.message()) {
            Ok(()) => return Ok(signable),
            Err(Refused::Algorithm) => return Err(incompatible()),
            Err(Refused::Failed) => return Err(InternalFailure::new("a message could not be judged").into()),
            Err(Refused::MessageTypeOfKey) => format!("Message type {kind} is incompatible with key spec {spec}."),
            Err(Refused::MessageTypeOfAlgorithm) => {
                format!("Message type {kind} is incompatible with algorithm {name}.")
            }
            Err(Refused::DigestLength) => format!("Digest is invalid length for algorithm {name}."),
            Err(Refused::MuLength) => format!("External Mu is invalid length for algorithm {name}."),
        };
        Err(ValidationException::new(text).into())
    }

    /// The message as the algorithm takes it.
    pub(crate) fn message(&self) -> Message<'_> {
        match self.kind {
            MessageType::Raw => Message::Raw(&self.bytes),
            MessageType::Digest => Message::Digest(&self.bytes),
            MessageType::ExternalMu => Message::ExternalMu(&self.bytes),
        }
    }
}

/// `kms:SigningAlgorithm` and `kms:MessageType`.
pub(crate) fn signing_condition<'a>(
    algorithm: SigningAlgorithmSpec,
    kind: Option<MessageType>,
    key: &str,
) -> Option<Values<'a>> {
    match key {
        "kms:signingalgorithm" => one(algorithm.as_str()),
        "kms:messagetype" => one(kind.unwrap_or(MessageType::Raw).as_str()),
        _ => None,
    }
}

/// The library has no reason to fail where this is used.
pub(crate) fn unexpected(what: &str) -> InternalFailure {
    InternalFailure::from(internal(what))
}
