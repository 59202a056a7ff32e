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
    /// How many of the appended records were given up.
    given_up: u64,
    linker: Linker,
    /// The record on one line, when it was not already.
    flat: Vec<u8>,
    /// Records given up since the log last worked, still to be noted.
    outage: Option<Outage>,
    /// Outages whose notes are not certain to stay yet, each with the position of the record behind its note.
    noted: Vec<(u64, Outage)>,
    pub(crate) closed: bool,
}

/// What [`Pending::take`] hands to the writer.
pub(crate) struct Batch {
    pub(crate) lines: Vec<u8>,
    /// Head and position once the batch is written.
    pub(crate) end: Mark,
}

/// A place in the chain, and how many records had been appended and given up when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) head: Head,
    pub(crate) position: u64,
    pub(crate) given_up: u64,
}

impl Pending {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            head,
            head_hex: HexHash::new(&head.hash),
            lines: Vec::new(),
            position: 0,
            given_up: 0,
            linker: Linker::default(),
            flat: Vec::new(),
            outage: None,
            noted: Vec::new(),
            closed: false,
        }
    }

    /// Numbers and links a record; returns its position and its number.
    pub(crate) fn append(&mut self, record: &[u8], clock: &dyn Fn() -> Timestamp) -> (u64, u64) {
        if let Some(outage) = self.outage.take() {
            self.push(&Note::Resumed(outage.clone()).record(clock(), &self.head));
            self.noted.push((self.position + 1, outage));
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

    /// Chains the note of an outage although no record follows it. Whether there was one to be noted.
    pub(crate) fn resume(&mut self, clock: &dyn Fn() -> Timestamp) -> bool {
        let Some(outage) = self.outage.take() else { return false };
        self.push(&Note::Resumed(outage.clone()).record(clock(), &self.head));
        self.note_alone();
        self.noted.push((self.position, outage));
        true
    }

    /// Gives a note that was just chained a position of its own, which counts as no record, so that its write can be
    /// decided like every other.
    pub(crate) fn note_alone(&mut self) {
        self.position += 1;
        self.given_up += 1;
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
        Mark { head: self.head, position: self.position, given_up: self.given_up }
    }

    /// The records up to this position are there to stay.
    pub(crate) fn settle(&mut self, position: u64) {
        self.noted.retain(|(noted_at, _)| *noted_at > position);
    }

    /// Gives up everything after `kept`, and returns where the chain goes on.
    pub(crate) fn give_up_after(&mut self, kept: &Mark, now: Timestamp) -> Mark {
        let dropped = (self.position - kept.position) - (self.given_up - kept.given_up);
        self.given_up += dropped;
        let mut outage = self.outage.take().unwrap_or(Outage { since: now, dropped_records: 0 });
        outage.dropped_records += dropped;
        // Notes that are lost are written again, as one.
        self.noted.retain(|(noted_at, lost)| {
            let stays = *noted_at <= kept.position;
            if !stays {
                outage.since = outage.since.min(lost.since);
                outage.dropped_records += lost.dropped_records;
            }
            stays
        });
        self.outage = (outage.dropped_records > 0).then_some(outage);
        self.lines.clear();
        self.head = kept.head;
        self.head_hex = HexHash::new(&kept.head.hash);
        self.mark()
    }
}
