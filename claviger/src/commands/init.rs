//! `claviger init`.

use std::path::PathBuf;
use std::sync::Arc;

use claviger_crypto::seals::create_key_file;
use claviger_pipeline::{Clock, Mode, credentials};
use claviger_store::Batch;

use super::{InitArgs, SealKind, block_on};
use crate::config::Audit;
use crate::foundation::{self, Folder, Parts, usual_key_file};
use crate::unseal::{Opener, new_passphrase};

pub(super) fn run(args: InitArgs) -> anyhow::Result<()> {
    let _ = claviger_crypto::process::harden();
    let folder = Folder::create(&args.data_dir)?;
    let (opener, advice) = match args.seal {
        SealKind::KeyFile(path) => {
            let path: PathBuf = path.unwrap_or_else(|| usual_key_file(&args.data_dir));
            create_key_file(&path)?;
            let advice = format!(
                "The root key opens with the key file {}.\n# Move it to another disk or host and keep a copy: \
                 without it the data cannot be read, with it and the data folder everything can.",
                path.display()
            );
            (Opener::KeyFile(path), advice)
        }
        SealKind::Passphrase => {
            let passphrase = new_passphrase(args.passphrase_file.as_deref())?;
            (
                Opener::Passphrase(passphrase),
                "The root key opens with the passphrase; nobody can recover it.".to_owned(),
            )
        }
    };
    let issued = block_on(async {
        let store = foundation::open_store(&folder)?;
        let (foundation, root) = foundation::lay(&*store, &args.account, opener.as_unsealer()).await?;
        let parts = Parts { clock: Arc::new(Clock::default()), mode: Mode::Enforced, listeners: Vec::new() };
        let system = foundation::system(&folder, store, &foundation, root, &Audit::default(), parts).await?;
        let issued = credentials::issue_root(&system, &args.account)
            .await
            .map_err(|error| anyhow::anyhow!("no credentials could be issued: {error}"))?;
        let mut batch = Batch::default();
        batch.insert(&issued.record);
        system.commit(batch).await?;
        system.log.close()?;
        Ok(issued)
    })?;
    let (id, secret) = (&issued.record.access_key_id, &*issued.secret);
    let dir = args.data_dir.display();
    println!("# Claviger data folder {dir}, account {}.", args.account);
    println!("# {advice}");
    println!("#");
    println!("# Administrator credentials (root user). They are shown this once. For a shell:");
    println!("export AWS_ACCESS_KEY_ID={id}");
    println!("export AWS_SECRET_ACCESS_KEY={secret}");
    println!("export AWS_DEFAULT_REGION=us-east-1");
    println!("export AWS_ENDPOINT_URL=http://127.0.0.1:9700");
    println!("#");
    println!("# The same as an AWS profile (~/.aws/config):");
    println!("# [profile claviger]");
    println!("# aws_access_key_id = {id}");
    println!("# aws_secret_access_key = {secret}");
    println!("# region = us-east-1");
    println!("# endpoint_url = http://127.0.0.1:9700");
    println!("#");
    println!("# Start the server with: claviger serve --data-dir {dir}");
    Ok(())
}
