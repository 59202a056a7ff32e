//! Access keys, sessions, and who a signed request comes from.

mod authenticate;
mod principal;
mod session;
mod uses;

use claviger_crypto::hierarchy::WrappedKey;
use claviger_store::{Record, Space};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::system::System;
use crate::{Internal, internal};

pub(crate) use authenticate::Credentials;
pub use authenticate::authenticate;
pub use principal::impersonate;
pub use session::{Holder, Session, SessionCredentials, issue_session};
pub use uses::{LAST_USES, LastUse};

/// Access keys by access key id. Index `by_owner`: `ACCOUNT/AIDA…` or `ACCOUNT/root`, then the time.
pub static ACCESS_KEYS: Space = Space { name: "access_keys", indexes: &["by_owner"], sealed: true };

/// Domain keys that do not belong to a Region are kept under this name.
pub const GLOBAL: &str = "global";

/// How far a client's clock may be off, in seconds (15 minutes, as at AWS).
pub const SKEW_SECONDS: i64 = 900;

/// Purpose label under which access-key secrets are wrapped.
const PURPOSE: &str = "access key";

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
    /// `Inactive` keys are refused.
    #[serde(default = "active")]
    pub active: bool,
}

fn active() -> bool {
    true
}

/// The principal an access key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// The account's root user.
    Root,
    /// An IAM user.
    User {
        /// `AIDA…`: a user made again under the same name does not get the old keys.
        user_id: String,
    },
}

/// `ACCOUNT/AIDA…` or `ACCOUNT/root`, and a slash: the prefix in `by_owner`.
pub fn owner_prefix(account: &str, owner: &Owner) -> String {
    let holder = match owner {
        Owner::Root => "root",
        Owner::User { user_id } => user_id,
    };
    format!("{account}/{holder}/")
}

impl Record for AccessKey {
    const SPACE: &'static Space = &ACCESS_KEYS;
    fn id(&self) -> String {
        self.access_key_id.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        let owner = owner_prefix(&self.account, &self.owner);
        vec![("by_owner", format!("{owner}{:020}", self.created.as_millisecond()))]
    }
}

/// A fresh access key with its secret in the clear, to be shown once.
pub struct Issued {
    /// The record to store.
    pub record: AccessKey,
    /// The 40-character secret.
    pub secret: zeroize::Zeroizing<String>,
}

/// Makes an access key of `account` for `owner`.
pub async fn issue(system: &System, account: &str, owner: Owner) -> Result<Issued, Internal> {
    let domain = system.vault.domain(&*system.store, account, GLOBAL).await.map_err(internal)?;
    let access_key_id = new_access_key_id("AKIA", account);
    let secret = new_secret();
    let wrapped = domain.wrap_secret(PURPOSE, &access_key_id, secret.as_bytes());
    let created = system.clock.now();
    let record =
        AccessKey { access_key_id, account: account.to_owned(), owner, secret: wrapped, created, active: true };
    Ok(Issued { record, secret })
}

/// Makes an access key for the root user of `account`.
pub async fn issue_root(system: &System, account: &str) -> Result<Issued, Internal> {
    issue(system, account, Owner::Root).await
}

/// 20 characters: `AKIA` or `ASIA`, then 16 of base32 that decode to the account (the account number shifted left by seven bits
/// in the first six bytes) and 32 bits of chance.
fn new_access_key_id(prefix: &str, account: &str) -> String {
    let number: u64 = account.parse().unwrap_or(0);
    let random = claviger_crypto::random::bytes::<5>();
    // 80 bits: a leading one as AWS's newer keys carry it, 40 bits of account, 39 random bits.
    let low39 = random.iter().fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte)) & ((1 << 39) - 1);
    let bits: u128 = (1 << 79) | (u128::from(number & ((1 << 40) - 1)) << 39) | low39;
    let mut id = String::from(prefix);
    for position in (0..16).rev() {
        id.push(char::from(ALPHABET[((bits >> (position * 5)) & 31) as usize]));
    }
    id
}

/// The account an access key id was made for: its 12 digits. `None` if the id has not the form of one.
pub fn account_of(access_key_id: &str) -> Option<String> {
    let encoded = access_key_id.get(4..20).filter(|_| access_key_id.len() == 20)?;
    let bits = encoded.bytes().try_fold(0u128, |bits, byte| {
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        Some((bits << 5) | value as u128)
    })?;
    // Without the leading one: 40 bits above 39 of chance.
    Some(format!("{:012}", (bits >> 39) & ((1 << 40) - 1)))
}

/// A fresh unique id: the prefix (`AIDA`, `AROA`, `AGPA`, `ANPA`) and 17 characters of base32.
pub fn new_unique_id(prefix: &str) -> String {
    let random = claviger_crypto::random::bytes::<17>();
    let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    prefix.chars().chain(letters).collect()
}

/// Base32 as RFC 4648 spells it.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn new_secret() -> zeroize::Zeroizing<String> {
    let mut random = zeroize::Zeroizing::new([0u8; 30]);
    claviger_crypto::random::fill(&mut *random);
    zeroize::Zeroizing::new(base64_simd::STANDARD.encode_to_string(*random))
}

/// Whether the text is an account id: 12 digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The decoding third-party tools use: base32, first six bytes big-endian, mask, shift.
    fn decoded(access_key_id: &str) -> u64 {
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
            let id = new_access_key_id("AKIA", account);
            assert_eq!(id.len(), 20);
            assert_eq!(decoded(&id), account.parse::<u64>().unwrap());
            assert_eq!(account_of(&id).as_deref(), Some(account));
        }
        // A published example: ASIAQNZGKIQY56JQ7WML belongs to 029608264753.
        assert_eq!(decoded("ASIAQNZGKIQY56JQ7WML"), 29_608_264_753);
        assert_eq!(account_of("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        for wrong in ["", "dev", "111122223333", "ASIAQNZGKIQY56JQ7WM", "ASIAQNZGKIQY56JQ7WM1", "ASIAÄÄÄÄÄÄÄÄ"]
        {
            assert_eq!(account_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_have_the_form_clients_expect() {
        let secret = new_secret();
        assert_eq!(secret.len(), 40);
        assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/'));
    }
}
