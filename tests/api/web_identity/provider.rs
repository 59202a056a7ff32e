//! An identity provider in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64_simd::URL_SAFE_NO_PAD;
use claviger_oidc::{BoxFuture, Fetch, FetchError};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://issuer.example.com/Tenant-1";
pub(crate) const AUDIENCE: &str = "sts.amazonaws.com";
pub(crate) const SUBJECT: &str = "system:serviceaccount:team:app";

pub(crate) struct Provider {
    key: KeyPair,
    documents: Arc<Documents>,
}

struct Documents {
    keys: Value,
    asked: AtomicUsize,
    down: AtomicBool,
}

/// Claims.
pub(crate) struct Token(Value);

impl Token {
    /// The usual ones, changed; null takes one away.
    pub(crate) fn with(change: Value) -> Self {
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({ "iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "exp": now + 600 });
        for (name, value) in change.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        Self(claims)
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ED25519).unwrap_or_else(|error| panic!("{error}"))
}

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode_to_string(text)
}

fn signed(key: &KeyPair, id: &str, claims: &Value) -> String {
    let header = json!({ "alg": "EdDSA", "kid": id });
    let message = format!("{}.{}", encoded(&header.to_string()), encoded(&claims.to_string()));
    let signature = key.sign(message.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    format!("{message}.{}", URL_SAFE_NO_PAD.encode_to_string(signature))
}

impl Provider {
    pub(crate) fn new() -> Self {
        let key = new_key();
        let point = URL_SAFE_NO_PAD.encode_to_string(key.der_bytes());
        let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": point }] });
        let documents = Documents { keys, asked: AtomicUsize::new(0), down: AtomicBool::new(false) };
        Self { key, documents: Arc::new(documents) }
    }

    pub(crate) fn documents(&self) -> Arc<dyn Fetch> {
        Arc::clone(&self.documents) as _
    }

    /// How many documents were fetched.
    pub(crate) fn asked(&self) -> usize {
        self.documents.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn stop(&self) {
        self.documents.down.store(true, Ordering::SeqCst);
    }

    /// A good token.
    pub(crate) fn token(&self) -> String {
        self.sign(&Token::with(Value::Null))
    }

    pub(crate) fn sign(&self, token: &Token) -> String {
        signed(&self.key, "one", &token.0)
    }

    /// The signature of a good token under other claims.
    pub(crate) fn forged(&self) -> String {
        let token = self.token();
        let parts: Vec<&str> = token.split('.').collect();
        let claims = Token::with(json!({ "sub": "system:serviceaccount:team:admin" })).0;
        format!("{}.{}.{}", parts[0], encoded(&claims.to_string()), parts[2])
    }

    pub(crate) fn with_foreign_key(&self) -> String {
        signed(&new_key(), "one", &Token::with(Value::Null).0)
    }

    pub(crate) fn with_key_id(&self, id: &str) -> String {
        signed(&self.key, id, &Token::with(Value::Null).0)
    }

    /// `alg: none`.
    pub(crate) fn unsigned(&self) -> String {
        let header = json!({ "alg": "none" }).to_string();
        format!("{}.{}.", encoded(&header), encoded(&Token::with(Value::Null).0.to_string()))
    }
}

impl Fetch for Documents {
    fn permits(&self, issuer: &str) -> bool {
        issuer.starts_with("https://")
    }

    fn get<'a>(&'a self, issuer: &'a str, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchError>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.down.load(Ordering::SeqCst) {
                return Err(FetchError::Unreachable("down".to_owned()));
            }
            let document = match url.strip_prefix(ISSUER) {
                Some("/.well-known/openid-configuration") => {
                    json!({ "issuer": issuer, "jwks_uri": format!("{ISSUER}/keys") })
                }
                Some("/keys") => self.keys.clone(),
                _ => return Err(FetchError::Refused(url.to_owned())),
            };
            Ok(document.to_string().into_bytes())
        })
    }
}
