//! Checking a log offline.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::anchor::Anchor;
use crate::chain::{Head, Header, Line, Linker, genesis};
use crate::files::{Lines, LogFile, RawLine, list};
use crate::marker::Note;
use crate::span::Span;

/// How often progress is told, in bytes.
const PROGRESS_BYTES: u64 = 1024 * 1024;

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The node whose log it is; empty when there is none.
    pub node: String,
    /// The store the log belongs to.
    pub store: String,
    /// Files looked at.
    pub files: u64,
    /// Good records.
    pub records: u64,
    /// The number of the first record; more than 1 when an anchor vouches for what came before.
    pub first_sequence: u64,
    /// The last good record.
    pub head: Head,
    /// Anchors that were found to hold.
    pub anchors_checked: u64,
    /// Good records after the last anchor that was found to hold: from those on, somebody who may write the files
    /// could have rewritten or cut off the log unnoticed.
    pub records_after_last_anchor: u64,
    /// The newest anchor says that the log was closed, and yet it goes on: so many records were written since. If the
    /// log was not opened since either, they are forged.
    pub records_after_close: u64,
    /// What the log noted about itself.
    pub notes: Vec<Noted>,
    /// The first thing that is not as it was written; nothing after it was looked at.
    pub fault: Option<Fault>,
}

/// A note of the log about itself, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The number of the record.
    pub sequence: u64,
    /// The note.
    pub note: Note,
}

/// Where a log is not what was written, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was done.
    pub kind: FaultKind,
    /// The name of the file.
    pub file: String,
    /// The line in it; 1 is the first.
    pub line: u64,
    /// The number of the first record that is wrong or missing.
    pub sequence: u64,
    /// The same for people.
    pub why: String,
}

/// The ways in which a log can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// A record or its hash was changed.
    Edited,
    /// A record was exchanged, and its own hash with it; the next one still leads to the original.
    Replaced,
    /// Records are missing inside a file.
    Deleted,
    /// A record stands where another belongs, which comes later; or it stands there a second time.
    Reordered,
    /// A line is none that this log writes.
    Malformed,
    /// The last line is not complete: the process died writing it (opening the log repairs and notes that), or the
    /// file was cut.
    Torn,
    /// Records between two files are missing: a whole file, or the end of one.
    FileMissing,
    /// The first line of a file, or its name, was changed.
    HeaderEdited,
    /// The file is of another log.
    Foreign,
    /// The log ends before an anchored record.
    Truncated,
    /// An anchored record is another one than when it was anchored: the log was rewritten, up to it at least.
    Rewritten,
}

impl Report {
    /// Whether everything that was checked is as it was written.
    pub fn is_intact(&self) -> bool {
        self.fault.is_none()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "record {}, {} line {}: {}", self.sequence, self.file, self.line, self.why)
    }
}

/// A log could not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no log in the folder, and no anchor says that there was one.
    #[error("there is no audit log in {}", .0.display())]
    NoLog(PathBuf),
}

/// The bytes there are to check, for telling how far a check is.
pub fn size(dir: &Path) -> io::Result<u64> {
    list(dir)?.iter().map(|file| Ok(file.path.metadata()?.len())).sum()
}

/// Checks every line of the log in `dir`: that nothing was edited, deleted, exchanged, reordered or put in; and
/// against `anchors` (of this node; others are ignored) that nothing up to the last of them was rewritten or cut off.
///
/// `progress` is told the bytes checked so far. Only reads; a log that is being written may end in a torn line.
pub fn verify(dir: &Path, anchors: &[Anchor], progress: &mut dyn FnMut(u64)) -> Result<Report, VerifyError> {
    let files = list(dir).map_err(unreadable(dir))?;
    check_files(dir, &files, anchors, None, progress)
}

