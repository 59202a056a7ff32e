//! Checking a part of a log: the files that hold a range of records.

use std::path::Path;

use crate::anchor::Anchor;
use crate::files::list;
use crate::verify::{Report, VerifyError, check_files, unreadable};

/// A range of records, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// Like [`verify`](crate::verify), but only the files that hold the range, whole, and that the next file follows them.
/// What came before them is taken from the first of their headers, unless an anchor speaks of it; anchors behind them
/// are not looked at.
pub fn verify_span(
    dir: &Path,
    anchors: &[Anchor],
    span: Span,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, VerifyError> {
    let mut files = list(dir).map_err(unreadable(dir))?;
    let begin = files.partition_point(|file| file.first <= span.from).saturating_sub(1);
    files.drain(..begin);
    // The one behind the range is asked only whom it follows.
    let inside = files.partition_point(|file| file.first <= span.to);
    files.truncate(inside + 1);
    check_files(dir, &files, anchors, Some(span), progress)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Span, verify_span};
    use crate::files::{list, name};
    use crate::{FaultKind, Log, Options, Report, verify};

    /// Thirty records in files of a few each; the numbers of the first ones.
    fn written(dir: &Path) -> Vec<u64> {
        let log = Log::open(dir, "n", Options { file_bytes_max: 1200, ..Options::default() }).unwrap();
        for n in 1..=30 {
            let ticket = log.append(format!(r#"{{"n":{n}}}"#).as_bytes());
            log.flush(ticket).unwrap();
        }
        list(dir).unwrap().iter().map(|file| file.first).collect()
    }

    fn check(dir: &Path, from: u64, to: u64) -> Report {
        verify_span(dir, &[], Span { from, to }, &mut |_| {}).unwrap()
    }

    #[test]
    fn a_part_is_whole_on_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let firsts = written(dir.path());
        assert!(firsts.len() >= 5, "{firsts:?}");
        let all = check(dir.path(), 1, u64::MAX);
        assert_eq!((all.records, all.is_intact()), (30, true));
        let middle = check(dir.path(), firsts[1] + 1, firsts[3] - 1);
        assert!(middle.is_intact(), "{:?}", middle.fault);
        assert_eq!((middle.first_sequence, middle.head.sequence), (firsts[1], firsts[3] - 1));
        let last = check(dir.path(), 30, 30);
        assert_eq!((last.first_sequence, last.head.sequence, last.is_intact()), (*firsts.last().unwrap(), 30, true));
        // Files before that are gone do not matter to it, as they do to the whole.
        std::fs::remove_file(dir.path().join(name(1))).unwrap();
        assert!(check(dir.path(), firsts[1], 30).is_intact());
        assert!(!verify(dir.path(), &[], &mut |_| {}).unwrap().is_intact());
    }

    #[test]
    fn damage_is_found_inside_and_at_the_edge_and_not_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let firsts = written(dir.path());
        let path = dir.path().join(name(firsts[2]));
        let good = std::fs::read_to_string(&path).unwrap();
        let edited = good.replace(&format!(r#"{{"n":{}}}"#, firsts[2] + 1), r#"{"n":0}"#);
        assert_ne!(edited, good);
        std::fs::write(&path, edited).unwrap();
        let fault = check(dir.path(), firsts[1], firsts[2]).fault.unwrap();
        assert_eq!((fault.kind, fault.sequence), (FaultKind::Edited, firsts[2] + 1));
        assert!(check(dir.path(), 1, firsts[2] - 1).is_intact());
        assert!(check(dir.path(), firsts[3], 30).is_intact());
        // The end of the last file of the range is missing: the next one tells.
        let end = good.trim_end().rfind('\n').unwrap() + 1;
        std::fs::write(&path, &good[..end]).unwrap();
        let fault = check(dir.path(), firsts[2], firsts[2]).fault.unwrap();
        assert_eq!((fault.kind, fault.sequence), (FaultKind::FileMissing, firsts[3] - 1));
    }
}
