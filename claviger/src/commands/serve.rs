//! `claviger serve`.

use std::sync::Arc;

use anyhow::bail;
use claviger_pipeline::{Clock, Mode};

use super::run as server;
use super::{ServeArgs, block_on};
use crate::config::Config;
use crate::fetch::ProviderDocuments;
use crate::foundation::{self, Folder, Parts, trails_dir};
use crate::{Services, logs, quotas, tls, unseal};

pub(super) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let mut config = Config::load(args.config.as_deref(), std::env::vars())?;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    config.server.allow_plain_http |= args.allow_plain_http;
    config.tls.cert = args.tls_cert.or(config.tls.cert);
    config.tls.key = args.tls_key.or(config.tls.key);
    logs::start(&config.log)?;
    server::harden();

    let quotas = quotas::settings(&config.quotas)?;
    let listen = config.server.listen;
    let acceptor = match (&config.tls.cert, &config.tls.key) {
        (Some(cert), Some(key)) => Some(tls::acceptor(cert, key)?),
        (None, None) => None,
        _ => bail!("TLS needs both a certificate (--tls-cert) and its private key (--tls-key)"),
    };
    if acceptor.is_none() && !listen.ip().is_loopback() && !config.server.allow_plain_http {
        bail!(
            "refusing to serve plain HTTP on {listen}, which other hosts can reach: plaintext and data keys would \
             cross the network readable. Give --tls-cert and --tls-key, listen on 127.0.0.1, or say --allow-plain-http \
             if something in front of this server terminates TLS"
        );
    }
    let dir = args.folder.data_dir;
    let key_file = args.folder.key_file.or_else(|| config.seal.key_file.clone());
    let passphrase_file = args.folder.passphrase_file.or_else(|| config.seal.passphrase_file.clone());

    block_on(async {
        let folder = Folder::open(&dir)?;
        let opener = unseal::choose(&dir, key_file, passphrase_file)?;
        let store = foundation::open_store(&folder)?;
        let foundation = foundation::read(&*store, &dir).await?;
        let root = opener.unseal(&foundation.seals)?;
        drop(opener);
        let services = Services::new(Arc::new(ProviderDocuments::new(&config.oidc, false)?));
        services.deliver_trails_to(&config.trails.directory.clone().unwrap_or_else(|| trails_dir(&dir)), false);
        let parts = Parts { clock: Arc::new(Clock::default()), mode: Mode::Enforced, listeners: services.listeners() };
        let system = foundation::system(&folder, store, &foundation, root, &config.audit, parts).await?;
        let server =
            server::start(system.with_quotas(quotas), services, Some(folder), &config, listen, acceptor, None)?;
        server.until_stopped("serve").await?;
        tracing::info!("stopping: calls in flight finish first");
        server.stop().await;
        Ok(())
    })
}
