//! One seal: the root key, for one key file or passphrase.
//!
//! ```text
//! opener          = key file's key, or Argon2id(passphrase)                        held by the operator
//! seal secret s   = 32 random bytes                                                of the seal
//! opening key     = ML-KEM-1024 decapsulation key, with its public key             of the seal
//! opening_key     = envelope(opener,   SEAL_OPENING, [description], s ‖ decapsulation key)
//! seal_secret     = envelope(root key, SEAL_SECRET,  [id, public key], s)
//! kem_ciphertext, t = ML-KEM-1024 encapsulation to the public key
//! sealed_root_key = envelope(s ‖ t,    SEALED_ROOT,  [id, root key id, kem_ciphertext], root key)
//! ```
//!
//! Sealing a new root key needs the old one (for `s`) and the public key; opening needs the opener. `s` proves that
//! the sealer held the root key in force; `t` keeps a root key that leaked later from opening its successors.

use std::fmt;

use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_1024};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::passphrase::Argon2Parameters;
use super::{SealError, UnsealError, Unsealer, key_file, passphrase};
use crate::hierarchy::RootKey;
use crate::secret::Secret;
use crate::{digest, envelope, fatal, labels, random, text};

const SEAL_SECRET_LEN: usize = 32;
const SHARED_SECRET_LEN: usize = 32;
const ID_LEN: usize = 8;

/// What opens a seal, and the public parameters that go with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SealKind {
    /// A key file.
    KeyFile {
        /// Public fingerprint of the key file: 32 lower-case hexadecimal digits.
        key_file_id: String,
    },
    /// A passphrase.
    Passphrase(Argon2Parameters),
}

impl SealKind {
    /// `"key-file"` or `"passphrase"`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::KeyFile { .. } => "key-file",
            Self::Passphrase(_) => "passphrase",
        }
    }
}

/// One enrolled way to open the root key. Holds nothing secret in the clear.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// Names the seal within its set: 16 lower-case hexadecimal digits.
    pub id: String,
    /// Key file or passphrase, with its parameters.
    #[serde(flatten)]
    pub kind: SealKind,
    /// When it was enrolled: ISO 8601, UTC.
    pub created: String,
    #[serde(with = "text::base64")]
    public_key: Vec<u8>,
    #[serde(with = "text::base64")]
    opening_key: Vec<u8>,
    #[serde(with = "text::base64")]
    seal_secret: Vec<u8>,
    #[serde(with = "text::base64")]
    kem_ciphertext: Vec<u8>,
    #[serde(with = "text::base64")]
    sealed_root_key: Vec<u8>,
    /// SHA-256 over all of the above: tells damage from a wrong passphrase. It proves nothing; the envelopes do.
    checksum: String,
}

impl fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolled")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// The key in the operator's hand.
pub(super) struct Opener(Secret);

impl Opener {
    pub(super) fn from_key(key: Secret) -> Self {
        Self(key)
    }

    /// The opener for a new seal.
    pub(super) fn prepare(unsealer: Unsealer<'_>) -> Result<(SealKind, Self), SealError> {
        match unsealer {
            Unsealer::KeyFile(path) => {
                let key = key_file::read(path)?;
                Ok((SealKind::KeyFile { key_file_id: key_file::fingerprint(&key) }, Self(key)))
            }
            Unsealer::Passphrase(passphrase) => {
                passphrase::check_length(passphrase)?;
                let parameters = Argon2Parameters::fresh();
                match passphrase::stretch(passphrase, &parameters) {
                    Ok(key) => Ok((SealKind::Passphrase(parameters), Self(key))),
                    Err(_) => fatal::abort("the parameters for new passphrase seals are out of their own bounds"),
                }
            }
        }
    }
}

