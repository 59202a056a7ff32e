//! What only a development server does: seeds and resets.

use std::path::Path;

use anyhow::{Context, bail};
use claviger_kms::record::SPACES;
use claviger_kms::seed::Seed;
use claviger_pipeline::credentials::{ACCESS_KEYS, LAST_USES};
use claviger_pipeline::{QUOTAS, System};
use claviger_quotas::REQUESTS;
use claviger_store::{Batch, Change, Expect, Scan};
use zeroize::Zeroizing;

/// Records removed in one commit.
const CHUNK: usize = 500;

/// What a development server starts from.
pub struct Development {
    /// The account unknown access keys act for.
    pub account: String,
    /// Keys made at start and after a reset.
    pub seed: Option<Seed>,
}

impl Development {
    /// Makes the seed's keys.
    pub async fn plant(&self, system: &System) -> anyhow::Result<usize> {
        match &self.seed {
            Some(seed) => Ok(seed.plant(system, &self.account).await?),
            None => Ok(0),
        }
    }

    /// Forgets every key, alias, identity and trail, sets the clock back, and seeds again. The audit log stays.
    pub async fn reset(&self, system: &System) -> anyhow::Result<()> {
        let identities = claviger_identity::SPACES.into_iter().chain([&ACCESS_KEYS, &LAST_USES, &QUOTAS, &REQUESTS]);
        let trails = claviger_cloudtrail::trails::record::SPACES;
        for space in SPACES.into_iter().chain(identities).chain(trails) {
            loop {
                let page = system.store.scan(Scan { limit: CHUNK, ..Scan::all(space) }).await?;
                if page.rows.is_empty() {
                    break;
                }
                let mut batch = Batch::default();
                for row in page.rows {
                    batch.push(Change::Delete { space, id: row.id.to_string(), expect: Expect::Any });
                }
                system.commit(batch).await?;
            }
        }
        system.clock.reset();
        self.plant(system).await?;
        Ok(())
    }
}

/// Reads a seed file: TOML when its name says so, YAML (and so JSON) otherwise.
pub fn read_seed(path: &Path) -> anyhow::Result<Seed> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the seed {}", path.display()))?;
    let text = Zeroizing::new(text);
    let toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    // The parsers' messages may quote the file; key material must not reach a terminal or a log that way.
    let parsed = if toml {
        toml::from_str::<Seed>(&text).map_err(|error| (position_of(&text, error.span()), error.message().to_owned()))
    } else {
        serde_saphyr::from_str::<Seed>(&text).map_err(|error| (None, first_line(&error.to_string())))
    };
    match parsed {
        Ok(seed) => Ok(seed),
        Err((Some(line), why)) => bail!("{}, line {line}: {why}", path.display()),
        Err((None, why)) => bail!("{}: {why}", path.display()),
    }
}

fn position_of(text: &str, span: Option<std::ops::Range<usize>>) -> Option<usize> {
    let before = text.get(..span?.start)?;
    Some(before.matches('\n').count() + 1)
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}
