//! Taking records in.

use std::collections::HashMap;
use std::ops::ControlFlow;

use claviger_audit::{FollowError, Log, Mark, Place, first_numbers, follow};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::find::{ANY_ERROR, Attribute};
use crate::seen::Seen;
use crate::usage::Tally;
use crate::{IndexError, Inside, Source, schema};

/// Terms and words whose numbers are remembered; beyond, the memory is emptied.
const REMEMBERED_MAX: usize = 100_000;

/// The numbers of terms and words, so that not every record asks the database for them.
#[derive(Default)]
pub(crate) struct Words {
    generation: i64,
    terms: HashMap<String, i64>,
    words: HashMap<String, i64>,
    key: String,
}

impl Words {
    fn forget(&mut self) {
        self.terms.clear();
        self.words.clear();
    }

    /// The number of a term, new if need be.
    fn term(
        &mut self,
        connection: &Connection,
        attribute: Attribute,
        value: &str,
        account: &str,
        region: &str,
    ) -> Result<i64, rusqlite::Error> {
        self.key.clear();
        let number = attribute as u8;
        for part in [account, "\0", region, "\0", value] {
            self.key.push_str(part);
        }
        self.key.push(char::from(number));
        if let Some(id) = self.terms.get(&self.key) {
            return Ok(*id);
        }
        let mut insert = connection
            .prepare_cached("INSERT OR IGNORE INTO terms (attribute, value, account, region) VALUES (?, ?, ?, ?)")?;
        insert.execute(params![number, value, account, region])?;
        let mut select = connection
            .prepare_cached("SELECT id FROM terms WHERE attribute = ? AND value = ? AND account = ? AND region = ?")?;
        let id = select.query_row(params![number, value, account, region], |row| row.get(0))?;
        if self.terms.len() >= REMEMBERED_MAX {
            self.terms.clear();
        }
        self.terms.insert(self.key.clone(), id);
        Ok(id)
    }

    /// The number of a word, new if need be.
    pub(crate) fn word(&mut self, connection: &Connection, text: &str) -> Result<i64, rusqlite::Error> {
        if let Some(id) = self.words.get(text) {
            return Ok(*id);
        }
        connection.prepare_cached("INSERT OR IGNORE INTO words (text) VALUES (?)")?.execute([text])?;
        let id =
            connection.prepare_cached("SELECT id FROM words WHERE text = ?")?.query_row([text], |row| row.get(0))?;
        if self.words.len() >= REMEMBERED_MAX {
            self.words.clear();
        }
        self.words.insert(text.to_owned(), id);
        Ok(id)
    }
}

/// Records of a log in memory that are taken out together, because that reads the whole index.
const FORGOTTEN_KEPT: u64 = 20_000;

/// How far the index has followed the log.
struct Cursor {
    generation: i64,
    sequence: u64,
    mark: Mark,
}

/// Takes in up to `most` records that come after the last one.
pub(crate) fn step(inside: &mut Inside, source: &Source, most: usize) -> Result<usize, IndexError> {
    let Inside { connection, words } = inside;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let added = within(&transaction, words, source, most);
    match added.and_then(|added| Ok(transaction.commit().map(|()| added)?)) {
        Ok(added) => Ok(added),
        Err(error) => {
            // Their numbers were taken back with the rest.
            words.forget();
            Err(error)
        }
    }
}

fn within(transaction: &Transaction<'_>, words: &mut Words, source: &Source, most: usize) -> Result<usize, IndexError> {
    let mut cursor = cursor(transaction)?;
    let generation = cursor.as_ref().map_or(0, |cursor| cursor.generation);
    if generation != words.generation {
        words.forget();
        words.generation = generation;
    }
    let mut batch = Batch { transaction, words, tally: Tally::default(), last: None, added: 0, failed: None };
    match source {
        Source::Folder(dir) => {
            let mut mark = cursor.as_ref().map(|cursor| cursor.mark);
            loop {
                match follow(dir, mark.as_ref(), &mut |met| batch.take(met.sequence, met.mark, met.record, most)) {
                    Ok(()) => break,
                    Err(FollowError::Lost) if mark.is_some() => {
                        // Another log, or its end was taken back: rare enough to begin anew.
                        batch.begin_anew()?;
                        (mark, cursor) = (None, None);
                    }
                    // A folder without files, most likely.
                    Err(FollowError::Lost) => break,
                    Err(FollowError::Read(error)) => return Err(error.into()),
                    Err(_) => break,
                }
            }
            if batch.added == 0 {
                forget_removed(transaction, first_numbers(dir)?.first().copied())?;
            }
        }
        Source::Memory(log) => {
            let seen = cursor.as_ref().map_or(0, |cursor| cursor.sequence);
            let unseen = usize::try_from(log.head().sequence.saturating_sub(seen)).unwrap_or(usize::MAX);
            for record in log.recent(unseen).into_iter().filter(|record| record.sequence > seen) {
                let place = Place { file: 0, offset: 0, bytes: 0 };
                let mark = Mark { place, hash: [0; 32] };
                if batch.take(record.sequence, mark, record.json.as_bytes(), most).is_break() {
                    break;
                }
            }
            forget_forgotten(transaction, log)?;
        }
    }
    batch.finish(cursor.map(|cursor| cursor.generation))
}

struct Batch<'a, 't> {
    transaction: &'a Transaction<'t>,
    words: &'a mut Words,
    tally: Tally,
    last: Option<(u64, Mark)>,
    added: usize,
    failed: Option<rusqlite::Error>,
}

