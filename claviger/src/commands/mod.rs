//! The commands, a file each.

mod account;
mod audit;
mod decrypt;
mod dev;
mod encrypt;
mod init;
mod inspect;
mod message;
mod operate;
mod policy;
mod run;
mod serve;
mod status;
mod table;
mod tour;
mod usage;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::RequestQuotas;

/// A self-hosted, wire-compatible AWS KMS.
#[derive(Parser)]
#[command(name = "claviger", version, about, long_about = ABOUT, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const ABOUT: &str = "A self-hosted, wire-compatible AWS KMS.\n\n\
    Any AWS SDK, the AWS CLI and the Encryption SDKs use it by setting AWS_ENDPOINT_URL and nothing else.\n\
    Start with `claviger tour FILE` to see it work, `claviger dev` to test against it, \
    or `claviger init` and `claviger serve` to keep keys in it.";

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the root key could not be unsealed, 4 the data folder is in use.";

#[derive(Subcommand)]
enum Command {
    /// A server for development and tests: in memory, ready at once, any credentials
    Dev(DevArgs),
    /// Make a data folder: store, sealed root key, account and its first credentials
    Init(InitArgs),
    /// Serve a data folder: durable, sealed, every request authenticated
    Serve(ServeArgs),
    /// Show the whole of it on a file of yours, in a few seconds
    Tour {
        /// The file to encrypt and decrypt; it is not changed
        file: PathBuf,
    },
    /// Encrypt data of any size into messages of the AWS Encryption SDK's format
    Encrypt(Box<encrypt::EncryptArgs>),
    /// Decrypt messages of the AWS Encryption SDK's format
    Decrypt(Box<decrypt::DecryptArgs>),
    /// Show a message's header without decrypting it
    Inspect(inspect::InspectArgs),
    /// How a running server is
    Status {
        /// The data folder of a server on this machine (shows more)
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
        /// The server's URL
        #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL", default_value = "http://127.0.0.1:9700")]
        endpoint_url: String,
    },
    /// See and change what opens the root key; works on a running server too
    #[command(subcommand)]
    Seal(SealCommand),
    /// Write a consistent copy of the database; works on a running server too
    Backup {
        #[command(flatten)]
        folder: FolderArgs,
        /// The file to write; must not exist
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// See, make and limit accounts; works on a running server too
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Break-glass: reach what nobody can reach any more
    #[command(subcommand)]
    Rescue(account::RescueCommand),
    /// Check and read the audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// What was called, by whom, and what AWS would have charged for it; works on a running server too
    Usage(usage::UsageArgs),
    /// Examine policy documents
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Print the version
    Version,
}

/// A data folder and what opens it.
#[derive(Args)]
struct FolderArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// The key file that opens the root key [default: DIR.unseal-key]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file holding the passphrase that opens the root key (or set CLAVIGER_PASSPHRASE)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Args)]
struct DevArgs {
    /// Address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9700")]
    listen: SocketAddr,
    /// The account that unknown access keys act for, as its root user; an access key id of 12 digits chooses that account
    #[arg(long, value_name = "ID", default_value = "000000000000", value_parser = account)]
    account: String,
    /// Keys with fixed ids and material: a YAML or TOML file
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Keep everything in this folder instead of in memory
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Limit requests a second as AWS does, or not
    #[arg(long, value_enum)]
    quotas: Option<RequestQuotas>,
    /// Settings (see docs/configuration.md)
    #[arg(long, value_name = "FILE", env = "CLAVIGER_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Args)]
struct InitArgs {
    /// The folder to make; must be new or empty
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// The 12-digit account
    #[arg(long, value_name = "ID", value_parser = account)]
    account: String,
    /// What opens the root key: `key-file`, `key-file:PATH` or `passphrase`
    #[arg(long, value_name = "SEAL", default_value = "key-file", value_parser = seal_kind)]
    seal: SealKind,
    /// With `--seal passphrase`: a file holding it (or set CLAVIGER_PASSPHRASE, or type it)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Args)]
struct ServeArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// Address and port [default: 127.0.0.1:9700]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Settings (see docs/configuration.md)
    #[arg(long, value_name = "FILE", env = "CLAVIGER_CONFIG")]
    config: Option<PathBuf>,
    /// Certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serve plain HTTP even on an address other hosts can reach
    #[arg(long)]
    allow_plain_http: bool,
}

#[derive(Subcommand)]
enum SealCommand {
    /// List the enrolled seals
    List(FolderArgs),
    /// Enroll a key file; it is made if it does not exist
    AddKeyFile {
        #[command(flatten)]
        folder: FolderArgs,
        /// The key file to enroll; keep it apart from the data folder
        path: PathBuf,
    },
    /// Enroll a passphrase
    AddPassphrase {
        #[command(flatten)]
        folder: FolderArgs,
        /// A file holding the new passphrase (otherwise it is typed)
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Remove a seal; the last one stays
    Remove {
        #[command(flatten)]
        folder: FolderArgs,
        /// The seal's id, from `claviger seal list`
        id: String,
    },
    /// Replace the root key and wrap everything under it anew; nothing is interrupted
    RotateRootKey(FolderArgs),
}

/// What `init` seals the root key with.
#[derive(Clone, Debug)]
enum SealKind {
    KeyFile(Option<PathBuf>),
    Passphrase,
}

fn account(text: &str) -> Result<String, String> {
    if claviger_pipeline::credentials::is_account(text) {
        Ok(text.to_owned())
    } else {
        Err("an account id has exactly 12 digits, such as 111122223333".to_owned())
    }
}

fn seal_kind(text: &str) -> Result<SealKind, String> {
    match text.split_once(':') {
        Some(("key-file", path)) if !path.is_empty() => Ok(SealKind::KeyFile(Some(path.into()))),
        None if text == "key-file" => Ok(SealKind::KeyFile(None)),
        None if text == "passphrase" => Ok(SealKind::Passphrase),
        _ => Err("use key-file, key-file:PATH or passphrase".to_owned()),
    }
}

/// Carries a command out.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Dev(args) => dev::run(args),
        Command::Init(args) => init::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Tour { file } => tour::run(&file),
        Command::Encrypt(args) => encrypt::run(*args),
        Command::Decrypt(args) => decrypt::run(*args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Status { data_dir, endpoint_url } => status::run(data_dir.as_deref(), &endpoint_url),
        Command::Seal(command) => operate::seal(command),
        Command::Backup { folder, to } => operate::backup(folder, to),
        Command::Account(command) => account::run(command),
        Command::Rescue(command) => account::rescue(command),
        Command::Audit(command) => audit::run(command),
        Command::Usage(args) => usage::run(&args),
        Command::Policy(command) => policy::run(command),
        Command::Version => {
            println!("claviger {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}

/// A small runtime for commands that are not servers.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
