//! Importing key material: which wrappings suit which keys, import tokens, and what a token opens.

use claviger_crypto::hierarchy::{DomainKey, WrappedKey};
use claviger_crypto::import::{WrappingAlgorithm, unwrap};
use claviger_crypto::key_pair::{KeyPairKind, OaepHash, PrivateKey};
use claviger_pipeline::{Internal, internal};
use claviger_shapes::kms::{AlgorithmSpec, UnsupportedOperationException, WrappingKeySpec};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::backing::Backing;
use crate::key::Key;
use crate::spec::Kind;

/// How long a token and its wrapping key are good for.
pub(crate) const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Longest time until imported material may expire.
pub(crate) const VALID_DAYS_MAX: i32 = 365;
/// Purpose label under which wrapping keys are sealed.
const PURPOSE: &str = "import token";

/// How a wrapping is carried out; `None` for what is not offered: PKCS#1 v1.5 is retired, SM2 is China's.
pub(crate) fn wrapping(algorithm: AlgorithmSpec) -> Option<WrappingAlgorithm> {
    Some(match algorithm {
        AlgorithmSpec::RsaesOaepSha1 => WrappingAlgorithm::Oaep(OaepHash::Sha1),
        AlgorithmSpec::RsaesOaepSha256 => WrappingAlgorithm::Oaep(OaepHash::Sha256),
        AlgorithmSpec::RsaAesKeyWrapSha1 => WrappingAlgorithm::RsaAesKeyWrap(OaepHash::Sha1),
        AlgorithmSpec::RsaAesKeyWrapSha256 => WrappingAlgorithm::RsaAesKeyWrap(OaepHash::Sha256),
        AlgorithmSpec::RsaesPkcs1V15 | AlgorithmSpec::Sm2pke => return None,
    })
}

/// The wrapping key asked for; `None` for SM2.
pub(crate) fn wrapping_key(spec: WrappingKeySpec) -> Option<KeyPairKind> {
    Some(match spec {
        WrappingKeySpec::Rsa2048 => KeyPairKind::Rsa2048,
        WrappingKeySpec::Rsa3072 => KeyPairKind::Rsa3072,
        WrappingKeySpec::Rsa4096 => KeyPairKind::Rsa4096,
        WrappingKeySpec::Sm2 => return None,
    })
}

/// Whether material of `kind` can come wrapped so. Raw keys go under RSA directly, RSA keys never do, and curve keys
/// only where their encoding fits.
pub(crate) fn suits(kind: Kind, algorithm: WrappingAlgorithm, key: KeyPairKind) -> bool {
    let direct = matches!(algorithm, WrappingAlgorithm::Oaep(_));
    match kind {
        Kind::Symmetric | Kind::Mac(_) => direct,
        Kind::Pair(KeyPairKind::P521 | KeyPairKind::Ed25519) => !direct || key != KeyPairKind::Rsa2048,
        Kind::Pair(KeyPairKind::P256 | KeyPairKind::P384 | KeyPairKind::Secp256k1) => true,
        Kind::Pair(KeyPairKind::Rsa2048 | KeyPairKind::Rsa3072 | KeyPairKind::Rsa4096) => !direct,
        Kind::Pair(_) => false,
    }
}

impl Key {
    /// Refuses keys whose material was not to be imported.
    pub(crate) fn require_external<E: From<UnsupportedOperationException>>(&self) -> Result<(), E> {
        if self.record.is_external() { Ok(()) } else { Err(wrong_origin(self).into()) }
    }

    /// Refuses keys whose material was imported.
    pub(crate) fn require_not_external<E: From<UnsupportedOperationException>>(&self) -> Result<(), E> {
        if self.record.is_external() { Err(wrong_origin(self).into()) } else { Ok(()) }
    }
}

fn wrong_origin(key: &Key) -> UnsupportedOperationException {
    let (arn, origin) = (&key.arn, &key.record.origin);
    UnsupportedOperationException::new(format!("{arn} origin is {origin} which is not valid for this operation."))
}

/// Everything that is needed to take material: the client carries it, sealed, and nothing is stored meanwhile.
#[derive(Serialize, Deserialize)]
struct Token {
    algorithm: String,
    key_spec: String,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    expires: Timestamp,
    /// The private part of the wrapping key, as PKCS#8, sealed for this key, algorithm and time.
    wrapped: WrappedKey,
}

impl Token {
    /// What the wrapping key is sealed for, besides the account and Region that the domain key stands for.
    fn purpose(key_path: &str, algorithm: &str, key_spec: &str, expires: Timestamp) -> String {
        format!("{key_path} {algorithm} {key_spec} {}", expires.as_millisecond())
    }
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Damaged, or of another key.
    Invalid,
    /// Older than [`TOKEN_LIFE`].
    Expired,
}

/// An opened token.
pub(crate) struct Opened {
    algorithm: WrappingAlgorithm,
    key: PrivateKey,
}

/// The token for a new wrapping key.
pub(crate) fn seal_token(
    domain: &DomainKey,
    key_path: &str,
    algorithm: AlgorithmSpec,
    spec: WrappingKeySpec,
    wrapping_key: &PrivateKey,
    expires: Timestamp,
) -> Result<Vec<u8>, Internal> {
    let pkcs8 = wrapping_key.to_pkcs8().ok_or_else(|| internal("a wrapping key could not be encoded"))?;
    let (algorithm, key_spec) = (algorithm.as_str().to_owned(), spec.as_str().to_owned());
    let purpose = Token::purpose(key_path, &algorithm, &key_spec, expires);
    let wrapped = domain.wrap_secret(PURPOSE, &purpose, pkcs8.expose());
    serde_json::to_vec(&Token { algorithm, key_spec, expires, wrapped }).map_err(internal)
}

/// Opens a token that was given out for the key at `key_path`. Costs a check of the whole wrapping key.
pub(crate) fn open_token(domain: &DomainKey, key_path: &str, token: &[u8], now: Timestamp) -> Result<Opened, Refused> {
    let token: Token = serde_json::from_slice(token).map_err(|_| Refused::Invalid)?;
    let Token { algorithm, key_spec, expires, wrapped } = &token;
    let purpose = Token::purpose(key_path, algorithm, key_spec, *expires);
    let pkcs8 = domain.unwrap_secret(PURPOSE, &purpose, wrapped).map_err(|_| Refused::Invalid)?;
    if *expires <= now {
        return Err(Refused::Expired);
    }
    let algorithm = algorithm.parse().ok().and_then(wrapping).ok_or(Refused::Invalid)?;
    let kind = key_spec.parse().ok().and_then(wrapping_key).ok_or(Refused::Invalid)?;
    let mut pkcs8 = Zeroizing::new(pkcs8.expose().to_vec());
    let key = PrivateKey::from_pkcs8(kind, &mut pkcs8).map_err(|_| Refused::Invalid)?;
    Ok(Opened { algorithm, key })
}

impl Opened {
    /// The material a client wrapped. `None` whatever is wrong with it.
    pub(crate) fn material(&self, kind: Kind, wrapped: &[u8]) -> Option<Backing> {
        let mut bytes = unwrap(&self.key, self.algorithm, wrapped).ok()?;
        Backing::import(kind, &mut bytes)
    }
}
