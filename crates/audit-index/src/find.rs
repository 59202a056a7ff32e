//! Questions: which records, newest first, a page at a time.

use claviger_audit::Place;
use rusqlite::types::Value;
use rusqlite::{Connection, Row as SqlRow, params, params_from_iter};

use crate::{Index, IndexError, seen};

/// What a record can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Attribute {
    /// Being there; its one value is empty.
    Any = 1,
    /// `eventName`.
    EventName,
    /// `eventSource`.
    EventSource,
    /// `readOnly`: `true` or `false`.
    ReadOnly,
    /// The user's or session's name; `root`.
    Username,
    /// The access key the call was signed with.
    AccessKeyId,
    /// The type of a resource.
    ResourceType,
    /// The ARN of a resource.
    ResourceName,
    /// `errorCode`, or [`ANY_ERROR`].
    ErrorCode,
    /// The caller's ARN.
    Caller,
    /// `eventID`.
    EventId,
}

/// As the value of [`Attribute::ErrorCode`]: whatever the error.
pub const ANY_ERROR: &str = "";

/// An account's history in one Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// The account that the records were delivered to.
    pub account: String,
    /// The Region.
    pub region: String,
}

/// What must hold of a record.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The history it is in; all of the log's, without one.
    pub within: Option<Within>,
    /// Attributes it must have, exactly so. Of an attribute that is named several times one value is enough.
    pub having: Vec<(Attribute, String)>,
    /// The earliest time, in seconds since 1970.
    pub from: Option<i64>,
    /// The latest, included.
    pub until: Option<i64>,
}

/// Where a page ended: the next one begins with the first record that is older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its time, in seconds since 1970.
    pub time: i64,
    /// Its number in the chain.
    pub sequence: u64,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number in the chain.
    pub sequence: u64,
    /// The record, one JSON object.
    pub json: String,
}

/// Some of the records asked for.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Newest first.
    pub found: Vec<Found>,
    /// Where to go on, if there is more.
    pub next: Option<Position>,
}

pub(crate) struct Row {
    time: i64,
    pub(crate) sequence: u64,
    pub(crate) place: Place,
}

impl Index {
    /// Up to `limit` records, newest first, older than `after`. What the log holds beyond the last
    /// [`catch_up`](Index::catch_up) is not among them.
    pub fn find(&self, filter: &Filter, after: Option<Position>, limit: usize) -> Result<Page, IndexError> {
        let mut rows = rows(&self.inside().connection, filter, after, limit.saturating_add(1))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(|row| Position { time: row.time, sequence: row.sequence });
        // A record whose file was removed meanwhile is none any more.
        let found =
            rows.iter().filter_map(|row| self.source.text(row).map(|json| Found { sequence: row.sequence, json }));
        Ok(Page { found: found.collect(), next: last.filter(|_| more) })
    }
}