impl Batch<'_, '_> {
    fn take(&mut self, sequence: u64, mark: Mark, record: &[u8], most: usize) -> ControlFlow<()> {
        if let Err(error) = self.add(sequence, &mark.place, record) {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        self.last = Some((sequence, mark));
        self.added += 1;
        if self.added >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn add(&mut self, sequence: u64, place: &Place, record: &[u8]) -> Result<(), rusqlite::Error> {
        // What is no record of ours cannot be asked for either; verifying the log will tell of it.
        let Ok(seen) = serde_json::from_slice::<Seen<'_>>(record) else { return Ok(()) };
        let (time, sequence) = (seen.time(), sequence.cast_signed());
        let mut insert = self.transaction.prepare_cached(
            "INSERT OR REPLACE INTO records (sequence, time, file, offset, bytes, event) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        let [file, offset, bytes] = [place.file, place.offset, place.bytes].map(u64::cast_signed);
        insert.execute(params![sequence, time, file, offset, bytes, seen.event()])?;
        let (account, region) = (&*seen.account, seen.region());
        let mut list =
            self.transaction.prepare_cached("INSERT OR IGNORE INTO listed (term, time, sequence) VALUES (?, ?, ?)")?;
        let mut under = |attribute, value: &str| {
            let term = self.words.term(self.transaction, attribute, value, account, region)?;
            list.execute(params![term, time, sequence]).map(drop)
        };
        under(Attribute::Any, "")?;
        under(Attribute::EventName, &seen.event_name)?;
        under(Attribute::EventSource, &seen.event_source)?;
        under(Attribute::ReadOnly, if seen.read_only { "true" } else { "false" })?;
        under(Attribute::Caller, seen.caller())?;
        let some = [
            (Attribute::Username, seen.user()),
            (Attribute::AccessKeyId, seen.access_key()),
            (Attribute::ErrorCode, seen.error_code.as_deref()),
            (Attribute::ErrorCode, seen.error_code.is_some().then_some(ANY_ERROR)),
        ];
        for (attribute, value) in some {
            if let Some(value) = value {
                under(attribute, value)?;
            }
        }
        for resource in &seen.resources {
            under(Attribute::ResourceName, &resource.arn)?;
            if let Some(kind) = &resource.kind {
                under(Attribute::ResourceType, kind)?;
            }
        }
        self.tally.add(self.transaction, self.words, &seen, time)
    }

    fn begin_anew(&mut self) -> Result<(), rusqlite::Error> {
        schema::begin(self.transaction)?;
        self.words.forget();
        self.tally = Tally::default();
        (self.last, self.added) = (None, 0);
        Ok(())
    }

    fn finish(self, generation: Option<i64>) -> Result<usize, IndexError> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        self.tally.store(self.transaction)?;
        let Some((sequence, Mark { place, hash })) = self.last else { return Ok(self.added) };
        let generation = generation.unwrap_or_else(|| i64::from_ne_bytes(half(uuid::Uuid::new_v4().as_bytes())));
        self.words.generation = generation;
        self.transaction.execute(
            "INSERT OR REPLACE INTO cursor (one, generation, sequence, file, offset, bytes, hash)
             VALUES (1, ?, ?, ?, ?, ?, ?)",
            params![
                generation,
                sequence.cast_signed(),
                place.file.cast_signed(),
                place.offset.cast_signed(),
                place.bytes.cast_signed(),
                hash
            ],
        )?;
        Ok(self.added)
    }
}

fn half(bytes: &[u8; 16]) -> [u8; 8] {
    std::array::from_fn(|at| bytes[at])
}

fn cursor(connection: &Connection) -> Result<Option<Cursor>, rusqlite::Error> {
    let sql = "SELECT generation, sequence, file, offset, bytes, hash FROM cursor";
    let read = |row: &rusqlite::Row<'_>| {
        let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let place = Place { file: number(2)?, offset: number(3)?, bytes: number(4)? };
        Ok(Cursor { generation: row.get(0)?, sequence: number(1)?, mark: Mark { place, hash: row.get(5)? } })
    };
    connection.query_row(sql, [], read).optional()
}

/// Takes out what a log in memory has forgotten, once it is much.
fn forget_forgotten(connection: &Connection, log: &Log) -> Result<(), rusqlite::Error> {
    let first: Option<i64> = connection.query_row("SELECT min(sequence) FROM records", [], |row| row.get(0))?;
    let Some(first) = first.map(i64::cast_unsigned) else { return Ok(()) };
    let (mut forgotten, mut held) = (first.saturating_add(FORGOTTEN_KEPT), log.head().sequence);
    if forgotten >= held || log.remembered(forgotten).is_some() {
        return Ok(());
    }
    while held - forgotten > 1 {
        let middle = forgotten + (held - forgotten) / 2;
        *(if log.remembered(middle).is_some() { &mut held } else { &mut forgotten }) = middle;
    }
    forget_removed(connection, Some(held))
}

/// Takes out what stood in files that were removed from the log. Counts of use stay.
fn forget_removed(connection: &Connection, oldest: Option<u64>) -> Result<(), rusqlite::Error> {
    let Some(oldest) = oldest.map(u64::cast_signed) else { return Ok(()) };
    let first: Option<i64> = connection.query_row("SELECT min(sequence) FROM records", [], |row| row.get(0))?;
    if first.is_some_and(|first| first < oldest) {
        connection.execute("DELETE FROM listed WHERE sequence < ?", [oldest])?;
        connection.execute("DELETE FROM records WHERE sequence < ?", [oldest])?;
    }
    Ok(())
}
