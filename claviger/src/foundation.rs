//! A data folder: what is in it, and how it becomes a system.
//!
//! ```text
//! DIR/claviger.db      records (sealed), seals, wrapped keys
//! DIR/audit/           the hash-chained audit log
//! DIR/trails/          buckets of trails, unless the settings name another folder
//! DIR/audit-index.db   where in the log to find what; may be deleted, and is built again
//! DIR/lock             held while a process uses the folder
//! DIR/control.sock     the operator's way to a running server
//! DIR.unseal-key       the key file, beside the folder and not in it
//! ```

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_audit::{Anchor, Log, OpenError as LogError, Options as LogOptions};
use claviger_crypto::hierarchy::RootKey;
use claviger_crypto::seals::{SealError, SealSet, UnsealError, Unsealer, create_key_file};
use claviger_identity::AccountRecord;
use claviger_pipeline::{BOOTSTRAP, Clock, Foundation, Listener, Mode, OUTBOX, QUOTAS, System, Vault, credentials};
use claviger_store::{
    Batch, CachedStore, CommitError, MemoryStore, Record, Records, SealedStore, Space, Store, StoreError,
};
use claviger_store_sqlite::{OpenError as StoreOpenError, Options as StoreOptions, SqliteStore};
use serde::{Deserialize, Serialize};

use crate::config::{Audit, Durability};
use crate::sinks::CURSORS;

/// Records kept in memory in front of the engine.
const RECORDS_CACHED_MAX: u64 = 20_000;
/// Audit records a development server in memory keeps.
const MEMORY_AUDIT_RECORDS_MAX: usize = 100_000;
/// How far back an audit log is searched for records that an interrupted process may have written already.
const RECOVERY_RECORDS: u64 = 50_000;

/// The name of this process among those that use the store. The folder's lock lets only one in, so it can be the same
/// after every start, and what the last process held is taken over at once.
pub const NODE: &str = "node-1";

/// The heads of audit logs, so that cutting one short is found.
pub static ANCHORS: Space = Space { name: "audit_anchors", indexes: &[], sealed: true };

/// Every table of the store.
pub fn spaces() -> Vec<&'static Space> {
    let mut spaces =
        vec![&BOOTSTRAP, &OUTBOX, &ANCHORS, &CURSORS, &credentials::ACCESS_KEYS, &credentials::LAST_USES, &QUOTAS];
    spaces.extend(claviger_identity::SPACES);
    spaces.extend(claviger_kms::record::SPACES);
    spaces.extend(claviger_ssm::record::SPACES);
    spaces.push(&claviger_quotas::REQUESTS);
    spaces.extend(claviger_cloudtrail::trails::record::SPACES);
    spaces
}

/// The latest head of one node's audit log.
#[derive(Serialize, Deserialize)]
pub struct AnchorRecord(pub Anchor);

impl Record for AnchorRecord {
    const SPACE: &'static Space = &ANCHORS;
    fn id(&self) -> String {
        self.0.node.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// `init` on a folder that has something in it.
    #[error("{0} is not empty; init only works in a new or empty folder, so that nothing is overwritten")]
    NotEmpty(PathBuf),
    /// `serve` on a folder that was never initialised.
    #[error("{0} is not a Claviger data folder; make one with: claviger init --data-dir {0} --account ID")]
    NotInitialised(PathBuf),
    /// Another process uses the folder.
    #[error("{path} is in use by another process{}; only one may use a data folder at a time", holder(.pid))]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The process, if it said.
        pid: String,
    },
    /// The file system refuses.
    #[error("{what} {path}: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// No way to unseal was given and none is found at the usual place.
    #[error(
        "the root key is sealed and nothing to open it with was given: there is no key file {0}, and neither \
         --key-file, --passphrase-file nor CLAVIGER_PASSPHRASE is set"
    )]
    NoUnsealer(PathBuf),
    /// The seal does not open.
    #[error("cannot unseal")]
    Unseal(#[from] UnsealError),
    /// A seal cannot be made.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The root key opened, but not what it wraps.
    #[error("the store key does not open under the root key: the folder's parts do not belong together")]
    StoreKey,
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] StoreOpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first records cannot be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The audit log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
}

fn holder(pid: &str) -> String {
    if pid.is_empty() { String::new() } else { format!(" (process {pid})") }
}

impl FolderError {
    /// The process's exit code: what a script needs to tell apart.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoUnsealer(_) | Self::Unseal(_) | Self::Seal(_) | Self::StoreKey => 3,
            Self::Locked { .. } => 4,
            _ => 1,
        }
    }
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FolderError {
    let path = path.to_owned();
    move |error| FolderError::Io { what, path, error }
}

/// Where the key file lies unless told otherwise: beside the folder.
pub fn usual_key_file(dir: &Path) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    // `data/` and `data` are the same folder.
    let trimmed = name.to_string_lossy().trim_end_matches('/').to_owned();
    name = trimmed.into();
    name.push(".unseal-key");
    name.into()
}

