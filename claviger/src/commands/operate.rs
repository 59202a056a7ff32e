//! Commands on a data folder, whether a server runs on it or not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_crypto::seals::create_key_file;
use claviger_pipeline::{Clock, Mode, System};

use super::{FolderArgs, SealCommand, block_on};
use crate::administration::Operator;
use crate::config::Audit;
use crate::control::{self, Command};
use crate::foundation::{self, Folder, FolderError, Parts};
use crate::unseal::{self, new_passphrase};

pub(super) fn seal(command: SealCommand) -> anyhow::Result<()> {
    let (folder, command) = match command {
        SealCommand::List(folder) => (folder, Command::Seals),
        SealCommand::AddKeyFile { folder, path } => {
            if !path.exists() {
                create_key_file(&path)?;
            }
            (folder, Command::AddKeyFile { path: std::path::absolute(path)? })
        }
        SealCommand::AddPassphrase { folder, new_passphrase_file } => {
            let passphrase = new_passphrase(new_passphrase_file.as_deref())?;
            (folder, Command::AddPassphrase { passphrase })
        }
        SealCommand::Remove { folder, id } => (folder, Command::RemoveSeal { id }),
        SealCommand::RotateRootKey(folder) => (folder, Command::RotateRootKey),
    };
    carry_out(&folder, command)
}

pub(super) fn backup(folder: FolderArgs, to: PathBuf) -> anyhow::Result<()> {
    carry_out(&folder, Command::Backup { to: std::path::absolute(to)? })
}

fn carry_out(folder: &FolderArgs, command: Command) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&outcome(folder, command)?)?);
    Ok(())
}

/// What comes of a command, by the running server or, when none runs, on the folder itself.
pub(super) fn outcome(folder: &FolderArgs, command: Command) -> anyhow::Result<serde_json::Value> {
    block_on(async {
        if let Some(answer) = control::send(&folder.data_dir, &command).await? {
            return Ok(answer);
        }
        let (_held, system) = open(folder).await?;
        let operator = Operator { uid: rustix::process::getuid().as_raw() };
        let answer = control::execute(&system, operator, command).await?;
        system.log.close()?;
        Ok(answer)
    })
}

/// Opens a folder no server uses.
pub(super) async fn open(args: &FolderArgs) -> Result<(Folder, System), FolderError> {
    let dir: &Path = &args.data_dir;
    let folder = Folder::open(dir)?;
    let opener = unseal::choose(dir, args.key_file.clone(), args.passphrase_file.clone())?;
    let store = foundation::open_store(&folder)?;
    let found = foundation::read(&*store, dir).await?;
    let root = opener.unseal(&found.seals)?;
    let parts = Parts { clock: Arc::new(Clock::default()), mode: Mode::Enforced, listeners: Vec::new() };
    let system = foundation::system(&folder, store, &found, root, &Audit::default(), parts).await?;
    Ok((folder, system))
}
