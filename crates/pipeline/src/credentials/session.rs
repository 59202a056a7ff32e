//! Temporary credentials: everything the server knows of them travels in the session token, sealed.

use std::collections::{BTreeMap, BTreeSet};

use claviger_crypto::hierarchy::WrappedKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{GLOBAL, account_of, new_access_key_id, new_secret};
use crate::call::WebIdentity;
use crate::system::System;
use crate::{Internal, internal};

/// Purpose label under which session tokens are sealed.
const PURPOSE: &str = "session token";

/// What a session token says. Sealed by the account's domain key and bound to its access key id.
#[derive(Serialize, Deserialize)]
pub struct Session {
    /// The secret access key.
    #[serde(rename = "k")]
    pub(crate) secret: Zeroizing<String>,
    /// When issued.
    #[serde(rename = "i")]
    pub issued: Timestamp,
    /// When the credentials end.
    #[serde(rename = "e")]
    pub expires: Timestamp,
    /// Whose session it is.
    #[serde(rename = "h")]
    pub holder: Holder,
    /// Session policies' texts; `None`: not limited by any.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<String>>,
    /// Session tags.
    #[serde(rename = "t", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Keys of tags that go on to the next role.
    #[serde(rename = "n", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub transitive: BTreeSet<String>,
    /// `SourceIdentity`.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// The web identity the role was assumed with.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub web: Option<WebIdentity>,
}

/// Whose session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// The account's root user, by GetSessionToken.
    Root {
        /// The access key it was asked for with; the session ends when that does.
        key: String,
    },
    /// A user, by GetSessionToken.
    User {
        /// `AIDA…`.
        user_id: String,
        /// As for root.
        key: String,
    },
    /// A federated user, by GetFederationToken.
    Federated {
        /// The name given.
        name: String,
        /// `AIDA…` of the user who asked; `None`: root.
        user_id: Option<String>,
        /// As for root.
        key: String,
    },
    /// A role.
    Role {
        /// `AROA…`: a role made again under the same name does not revive its sessions.
        role_id: String,
        /// RoleSessionName.
        session: String,
    },
}

impl Session {
    /// A session without policies, tags and source identity.
    pub fn new(holder: Holder, issued: Timestamp, expires: Timestamp) -> Self {
        Self {
            secret: Zeroizing::default(),
            issued,
            expires,
            holder,
            policies: None,
            tags: BTreeMap::new(),
            transitive: BTreeSet::new(),
            source_identity: None,
            web: None,
        }
    }
}

/// Temporary credentials as they are handed out, once.
pub struct SessionCredentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// The 40-character secret.
    pub secret: Zeroizing<String>,
    /// The session token.
    pub token: Zeroizing<String>,
    /// When they end.
    pub expires: Timestamp,
}

/// Issues credentials for a session in `account`. Nothing is stored.
pub async fn issue_session(
    system: &System,
    account: &str,
    mut session: Session,
) -> Result<SessionCredentials, Internal> {
    let domain = system.vault.domain(&*system.store, account, GLOBAL).await.map_err(internal)?;
    let access_key_id = new_access_key_id("ASIA", account);
    let secret = new_secret();
    session.secret = secret.clone();
    let text = Zeroizing::new(serde_json::to_vec(&session).map_err(|_| internal("a session cannot be written"))?);
    let sealed = domain.wrap_secret(PURPOSE, &access_key_id, &text);
    let token = Zeroizing::new(base64_simd::STANDARD.encode_to_string(sealed.as_bytes()));
    Ok(SessionCredentials { access_key_id, secret, token, expires: session.expires })
}

/// Opens the token that came with `access_key_id`. `None`: not one of this server's, or not for this key.
pub(super) async fn open(system: &System, access_key_id: &str, token: &str) -> Result<Option<Session>, Internal> {
    let Some(account) = account_of(access_key_id).filter(|_| access_key_id.starts_with("ASIA")) else {
        return Ok(None);
    };
    // An account that is not there must not get a key hierarchy because somebody made up an access key id.
    if !system.identities.account_exists(&*system.store, &account).await.map_err(internal)? {
        return Ok(None);
    }
    let Ok(sealed) = base64_simd::STANDARD.decode_to_vec(token.as_bytes()) else { return Ok(None) };
    let domain = system.vault.domain(&*system.store, &account, GLOBAL).await.map_err(internal)?;
    let Ok(text) = domain.unwrap_secret(PURPOSE, access_key_id, &WrappedKey::from_bytes(sealed)) else {
        return Ok(None);
    };
    serde_json::from_slice(text.expose()).map(Some).map_err(|_| internal("a session token of an unknown form"))
}
