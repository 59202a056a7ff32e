//! Ends that a crash leaves behind.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::common::*;
use crate::files::list;
use crate::*;

fn last_file(dir: &Path) -> PathBuf {
    list(dir).unwrap().pop().unwrap().path
}

fn cuts(report: &Report) -> Vec<(u64, TailCut)> {
    let cut = |noted: &Noted| match &noted.note {
        Note::TailCut(cut) => Some((noted.sequence, cut.clone())),
        _ => None,
    };
    report.notes.iter().filter_map(cut).collect()
}

/// Names of files kept aside.
fn kept_aside(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".cut-")).collect()
}

#[test]
fn a_last_line_torn_at_any_byte_is_cut_off_and_noted() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    append(&log, 1..=4);
    let anchor = log.anchor();
    let whole = fs::read(last_file(dir.path())).unwrap();
    append(&log, 5..=5);
    drop(log);
    let longer = fs::read(last_file(dir.path())).unwrap();
    for len in whole.len()..=longer.len() {
        fs::write(last_file(dir.path()), &longer[..len]).unwrap();
        let torn = len > whole.len() && len < longer.len();
        let fault = checked(dir.path(), std::slice::from_ref(&anchor)).fault;
        assert_eq!(fault.map(|fault| (fault.kind, fault.sequence)), torn.then_some((FaultKind::Torn, 5)));

        let log = open(dir.path(), options(1 << 20));
        assert_eq!(log.tail_cuts().len(), usize::from(torn), "{len}");
        append(&log, 6..=6);
        let report = intact(dir.path(), std::slice::from_ref(&anchor));
        let noted = cuts(&report);
        if torn {
            let cut = &noted[0].1;
            assert_eq!((noted[0].0, cut.sequence, cut.cut_bytes), (5, 5, (len - whole.len()) as u64));
            assert_eq!((cut.cut_records, &cut.kept_as), (0, &None));
            assert_eq!(noted[0].1, log.tail_cuts()[0]);
        }
        assert_eq!(noted.len(), usize::from(torn));
        let stored = stored(dir.path());
        assert_eq!(stored[..4], (1..=4).map(record).collect::<Vec<_>>());
        assert_eq!(stored.last(), Some(&record(6)));
        assert_eq!(stored.len(), 4 + usize::from(len > whole.len()) + 1);
    }
    assert!(kept_aside(dir.path()).is_empty());
}

#[test]
fn a_batch_torn_in_its_middle_keeps_its_whole_records() {
    let dir = folder();
    append(&open(dir.path(), options(1 << 20)), 1..=6);
    let path = last_file(dir.path());
    let content = fs::read(&path).unwrap();
    let ends: Vec<_> = (0..content.len()).filter(|&at| content[at] == b'\n').collect();
    fs::write(&path, &content[..ends[5] + 50]).unwrap();
    let log = open(dir.path(), options(1 << 20));
    assert_eq!(log.head().sequence, 6, "five records and the note");
    assert_eq!(cuts(&intact(dir.path(), &[]))[0].1.cut_bytes, 49);
}

#[test]
fn torn_lines_in_room_made_in_advance_and_zeros_of_a_power_failure() {
    for (tail, bytes) in [("{\"seq\":4,\"prev\":\"ab\n\n\n\n\n", 19), ("\0\0\0\0\0\0\0", 7), ("\n\n\0\n", 3)] {
        let dir = folder();
        append(&open(dir.path(), options(1 << 20)), 1..=3);
        let path = last_file(dir.path());
        let mut content = fs::read(&path).unwrap();
        content.extend_from_slice(tail.as_bytes());
        fs::write(&path, &content).unwrap();
        let kind = if tail.starts_with("\n\n") { FaultKind::Malformed } else { FaultKind::Torn };
        let fault = checked(dir.path(), &[]).fault.unwrap();
        assert_eq!((fault.kind, fault.sequence, fault.line), (kind, 4, 5));
        let log = open(dir.path(), options(1 << 20));
        assert_eq!(log.tail_cuts()[0].cut_bytes, bytes, "{tail:?}");
        assert_eq!(intact(dir.path(), &[]).records, 4);
        assert_eq!(kept_aside(dir.path()).len(), usize::from(tail.starts_with("\n\n")));
    }
}

