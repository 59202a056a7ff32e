//! How many parameters an account has in a Region: counted in parts, so that writers of different names rarely meet.

use std::collections::BTreeMap;

use claviger_crypto::digest::sha256;
use claviger_pipeline::{Internal, System, internal};
use claviger_store::{Batch, Expect, Record, Records, Stored};

use crate::record::{CountRecord, ParameterRecord, Tier};

/// Most parameters of the standard tier in an account and Region.
pub(crate) const STANDARD_MAX: i64 = 10_000;
/// Most parameters of the advanced tier in an account and Region.
pub(crate) const ADVANCED_MAX: i64 = 100_000;
/// Parts of a count.
const PARTS: u8 = 64;
/// Below this distance from a limit the whole count is held fast until the commit; above it writers of different parts
/// do not hinder each other, and fewer of them can be under way together than would reach the limit.
const CLOSE: i64 = 1_000;

/// The counts of one account and Region, as they were read.
pub(crate) struct Counts {
    home: String,
    parts: Vec<Option<Stored<CountRecord>>>,
    changes: BTreeMap<u8, [i64; 2]>,
}

impl Counts {
    /// Reads the counts of `ACCOUNT/REGION/`.
    pub(crate) async fn read(system: &System, home: String) -> Result<Self, Internal> {
        let ids: Vec<String> = (0..PARTS).map(|part| id(&home, part)).collect();
        let parts = system.store.load_many::<CountRecord>(&ids).await.map_err(internal)?;
        Ok(Self { home, parts, changes: BTreeMap::new() })
    }

    /// How many there are in a tier.
    pub(crate) fn of(&self, tier: Tier) -> i64 {
        self.parts.iter().flatten().map(|stored| of(&stored.record, tier)).sum()
    }

    /// Whether the tier has room for one more.
    pub(crate) fn has_room(&self, tier: Tier) -> bool {
        self.of(tier) < most(tier)
    }

    /// Notes that a parameter comes or goes.
    pub(crate) fn change(&mut self, parameter: &ParameterRecord, tier: Tier, by: i64) {
        let part = sha256(parameter.path.as_bytes()).first().map_or(0, |byte| byte % PARTS);
        let change = self.changes.entry(part).or_default();
        match tier {
            Tier::Standard => change[0] += by,
            Tier::Advanced => change[1] += by,
        }
    }

    /// Adds the new counts to the batch that makes the changes.
    pub(crate) fn add_to(&self, batch: &mut Batch) {
        let grows =
            |tier, at: usize| self.changes.values().any(|change| change[at] > 0) && most(tier) - self.of(tier) < CLOSE;
        let close = grows(Tier::Standard, 0) || grows(Tier::Advanced, 1);
        for (part, stored) in (0..PARTS).zip(&self.parts) {
            match (self.changes.get(&part), stored) {
                (Some([standard, advanced]), Some(stored)) => {
                    let mut record = stored.record.clone();
                    record.standard += standard;
                    record.advanced += advanced;
                    batch.update(stored.version, &record);
                }
                (Some([standard, advanced]), None) => {
                    let id = id(&self.home, part);
                    batch.insert(&CountRecord { id, standard: *standard, advanced: *advanced });
                }
                (None, Some(stored)) if close => {
                    batch.check::<CountRecord>(stored.record.id(), Expect::Version(stored.version));
                }
                (None, None) if close => batch.check::<CountRecord>(id(&self.home, part), Expect::Absent),
                (None, _) => {}
            }
        }
    }
}

fn id(home: &str, part: u8) -> String {
    format!("{home}{part:02}")
}

fn of(record: &CountRecord, tier: Tier) -> i64 {
    match tier {
        Tier::Standard => record.standard,
        Tier::Advanced => record.advanced,
    }
}

/// The most a tier may have.
pub(crate) fn most(tier: Tier) -> i64 {
    match tier {
        Tier::Standard => STANDARD_MAX,
        Tier::Advanced => ADVANCED_MAX,
    }
}