/// Checks these files; with a span nothing but them is expected.
pub(crate) fn check_files(
    dir: &Path,
    files: &[LogFile],
    anchors: &[Anchor],
    span: Option<Span>,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, VerifyError> {
    let mut check = Check::new(anchors, span);
    let fault = match files.first() {
        None if anchors.is_empty() => return Err(VerifyError::NoLog(dir.to_owned())),
        None => Some(Fault {
            kind: FaultKind::Truncated,
            file: crate::files::name(1),
            line: 1,
            sequence: 1,
            why: "there is no file at all, but there are anchors of one".to_owned(),
        }),
        Some(_) => check.files(files, progress)?,
    };
    Ok(check.report(fault))
}

pub(crate) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> VerifyError {
    let path = path.to_owned();
    move |source| VerifyError::Io { path, source }
}

/// A check under way.
struct Check<'a> {
    given: &'a [Anchor],
    span: Option<Span>,
    /// Set when the file behind the span was reached.
    behind: bool,
    /// The anchors of this node, in order; found holding up to `anchors_checked`.
    anchors: Vec<&'a Anchor>,
    linker: Linker,
    node: String,
    store: String,
    files: u64,
    records: u64,
    first_sequence: u64,
    head: Head,
    /// File and line of the head.
    head_place: (String, u64),
    anchors_checked: usize,
    last_anchored: u64,
    notes: Vec<Noted>,
    bytes_before: u64,
    bytes_told: u64,
}

/// What is wrong with a line: everything of a [`Fault`] but the place.
struct Wrong {
    kind: FaultKind,
    sequence: u64,
    why: String,
}

/// What one line turned out to be.
enum Step {
    Good,
    Wrong(Wrong),
    /// A good record with this number, which is not the next one.
    Elsewhere(u64),
}

/// Said of a header that names another hash than the last one before it.
const UNLED: &str = "the header does not follow the file before";

fn wrong(kind: FaultKind, sequence: u64, why: impl Into<String>) -> Option<Wrong> {
    Some(Wrong { kind, sequence, why: why.into() })
}

impl<'a> Check<'a> {
    fn new(given: &'a [Anchor], span: Option<Span>) -> Self {
        Self {
            given,
            span,
            behind: false,
            anchors: Vec::new(),
            linker: Linker::default(),
            node: String::new(),
            store: String::new(),
            files: 0,
            records: 0,
            first_sequence: 1,
            head: Head { sequence: 0, hash: [0; 32] },
            head_place: (String::new(), 0),
            anchors_checked: 0,
            last_anchored: 0,
            notes: Vec::new(),
            bytes_before: 0,
            bytes_told: 0,
        }
    }

    fn report(self, fault: Option<Fault>) -> Report {
        let newest = self.anchors.iter().max_by_key(|anchor| (anchor.time, anchor.sequence));
        let closed_at = newest.filter(|anchor| anchor.closed).map_or(u64::MAX, |anchor| anchor.sequence);
        Report {
            records_after_close: self.head.sequence.saturating_sub(closed_at),
            node: self.node,
            store: self.store,
            files: self.files,
            records: self.records,
            first_sequence: self.first_sequence,
            records_after_last_anchor: self
                .head
                .sequence
                .saturating_sub(self.last_anchored.max(self.first_sequence - 1)),
            head: self.head,
            anchors_checked: self.anchors_checked as u64,
            notes: self.notes,
            fault,
        }
    }

    fn files(&mut self, files: &[LogFile], progress: &mut dyn FnMut(u64)) -> Result<Option<Fault>, VerifyError> {
        let mut end = (String::new(), 0);
        for (index, file) in files.iter().enumerate() {
            self.files += 1;
            let is_last = index + 1 == files.len();
            let mut lines = Lines::open(&file.path).map_err(unreadable(&file.path))?;
            let wrong = self.file(file, is_last, &mut lines, progress).map_err(unreadable(&file.path))?;
            if let Some(Wrong { kind, sequence, why }) = wrong {
                let (file, line) = match kind {
                    // Found out a line later.
                    FaultKind::Replaced => self.head_place.clone(),
                    FaultKind::HeaderEdited => (file.name.clone(), 1),
                    _ => (file.name.clone(), lines.number.max(1)),
                };
                return Ok(Some(Fault { kind, file, line, sequence, why }));
            }
            self.bytes_before += lines.offset;
            end = (file.name.clone(), lines.number);
        }
        progress(self.bytes_before);
        let (file, lines) = end;
        let place =
            |wrong: Wrong, line| Fault { kind: wrong.kind, file, line, sequence: wrong.sequence, why: wrong.why };
        Ok(self.end().map(|wrong| place(wrong, lines + 1)))
    }

