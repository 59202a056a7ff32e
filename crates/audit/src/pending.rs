//! The near end of the chain: records that were numbered and linked, and wait for their write.

use jiff::Timestamp;

use crate::chain::{Head, HexHash, Linker, write_line};
use crate::json::one_line;
use crate::marker::{Note, Outage};

/// Buffers that grew beyond this in one unusual batch are given back.
const BUFFER_BYTES_KEPT: usize = 1024 * 1024;

/// Lives behind one lock that is held for one hash and one copy.
pub(crate) struct Pending {
    head: Head,
    head_hex: HexHash,
    lines: Vec<u8>,
    /// Counts appended records and never goes back, unlike the sequence, which does when a write fails.
    position: u64,
    linker: Linker,
    /// The record on one line, when it was not already.
    flat: Vec<u8>,
    /// Records given up since the log last worked, still to be noted.
    outage: Option<Outage>,
    /// The outage that the first waiting line notes.
    noted: Option<Outage>,
    pub(crate) closed: bool,
}

/// What [`Pending::take`] hands to the writer.
pub(crate) struct Batch {
    pub(crate) lines: Vec<u8>,
    /// Head and position once the batch is written.
    pub(crate) end: Mark,
}

/// A place in the chain, and how many records had been appended when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) head: Head,
    pub(crate) position: u64,
}

impl Pending {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            head,
            head_hex: HexHash::new(&head.hash),
            lines: Vec::new(),
            position: 0,
            linker: Linker::default(),
            flat: Vec::new(),
            outage: None,
            noted: None,
            closed: false,
        }
    }

    /// Numbers and links a record; returns its position and its number.
    pub(crate) fn append(&mut self, record: &[u8], clock: &dyn Fn() -> Timestamp) -> (u64, u64) {
        if let Some(outage) = self.outage.take() {
            self.push(&Note::Resumed(outage.clone()).record(clock(), &self.head));
            self.noted = Some(outage);
        }
        if record.contains(&b'\n') || record.contains(&b'\r') {
            let mut flat = std::mem::take(&mut self.flat);
            flat.clear();
            one_line(&mut flat, record);
            self.push(&flat);
            self.flat = flat;
        } else {
            self.push(record);
        }
        self.position += 1;
        (self.position, self.head.sequence)
    }

    /// Chains a record nobody waits for.
    pub(crate) fn push(&mut self, record: &[u8]) {
        let sequence = self.head.sequence + 1;
        let hash = self.linker.link(&self.head.hash, sequence, record);
        let hex = HexHash::new(&hash);
        write_line(&mut self.lines, sequence, &self.head_hex, &hex, record);
        self.head = Head { sequence, hash };
        self.head_hex = hex;
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Hands out what waits, leaving `empty` in its place.
    pub(crate) fn take(&mut self, mut empty: Vec<u8>) -> Batch {
        empty.clear();
        empty.shrink_to(BUFFER_BYTES_KEPT);
        Batch { lines: std::mem::replace(&mut self.lines, empty), end: self.mark() }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { head: self.head, position: self.position }
    }

    /// The batch that carried the note of an outage was written.
    pub(crate) fn note_written(&mut self) {
        self.noted = None;
    }

    /// Gives up everything after `kept`, and returns where the chain goes on.
    pub(crate) fn give_up_after(&mut self, kept: &Mark, now: Timestamp) -> Mark {
        let earlier = self.noted.take().or(self.outage.take());
        let dropped = self.position - kept.position;
        self.outage = Some(match earlier {
            Some(outage) => Outage { dropped_records: outage.dropped_records + dropped, ..outage },
            None => Outage { since: now, dropped_records: dropped },
        });
        self.lines.clear();
        self.head = kept.head;
        self.head_hex = HexHash::new(&kept.head.hash);
        self.mark()
    }
}
