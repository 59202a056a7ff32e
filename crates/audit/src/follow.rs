//! Following a log while it is written.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use crate::chain::Line;
use crate::error::ReadError;
use crate::files::{Lines, LogFile, list};
use crate::log::Log;
use crate::read::StoredRecord;

/// Reads records as they are written, each once, in order. Keeps no file open between two looks.
#[derive(Clone, Debug)]
pub struct Follower {
    /// The number of the next record.
    next: u64,
    place: Option<Place>,
}

#[derive(Clone, Debug)]
struct Place {
    file: LogFile,
    offset: u64,
}

impl Follower {
    /// Begins with the record numbered `from`.
    pub fn new(from: u64) -> Self {
        Self { next: from.max(1), place: None }
    }

    /// The number of the next record.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// Records that were written since, as many as fit into `bytes_max` bytes, but at least one if there is any.
    ///
    /// # Errors
    /// A file cannot be read, or holds something that is no record.
    pub fn read(&mut self, log: &Log, bytes_max: usize) -> Result<Vec<StoredRecord>, ReadError> {
        let head = log.head().sequence;
        let mut records = Vec::new();
        let Some(folder) = log.folder() else {
            let records = log.range(self.next, head, bytes_max)?;
            self.next = records.last().map_or(self.next, |last| last.sequence + 1);
            return Ok(records);
        };
        let mut bytes = 0;
        while self.next <= head && bytes < bytes_max {
            let place = match self.place.take() {
                Some(place) => place,
                None => {
                    let files = list(folder).map_err(ReadError::io(folder))?;
                    let at = files.partition_point(|file| file.first <= self.next).saturating_sub(1);
                    let Some(file) = files.into_iter().nth(at) else { return Ok(records) };
                    Place { file, offset: 0 }
                }
            };
            let before = self.next;
            let (file, mut offset) = (place.file, place.offset);
            let mut opened = File::open(&file.path).map_err(ReadError::io(&file.path))?;
            opened.seek(SeekFrom::Start(offset)).map_err(ReadError::io(&file.path))?;
            let mut lines = Lines::over(opened);
            let begin = offset;
            while self.next <= head && bytes < bytes_max {
                let number = lines.number;
                let Some(line) = lines.next().map_err(ReadError::io(&file.path))? else { break };
                // A line without its end is being written; an empty one is room made in advance.
                if !line.ended || line.bytes.is_empty() {
                    break;
                }
                let is_header = begin == 0 && number == 0;
                if !is_header {
                    let parsed = Line::parse(line.bytes).filter(|parsed| parsed.sequence <= self.next);
                    let record = parsed.and_then(|line| Some((line.sequence, std::str::from_utf8(line.record).ok()?)));
                    let Some((sequence, json)) = record else {
                        return Err(ReadError::Damaged { file: file.name, line: number + 1 });
                    };
                    if sequence == self.next {
                        bytes += json.len();
                        records.push(StoredRecord { sequence, json: json.to_owned() });
                        self.next += 1;
                    }
                }
                offset = begin + lines.offset;
            }
            if self.next == before {
                // Nothing more in this file: the next look finds the file that goes on.
                if offset == begin && begin != 0 {
                    let files = list(folder).map_err(ReadError::io(folder))?;
                    if files.iter().any(|file| file.first == self.next) {
                        continue;
                    }
                }
                self.place = Some(Place { file, offset });
                break;
            }
            self.place = Some(Place { file, offset });
        }
        Ok(records)
    }
}
