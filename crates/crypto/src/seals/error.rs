//! What can go wrong with seals, in words for an operator.

use std::path::PathBuf;

use super::passphrase::PASSPHRASE_BYTES_MIN;

/// A key file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// The operating system refused.
    #[error("the key file {path} cannot be {action}: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// `"read"` or `"written"`.
        action: &'static str,
        /// The operating system's words.
        reason: String,
    },
    /// There is a file already; a key file is never overwritten.
    #[error("{path} exists already: a key file is never overwritten")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The contents are not a key file.
    #[error("{path} is not an intact Claviger key file: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which part is wrong.
        reason: &'static str,
    },
}

/// The root key could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// None of the passphrase seals opens with this passphrase.
    #[error("wrong passphrase: it opens none of the passphrase seals of root key {root_key_id}")]
    WrongPassphrase {
        /// The root key asked for.
        root_key_id: String,
    },
    /// An intact key file, but not an enrolled one.
    #[error("wrong key file: {path} is intact, but is not enrolled for root key {root_key_id}")]
    WrongKeyFile {
        /// The file.
        path: PathBuf,
        /// The root key asked for.
        root_key_id: String,
    },
    /// No seal of this kind exists.
    #[error("no {kind} is enrolled for this root key; it opens with: {enrolled}")]
    NotEnrolled {
        /// What was offered.
        kind: &'static str,
        /// What is enrolled.
        enrolled: String,
    },
    /// The key file cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The stored seal was changed or damaged.
    #[error("seal {id} is damaged: restore it from a backup, or open the root key with another seal")]
    Damaged {
        /// The seal.
        id: String,
    },
    /// The stored seal asks for parameters that are too weak or too costly to be ours.
    #[error("seal {id} is refused: {reason}")]
    Parameters {
        /// The seal.
        id: String,
        /// Which bound is broken.
        reason: String,
    },
    /// Stored by a version of Claviger that this one does not know.
    #[error("the seals have format version {version}, which this version of Claviger does not know")]
    UnknownVersion {
        /// The version found.
        version: u8,
    },
}

/// The set of seals could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key file cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// Too short to resist guessing even with Argon2id.
    #[error("the passphrase is shorter than {PASSPHRASE_BYTES_MIN} bytes")]
    PassphraseTooShort,
    /// This key file is enrolled already.
    #[error("this key file is enrolled already, as seal {id}")]
    AlreadyEnrolled {
        /// The existing seal.
        id: String,
    },
    /// No seal has this id.
    #[error("there is no seal {id}")]
    UnknownSeal {
        /// What was asked for.
        id: String,
    },
    /// Removing it would leave the root key without any way to open it.
    #[error("the last seal cannot be removed: enroll another one first")]
    LastSeal,
    /// The root key given is not the one that is sealed here.
    #[error("root key {given} is not the one sealed here, {sealed}")]
    WrongRootKey {
        /// Fingerprint of the key given.
        given: String,
        /// Fingerprint of the key sealed.
        sealed: String,
    },
    /// The stored seal was changed or damaged.
    #[error("seal {id} is damaged: remove it, or restore it from a backup")]
    Damaged {
        /// The seal.
        id: String,
    },
}
