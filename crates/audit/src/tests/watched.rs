//! What a look at the log finds, and puts right.

use std::fs;
use std::sync::atomic::Ordering;

use super::common::*;
use crate::*;

fn current(dir: &std::path::Path) -> std::path::PathBuf {
    crate::files::list(dir).unwrap().pop().unwrap().path
}

#[test]
fn a_healthy_log_has_room_and_no_failure() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    append(&log, 1..=3);
    let found = log.look();
    assert!(found.failure.is_none());
    let space = found.space.unwrap();
    assert!(space.bytes_available <= space.bytes_total && space.percent_used() <= 100);
    assert_eq!(intact(dir.path(), &[log.anchor()]).records, 3, "looking leaves nothing behind");
}

#[test]
fn writing_is_tried_again_without_a_call() {
    for durability in [Durability::Os, Durability::Disk] {
        let dir = folder();
        let faults = Faults::new();
        let log = faults.open(dir.path(), Options { durability, ..options(1 << 20) });
        append(&log, 1..=2);
        faults.room.store(0, Ordering::SeqCst);
        let lost = log.append(record(9).as_bytes());
        log.flush(lost).unwrap_err();
        for _ in 0..3 {
            let failure = log.look().failure.unwrap();
            assert!(matches!(failure.error, WriteError::Full(_)), "{failure:?}");
        }
        faults.room.store(-1, Ordering::SeqCst);
        assert!(log.look().failure.is_none());
        append(&log, 3..=3);
        log.flush(lost).unwrap_err();
        let report = intact(dir.path(), &[log.anchor()]);
        let dropped: Vec<_> = report.notes.iter().map(|noted| noted.note.clone()).collect();
        assert!(matches!(&dropped[..], [Note::Resumed(outage)] if outage.dropped_records == 1), "{dropped:?}");
        assert_eq!(report.records, 4);
    }
}

#[test]
fn a_sync_that_fails_is_a_failure_until_one_succeeds() {
    let dir = folder();
    let faults = Faults::new();
    let log = faults.open(dir.path(), on_disk(1 << 20));
    append(&log, 1..=1);
    *faults.refuse_sync.lock().unwrap() = true;
    assert_eq!(log.anchor().sequence, 0);
    assert!(log.look().failure.is_some());
    *faults.refuse_sync.lock().unwrap() = false;
    assert!(log.look().failure.is_none());
    assert_eq!(intact(dir.path(), &[log.anchor()]).notes.len(), 1);
}

#[test]
fn a_deleted_file_fails_the_calls_and_is_written_back() {
    for durability in [Durability::Os, Durability::Disk] {
        let dir = folder();
        let log = open(dir.path(), Options { durability, ..options(1 << 20) });
        append(&log, 1..=5);
        let path = current(dir.path());
        fs::remove_file(&path).unwrap();
        // Nobody has looked yet: this record goes where the others are.
        append(&log, 6..=6);
        assert!(matches!(log.look().failure.unwrap().error, WriteError::Lost(_)));
        let refused = log.flush(log.append(record(7).as_bytes())).unwrap_err();
        assert!(refused.to_string().contains("audit-00000000000000000001.jsonl"), "{refused}");
        assert!(log.look().failure.is_none());
        append(&log, 8..=8);
        let report = intact(dir.path(), &[log.anchor()]);
        let notes: Vec<_> = report.notes.iter().map(|noted| noted.note.clone()).collect();
        let [Note::FileRestored(restored), Note::Resumed(outage)] = &notes[..] else { panic!("{notes:?}") };
        assert_eq!((restored.found_kept_as.as_deref(), outage.dropped_records), (None, 1));
        let stored = stored(dir.path());
        assert_eq!(stored[..6], (1..=6).map(record).collect::<Vec<_>>());
        assert_eq!(stored[8], record(8));
    }
}

#[test]
fn an_exchanged_file_is_kept_aside() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    append(&log, 1..=5);
    let path = current(dir.path());
    let forged = dir.path().join("forged");
    fs::write(&forged, "nothing happened\n").unwrap();
    fs::rename(&forged, &path).unwrap();
    assert!(log.look().failure.is_some());
    assert!(log.look().failure.is_none());
    let report = intact(dir.path(), &[log.anchor()]);
    let [noted] = &report.notes[..] else { panic!("{report:?}") };
    let Note::FileRestored(Restored { found_kept_as: Some(name), .. }) = &noted.note else { panic!("{noted:?}") };
    assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), "nothing happened\n");
    assert_eq!(report.records, 6);
}

#[test]
fn a_folder_that_is_gone_stays_a_failure() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    append(&log, 1..=2);
    fs::remove_dir_all(dir.path()).unwrap();
    for _ in 0..3 {
        assert!(log.look().failure.is_some());
        log.flush(log.append(b"{}")).unwrap_err();
    }
    fs::create_dir(dir.path()).unwrap();
    assert!(log.look().failure.is_none());
    append(&log, 3..=3);
    assert_eq!(stored(dir.path()).len(), 5);
}
