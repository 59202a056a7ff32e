//! Waiting for the disk.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::common::*;
use crate::*;

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// As many calls at a time as there are numbers; returns how many failed.
async fn calls(log: &Arc<Log>, numbers: std::ops::Range<u64>) -> usize {
    let mut calls = tokio::task::JoinSet::new();
    for number in numbers {
        let log = Arc::clone(log);
        calls.spawn(async move {
            let ticket = log.append(record(number).as_bytes());
            tokio::task::yield_now().await;
            log.durable(ticket).await
        });
    }
    calls.join_all().await.into_iter().filter(Result::is_err).count()
}

#[test]
fn the_system_is_enough_unless_the_disk_was_asked_for() {
    let dir = folder();
    let faults = Faults::new();
    let log = Arc::new(faults.open(dir.path(), options(1 << 20)));
    let before = faults.syncs.load(Ordering::SeqCst);
    assert_eq!(run(calls(&log, 0..20)), 0);
    assert_eq!(faults.syncs.load(Ordering::SeqCst), before);
    assert_eq!(intact(dir.path(), &[]).records, 20);
}

#[test]
fn calls_that_wait_together_share_a_sync() {
    let dir = folder();
    let faults = Faults::new();
    let log = Arc::new(faults.open(dir.path(), on_disk(1 << 20)));
    faults.sync_millis.store(10, Ordering::SeqCst);
    let (writes, syncs) = (faults.writes.load(Ordering::SeqCst), faults.syncs.load(Ordering::SeqCst));
    assert_eq!(run(calls(&log, 0..64)), 0);
    let syncs = faults.syncs.load(Ordering::SeqCst) - syncs;
    assert!((1..=2).contains(&syncs), "{syncs} syncs for 64 calls");
    assert_eq!(log.head().sequence, 64);
    // Room is made by the thread that syncs, and may come later.
    let room = contents(dir.path())[0].1.len().div_ceil(128 * 1024) as u64;
    assert!(faults.writes.load(Ordering::SeqCst) - writes <= 2 + room);
}

#[test]
fn nobody_is_answered_before_the_sync_ends() {
    let dir = folder();
    let faults = Faults::new();
    let log = faults.open(dir.path(), on_disk(1 << 20));
    faults.sync_millis.store(50, Ordering::SeqCst);
    let begun = std::time::Instant::now();
    run(log.durable(log.append(b"{}"))).unwrap();
    assert!(begun.elapsed().as_millis() >= 50);
}

#[test]
fn a_failed_sync_takes_the_records_back() {
    let dir = folder();
    let faults = Faults::new();
    let log = Arc::new(faults.open(dir.path(), on_disk(1 << 20)));
    assert_eq!(run(calls(&log, 0..5)), 0);
    let head = log.head();
    *faults.refuse_sync.lock().unwrap() = true;
    let flushed = log.append(record(77).as_bytes());
    log.flush(flushed).unwrap();
    assert_eq!(run(calls(&log, 10..20)), 10);
    assert!(matches!(log.flush(flushed), Err(WriteError::Io(_))), "written, but never on the disk");
    assert_eq!(log.head(), head);
    assert_eq!(log.anchor().head(), head);
    assert_eq!(intact(dir.path(), &[]).records, 5);
    *faults.refuse_sync.lock().unwrap() = false;
    assert_eq!(run(calls(&log, 5..8)), 0);
    let report = intact(dir.path(), &[log.anchor()]);
    assert_eq!(report.records, 9, "the note, and three records");
    assert!(matches!(
        &report.notes[..],
        [Noted { sequence: 6, note: Note::Resumed(Outage { dropped_records: 11, .. }) }]
    ));
}

#[test]
fn room_made_in_advance_is_no_damage_and_is_given_back() {
    let dir = folder();
    let log = Arc::new(open(dir.path(), on_disk(1 << 30)));
    assert_eq!(run(calls(&log, 0..5)), 0);
    // Waits for the thread that makes room.
    let anchor = log.anchor();
    let file = contents(dir.path()).remove(0).1;
    let lines = file.trim_ascii_end().len();
    assert!(file.len() > lines + 500_000);
    assert!(file[lines..].iter().all(|&byte| byte == b'\n'));
    intact(dir.path(), std::slice::from_ref(&anchor));
    assert_eq!(log.recent(2).len(), 2);

    let crashed = copy_of(dir.path());
    let reopened = Arc::new(open(crashed.path(), on_disk(1 << 30)));
    assert!(reopened.tail_cuts().is_empty());
    assert_eq!(run(calls(&reopened, 5..9)), 0);
    assert_eq!(intact(crashed.path(), &[anchor, reopened.anchor()]).records, 9);

    log.close().unwrap();
    assert_eq!(contents(dir.path()).remove(0).1.len(), lines + 1);
}

#[test]
fn files_change_while_calls_wait() {
    let dir = folder();
    let log = Arc::new(open(dir.path(), on_disk(3000)));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let log = &log;
            scope.spawn(move || {
                for round in 0..20 {
                    let first = thread * 10_000 + round * 10;
                    assert_eq!(run(calls(log, first..first + 8)), 0);
                }
            });
        }
        for _ in 0..20 {
            let anchor = log.anchor();
            assert!(anchor.sequence <= log.head().sequence);
        }
    });
    let anchor = log.close().unwrap();
    let report = intact(dir.path(), &[anchor]);
    assert_eq!(report.records, 320);
    assert!(report.files > 20);
}

#[test]
fn an_anchor_waits_for_files_that_ended_unsynced() {
    let dir = folder();
    let faults = Faults::new();
    let log = faults.open(dir.path(), options(1000));
    append(&log, 1..=20);
    let files = contents(dir.path()).len() as u64;
    let before = faults.syncs.load(Ordering::SeqCst);
    *faults.refuse_sync.lock().unwrap() = true;
    assert_eq!(log.anchor().sequence, 0, "nothing is known to be on the disk");
    *faults.refuse_sync.lock().unwrap() = false;
    assert_eq!(log.anchor().sequence, 20);
    assert_eq!(faults.syncs.load(Ordering::SeqCst) - before, 1 + files);
    assert_eq!(intact(dir.path(), &[]).records, 20, "without disk durability a failed sync takes nothing back");
}
