//! Disks that refuse.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use super::common::*;
use crate::*;

fn outages(report: &Report) -> Vec<(u64, u64)> {
    let outage = |noted: &Noted| match &noted.note {
        Note::Resumed(outage) => Some((noted.sequence, outage.dropped_records)),
        _ => None,
    };
    report.notes.iter().filter_map(outage).collect()
}

#[test]
fn a_full_disk_fails_the_calls_and_leaves_no_trace_of_them() {
    // However much of the batch still fits.
    for room in [0, 1, 100, 400, 700] {
        let dir = folder();
        let faults = Faults::new();
        let log = faults.open(dir.path(), options(1 << 20));
        append(&log, 1..=3);
        let head = log.head();
        faults.room.store(room, Ordering::SeqCst);
        let lost: Vec<_> = (100..104).map(|number| log.append(record(number).as_bytes())).collect();
        assert_eq!(lost[0].sequence(), 4);
        for ticket in &lost {
            assert!(matches!(log.flush(*ticket), Err(WriteError::Full(_))));
        }
        assert_eq!(log.head(), head, "the chain goes on from the last written record");
        assert_eq!(intact(dir.path(), &[]).records, 3, "room {room}");

        faults.room.store(0, Ordering::SeqCst);
        let again = log.append(record(200).as_bytes());
        log.flush(again).unwrap_err();

        faults.room.store(-1, Ordering::SeqCst);
        let kept = log.append(record(4).as_bytes());
        assert_eq!(kept.sequence(), 5, "after the note");
        log.flush(kept).unwrap();
        for ticket in lost.into_iter().chain([again]) {
            log.flush(ticket).unwrap_err();
        }
        let report = intact(dir.path(), &[log.anchor()]);
        assert_eq!((report.records, outages(&report)), (5, vec![(4, 5)]));
        let stored = stored(dir.path());
        assert_eq!(stored[4], record(4));
        assert!(stored.iter().all(|json| !json.contains("\"number\":1") || json == &record(1)));
    }
}

#[test]
fn a_note_that_cannot_be_written_is_written_later() {
    let dir = folder();
    let faults = Faults::new();
    let log = faults.open(dir.path(), options(1 << 20));
    for _ in 0..3 {
        faults.room.store(0, Ordering::SeqCst);
        log.flush(log.append(b"{}")).unwrap_err();
    }
    faults.room.store(-1, Ordering::SeqCst);
    append(&log, 1..=2);
    faults.room.store(0, Ordering::SeqCst);
    log.flush(log.append(b"{}")).unwrap_err();
    faults.room.store(-1, Ordering::SeqCst);
    append(&log, 3..=3);
    assert_eq!(outages(&intact(dir.path(), &[])), [(1, 3), (4, 1)]);
}

#[test]
fn a_note_that_a_failed_sync_takes_back_is_written_again() {
    let dir = folder();
    let faults = Faults::new();
    let log = faults.open(dir.path(), on_disk(1 << 20));
    let fail = |room: i64| {
        faults.room.store(room, Ordering::SeqCst);
        log.flush(log.append(b"{}")).unwrap_err();
        faults.room.store(-1, Ordering::SeqCst);
    };
    fail(0);
    append(&log, 1..=1);
    fail(50);
    append(&log, 2..=2);
    // Two notes are written, of one record each, and neither is on the disk.
    assert_eq!(outages(&intact(dir.path(), &[])), [(1, 1), (3, 1)]);
    *faults.refuse_sync.lock().unwrap() = true;
    assert_eq!(log.anchor().sequence, 0);
    *faults.refuse_sync.lock().unwrap() = false;
    append(&log, 3..=3);
    assert_eq!(outages(&intact(dir.path(), &[])), [(1, 4)], "both, and the two records written with them");
    assert_eq!(log.anchor().sequence, 2);
    fail(0);
    append(&log, 4..=4);
    assert_eq!(outages(&intact(dir.path(), &[])), [(1, 4), (3, 1)]);
}