impl Enrolled {
    /// Seals `root` for `opener`.
    pub(super) fn new(root: &RootKey, kind: SealKind, opener: &Opener) -> Self {
        let seal_secret = Secret::random(SEAL_SECRET_LEN);
        let Some((public_key, opening)) = new_opening_key(&seal_secret) else {
            fatal::abort("ML-KEM key generation failed");
        };
        let mut seal = Self {
            id: hex::encode(random::bytes::<ID_LEN>()),
            kind,
            created: now(),
            public_key,
            opening_key: Vec::new(),
            seal_secret: Vec::new(),
            kem_ciphertext: Vec::new(),
            sealed_root_key: Vec::new(),
            checksum: String::new(),
        };
        seal.opening_key = envelope::seal(&opener.0, labels::SEAL_OPENING, &[&seal.description()], &opening);
        if seal.put(root, &seal_secret).is_none() {
            fatal::abort("ML-KEM refused its own public key");
        }
        seal
    }

    /// The same seal around `new` instead of `old`; `None` when this seal was not made by someone who held `old`.
    pub(super) fn reseal(&self, old: &RootKey, new: &RootKey) -> Option<Self> {
        let mut seal_secret =
            envelope::open(old.secret(), labels::SEAL_SECRET, &self.seal_secret_aad(), &self.seal_secret).ok()?;
        let mut seal = self.clone();
        seal.put(new, &Secret::take(&mut seal_secret))?;
        Some(seal)
    }

    /// The root key; `Ok(None)` when `opener` is not the one of this seal.
    pub(super) fn open(&self, root_key_id: &str, opener: &Opener) -> Result<Option<RootKey>, UnsealError> {
        let Ok(opening) = envelope::open(&opener.0, labels::SEAL_OPENING, &[&self.description()], &self.opening_key)
        else {
            return Ok(None);
        };
        self.take(root_key_id, opening).map(Some).ok_or_else(|| self.damaged())
    }

    /// Whether the seal is as it was written.
    pub(super) fn check(&self, root_key_id: &str) -> Result<(), UnsealError> {
        if self.checksum == self.checksum_for(root_key_id) { Ok(()) } else { Err(self.damaged()) }
    }

    pub(super) fn damaged(&self) -> UnsealError {
        UnsealError::Damaged { id: self.id.clone() }
    }

    pub(super) fn refused(&self, reason: String) -> UnsealError {
        UnsealError::Parameters { id: self.id.clone(), reason }
    }

    /// Puts `root` into the seal.
    fn put(&mut self, root: &RootKey, seal_secret: &Secret) -> Option<()> {
        let root_key_id = root.id();
        let public_key = EncapsulationKey::new(&ML_KEM_1024, &self.public_key).ok()?;
        let (kem_ciphertext, shared) = public_key.encapsulate().ok()?;
        let key = sealing_key(seal_secret.expose(), shared.as_ref())?;
        self.kem_ciphertext = kem_ciphertext.as_ref().to_vec();
        self.seal_secret =
            envelope::seal(root.secret(), labels::SEAL_SECRET, &self.seal_secret_aad(), seal_secret.expose());
        self.sealed_root_key =
            envelope::seal(&key, labels::SEALED_ROOT, &self.root_aad(&root_key_id), root.secret().expose());
        self.checksum = self.checksum_for(&root_key_id);
        Some(())
    }

    /// Takes the root key out of the seal, given the contents of `opening_key`.
    fn take(&self, root_key_id: &str, mut opening: Zeroizing<Vec<u8>>) -> Option<RootKey> {
        let opening = Secret::take(&mut opening);
        let (seal_secret, decapsulation_key) = opening.expose().split_at_checked(SEAL_SECRET_LEN)?;
        let decapsulation_key = DecapsulationKey::new(&ML_KEM_1024, decapsulation_key).ok()?;
        let shared = decapsulation_key.decapsulate(Ciphertext::from(self.kem_ciphertext.as_slice())).ok()?;
        let key = sealing_key(seal_secret, shared.as_ref())?;
        let root =
            envelope::open(&key, labels::SEALED_ROOT, &self.root_aad(root_key_id), &self.sealed_root_key).ok()?;
        RootKey::from_unsealed(root).filter(|root| root.id() == root_key_id)
    }

    fn seal_secret_aad(&self) -> [&[u8]; 2] {
        [self.id.as_bytes(), &self.public_key]
    }