    /// Checks one file. When something is wrong, it is so in the line last read.
    fn file(
        &mut self,
        file: &LogFile,
        is_last: bool,
        lines: &mut Lines,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Option<Wrong>> {
        let first = lines.next()?;
        let ended = first.as_ref().is_some_and(|line| line.ended);
        let Some(header) = first.filter(|line| line.ended).and_then(|line| Header::parse(line.bytes)) else {
            let kind = if is_last && !ended { FaultKind::Torn } else { FaultKind::HeaderEdited };
            return Ok(wrong(kind, file.first, "the file does not begin with a header"));
        };
        if let Some(wrong) = self.header(file, &header) {
            return Ok(Some(wrong));
        }
        if self.span.is_some_and(|span| header.first > span.to) {
            self.behind = true;
            return Ok(match self.head.hash == header.prev {
                true => None,
                false => wrong(FaultKind::HeaderEdited, header.first, UNLED),
            });
        }
        // A header that leads elsewhere: either it was changed, or the last record of the file before was exchanged.
        let mut suspect = (self.head.hash != header.prev).then_some(&header);
        let mut blank = None;
        loop {
            let expected = self.head.sequence + 1;
            let Some(raw) = lines.next()? else {
                if suspect.is_some() {
                    return Ok(wrong(FaultKind::HeaderEdited, expected, UNLED));
                }
                let Some(number) = blank.filter(|_| !is_last) else { return Ok(None) };
                lines.number = number;
                return Ok(wrong(FaultKind::Malformed, expected, "there is an empty line"));
            };
            if raw.bytes.is_empty() {
                blank.get_or_insert(lines.number);
                continue;
            }
            if let Some(number) = blank {
                lines.number = number;
                return Ok(wrong(FaultKind::Malformed, expected, "there is an empty line"));
            }
            match self.line(&raw, is_last, &mut suspect) {
                Step::Good => {}
                Step::Wrong(wrong) if is_last && wrong.kind == FaultKind::Malformed => {
                    return Ok(Some(Self::perhaps_torn(wrong, lines)?));
                }
                Step::Wrong(wrong) => return Ok(Some(wrong)),
                Step::Elsewhere(found) => return self.misplaced(found, lines),
            }
            if lines.number == 2 {
                self.head_place.0.clone_from(&file.name);
            }
            self.head_place.1 = lines.number;
            let bytes = self.bytes_before + lines.offset;
            if bytes - self.bytes_told >= PROGRESS_BYTES {
                self.bytes_told = bytes;
                progress(bytes);
            }
        }
    }

    /// Checks one line against itself and against the head. `suspect` is the header before it, if that does not follow
    /// the head.
    fn line(&mut self, raw: &RawLine<'_>, is_last: bool, suspect: &mut Option<&Header>) -> Step {
        let expected = self.head.sequence + 1;
        let bad = |kind, why: &str| Step::Wrong(Wrong { kind, sequence: expected, why: why.to_owned() });
        let Some(line) = Line::parse(raw.bytes) else {
            return match is_last && !raw.ended {
                true => bad(FaultKind::Torn, "the line is not complete"),
                false => bad(FaultKind::Malformed, "the line is none of this log"),
            };
        };
        if !raw.ended {
            return bad(FaultKind::Torn, "the line has no end");
        }
        if !line.is_consistent(&mut self.linker) {
            return bad(FaultKind::Edited, "the record does not have the hash that stands beside it");
        }
        if line.sequence != expected {
            return Step::Elsewhere(line.sequence);
        }
        if suspect.take().is_some_and(|header| line.previous != header.prev) {
            return bad(FaultKind::HeaderEdited, UNLED);
        }
        if line.previous != self.head.hash {
            let why = "the record is not the one that the next one follows: it was exchanged together with its hash";
            return Step::Wrong(Wrong { kind: FaultKind::Replaced, sequence: self.head.sequence, why: why.to_owned() });
        }
        self.accept(&line).map_or(Step::Good, Step::Wrong)
    }

    fn header(&mut self, file: &LogFile, header: &Header) -> Option<Wrong> {
        if header.first != file.first {
            return wrong(FaultKind::HeaderEdited, file.first, "the file's name and its header disagree");
        }
        if self.files == 1 {
            return self.first_header(header);
        }
        if header.node != self.node || header.store != self.store {
            return wrong(FaultKind::Foreign, file.first, "the file is of another log than those before");
        }
        let expected = self.head.sequence + 1;
        match header.first.cmp(&expected) {
            std::cmp::Ordering::Greater => {
                let last = header.first - 1;
                wrong(
                    FaultKind::FileMissing,
                    expected,
                    format!("records {expected} to {last} are missing: a whole file or the end of the one before"),
                )
            }
            std::cmp::Ordering::Less => {
                wrong(FaultKind::Reordered, header.first, "the file begins with records that stood in those before")
            }
            std::cmp::Ordering::Equal => None,
        }
    }

    /// The first file says whose log it is; what came before it, if anything did, an anchor must vouch for.
    fn first_header(&mut self, header: &Header) -> Option<Wrong> {
        self.node.clone_from(&header.node);
        self.store.clone_from(&header.store);
        self.anchors =
            self.given.iter().filter(|anchor| anchor.node == header.node && anchor.store == header.store).collect();
        self.anchors.sort_by_key(|anchor| (anchor.sequence, anchor.time));
        if self.anchors.is_empty() && !self.given.is_empty() {
            return wrong(FaultKind::Foreign, header.first, "the anchors are all of other logs");
        }
        let before = header.before();
        if before.sequence == 0 && before != genesis(&header.node, &header.store) {
            return wrong(FaultKind::HeaderEdited, 1, "the log does not begin as one of this node and store does");
        }
        let vouched =
            self.span.is_some() || before.sequence == 0 || self.anchors.iter().any(|anchor| anchor.head() == before);
        if !vouched {
            let last = before.sequence;
            return wrong(
                FaultKind::FileMissing,
                1,
                format!("records 1 to {last} are missing, and no anchor vouches for them"),
            );
        }
        self.anchors.retain(|anchor| anchor.sequence >= before.sequence);
        self.first_sequence = header.first;
        self.head = before;
        self.check_anchors()
    }

    fn accept(&mut self, line: &Line<'_>) -> Option<Wrong> {
        self.records += 1;
        self.head = line.head();
        self.notes.extend(Note::read(line.record).map(|note| Noted { sequence: line.sequence, note }));
        self.check_anchors()
    }

    /// Compares the head with the anchors that are due.
    fn check_anchors(&mut self) -> Option<Wrong> {
        while let Some(anchor) = self.anchors.get(self.anchors_checked) {
            if anchor.sequence > self.head.sequence {
                return None;
            }
            if anchor.hash != self.head.hash {
                let since = self.last_anchored + 1;
                let why = format!(
                    "the record is not the one that was anchored at {}: the log was rewritten from a record on that lies between {since} and this one",
                    anchor.time
                );
                return wrong(FaultKind::Rewritten, anchor.sequence, why);
            }
            self.anchors_checked += 1;
            self.last_anchored = anchor.sequence;
        }
        None
    }

    /// A line that was being written into room made in advance ends where that room goes on.
    fn perhaps_torn(wrong: Wrong, lines: &mut Lines) -> io::Result<Wrong> {
        let number = lines.number;
        let (mut some, mut only_room) = (false, true);
        while let Some(line) = lines.next()? {
            some = true;
            only_room &= line.bytes.is_empty();
        }
        lines.number = number;
        if some && only_room {
            return Ok(Wrong { kind: FaultKind::Torn, why: "the line is not complete".to_owned(), ..wrong });
        }
        Ok(wrong)
    }

    /// Tells a record that was taken out from one that stands elsewhere.
    fn misplaced(&self, found: u64, lines: &mut Lines) -> io::Result<Option<Wrong>> {
        let expected = self.head.sequence + 1;
        if found < expected {
            return Ok(wrong(FaultKind::Reordered, expected, format!("record {found} stands here, out of order")));
        }
        let number = lines.number;
        let mut later = false;
        while let Some(line) = lines.next()? {
            later |= Line::parse(line.bytes).is_some_and(|line| line.sequence == expected);
        }
        lines.number = number;
        Ok(match later {
            true => wrong(FaultKind::Reordered, expected, format!("record {found} stands here, out of order")),
            false => wrong(FaultKind::Deleted, expected, format!("records {expected} to {} are missing", found - 1)),
        })
    }

    /// Whether an anchor says that there was more.
    fn end(&self) -> Option<Wrong> {
        if self.behind {
            return None;
        }
        let last = self.anchors.last().filter(|_| self.anchors_checked < self.anchors.len())?;
        let why = format!("the log ends before record {}, which was anchored at {}", last.sequence, last.time);
        wrong(FaultKind::Truncated, self.head.sequence + 1, why)
    }
}
