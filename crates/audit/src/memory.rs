//! The log of a server that keeps nothing: the newest records, in memory.

use std::collections::VecDeque;

use crate::chain::{Head, Linker, genesis};
use crate::json::one_line;
use crate::read::StoredRecord;

pub(crate) struct Memory {
    pub(crate) head: Head,
    linker: Linker,
    records: VecDeque<StoredRecord>,
    records_max: usize,
    line: Vec<u8>,
}

impl Memory {
    pub(crate) fn new(records_max: usize) -> Self {
        Self {
            head: genesis(super::log::MEMORY, super::log::MEMORY),
            linker: Linker::default(),
            records: VecDeque::new(),
            records_max,
            line: Vec::new(),
        }
    }

    pub(crate) fn append(&mut self, record: &[u8]) -> u64 {
        self.line.clear();
        one_line(&mut self.line, record);
        let sequence = self.head.sequence + 1;
        self.head = Head { sequence, hash: self.linker.link(&self.head.hash, sequence, &self.line) };
        // The oldest record's memory is used again.
        let mut json = match self.records.len() >= self.records_max {
            true => self.records.pop_front().map(|oldest| oldest.json).unwrap_or_default(),
            false => String::new(),
        };
        json.clear();
        json.push_str(&String::from_utf8_lossy(&self.line));
        if self.records_max > 0 {
            self.records.push_back(StoredRecord { sequence, json });
        }
        sequence
    }

    pub(crate) fn recent(&self, count: usize) -> Vec<StoredRecord> {
        self.records.iter().skip(self.records.len().saturating_sub(count)).cloned().collect()
    }
}
