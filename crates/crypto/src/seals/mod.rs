//! Sealing the root key: how it rests, and how an operator opens it.
//!
//! A [`SealSet`] holds the root key several times, once for every enrolled seal; each seal opens alone. A seal is
//! opened with something kept apart from the data: a key file or a passphrase.
//!
//! Replacing the root key must work while the server runs and without asking for passphrases again. So a seal is a
//! pair of keys of its own: whoever holds the root key in force can seal a new one for it, but only what the
//! operator holds can open it. `docs/cryptographic-details.md` gives the layout and the reasons.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::hierarchy::RootKey;

mod error;
mod key_file;
mod passphrase;
mod seal;

pub use error::{KeyFileError, SealError, UnsealError};
pub use key_file::{create_key_file, key_file_exposed};
pub use passphrase::{Argon2Parameters, PASSPHRASE_BYTES_MIN};
pub use seal::{Enrolled, SealKind};

use seal::Opener;

#[cfg(test)]
mod tests;

/// Version of the stored form.
const VERSION: u8 = 1;

/// What an operator opens a seal with.
#[derive(Clone, Copy)]
pub enum Unsealer<'a> {
    /// The file made by [`create_key_file`].
    KeyFile(&'a Path),
    /// A passphrase, taken as the bytes of its UTF-8.
    Passphrase(&'a Zeroizing<String>),
}

impl fmt::Debug for Unsealer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyFile(path) => f.debug_tuple("KeyFile").field(path).finish(),
            Self::Passphrase(_) => f.write_str("Passphrase(..)"),
        }
    }
}

/// The root key at rest: sealed once for every enrolled way to open it. Holds nothing secret in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealSet {
    version: u8,
    /// Public fingerprint of the sealed root key, [`RootKey::id`].
    pub root_key_id: String,
    /// The seals, oldest first. Never empty.
    pub seals: Vec<Enrolled>,
}

impl SealSet {
    /// Seals `root` for the first time.
    pub fn create(root: &RootKey, unsealer: Unsealer<'_>) -> Result<Self, SealError> {
        let mut set = Self { version: VERSION, root_key_id: root.id(), seals: Vec::new() };
        set.enroll(root, unsealer)?;
        Ok(set)
    }

    /// Adds another way to open `root`, which must be the root key that this set seals. Returns the new seal's id.
    ///
    /// With a passphrase this takes the time and memory of one Argon2id computation.
    pub fn enroll(&mut self, root: &RootKey, unsealer: Unsealer<'_>) -> Result<String, SealError> {
        self.check_root(root)?;
        let (kind, opener) = Opener::prepare(unsealer)?;
        if let SealKind::KeyFile { .. } = kind
            && let Some(same) = self.seals.iter().find(|seal| seal.kind == kind)
        {
            return Err(SealError::AlreadyEnrolled { id: same.id.clone() });
        }
        let seal = Enrolled::new(root, kind, &opener);
        let id = seal.id.clone();
        self.seals.push(seal);
        Ok(id)
    }

    /// Takes a way to open the root key away. The last one stays: without any, the data would be lost.
    ///
    /// Copies of the data made before can still be opened the old way; replace the root key when that matters.
    pub fn remove(&mut self, id: &str) -> Result<(), SealError> {
        let position = self
            .seals
            .iter()
            .position(|seal| seal.id == id)
            .ok_or_else(|| SealError::UnknownSeal { id: id.to_owned() })?;
        if self.seals.len() == 1 {
            return Err(SealError::LastSeal);
        }
        self.seals.remove(position);
        Ok(())
    }

    /// The root key, opened with one of the enrolled ways.
    ///
    /// A passphrase is tried on every passphrase seal in turn, at the price of one Argon2id computation each.
    pub fn unseal(&self, unsealer: Unsealer<'_>) -> Result<RootKey, UnsealError> {
        if self.version != VERSION {
            return Err(UnsealError::UnknownVersion { version: self.version });
        }
        match unsealer {
            Unsealer::KeyFile(path) => self.unseal_with_key_file(path),
            Unsealer::Passphrase(passphrase) => self.unseal_with_passphrase(passphrase),
        }
    }

    fn unseal_with_key_file(&self, path: &Path) -> Result<RootKey, UnsealError> {
        let key = key_file::read(path)?;
        let id = key_file::fingerprint(&key);
        let (mut others, mut defect) = (0, None);
        for seal in &self.seals {
            let SealKind::KeyFile { key_file_id } = &seal.kind else { continue };
            let intact = seal.check(&self.root_key_id);
            if *key_file_id == id {
                intact?;
                return seal.open(&self.root_key_id, &Opener::from_key(key))?.ok_or_else(|| seal.damaged());
            }
            // A seal whose fingerprint was damaged may be the one asked for.
            defect = defect.or(intact.err());
            others += 1;
        }
        Err(match (others, defect) {
            (_, Some(error)) => error,
            (0, None) => UnsealError::NotEnrolled { kind: "key-file", enrolled: self.kinds() },
            (_, None) => UnsealError::WrongKeyFile { path: path.to_owned(), root_key_id: self.root_key_id.clone() },
        })
    }

    fn unseal_with_passphrase(&self, passphrase: &Zeroizing<String>) -> Result<RootKey, UnsealError> {
        let (mut tried, mut defect) = (0, None);
        for seal in &self.seals {
            let SealKind::Passphrase(parameters) = &seal.kind else { continue };
            // One bad seal must not keep the others from opening.
            let opened = seal
                .check(&self.root_key_id)
                .and_then(|()| passphrase::stretch(passphrase, parameters).map_err(|what| seal.refused(what)))
                .and_then(|key| seal.open(&self.root_key_id, &Opener::from_key(key)));
            match opened {
                Ok(Some(root)) => return Ok(root),
                Ok(None) => tried += 1,
                Err(error) => defect = defect.or(Some(error)),
            }
        }
        Err(match (tried, defect) {
            (_, Some(error)) => error,
            (0, None) => UnsealError::NotEnrolled { kind: "passphrase", enrolled: self.kinds() },
            (_, None) => UnsealError::WrongPassphrase { root_key_id: self.root_key_id.clone() },
        })
    }

    /// Seals `new` instead of `old` for every enrolled way, without any of them at hand.
    ///
    /// Nothing changes when this fails. Persist the result in one step with everything else that was wrapped under
    /// `old` ([`RootKey::rewrap_domain`], [`RootKey::rewrap_store_key`]).
    pub fn rewrap(&mut self, old: &RootKey, new: &RootKey) -> Result<(), SealError> {
        self.check_root(old)?;
        let root_key_id = new.id();
        let seals = self
            .seals
            .iter()
            .map(|seal| {
                let intact = seal.check(&self.root_key_id).is_ok();
                let resealed = if intact { seal.reseal(old, new) } else { None };
                resealed.ok_or_else(|| SealError::Damaged { id: seal.id.clone() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        (self.root_key_id, self.seals) = (root_key_id, seals);
        Ok(())
    }

    fn check_root(&self, root: &RootKey) -> Result<(), SealError> {
        let given = root.id();
        if given == self.root_key_id {
            Ok(())
        } else {
            Err(SealError::WrongRootKey { given, sealed: self.root_key_id.clone() })
        }
    }

    fn kinds(&self) -> String {
        let kinds: std::collections::BTreeSet<_> = self.seals.iter().map(|seal| seal.kind.name()).collect();
        kinds.into_iter().collect::<Vec<_>>().join(", ")
    }
}