/// Holds a data folder for this process; released when dropped, or by the kernel when the process dies.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder, private to the user, and takes it.
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        if path.exists() {
            let mut entries = std::fs::read_dir(path).map_err(io("cannot read", path))?;
            if entries.next().is_some() {
                return Err(FolderError::NotEmpty(path.to_owned()));
            }
        }
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io("cannot make", path))?;
        Self::lock(path)
    }

    /// Takes an initialised folder.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        if !database(path).exists() {
            return Err(FolderError::NotInitialised(path.to_owned()));
        }
        Self::lock(path)
    }

    fn lock(path: &Path) -> Result<Self, FolderError> {
        let name = path.join("lock");
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut lock = options.open(&name).map_err(io("cannot open", &name))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = lock.read_to_string(&mut pid);
                return Err(FolderError::Locked { path: path.to_owned(), pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(io("cannot lock", &name)(error)),
        }
        let told = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| writeln!(lock, "{}", std::process::id()));
        told.map_err(io("cannot write", &name))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn database(dir: &Path) -> PathBuf {
    dir.join("claviger.db")
}

/// The audit log's folder.
pub fn audit_dir(dir: &Path) -> PathBuf {
    dir.join("audit")
}

/// The folder of trails' buckets, unless the settings name another.
pub fn trails_dir(dir: &Path) -> PathBuf {
    dir.join("trails")
}

/// The index of the audit log, beside its folder.
pub fn index_path(dir: &Path) -> PathBuf {
    dir.join("audit-index.db")
}

/// The engine, before anything is unsealed.
pub fn open_store(folder: &Folder) -> Result<Arc<dyn Store>, FolderError> {
    let store: Arc<dyn Store> = SqliteStore::open(&database(folder.path()), &spaces(), StoreOptions::default())?;
    Ok(store)
}

/// Writes the foundation of a new installation and returns its opened root key.
pub async fn lay(
    store: &dyn Store,
    account: &str,
    unsealer: Unsealer<'_>,
) -> Result<(Foundation, RootKey), FolderError> {
    let root = RootKey::generate();
    let (_, store_key) = root.new_store_key();
    let seals = SealSet::create(&root, unsealer)?;
    let installation = uuid::Uuid::new_v4().to_string();
    let foundation = Foundation { installation, account: account.to_owned(), seals, store_key };
    let mut batch = Batch::default();
    batch.insert(&foundation);
    store.commit(batch).await?;
    Ok((foundation, root))
}

/// Reads the foundation of an existing installation.
pub async fn read(store: &dyn Store, dir: &Path) -> Result<Foundation, FolderError> {
    let stored = store.load::<Foundation>("foundation").await?;
    stored.map(|stored| stored.record).ok_or_else(|| FolderError::NotInitialised(dir.to_owned()))
}

/// What a system is made of besides the folder.
pub struct Parts {
    /// Time.
    pub clock: Arc<Clock>,
    /// Who may call.
    pub mode: Mode,
    /// The services' caches.
    pub listeners: Vec<Arc<dyn Listener>>,
}

/// A system on a data folder.
pub async fn system(
    folder: &Folder,
    engine: Arc<dyn Store>,
    foundation: &Foundation,
    root: RootKey,
    audit: &Audit,
    parts: Parts,
) -> Result<System, FolderError> {
    let store_key = root.unwrap_store_key(&foundation.store_key).map_err(|_| FolderError::StoreKey)?;
    let sealed = SealedStore::new(engine, store_key);
    let store: Arc<dyn Store> = CachedStore::new(sealed, RECORDS_CACHED_MAX);
    let options = LogOptions {
        durability: match audit.durability {
            Durability::Os => claviger_audit::Durability::Os,
            Durability::Disk => claviger_audit::Durability::Disk,
        },
        file_bytes_max: audit.file_bytes_max,
        store: foundation.installation.clone(),
        ..LogOptions::default()
    };
    let dir = audit_dir(folder.path());
    DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(io("cannot make", &dir))?;
    let log = Arc::new(Log::open(&dir, NODE, options)?);
    let system =
        System::new(store, parts.clock, Vault::new(root), log, parts.mode, &foundation.account, parts.listeners);
    recover(&system, &dir).await;
    ensure_account(&system).await?;
    Ok(system)
}

/// The installation's own account is there from the start.
async fn ensure_account(system: &System) -> Result<(), FolderError> {
    if system.store.load::<AccountRecord>(&system.account).await?.is_none() {
        let mut batch = Batch::default();
        batch.insert(&AccountRecord::new(&system.account, "management", system.clock.now()));
        system.commit(batch).await?;
    }
    Ok(())
}

/// Chains what was committed just before the last process ended and had not reached the log.
async fn recover(system: &System, dir: &Path) {
    let from = system.log.head().sequence.saturating_sub(RECOVERY_RECORDS);
    let known: std::collections::HashSet<String> = match claviger_audit::read(dir, from) {
        Ok(records) => records.flatten().filter_map(|record| event_id(&record.json)).collect(),
        Err(error) => {
            tracing::error!(%error, "the audit log cannot be read back");
            return;
        }
    };
    match system.recover_outbox(|id| known.contains(id)).await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "audit records of the last changes before the stop were completed"),
        Err(error) => tracing::error!(%error, "audit records of the last changes before the stop are still waiting"),
    }
}

fn event_id(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "eventID")]
        event_id: String,
    }
    serde_json::from_str::<Named>(json).ok().map(|named| named.event_id)
}

/// A system that forgets everything when the process ends.
pub fn in_memory(account: &str, parts: Parts) -> System {
    let store: Arc<dyn Store> = MemoryStore::new();
    let log = Arc::new(Log::in_memory(MEMORY_AUDIT_RECORDS_MAX));
    System::new(store, parts.clock, Vault::new(RootKey::generate()), log, parts.mode, account, parts.listeners)
}

/// Makes a key file unless it is there (a development folder that was emptied keeps its key).
pub fn ensure_key_file(path: &Path) -> Result<(), FolderError> {
    if path.exists() {
        return Ok(());
    }
    create_key_file(path).map_err(|error| FolderError::Seal(SealError::KeyFile(error)))
}
