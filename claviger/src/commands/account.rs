//! `claviger account` and `claviger rescue`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{FolderArgs, account, operate};
use crate::administration::{Administration, ControlKind};
use crate::control::Command;
use crate::unseal;

#[derive(Subcommand)]
pub(super) enum AccountCommand {
    /// List the accounts
    List(FolderArgs),
    /// Make an account; prints credentials for its root user, once
    Create {
        #[command(flatten)]
        folder: FolderArgs,
        /// What to call it
        #[arg(long)]
        name: String,
        /// Its 12 digits [default: chosen at random]
        #[arg(long, value_name = "ID", value_parser = account)]
        account: Option<String>,
    },
    /// Issue another access key for an account's root user
    RootKey {
        #[command(flatten)]
        folder: FolderArgs,
        /// The account
        #[arg(value_name = "ID", value_parser = account)]
        account: String,
    },
    /// See and change the policies over an account
    #[command(subcommand)]
    ControlPolicy(ControlPolicyCommand),
}

#[derive(Subcommand)]
pub(super) enum ControlPolicyCommand {
    /// Show the policies over an account
    List {
        #[command(flatten)]
        folder: FolderArgs,
        /// The account
        #[arg(value_name = "ID", value_parser = account)]
        account: String,
    },
    /// Set one: each service control policy must allow what the account's principals do, no resource control policy may
    /// deny what is done to its resources
    Put {
        #[command(flatten)]
        policy: ControlPolicyArgs,
        /// The policy's text
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Remove one
    Remove {
        #[command(flatten)]
        policy: ControlPolicyArgs,
    },
}

#[derive(Args)]
pub(super) struct ControlPolicyArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// What it limits
    #[arg(long, value_enum)]
    kind: ControlKind,
    /// Its name
    #[arg(long)]
    name: String,
    /// The account
    #[arg(value_name = "ID", value_parser = account)]
    account: String,
}

#[derive(Subcommand)]
pub(super) enum RescueCommand {
    /// Give a key that nobody can reach any more a new key policy; needs what opens the root key, and is recorded
    Key {
        #[command(flatten)]
        folder: FolderArgs,
        /// The key's ARN
        #[arg(value_name = "KEY-ARN")]
        key: String,
        /// The new key policy [default: the account's own identity policies decide]
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
}

pub(super) fn run(command: AccountCommand) -> anyhow::Result<()> {
    match command {
        AccountCommand::List(folder) => {
            let accounts = carry_out(&folder, Administration::Accounts)?;
            for account in accounts.as_array().into_iter().flatten() {
                let role = if account["management"] == true { "  (management account)" } else { "" };
                println!("{}  {}{role}", text(account, "accountId"), text(account, "name"));
            }
            Ok(())
        }
        AccountCommand::Create { folder, name, account } => {
            let made = carry_out(&folder, Administration::CreateAccount { account, name })?;
            println!("# Account {} ({}).", text(&made, "accountId"), text(&made, "name"));
            credentials(&made);
            Ok(())
        }
        AccountCommand::RootKey { folder, account } => {
            let issued = carry_out(&folder, Administration::IssueRootKey { account })?;
            println!("# Account {}.", text(&issued, "accountId"));
            credentials(&issued);
            Ok(())
        }
        AccountCommand::ControlPolicy(command) => control_policy(command),
    }
}

fn control_policy(command: ControlPolicyCommand) -> anyhow::Result<()> {
    match command {
        ControlPolicyCommand::List { folder, account } => {
            let policies = carry_out(&folder, Administration::ControlPolicies { account })?;
            println!("{}", serde_json::to_string_pretty(&policies)?);
        }
        ControlPolicyCommand::Put { policy, file } => {
            let ControlPolicyArgs { folder, kind, name, account } = policy;
            let document = read(&file)?;
            carry_out(&folder, Administration::PutControlPolicy { account, kind, name, document })?;
        }
        ControlPolicyCommand::Remove { policy } => {
            let ControlPolicyArgs { folder, kind, name, account } = policy;
            carry_out(&folder, Administration::RemoveControlPolicy { account, kind, name })?;
        }
    }
    Ok(())
}

pub(super) fn rescue(command: RescueCommand) -> anyhow::Result<()> {
    let RescueCommand::Key { folder, key, policy } = command;
    let policy = policy.as_deref().map(read).transpose()?;
    let opener = unseal::choose(&folder.data_dir, folder.key_file.clone(), folder.passphrase_file.clone())?;
    let proof = opener.absolute()?.into();
    carry_out(&folder, Administration::RescueKey { key: key.clone(), policy, proof })?;
    println!("The key policy of {key} was replaced. The audit log shows it as RescueKey.");
    Ok(())
}

fn carry_out(folder: &FolderArgs, request: Administration) -> anyhow::Result<Value> {
    operate::outcome(folder, Command::Administer(request))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn credentials(issued: &Value) {
    println!("# Credentials of its root user. They are shown this once. For a shell:");
    println!("export AWS_ACCESS_KEY_ID={}", text(issued, "accessKeyId"));
    println!("export AWS_SECRET_ACCESS_KEY={}", text(issued, "secretAccessKey"));
}