#[test]
fn more_than_a_piece_of_one_record_is_kept_aside() {
    // An edited last record, and an edited third one with two good ones after it.
    for (number, good_after) in [(5, 0), (3, 2)] {
        let dir = folder();
        let log = open(dir.path(), options(1 << 20));
        append(&log, 1..=5);
        let anchor = log.anchor();
        drop(log);
        let path = last_file(dir.path());
        let content = fs::read_to_string(&path).unwrap();
        let needle = format!("\"number\":{number},");
        fs::write(&path, content.replace(&needle, "\"number\":8,")).unwrap();
        let fault = checked(dir.path(), &[]).fault.unwrap();
        assert_eq!((fault.kind, fault.sequence, fault.line), (FaultKind::Edited, number, number + 1));

        let log = open(dir.path(), options(1 << 20));
        let cut = log.tail_cuts()[0].clone();
        assert_eq!((cut.sequence, cut.cut_records), (number, good_after));
        let kept = fs::read_to_string(dir.path().join(cut.kept_as.unwrap())).unwrap();
        assert!(kept.starts_with(&format!("{{\"seq\":{number},")));
        assert_eq!(kept.len() as u64, cut.cut_bytes);
        append(&log, 6..=9);
        intact(dir.path(), &[]);
        let fault = checked(dir.path(), &[anchor]).fault.unwrap();
        assert_eq!((fault.kind, fault.sequence), (FaultKind::Rewritten, 5), "cutting does not launder the edit");
    }
}

#[test]
fn a_file_without_a_header_is_set_aside() {
    for content in [&b""[..], b"\n\n", b"{\"claviger_audit_log\":1,\"no", b"something else\n"] {
        let dir = folder();
        let log = open(dir.path(), options(1500));
        append(&log, 1..=20);
        drop(log);
        let path = last_file(dir.path());
        let lost = fs::read_to_string(&path).unwrap().lines().count() as u64 - 1;
        fs::write(&path, content).unwrap();
        let log = open(dir.path(), options(1500));
        assert_eq!(log.head().sequence, 20 - lost + 1);
        let cut = &log.tail_cuts()[0];
        assert_eq!((cut.sequence, cut.cut_bytes), (20 - lost + 1, content.trim_ascii_end().len() as u64));
        assert_eq!(fs::read(dir.path().join(cut.kept_as.as_ref().unwrap())).unwrap(), content);
        append(&log, 1..=10);
        assert_eq!(cuts(&intact(dir.path(), &[])).len(), 1);
    }
}

#[test]
fn a_log_whose_only_file_is_ruined_begins_again_and_says_so() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    append(&log, 1..=3);
    let anchor = log.anchor();
    drop(log);
    fs::write(last_file(dir.path()), "x").unwrap();
    let log = open(dir.path(), options(1 << 20));
    assert_eq!((log.head().sequence, log.tail_cuts().len()), (1, 1));
    append(&log, 1..=9);
    intact(dir.path(), &[]);
    assert_eq!(checked(dir.path(), &[anchor]).fault.unwrap().kind, FaultKind::Rewritten);
}

#[test]
fn interrupted_repairs_are_repeated_and_nothing_goes_unnoted() {
    let dir = folder();
    append(&open(dir.path(), options(1 << 20)), 1..=3);
    let path = last_file(dir.path());
    let mut content = fs::read(&path).unwrap();
    content.extend_from_slice("{\"seq\":4,".repeat(200).as_bytes());
    fs::write(&path, &content).unwrap();
    let faults = Faults::new();
    *faults.refuse_cut.lock().unwrap() = true;
    // The note gets written over the damage, but what is longer than the note stays.
    Log::open_on(Box::new(faults), dir.path(), "node-1", options(1 << 20)).unwrap_err();
    let log = open(dir.path(), options(1 << 20));
    assert_eq!(log.head().sequence, 5, "the first note, and a note about what was left");
    let cuts = cuts(&intact(dir.path(), &[]));
    assert_eq!(cuts.iter().map(|(at, cut)| (*at, cut.sequence)).collect::<Vec<_>>(), [(4, 4), (5, 5)]);
    assert_eq!(cuts[0].1.cut_bytes, 1800);
}

#[test]
fn damage_that_cannot_be_noted_stays() {
    let dir = folder();
    append(&open(dir.path(), options(1 << 20)), 1..=3);
    let path = last_file(dir.path());
    let content = fs::read(&path).unwrap();
    for room in [0, 10, 200] {
        fs::write(&path, [&content[..], b"{\"seq\":4,\"prev"].concat()).unwrap();
        let faults = Faults::new();
        faults.room.store(room, Ordering::SeqCst);
        let refused = Log::open_on(Box::new(faults), dir.path(), "node-1", options(1 << 20));
        assert!(matches!(refused, Err(OpenError::Write(WriteError::Full(_)))));
        assert_eq!(open(dir.path(), options(1 << 20)).tail_cuts().len(), 1, "{room}");
        assert_eq!(cuts(&intact(dir.path(), &[])).len(), 1);
    }
}

#[test]
fn a_file_that_never_got_its_name_is_removed() {
    let dir = folder();
    append(&open(dir.path(), options(1 << 20)), 1..=3);
    let leftover = dir.path().join("audit-00000000000000000004.new");
    let unrelated = dir.path().join("notes.new");
    for path in [&leftover, &unrelated] {
        fs::write(path, "half a hea").unwrap();
    }
    append(&open(dir.path(), options(1 << 20)), 4..=4);
    assert!(!leftover.exists() && unrelated.exists());
    OpenOptions::new().read(true).open(&unrelated).unwrap();
    assert_eq!(intact(dir.path(), &[]).records, 4);
}