    fn root_aad<'a>(&'a self, root_key_id: &'a str) -> [&'a [u8]; 3] {
        [self.id.as_bytes(), root_key_id.as_bytes(), &self.kem_ciphertext]
    }

    /// What the seal says about itself, for binding: every part as u32be length and bytes.
    fn description(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut part = |bytes: &[u8]| {
            out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            out.extend_from_slice(bytes);
        };
        part(self.id.as_bytes());
        part(self.created.as_bytes());
        part(self.kind.name().as_bytes());
        match &self.kind {
            SealKind::KeyFile { key_file_id } => part(key_file_id.as_bytes()),
            SealKind::Passphrase(parameters) => {
                part(&parameters.salt);
                for number in [parameters.memory_kib, parameters.passes, parameters.lanes] {
                    part(&number.to_be_bytes());
                }
            }
        }
        part(&self.public_key);
        out
    }

    fn checksum_for(&self, root_key_id: &str) -> String {
        let description = self.description();
        let mut hash = digest::Sha256::new();
        for part in [
            root_key_id.as_bytes(),
            &description,
            &self.opening_key,
            &self.seal_secret,
            &self.kem_ciphertext,
            &self.sealed_root_key,
        ] {
            hash.update(&(part.len() as u32).to_be_bytes());
            hash.update(part);
        }
        hex::encode(hash.finish())
    }
}

/// A fresh ML-KEM key: its public half, and `seal secret ‖ decapsulation key`.
fn new_opening_key(seal_secret: &Secret) -> Option<(Vec<u8>, Zeroizing<Vec<u8>>)> {
    let decapsulation_key = DecapsulationKey::generate(&ML_KEM_1024).ok()?;
    let public_key = decapsulation_key.encapsulation_key().and_then(|key| key.key_bytes()).ok()?;
    let private = decapsulation_key.key_bytes().ok()?;
    let mut opening = Zeroizing::new(Vec::with_capacity(SEAL_SECRET_LEN + private.as_ref().len()));
    opening.extend_from_slice(seal_secret.expose());
    opening.extend_from_slice(private.as_ref());
    Some((public_key.as_ref().to_vec(), opening))
}

/// `seal secret ‖ shared secret`: without both, the root key stays shut.
fn sealing_key(seal_secret: &[u8], shared: &[u8]) -> Option<Secret> {
    if seal_secret.len() != SEAL_SECRET_LEN || shared.len() != SHARED_SECRET_LEN {
        return None;
    }
    let mut key = Secret::zeroed(SEAL_SECRET_LEN + SHARED_SECRET_LEN);
    let (first, second) = key.bytes_mut().split_at_mut(SEAL_SECRET_LEN);
    first.copy_from_slice(seal_secret);
    second.copy_from_slice(shared);
    Some(key)
}

/// Enrolling is an operator's act on this machine, so its date is the machine's, not that of a server's clock, which
/// may be virtual.
fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

#[cfg(test)]
mod tampering {
    use super::*;

    /// What somebody with write access to the store could do, or with an old root key.
    impl Enrolled {
        pub(in crate::seals) fn fix_checksum(&mut self, root_key_id: &str) {
            self.checksum = self.checksum_for(root_key_id);
        }

        pub(in crate::seals) fn plant_public_key(&mut self, foreign: &Self, root_key_id: &str) {
            self.public_key = foreign.public_key.clone();
            self.fix_checksum(root_key_id);
        }

        pub(in crate::seals) fn seal_secret_with(&self, root: &RootKey) -> Vec<u8> {
            envelope::open(root.secret(), labels::SEAL_SECRET, &self.seal_secret_aad(), &self.seal_secret)
                .unwrap()
                .to_vec()
        }

        pub(in crate::seals) fn opens_with_seal_secret_alone(&self, seal_secret: &[u8], root_key_id: &str) -> bool {
            let candidates = [seal_secret.to_vec(), [seal_secret, &[0; SHARED_SECRET_LEN]].concat()];
            candidates.into_iter().any(|mut key| {
                let aad = self.root_aad(root_key_id);
                envelope::open(&Secret::take(&mut key), labels::SEALED_ROOT, &aad, &self.sealed_root_key).is_ok()
            })
        }
    }
}
