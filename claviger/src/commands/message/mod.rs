//! What `encrypt`, `decrypt` and `inspect` share.

pub(super) mod batch;
mod keys;
pub(super) mod metadata;
pub(super) mod place;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::Args;
use claviger_esdk::keyring::MultiKeyring;
use claviger_esdk::manager::{DefaultManager, RequiredContextManager};
use claviger_esdk::materials::MaterialsManager;
use claviger_esdk::{CommitmentPolicy, EncryptionContext};

/// Which keys, and under which rules.
#[derive(Args)]
pub(super) struct KeyArgs {
    /// A file of keys: a JSON list, all of which wrap and any of which unwraps
    #[arg(long, value_name = "FILE", required = true)]
    keyring: Option<PathBuf>,
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

impl KeyArgs {
    /// Who provides materials.
    pub(super) fn manager(&self) -> anyhow::Result<Arc<dyn MaterialsManager>> {
        let path = self.keyring.as_deref().context("name the keys with --keyring")?;
        let mut keyrings = keys::read(path)?.into_iter();
        let keyring = MultiKeyring::new(keyrings.next(), keyrings.collect())
            .with_context(|| format!("cannot use {}", path.display()))?;
        let manager = DefaultManager::new(keyring);
        if self.required_encryption_context_keys.is_empty() {
            return Ok(Arc::new(manager));
        }
        Ok(Arc::new(RequiredContextManager::new(manager, self.required_encryption_context_keys.clone())))
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
