//! What `encrypt`, `decrypt` and `inspect` share.

pub(super) mod batch;
mod keys;
pub(super) mod metadata;
pub(super) mod place;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use claviger_esdk::keyring::MultiKeyring;
use claviger_esdk::manager::{CacheLimits, CachingManager, DefaultManager, MaterialsCache, RequiredContextManager};
use claviger_esdk::materials::MaterialsManager;
use claviger_esdk::{CommitmentPolicy, EncryptionContext};

/// Which keys, and under which rules.
#[derive(Args)]
pub(super) struct KeyArgs {
    /// A file of keys: a JSON list, all of which wrap and any of which unwraps
    #[arg(long, value_name = "FILE", required_unless_present = "wrapping_key")]
    keyring: Option<PathBuf>,
    /// Keys in KMS, by ARN, id or alias (also as `key=…`), or `discovery=true` for those the message names, limited by
    /// `discovery-account=…` and `discovery-partition=…`. AWS_ENDPOINT_URL, AWS_REGION and access keys come from the
    /// environment
    #[arg(short = 'w', long, visible_alias = "wrapping-keys", value_name = "KEY", num_args = 1..)]
    wrapping_key: Vec<String>,
    /// Whether messages commit to their key: `require-encrypt-require-decrypt`, `require-encrypt-allow-decrypt` or
    /// `forbid-encrypt-allow-decrypt`
    #[arg(long, value_name = "POLICY", default_value_t)]
    pub(super) commitment_policy: CommitmentPolicy,
    /// Pairs the messages are bound to: `name=value`
    #[arg(short = 'c', long, value_name = "PAIR", num_args = 1..)]
    pub(super) encryption_context: Vec<String>,
    /// Names of pairs that are not stored in messages, so that whoever decrypts has to know them
    #[arg(long, value_name = "NAME", num_args = 1..)]
    required_encryption_context_keys: Vec<String>,
    /// Use data keys again: `capacity=N max_age=SECONDS`, and limits `max_messages_encrypted=N`,
    /// `max_bytes_encrypted=N`
    #[arg(long, value_name = "LIMIT", num_args = 1..)]
    caching: Vec<String>,
    /// Refuse messages with more data keys than this
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) max_encrypted_data_keys: Option<u16>,
}

/// From where to where.
#[derive(Args)]
pub(super) struct PlaceArgs {
    /// A file, a directory (with --recursive), or `-` for standard input
    #[arg(short = 'i', long, value_name = "PATH", default_value = "-", num_args = 1..)]
    input: Vec<PathBuf>,
    /// A file, a directory that exists, or `-` for standard output
    #[arg(short = 'o', long, value_name = "PATH", default_value = "-")]
    output: PathBuf,
    /// Ending of names in an output directory [default: .encrypted or .decrypted]
    #[arg(long, value_name = "SUFFIX", num_args = 0..=1, default_missing_value = "")]
    suffix: Option<String>,
    /// Everything in directories, with the same folders in the output
    #[arg(short = 'r', visible_short_alias = 'R', long)]
    recursive: bool,
    /// Leave files that exist as they are
    #[arg(long, conflicts_with = "interactive")]
    no_overwrite: bool,
    /// Ask before files that exist are overwritten
    #[arg(long)]
    interactive: bool,
    /// Write a line of JSON for every message to this file, or `-`
    #[arg(long, value_name = "FILE")]
    metadata_output: Option<PathBuf>,
    /// Empty that file first
    #[arg(long, requires = "metadata_output")]
    overwrite_metadata: bool,
}

/// Materials, and what their provider's calls run on.
pub(super) struct Session {
    runtime: tokio::runtime::Runtime,
    pub(super) manager: Arc<dyn MaterialsManager>,
}

impl Session {
    /// Waits on this thread; several threads may.
    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl KeyArgs {
    /// Who provides materials.
    pub(super) fn session(&self) -> anyhow::Result<Session> {
        let kms = keys::Kms::default();
        let mut keyrings = match &self.keyring {
            Some(path) => keys::read(path, &kms)?,
            None => Vec::new(),
        };
        keyrings.extend(keys::named(&self.wrapping_key, &kms)?);
        let mut keyrings = keyrings.into_iter();
        let manager = DefaultManager::new(MultiKeyring::new(keyrings.next(), keyrings.collect())?);
        let manager: Arc<dyn MaterialsManager> = match &self.caching[..] {
            [] => Arc::new(manager),
            limits => {
                let (capacity, limits) = caching(limits)?;
                Arc::new(CachingManager::new(manager, Arc::new(MaterialsCache::new(capacity)), limits)?)
            }
        };
        let manager: Arc<dyn MaterialsManager> = match &self.required_encryption_context_keys[..] {
            [] => manager,
            keys => Arc::new(RequiredContextManager::new(manager, keys.to_vec())),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Session { runtime, manager })
    }

    /// The pairs, and the names without a value.
    pub(super) fn context(&self) -> anyhow::Result<(EncryptionContext, Vec<String>)> {
        let (mut pairs, mut names) = (EncryptionContext::new(), Vec::new());
        for text in &self.encryption_context {
            match text.split_once('=') {
                Some(("", _)) => bail!("the encryption context's `{text}` has no name; write name=value"),
                Some((name, value)) => {
                    let former = pairs.insert(name.to_owned(), value.to_owned());
                    ensure!(former.is_none(), "the encryption context's `{name}` is there twice");
                }
                None => names.push(text.clone()),
            }
        }
        Ok((pairs, names))
    }
}

/// Capacity and limits of a cache, as `aws-encryption-cli` spells them.
fn caching(values: &[String]) -> anyhow::Result<(usize, CacheLimits)> {
    let (mut capacity, mut max_age, mut limits) = (None, None, CacheLimits::new(Duration::ZERO));
    for value in values {
        let wrong = || format!("--caching does not understand `{value}`");
        let (name, number) = value.split_once('=').with_context(wrong)?;
        match name {
            "capacity" => capacity = Some(number.parse().with_context(wrong)?),
            "max_age" => {
                let seconds = number.parse().with_context(wrong)?;
                max_age = Some(Duration::try_from_secs_f64(seconds).with_context(wrong)?);
            }
            "max_messages_encrypted" => limits.max_messages = number.parse().with_context(wrong)?,
            "max_bytes_encrypted" => limits.max_bytes = number.parse().with_context(wrong)?,
            _ => bail!(wrong()),
        }
    }
    let (capacity, max_age) = capacity.zip(max_age).context("--caching needs both capacity and max_age")?;
    Ok((capacity, CacheLimits { max_age, ..limits }))
}
