//! `claviger dev`.

use std::path::Path;
use std::sync::Arc;

use claviger_pipeline::{Clock, Mode, System};

use super::run::{self as server, Server};
use super::{DevArgs, block_on};
use crate::config::Config;
use crate::development::{Development, read_seed};
use crate::fetch::ProviderDocuments;
use crate::foundation::{self, Folder, FolderError, Parts, ensure_key_file, trails_dir, usual_key_file};
use crate::unseal::Opener;
use crate::{Services, logs, quotas};

pub(super) fn run(args: DevArgs) -> anyhow::Result<()> {
    let mut config = Config::load(args.config.as_deref(), std::env::vars())?;
    if config.log.filter == "info" {
        config.log.filter = "warn".to_owned();
    }
    config.quotas.requests = args.quotas.unwrap_or(config.quotas.requests);
    logs::start(&config.log)?;
    server::harden();
    let seed = args.seed.as_deref().map(read_seed).transpose()?;
    block_on(async {
        let server = start(&args, &config, Development { account: args.account.clone(), seed }).await?;
        server.until_stopped("dev").await?;
        server.stop().await;
        Ok(())
    })
}

async fn start(args: &DevArgs, config: &Config, development: Development) -> anyhow::Result<Server> {
    let services = Services::new(Arc::new(ProviderDocuments::new(&config.oidc, true)?));
    let trails = config.trails.directory.clone().or_else(|| args.data_dir.as_deref().map(trails_dir));
    if let Some(folder) = trails {
        services.deliver_trails_to(&folder, true);
    }
    let parts = Parts {
        clock: Arc::new(Clock::default()),
        mode: Mode::Development { account: args.account.as_str().into() },
        listeners: services.listeners(),
    };
    let (system, folder) = match &args.data_dir {
        None => (foundation::in_memory(&args.account, parts), None),
        Some(dir) => {
            let (system, folder) = on_disk(dir, &args.account, config, parts).await?;
            (system, Some(folder))
        }
    };
    let system = system.with_quotas(quotas::settings(&config.quotas)?);
    development.plant(&system).await?;
    server::start(system, services, folder, config, args.listen, None, Some(development))
}

/// Opens a data folder, or makes one sealed with a key file at the usual place.
async fn on_disk(dir: &Path, account: &str, config: &Config, parts: Parts) -> Result<(System, Folder), FolderError> {
    let key_file = config.seal.key_file.clone().unwrap_or_else(|| usual_key_file(dir));
    let opener = Opener::KeyFile(key_file.clone());
    match Folder::open(dir) {
        Ok(folder) => {
            let store = foundation::open_store(&folder)?;
            let foundation = foundation::read(&*store, dir).await?;
            let root = opener.unseal(&foundation.seals)?;
            let system = foundation::system(&folder, store, &foundation, root, &config.audit, parts).await?;
            Ok((system, folder))
        }
        Err(FolderError::NotInitialised(_)) => {
            let folder = Folder::create(dir)?;
            ensure_key_file(&key_file)?;
            let store = foundation::open_store(&folder)?;
            let (foundation, root) = foundation::lay(&*store, account, opener.as_unsealer()).await?;
            let system = foundation::system(&folder, store, &foundation, root, &config.audit, parts).await?;
            Ok((system, folder))
        }
        Err(error) => Err(error),
    }
}
