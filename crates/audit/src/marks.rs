//! Following a log as it grows, and reading single records back by their place. Nothing is checked here but that the
//! place is still that of the same record.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::chain::Line;
use crate::error::ReadError;
use crate::files::{Lines, LogFile, list};
use crate::read::{StoredRecord, stored};

/// Where a record stands in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the first record of its file.
    pub file: u64,
    /// Where its line begins, in bytes from the beginning of the file.
    pub offset: u64,
    /// How long its line is, in bytes without its end.
    pub bytes: u64,
}

/// The last record that a follower has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where it stands.
    pub place: Place,
    /// Its hash in the chain.
    pub hash: [u8; 32],
}

/// A record met while following.
#[derive(Clone, Copy, Debug)]
pub struct Met<'a> {
    /// Its number in the chain.
    pub sequence: u64,
    /// Where it stands, to be found again.
    pub mark: Mark,
    /// The record: one JSON object.
    pub record: &'a [u8],
}

/// A log cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The record that was seen last is not where it was: the file is gone, or its end was taken back and written anew.
    #[error("the record that was read last is not in the log any more")]
    Lost,
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Shows `each` the records after `after` (all, without one) in their order, up to the present end of the log in `dir`
/// or until it breaks. The log may be written meanwhile.
pub fn follow(
    dir: &Path,
    after: Option<&Mark>,
    each: &mut dyn FnMut(Met<'_>) -> ControlFlow<()>,
) -> Result<(), FollowError> {
    let files = list(dir).map_err(ReadError::io(dir))?;
    let (begin, offset) = match after {
        None => (0, 0),
        Some(mark) => {
            let begin = files.iter().position(|file| file.first == mark.place.file).ok_or(FollowError::Lost)?;
            if !still_there(&files[begin], mark) {
                return Err(FollowError::Lost);
            }
            (begin, mark.place.offset + mark.place.bytes + 1)
        }
    };
    read_files(&files[begin..], offset, each)
}

fn read_files(
    files: &[LogFile],
    mut offset: u64,
    each: &mut dyn FnMut(Met<'_>) -> ControlFlow<()>,
) -> Result<(), FollowError> {
    for (index, file) in files.iter().enumerate() {
        // A file is complete when there was a later one before it was read.
        let is_last = index + 1 == files.len();
        if read_file(file, offset, is_last, each)?.is_break() {
            return Ok(());
        }
        offset = 0;
    }
    Ok(())
}

fn read_file(
    file: &LogFile,
    begin: u64,
    is_last: bool,
    each: &mut dyn FnMut(Met<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, ReadError> {
    let unreadable = ReadError::io(&file.path);
    let opened = File::open(&file.path).and_then(|mut opened| {
        opened.seek(SeekFrom::Start(begin))?;
        Ok(opened)
    });
    let mut lines = Lines::over(opened.map_err(unreadable)?);
    loop {
        let offset = begin + lines.offset;
        let line = lines.next().map_err(ReadError::io(&file.path))?;
        // A line without its end is being written, or was when the process died.
        let Some(line) = line.filter(|line| line.ended) else { return Ok(ControlFlow::Continue(())) };
        let bytes = line.bytes;
        match Line::parse(bytes) {
            Some(line) => {
                let place = Place { file: file.first, offset, bytes: bytes.len() as u64 };
                let mark = Mark { place, hash: line.hash };
                if each(Met { sequence: line.sequence, mark, record: line.record }).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            // Room made in advance: nothing comes after it.
            None if is_last && bytes.is_empty() => return Ok(ControlFlow::Continue(())),
            // The header, a line that is being written into that room, or damage, which is verification's business.
            None => {}
        }
    }
}

fn still_there(file: &LogFile, mark: &Mark) -> bool {
    let line = read_line(file, &mark.place);
    line.is_ok_and(|line| Line::parse(&line).is_some_and(|line| line.hash == mark.hash))
}

fn read_line(file: &LogFile, place: &Place) -> io::Result<Vec<u8>> {
    let opened = File::open(&file.path)?;
    // The place may be out of an index that somebody edited.
    let room = opened.metadata()?.len().saturating_sub(place.offset);
    if place.bytes > room {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut line = vec![0; usize::try_from(place.bytes).map_err(|_| io::ErrorKind::UnexpectedEof)?];
    opened.read_exact_at(&mut line, place.offset)?;
    Ok(line)
}

/// The record at a place; `None` when there is none of this number (any more).
pub fn record_at(dir: &Path, place: &Place, sequence: u64) -> Option<StoredRecord> {
    let line = read_line(&LogFile::new(dir, place.file), place).ok()?;
    let record = Line::parse(&line).and_then(|line| stored(&line))?;
    (record.sequence == sequence).then_some(record)
}

/// The number of the first record of each file of the log in `dir`, in order.
pub fn first_numbers(dir: &Path) -> Result<Vec<u64>, ReadError> {
    Ok(list(dir).map_err(ReadError::io(dir))?.iter().map(|file| file.first).collect())
}

/// Like [`follow`], from the beginning of the file whose first record is `first`.
pub fn follow_file(
    dir: &Path,
    first: u64,
    each: &mut dyn FnMut(Met<'_>) -> ControlFlow<()>,
) -> Result<(), FollowError> {
    let files = list(dir).map_err(ReadError::io(dir))?;
    let begin = files.iter().position(|file| file.first == first).ok_or(FollowError::Lost)?;
    read_files(&files[begin..], 0, each)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;

    use super::{FollowError, Mark, follow, record_at};
    use crate::{Log, Options};

    fn write(dir: &Path, names: &[&str]) {
        let log = Log::open(dir, "n", Options { file_bytes_max: 700, ..Options::default() }).unwrap();
        for name in names {
            let ticket = log.append(format!(r#"{{"eventName":"{name}"}}"#).as_bytes());
            log.flush(ticket).unwrap();
        }
    }

    fn seen(dir: &Path, after: Option<&Mark>, most: usize) -> Result<Vec<(u64, String, Mark)>, FollowError> {
        let mut seen = Vec::new();
        follow(dir, after, &mut |met| {
            seen.push((met.sequence, String::from_utf8(met.record.to_vec()).unwrap(), met.mark));
            if seen.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(seen)
    }

    #[test]
    fn every_record_once_in_order_through_all_files() {
        let dir = tempfile::tempdir().unwrap();
        let names: Vec<String> = (1..=20).map(|n| format!("Call{n}")).collect();
        write(dir.path(), &names.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(std::fs::read_dir(dir.path()).unwrap().count() > 5);
        let mut all = Vec::new();
        let mut mark = None;
        loop {
            let page = seen(dir.path(), mark.as_ref(), 3).unwrap();
            let Some((.., last)) = page.last() else { break };
            mark = Some(*last);
            all.extend(page);
        }
        let texts: Vec<_> = all.iter().map(|(_, text, _)| text.clone()).collect();
        assert_eq!(texts, names.iter().map(|name| format!(r#"{{"eventName":"{name}"}}"#)).collect::<Vec<_>>());
        for (sequence, text, mark) in &all {
            assert_eq!(record_at(dir.path(), &mark.place, *sequence).unwrap().json, *text);
            assert_eq!(record_at(dir.path(), &mark.place, sequence + 1), None);
        }
        write(dir.path(), &["Later"]);
        let later = seen(dir.path(), mark.as_ref(), 9).unwrap();
        assert_eq!(later.iter().map(|(sequence, ..)| *sequence).collect::<Vec<_>>(), [21]);
    }

    #[test]
    fn an_end_that_was_taken_back_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &["A", "B"]);
        let last = seen(dir.path(), None, 9).unwrap().pop().unwrap().2;
        let path = dir.path().join(crate::files::name(last.place.file));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..last.place.offset as usize]).unwrap();
        assert!(matches!(seen(dir.path(), Some(&last), 9), Err(FollowError::Lost)));
        write(dir.path(), &["C"]);
        assert!(matches!(seen(dir.path(), Some(&last), 9), Err(FollowError::Lost)));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(seen(dir.path(), Some(&last), 9), Err(FollowError::Lost)));
    }

    #[test]
    fn a_line_that_is_being_written_is_left_for_later() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &["A", "B"]);
        let path = dir.path().join(crate::files::name(1));
        let text = std::fs::read_to_string(&path).unwrap();
        for piece in ["{\"seq\":3,\"pr", "\n\n\n", "{\"seq\":3,\"pr\n\n"] {
            std::fs::write(&path, format!("{text}{piece}")).unwrap();
            assert_eq!(seen(dir.path(), None, 9).unwrap().len(), 2, "{piece:?}");
        }
    }
}
