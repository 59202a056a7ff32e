//! Access keys, and who a signed request comes from.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use claviger_crypto::hierarchy::WrappedKey;
use claviger_policy::PrincipalKind;
use claviger_shapes::Fault;
use claviger_store::{Record, Records, Space};
use claviger_wire::sigv4::{self, Presented, SigningKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::call::Caller;
use crate::system::{Mode, System};
use crate::{Internal, internal};

/// Access keys by access key id.
pub static ACCESS_KEYS: Space = Space { name: "access_keys", indexes: &[], sealed: true };

/// Domain keys that do not belong to a Region are kept under this name.
pub const GLOBAL: &str = "global";

/// How far a client's clock may be off, in seconds (15 minutes, as at AWS).
pub const SKEW_SECONDS: i64 = 900;

/// Purpose label under which access-key secrets are wrapped.
const PURPOSE: &str = "access key";

/// Signing keys kept; a day's working set of a large installation.
const SIGNING_KEYS_MAX: usize = 4096;

/// One access key. Its secret is wrapped by the account's domain key.
#[derive(Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA` and 16 base32 characters that encode the account.
    pub access_key_id: String,
    /// The account.
    pub account: String,
    /// Whose key it is.
    pub owner: Owner,
    /// The wrapped secret.
    pub secret: WrappedKey,
    /// When it was made.
    pub created: Timestamp,
}

/// The principal an access key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// The account's root user.
    Root,
}

impl Record for AccessKey {
    const SPACE: &'static Space = &ACCESS_KEYS;
    fn id(&self) -> String {
        self.access_key_id.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A fresh access key with its secret in the clear, to be shown once.
pub struct Issued {
    /// The record to store.
    pub record: AccessKey,
    /// The 40-character secret.
    pub secret: zeroize::Zeroizing<String>,
}

/// Makes root access keys for `account`.
pub async fn issue_root(system: &System, account: &str) -> Result<Issued, Internal> {
    let domain = system.vault.domain(&*system.store, account, GLOBAL).await.map_err(internal)?;
    let access_key_id = new_access_key_id(account);
    let secret = new_secret();
    let wrapped = domain.wrap_secret(PURPOSE, &access_key_id, secret.as_bytes());
    let record = AccessKey {
        access_key_id,
        account: account.to_owned(),
        owner: Owner::Root,
        secret: wrapped,
        created: system.clock.now(),
    };
    Ok(Issued { record, secret })
}

/// 20 characters: `AKIA`, then 16 of base32 that decode to the account (the account number shifted left by seven bits
/// in the first six bytes) and 32 bits of chance.
fn new_access_key_id(account: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let number: u64 = account.parse().unwrap_or(0);
    let random = claviger_crypto::random::bytes::<5>();
    // 80 bits: a leading one as AWS's newer keys carry it, 40 bits of account, 39 random bits.
    let low39 = random.iter().fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte)) & ((1 << 39) - 1);
    let bits: u128 = (1 << 79) | (u128::from(number & ((1 << 40) - 1)) << 39) | low39;
    let mut id = String::from("AKIA");
    for position in (0..16).rev() {
        id.push(char::from(ALPHABET[((bits >> (position * 5)) & 31) as usize]));
    }
    id
}

fn new_secret() -> zeroize::Zeroizing<String> {
    let mut random = zeroize::Zeroizing::new([0u8; 30]);
    claviger_crypto::random::fill(&mut *random);
    zeroize::Zeroizing::new(base64_simd::STANDARD.encode_to_string(*random))
}

/// What is known of an access key on the hot path.
struct Known {
    caller: Arc<Caller>,
    key: SigningKey,
}

/// Signing keys already derived, by access key, day, Region and service.
#[derive(Default)]
pub(crate) struct Credentials {
    known: RwLock<HashMap<Box<str>, Arc<Known>>>,
}

impl Credentials {
    pub(crate) fn changed(&self, space: &str, _id: &str) {
        if space == ACCESS_KEYS.name {
            self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    fn get(&self, scope: &str) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(scope).cloned()
    }

    fn put(&self, scope: &str, known: Arc<Known>) {
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SIGNING_KEYS_MAX {
            all.clear();
        }
        all.insert(scope.into(), known);
    }
}

/// Proves who signed the request.
pub async fn authenticate(
    system: &System,
    request: &claviger_wire::Request,
    presented: &Presented<'_>,
    partition: &str,
) -> Result<Arc<Caller>, Fault> {
    let scope = format!("{}/{}/{}/{}", presented.access_key_id, presented.date, presented.region, presented.service);
    if let Some(known) = system.credentials.get(&scope) {
        if presented.session_token.is_some() {
            return Err(unrecognized());
        }
        presented.verify(request, &known.key)?;
        return Ok(Arc::clone(&known.caller));
    }
    let stored =
        system.store.load::<AccessKey>(presented.access_key_id).await.map_err(|error| internal(error).into_fault())?;
    let Some(stored) = stored else {
        return match &system.mode {
            Mode::Development { account } => {
                let account = if is_account(presented.access_key_id) { presented.access_key_id } else { account };
                Ok(Arc::new(Caller::root(partition, account, presented.access_key_id)))
            }
            Mode::Enforced => Err(unrecognized()),
        };
    };
    // A long-term key never comes with a session token.
    if presented.session_token.is_some() {
        return Err(unrecognized());
    }
    let record = stored.record;
    let domain = system
        .vault
        .domain(&*system.store, &record.account, GLOBAL)
        .await
        .map_err(|error| internal(error).into_fault())?;
    let secret = domain.unwrap_secret(PURPOSE, &record.access_key_id, &record.secret).map_err(|_| {
        internal(format!("the secret of access key {} does not open", record.access_key_id)).into_fault()
    })?;
    let key = sigv4::signing_key(secret.expose(), presented.date, presented.region, presented.service);
    presented.verify(request, &key)?;
    let caller = match record.owner {
        Owner::Root => Arc::new(Caller::root(partition, &record.account, &record.access_key_id)),
    };
    debug_assert_eq!(caller.kind, PrincipalKind::Root);
    system.credentials.put(&scope, Arc::new(Known { caller: Arc::clone(&caller), key }));
    Ok(caller)
}

/// Whether the text is an account id: 12 digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn unrecognized() -> Fault {
    Fault {
        code: "UnrecognizedClientException",
        status: 400,
        message: Some("The security token included in the request is invalid.".into()),
        cause: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The decoding third-party tools use: base32, first six bytes big-endian, mask, shift.
    fn account_of(access_key_id: &str) -> u64 {
        let bits = access_key_id[4..].bytes().fold(0u128, |bits, byte| {
            let value = if byte.is_ascii_uppercase() { byte - b'A' } else { byte - b'2' + 26 };
            (bits << 5) | u128::from(value)
        });
        let first_six_bytes = (bits >> 32) as u64;
        (first_six_bytes & 0x7fff_ffff_ff80) >> 7
    }

    #[test]
    fn access_key_ids_decode_to_their_account() {
        for account in ["000000000000", "111122223333", "999999999999", "581039954779"] {
            let id = new_access_key_id(account);
            assert_eq!(id.len(), 20);
            assert_eq!(account_of(&id), account.parse::<u64>().unwrap());
        }
        // A published example: ASIAQNZGKIQY56JQ7WML belongs to 029608264753.
        assert_eq!(account_of("ASIAQNZGKIQY56JQ7WML"), 29_608_264_753);
    }

    #[test]
    fn secrets_have_the_form_clients_expect() {
        let secret = new_secret();
        assert_eq!(secret.len(), 40);
        assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/'));
    }
}
