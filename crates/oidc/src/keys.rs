//! What an issuer publishes: its configuration and its keys.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::{Error, Fetch};

/// Keys read of one set; issuers publish a handful.
const KEYS_MAX: usize = 100;

/// The members of `ISSUER/.well-known/openid-configuration` that matter here.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

/// The keys of an issuer that verify signatures.
#[derive(Default)]
pub(crate) struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    /// The one algorithm the key is for, if the issuer says so.
    only: Option<String>,
    family: AlgorithmFamily,
    curve: Option<EllipticCurve>,
    key: DecodingKey,
}

impl KeySet {
    /// Fetches an issuer's keys, by way of its configuration.
    pub(crate) async fn fetch(fetch: &dyn Fetch, issuer: &str) -> Result<Self, Error> {
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let unreachable = |error: &dyn std::fmt::Display| {
            tracing::warn!(issuer, %error, "an identity provider's keys could not be fetched");
            Error::Unreachable
        };
        let unusable = |what: &str| {
            tracing::warn!(issuer, what, "an identity provider's documents cannot be used");
            Error::NoKey
        };
        let url = format!("{base}/.well-known/openid-configuration");
        let document = fetch.get(issuer, &url).await.map_err(|error| unreachable(&error))?;
        let configuration: Configuration =
            serde_json::from_slice(&document).map_err(|_| unusable("the configuration is no OpenID configuration"))?;
        // Discovery 1.0 §4.3: or one issuer could speak for another.
        if configuration.issuer != issuer {
            return Err(unusable("the configuration is another issuer's"));
        }
        let document = fetch.get(issuer, &configuration.jwks_uri).await.map_err(|error| unreachable(&error))?;
        Self::parse(&document).ok_or_else(|| unusable("the key set is no JSON Web Key Set"))
    }

    /// Reads a key set. What is in it of other kinds and for other uses is passed over.
    pub(crate) fn parse(document: &[u8]) -> Option<Self> {
        let published: Published = serde_json::from_slice(document).ok()?;
        let keys = published.keys.into_iter().take(KEYS_MAX);
        Some(Self(keys.filter_map(|value| Key::read(&serde_json::from_value(value).ok()?)).collect()))
    }

    /// The key a token was signed with, by the header of the token. Without an id there must be one candidate only.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut candidates =
            self.0.iter().filter(|key| key.fits(algorithm) && (id.is_none() || key.id.as_deref() == id));
        let found = candidates.next()?;
        candidates.next().is_none().then_some(&found.key)
    }
}

impl Key {
    fn read(jwk: &Jwk) -> Option<Self> {
        if matches!(&jwk.common.public_key_use, Some(other) if *other != PublicKeyUse::Signature) {
            return None;
        }
        let (family, curve) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (AlgorithmFamily::Rsa, None),
            AlgorithmParameters::EllipticCurve(key) => (AlgorithmFamily::Ec, Some(key.curve.clone())),
            AlgorithmParameters::OctetKeyPair(key) => (AlgorithmFamily::Ed, Some(key.curve.clone())),
            // A symmetric key in a public document is no secret, so it proves nothing.
            _ => return None,
        };
        Some(Self {
            id: jwk.common.key_id.clone(),
            only: jwk.common.key_algorithm.map(|algorithm| algorithm.to_string()),
            family,
            curve,
            key: DecodingKey::from_jwk(jwk).ok()?,
        })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let curve = match algorithm {
            Algorithm::ES256 => Some(EllipticCurve::P256),
            Algorithm::ES384 => Some(EllipticCurve::P384),
            Algorithm::EdDSA => Some(EllipticCurve::Ed25519),
            _ => None,
        };
        let named = format!("{algorithm:?}");
        self.family == algorithm.family() && self.curve == curve && self.only.as_ref().is_none_or(|only| *only == named)
    }
}
