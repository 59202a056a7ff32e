//! Reading records back. Nothing is checked here; that is what `verify` is for.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::chain::Line;
use crate::error::ReadError;
use crate::files::{Lines, LogFile, list};

/// A record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its number in the chain.
    pub sequence: u64,
    /// The record, one JSON object on one line.
    pub json: String,
}

/// Reads the log in `dir` from the record numbered `from` (or the first there is after it) to the present end.
///
/// The log may be written meanwhile; to follow it, read again from the number after the last one seen.
pub fn read(dir: &Path, from: u64) -> Result<Records, ReadError> {
    let mut files = list(dir).map_err(ReadError::io(dir))?;
    let begin = files.partition_point(|file| file.first <= from).saturating_sub(1);
    files.drain(..begin);
    files.reverse();
    Ok(Records { from, files, open: None })
}

/// The records of a log, in order. Ends at the first error.
pub struct Records {
    from: u64,
    /// Files still to come, the next one last.
    files: Vec<LogFile>,
    open: Option<(LogFile, Lines)>,
}

impl Iterator for Records {
    type Item = Result<StoredRecord, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance().transpose();
        if let Some(Err(_)) = next {
            self.files.clear();
            self.open = None;
        }
        next
    }
}

impl Records {
    fn advance(&mut self) -> Result<Option<StoredRecord>, ReadError> {
        loop {
            let Some((file, lines)) = &mut self.open else {
                let Some(file) = self.files.pop() else { return Ok(None) };
                let lines = Lines::open(&file.path).map_err(ReadError::io(&file.path))?;
                self.open = Some((file, lines));
                continue;
            };
            // A line without its end is being written, or was when the process died.
            let Some(line) = lines.next().map_err(ReadError::io(&file.path))?.filter(|line| line.ended) else {
                self.open = None;
                continue;
            };
            let bytes = line.bytes;
            let record = Line::parse(bytes).and_then(|line| stored(&line));
            match record {
                Some(record) if record.sequence >= self.from => return Ok(Some(record)),
                Some(_) => {}
                None if bytes.is_empty() || lines.number == 1 => {}
                None => return Err(ReadError::Damaged { file: file.name.clone(), line: lines.number }),
            }
        }
    }
}

pub(crate) fn stored(line: &Line<'_>) -> Option<StoredRecord> {
    let json = std::str::from_utf8(line.record).ok()?.to_owned();
    Some(StoredRecord { sequence: line.sequence, json })
}

/// The newest `count` records of a log whose last file is written up to `len`, oldest first.
pub(crate) fn newest(folder: &Path, last: &LogFile, len: u64, count: usize) -> Vec<StoredRecord> {
    let mut records = Vec::new();
    let earlier = list(folder).unwrap_or_default().into_iter().rev().filter(|file| file.first < last.first);
    let ends = std::iter::once((last.clone(), Some(len))).chain(earlier.map(|file| (file, None)));
    for (file, len) in ends {
        if records.len() >= count || newest_in(&file.path, len, count, &mut records).is_err() {
            break;
        }
    }
    records.reverse();
    records
}

/// Adds the file's records, newest first, until there are `count`.
fn newest_in(path: &Path, len: Option<u64>, count: usize, records: &mut Vec<StoredRecord>) -> std::io::Result<()> {
    const BLOCK: u64 = 64 * 1024;
    let file = File::open(path)?;
    let mut start = match len {
        Some(len) => len,
        None => file.metadata()?.len(),
    };
    // The bytes before the oldest line taken so far, as far as they were read.
    let mut bytes = Vec::new();
    loop {
        while let Some(at) = bytes.strip_suffix(b"\n").and_then(|b: &[u8]| b.iter().rposition(|&byte| byte == b'\n')) {
            if records.len() >= count {
                return Ok(());
            }
            records.extend(Line::parse(&bytes[at + 1..bytes.len() - 1]).and_then(|line| stored(&line)));
            bytes.truncate(at + 1);
        }
        if start == 0 || records.len() >= count {
            // What is left is the header.
            return Ok(());
        }
        let block = start.min(BLOCK);
        start -= block;
        let mut earlier = vec![0; block as usize];
        file.read_exact_at(&mut earlier, start)?;
        earlier.extend_from_slice(&bytes);
        bytes = earlier;
    }
}