#[test]
fn what_cannot_even_be_cut_off_is_cut_before_the_next_write() {
    let dir = folder();
    let faults = Faults::new();
    let log = faults.open(dir.path(), options(1 << 20));
    append(&log, 1..=2);
    *faults.refuse_cut.lock().unwrap() = true;
    faults.room.store(150, Ordering::SeqCst);
    log.flush(log.append(record(9).as_bytes())).unwrap_err();
    faults.room.store(-1, Ordering::SeqCst);
    log.flush(log.append(record(10).as_bytes())).unwrap_err();
    assert_eq!(checked(dir.path(), &[]).fault.unwrap().kind, FaultKind::Torn);

    let crashed = copy_of(dir.path());
    let reopened = open(crashed.path(), options(1 << 20));
    assert_eq!(reopened.tail_cuts().len(), 1);
    assert_eq!(intact(crashed.path(), &[]).records, 3);

    *faults.refuse_cut.lock().unwrap() = false;
    append(&log, 3..=3);
    assert_eq!(intact(dir.path(), &[]).records, 4);
}

#[test]
fn a_next_file_that_cannot_begin_fails_the_calls() {
    for durability in [Durability::Os, Durability::Disk] {
        let dir = folder();
        let faults = Faults::new();
        let log = faults.open(dir.path(), Options { durability, ..options(1000) });
        append(&log, 1..=3);
        faults.room.store(20, Ordering::SeqCst);
        let lost: Vec<_> = (50..60).map(|number| log.append(record(number).as_bytes())).collect();
        for ticket in lost {
            assert!(matches!(log.flush(ticket), Err(WriteError::Full(_))));
        }
        faults.room.store(-1, Ordering::SeqCst);
        append(&log, 4..=9);
        let anchor = log.close().unwrap();
        let report = intact(dir.path(), &[anchor]);
        assert_eq!(outages(&report), [(4, 10)]);
        assert!(report.files > 2);
    }
}

#[test]
fn threads_that_wait_learn_the_same() {
    let dir = folder();
    let faults = Faults::new();
    let log = faults.open(dir.path(), options(20_000));
    let kept = std::sync::Mutex::new(Vec::new());
    let done = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (log, kept, done) = (&log, &kept, &done);
            scope.spawn(move || {
                for number in 0..200 {
                    let json = record(thread * 1000 + number);
                    if log.flush(log.append(json.as_bytes())).is_ok() {
                        kept.lock().unwrap().push(json);
                    }
                }
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        for room in [3000, 0, 5000, 100, 10_000] {
            faults.room.store(room, Ordering::SeqCst);
            while faults.room.load(Ordering::SeqCst) != 0 && done.load(Ordering::SeqCst) < 4 {
                std::thread::yield_now();
            }
            faults.room.store(-1, Ordering::SeqCst);
            std::thread::yield_now();
        }
    });
    let mut kept = kept.into_inner().unwrap();
    let report = intact(dir.path(), &[log.anchor()]);
    let mut stored: Vec<_> = stored(dir.path()).into_iter().filter(|json| json.contains("\"number\"")).collect();
    kept.sort();
    stored.sort();
    assert_eq!(stored, kept, "in the log is what was answered, and nothing else");
    let dropped: u64 = outages(&report).iter().map(|(_, dropped)| dropped).sum();
    assert!(dropped + kept.len() as u64 <= 800, "an outage at the very end is noted by the next record");
}

/// What the parent of [`under_a_file_size_limit`] passes on.
const FOLDER: &str = "CLAVIGER_AUDIT_TEST_LIMITED_FOLDER";

#[test]
fn the_kernel_may_refuse_too() {
    let dir = folder();
    // Blocks of 512 bytes; ignoring the signal makes the limit an error of the write.
    let script =
        r#"trap '' XFSZ; ulimit -S -f 8; exec "$0" --exact tests::failures::under_a_file_size_limit --ignored"#;
    let child = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, dir.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    let report = intact(dir.path(), &[]);
    assert_eq!(outages(&report).len(), 1);
    assert_eq!(fs::read_to_string(dir.path().join("answered")).unwrap(), (report.records - 1).to_string());
}

#[test]
#[ignore = "the child of the test above"]
fn under_a_file_size_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let dir = std::path::Path::new(&dir);
    // The limit has to be lifted again, so only the soft one counts.
    let limit = getrlimit(Resource::Fsize);
    assert!(limit.current.is_some(), "the shell has set a limit");
    let log = open(dir, options(1 << 20));
    let mut answered = 0;
    let error = loop {
        match log.flush(log.append(record(answered).as_bytes())) {
            Ok(()) => answered += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, WriteError::Full(_)), "{error:?}");
    assert!(answered > 5, "{answered} records fit");
    assert_eq!(intact(dir, &[]).records, answered);
    setrlimit(Resource::Fsize, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    append(&log, 1..=3);
    fs::write(dir.join("answered"), (answered + 3).to_string()).unwrap();
}