fn rows(
    connection: &Connection,
    filter: &Filter,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Row>, rusqlite::Error> {
    let mut lists = Vec::new();
    let mut events = Vec::new();
    let mut attributes: Vec<Attribute> = filter.having.iter().map(|(attribute, _)| *attribute).collect();
    attributes.sort_unstable();
    attributes.dedup();
    for attribute in attributes {
        let values: Vec<&str> =
            filter.having.iter().filter(|(named, _)| *named == attribute).map(|(_, value)| value.as_str()).collect();
        if attribute == Attribute::EventId {
            events.extend(values.iter().map(|id| seen::event(id)));
        } else {
            lists.push(terms(connection, attribute, &values, filter.within.as_ref())?);
        }
    }
    if lists.is_empty() {
        lists.push(terms(connection, Attribute::Any, &[""], filter.within.as_ref())?);
    }
    if lists.iter().any(Vec::is_empty) {
        return Ok(Vec::new());
    }
    // The shortest list leads; what it holds is looked up in the others.
    let mut sized = Vec::with_capacity(lists.len());
    for list in lists {
        sized.push((if events.is_empty() { length(connection, &list)? } else { 0 }, list));
    }
    sized.sort_by_key(|(length, _)| *length);
    let mut lists = sized.into_iter().map(|(_, list)| list);
    let mut sql = String::from("SELECT r.sequence, r.time, r.file, r.offset, r.bytes FROM ");
    let mut values: Vec<Value> = Vec::new();
    let time = if events.is_empty() {
        let lead = lists.next().unwrap_or_default();
        sql.push_str("(SELECT DISTINCT time, sequence FROM listed WHERE term IN (");
        among(&mut sql, &mut values, lead.into_iter().map(Value::Integer));
        sql.push(')');
        bounds(&mut sql, &mut values, filter, after, limit, lists.len() == 0);
        sql.push_str(") l JOIN records r ON r.sequence = l.sequence WHERE 1");
        "l"
    } else {
        sql.push_str("records r WHERE r.event IN (");
        among(&mut sql, &mut values, events.into_iter().map(Value::Blob));
        sql.push(')');
        bounds(&mut sql, &mut values, filter, after, limit, false);
        "r"
    };
    for list in lists {
        sql.push_str(" AND EXISTS (SELECT 1 FROM listed o WHERE o.term IN (");
        among(&mut sql, &mut values, list.into_iter().map(Value::Integer));
        sql.push_str(&format!(") AND o.time = {time}.time AND o.sequence = {time}.sequence)"));
    }
    sql.push_str(&format!(" ORDER BY {time}.time DESC, {time}.sequence DESC LIMIT ?"));
    values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    let mut select = connection.prepare_cached(&sql)?;
    let found = select.query_map(params_from_iter(values), row)?;
    found.collect()
}

fn row(row: &SqlRow<'_>) -> Result<Row, rusqlite::Error> {
    let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let place = Place { file: number(2)?, offset: number(3)?, bytes: number(4)? };
    Ok(Row { sequence: number(0)?, time: row.get(1)?, place })
}

fn among(sql: &mut String, values: &mut Vec<Value>, among: impl Iterator<Item = Value>) {
    for (index, value) in among.enumerate() {
        sql.push_str(if index == 0 { "?" } else { ", ?" });
        values.push(value);
    }
}

/// Times and the page's beginning; `last` when nothing else is asked, so that the list need not be read beyond the page.
fn bounds(
    sql: &mut String,
    values: &mut Vec<Value>,
    filter: &Filter,
    after: Option<Position>,
    limit: usize,
    last: bool,
) {
    if let Some(from) = filter.from {
        sql.push_str(" AND time >= ?");
        values.push(Value::Integer(from));
    }
    if let Some(until) = filter.until {
        sql.push_str(" AND time <= ?");
        values.push(Value::Integer(until));
    }
    if let Some(after) = after {
        sql.push_str(" AND (time, sequence) < (?, ?)");
        values.extend([Value::Integer(after.time), Value::Integer(after.sequence.cast_signed())]);
    }
    if last {
        sql.push_str(" ORDER BY time DESC, sequence DESC LIMIT ?");
        values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    }
}

/// The numbers of the terms of an attribute with one of these values.
fn terms(
    connection: &Connection,
    attribute: Attribute,
    wanted: &[&str],
    within: Option<&Within>,
) -> Result<Vec<i64>, rusqlite::Error> {
    let mut select = connection.prepare_cached(
        "SELECT id FROM terms WHERE attribute = ?1 AND value = ?2
         AND (?3 IS NULL OR account = ?3) AND (?4 IS NULL OR region = ?4)",
    )?;
    let (account, region) = (within.map(|within| &within.account), within.map(|within| &within.region));
    let mut ids = Vec::new();
    for value in wanted {
        let found = select.query_map(params![attribute as u8, value, account, region], |row| row.get(0))?;
        for id in found {
            ids.push(id?);
        }
    }
    Ok(ids)
}

/// Lists are compared up to this many entries: beyond, either is long.
const COMPARED_MAX: i64 = 10_000;

fn length(connection: &Connection, list: &[i64]) -> Result<i64, rusqlite::Error> {
    let mut count = connection.prepare_cached("SELECT count(*) FROM (SELECT 1 FROM listed WHERE term = ? LIMIT ?)")?;
    let mut all = 0;
    for term in list {
        all += count.query_row([*term, COMPARED_MAX - all], |row| row.get::<_, i64>(0))?;
        if all >= COMPARED_MAX {
            break;
        }
    }
    Ok(all)
}

impl Index {
    /// The names of resources that end like this, such as `:key/1234abcd-12ab-34cd-56ef-1234567890ab`. Reads all names:
    /// for people, not for calls.
    pub fn resources_ending(&self, end: &str) -> Result<Vec<String>, IndexError> {
        let inside = self.inside();
        let mut select = inside.connection.prepare_cached(
            "SELECT DISTINCT value FROM terms WHERE attribute = ?1 AND substr(value, -length(?2)) = ?2 ORDER BY value",
        )?;
        let names = select.query_map(params![Attribute::ResourceName as u8, end], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }
}
