//! What the operator opens the root key with.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use claviger_crypto::hierarchy::RootKey;
use claviger_crypto::seals::{SealSet, Unsealer, key_file_exposed};
use zeroize::{Zeroize, Zeroizing};

use crate::foundation::{FolderError, usual_key_file};

/// A passphrase or a key file, owned.
pub enum Opener {
    /// A key file.
    KeyFile(PathBuf),
    /// A passphrase.
    Passphrase(Zeroizing<String>),
}

impl Opener {
    /// The form the seals take.
    pub fn as_unsealer(&self) -> Unsealer<'_> {
        match self {
            Self::KeyFile(path) => Unsealer::KeyFile(path),
            Self::Passphrase(text) => Unsealer::Passphrase(text),
        }
    }

    /// The same, for a process with another working directory.
    pub fn absolute(self) -> std::io::Result<Self> {
        Ok(match self {
            Self::KeyFile(path) => Self::KeyFile(std::path::absolute(path)?),
            passphrase => passphrase,
        })
    }

    /// Opens the root key; a key file that others can read is worth a warning.
    pub fn unseal(&self, seals: &SealSet) -> Result<RootKey, FolderError> {
        if let Self::KeyFile(path) = self
            && let Some(warning) = key_file_exposed(path)
        {
            tracing::warn!("{warning}");
        }
        Ok(seals.unseal(self.as_unsealer())?)
    }
}

/// Chooses what to open with: what was given, else the usual key file, else the environment's passphrase.
pub fn choose(dir: &Path, key_file: Option<PathBuf>, passphrase_file: Option<PathBuf>) -> Result<Opener, FolderError> {
    if let Some(path) = key_file {
        return Ok(Opener::KeyFile(path));
    }
    if let Some(path) = passphrase_file {
        return Ok(Opener::Passphrase(read_passphrase(&path)?));
    }
    if let Some(text) = environment() {
        return Ok(Opener::Passphrase(text));
    }
    let usual = usual_key_file(dir);
    if usual.exists() { Ok(Opener::KeyFile(usual)) } else { Err(FolderError::NoUnsealer(usual)) }
}

fn environment() -> Option<Zeroizing<String>> {
    std::env::var("CLAVIGER_PASSPHRASE").ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}

/// The first line of a file.
pub fn read_passphrase(path: &Path) -> Result<Zeroizing<String>, FolderError> {
    let read = std::fs::read_to_string(path);
    let mut text = read.map_err(|error| FolderError::Io { what: "cannot read", path: path.to_owned(), error })?;
    let line = Zeroizing::new(text.lines().next().unwrap_or_default().to_owned());
    text.zeroize();
    Ok(line)
}

/// A new passphrase: from a file, the environment, or typed twice at a terminal.
pub fn new_passphrase(file: Option<&Path>) -> anyhow::Result<Zeroizing<String>> {
    if let Some(path) = file {
        return Ok(read_passphrase(path)?);
    }
    if let Some(text) = environment() {
        return Ok(text);
    }
    if !std::io::stdin().is_terminal() {
        anyhow::bail!("no passphrase: give --passphrase-file FILE, set CLAVIGER_PASSPHRASE, or run this at a terminal");
    }
    let first = Zeroizing::new(rpassword::prompt_password("New passphrase: ")?);
    let second = Zeroizing::new(rpassword::prompt_password("Once more: ")?);
    if *first != *second {
        anyhow::bail!("the two passphrases differ");
    }
    Ok(first)
}
