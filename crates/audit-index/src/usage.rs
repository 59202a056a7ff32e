//! Who used what, how often: counted by day while records are taken in.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::add::Words;
use crate::seen::Seen;
use crate::{Index, IndexError};

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Which uses are asked for. Days are UTC's and whole: of a day that is touched all of it counts.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Of this resource (an ARN) only.
    pub resource: Option<String>,
    /// From the day of this instant on.
    pub since: Option<Timestamp>,
    /// Up to the day of this instant.
    pub until: Option<Timestamp>,
}

/// One caller's uses of one resource by one operation on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The beginning of the day.
    pub day: Timestamp,
    /// The account in whose history the calls are.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The ARN of what was used; empty for calls on nothing in particular.
    pub resource: String,
    /// The caller's ARN, or what else is known of it.
    pub caller: String,
    /// `kms.amazonaws.com`.
    pub source: String,
    /// `Decrypt`.
    pub operation: String,
    /// Calls that used the resource, refused and failed ones included.
    pub uses: u64,
    /// Calls to be counted where every call counts once: a call on two resources has a use of each, and the copy that
    /// the owner of a resource gets of another account's call is a use, but not a call of the owner's.
    pub calls: u64,
    /// Uses that failed or were refused.
    pub failures: u64,
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// Day, account, Region, resource, caller, source, operation: numbers of words.
type Key = [i64; 7];

#[derive(Default)]
struct Count {
    uses: i64,
    calls: i64,
    failures: i64,
    first: i64,
    last: i64,
}

/// The uses of one batch of records.
#[derive(Default)]
pub(crate) struct Tally(HashMap<Key, Count>);

impl Tally {
    pub(crate) fn add(
        &mut self,
        connection: &Connection,
        words: &mut Words,
        seen: &Seen<'_>,
        time: i64,
    ) -> Result<(), rusqlite::Error> {
        if seen.account.is_empty() {
            // The log's notes about itself.
            return Ok(());
        }
        let mut resources: Vec<&str> = seen.resources.iter().filter(|on| on.is_key()).map(|on| &*on.arn).collect();
        resources.dedup();
        if resources.is_empty() {
            resources.push(seen.resources.first().map_or("", |on| &on.arn));
        }
        let mut key = [time.div_euclid(DAY_SECONDS), 0, 0, 0, 0, 0, 0];
        let of = [&*seen.account, seen.region(), "", seen.caller(), &*seen.event_source, &*seen.event_name];
        for (place, text) in key.iter_mut().skip(1).zip(of) {
            *place = words.word(connection, text)?;
        }
        for (index, resource) in resources.into_iter().enumerate() {
            key[3] = words.word(connection, resource)?;
            let count = self.0.entry(key).or_insert(Count { first: time, last: time, ..Count::default() });
            count.uses += 1;
            count.calls += i64::from(index == 0 && !seen.is_copy());
            count.failures += i64::from(seen.error_code.is_some());
            count.first = count.first.min(time);
            count.last = count.last.max(time);
        }
        Ok(())
    }

    pub(crate) fn store(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let mut add = connection.prepare_cached(
            "INSERT INTO uses
                 (day, account, region, resource, caller, source, operation, uses, calls, failures, first, last)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET
                 uses = uses + excluded.uses, calls = calls + excluded.calls, failures = failures + excluded.failures,
                 first = min(first, excluded.first), last = max(last, excluded.last)",
        )?;
        for ([day, account, region, resource, caller, source, operation], count) in &self.0 {
            let Count { uses, calls, failures, first, last } = count;
            add.execute(params![
                day, account, region, resource, caller, source, operation, uses, calls, failures, first, last
            ])?;
        }
        Ok(())
    }
}

impl Index {
    /// The uses that are counted, in no particular order. What the log holds beyond the last
    /// [`catch_up`](Index::catch_up) is not among them.
    pub fn uses(&self, asked: &Uses) -> Result<Vec<Use>, IndexError> {
        let day = |at: Timestamp| at.as_second().div_euclid(DAY_SECONDS);
        let inside = self.inside();
        let mut select = inside.connection.prepare_cached(
            "SELECT uses.day, a.text, g.text, r.text, c.text, s.text, o.text, uses, calls, failures, first, last
             FROM uses
             JOIN words a ON a.id = uses.account JOIN words g ON g.id = uses.region
             JOIN words r ON r.id = uses.resource JOIN words c ON c.id = uses.caller
             JOIN words s ON s.id = uses.source JOIN words o ON o.id = uses.operation
             WHERE (?1 IS NULL OR uses.resource = (SELECT id FROM words WHERE text = ?1))
               AND uses.day BETWEEN ?2 AND ?3",
        )?;
        let rows = select.query_map(
            params![asked.resource, asked.since.map_or(i64::MIN, day), asked.until.map_or(i64::MAX, day)],
            |row| {
                let number = |at| row.get::<_, i64>(at);
                let count = |at| number(at).map(i64::cast_unsigned);
                Ok(Use {
                    day: instant(number(0)?.saturating_mul(DAY_SECONDS)),
                    account: row.get(1)?,
                    region: row.get(2)?,
                    resource: row.get(3)?,
                    caller: row.get(4)?,
                    source: row.get(5)?,
                    operation: row.get(6)?,
                    uses: count(7)?,
                    calls: count(8)?,
                    failures: count(9)?,
                    first: instant(number(10)?),
                    last: instant(number(11)?),
                })
            },
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or_default()
}
