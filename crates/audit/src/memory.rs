//! The log of a server that keeps nothing: the newest records, in memory.

use std::collections::VecDeque;

use crate::chain::{Head, Linker, genesis};
use crate::json::one_line;
use crate::read::StoredRecord;

pub(crate) struct Memory {
    pub(crate) head: Head,
    linker: Linker,
    /// The newest records; the last is the head's.
    records: VecDeque<Vec<u8>>,
    records_max: usize,
}

impl Memory {
    pub(crate) fn new(records_max: usize) -> Self {
        Self {
            head: genesis(super::log::MEMORY, super::log::MEMORY),
            linker: Linker::default(),
            records: VecDeque::new(),
            records_max,
        }
    }

    pub(crate) fn append(&mut self, record: &[u8]) -> u64 {
        // The oldest record's memory is used again.
        let oldest = if self.records.len() >= self.records_max { self.records.pop_front() } else { None };
        let mut line = oldest.unwrap_or_default();
        line.clear();
        one_line(&mut line, record);
        let sequence = self.head.sequence + 1;
        self.head = Head { sequence, hash: self.linker.link(&self.head.hash, sequence, &line) };
        if self.records_max > 0 {
            self.records.push_back(line);
        }
        sequence
    }

    pub(crate) fn record(&self, sequence: u64) -> Option<StoredRecord> {
        let first = self.head.sequence - self.records.len() as u64 + 1;
        let line = self.records.get(usize::try_from(sequence.checked_sub(first)?).ok()?)?;
        Some(StoredRecord { sequence, json: String::from_utf8_lossy(line).into_owned() })
    }

    pub(crate) fn recent(&self, count: usize) -> Vec<StoredRecord> {
        let count = count.min(self.records.len());
        let first = self.head.sequence - count as u64 + 1;
        let newest = self.records.iter().skip(self.records.len() - count);
        let stored = |(sequence, json): (u64, &Vec<u8>)| StoredRecord {
            sequence,
            json: String::from_utf8_lossy(json).into_owned(),
        };
        (first..).zip(newest).map(stored).collect()
    }
}
