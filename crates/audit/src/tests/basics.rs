//! Appending, flushing, files, reading back.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::common::*;
use crate::files::list;
use crate::*;

#[test]
fn records_come_back_and_the_chain_holds() {
    let dir = folder();
    let log = open(dir.path(), options(2000));
    append(&log, 1..=50);
    let head = log.head();
    assert_eq!(head.sequence, 50);
    let report = intact(dir.path(), &[log.anchor()]);
    assert_eq!((report.records, report.head, report.anchors_checked), (50, head, 1));
    assert_eq!(report.records_after_last_anchor, 0);
    assert!(report.files > 5, "2000 bytes hold few records");
    assert_eq!(stored(dir.path()), (1..=50).map(record).collect::<Vec<_>>());
}

#[test]
fn reopening_goes_on_with_the_chain() {
    let dir = folder();
    for round in 0..4 {
        let log = open(dir.path(), options(2000));
        assert_eq!(log.head().sequence, round * 10);
        assert!(log.tail_cuts().is_empty());
        append(&log, round * 10 + 1..=round * 10 + 10);
        if round % 2 == 0 {
            assert_eq!(log.close().unwrap().sequence, round * 10 + 10);
        }
    }
    assert_eq!(intact(dir.path(), &[]).records, 40);
    assert_eq!(stored(dir.path()), (1..=40).map(record).collect::<Vec<_>>());
}

#[test]
fn a_batch_is_one_write_and_one_ticket_covers_all_before() {
    let dir = folder();
    let faults = Faults::new();
    let log = faults.open(dir.path(), options(1 << 20));
    let tickets: Vec<_> = (1..=64).map(|number| log.append(record(number).as_bytes())).collect();
    assert_eq!(tickets[41].sequence(), 42);
    let before = faults.writes.load(Ordering::SeqCst);
    assert_eq!(log.head().sequence, 0, "nothing is written before the flush");
    log.flush(tickets[63]).unwrap();
    for ticket in tickets {
        log.flush(ticket).unwrap();
    }
    assert_eq!(faults.writes.load(Ordering::SeqCst) - before, 1);
    assert_eq!(log.head().sequence, 64);
    assert_eq!(intact(dir.path(), &[]).records, 64);
}

#[test]
fn a_system_that_takes_little_at_a_time_is_asked_again() {
    let dir = folder();
    let faults = Faults::new();
    faults.bite.store(7, Ordering::SeqCst);
    let log = faults.open(dir.path(), options(600));
    append(&log, 1..=8);
    assert_eq!(intact(dir.path(), &[]).records, 8);
}

#[test]
fn files_begin_with_the_record_their_name_says() {
    let dir = folder();
    let log = open(dir.path(), options(2000));
    append(&log, 1..=50);
    let mut expected = 1;
    for (name, content) in contents(dir.path()) {
        assert_eq!(name, format!("audit-{expected:020}.jsonl"));
        assert!(content.len() <= 2000);
        let mut lines = std::str::from_utf8(&content).unwrap().lines();
        let header: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!(header["claviger_audit_log"], 1);
        assert_eq!((&header["node"], &header["store"]), (&"node-1".into(), &"store-1".into()));
        for line in lines {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["seq"], expected);
            assert_eq!(line["record"]["number"], expected);
            expected += 1;
        }
    }
    assert_eq!(expected, 51);
}

#[test]
fn threads_share_a_gapless_chain() {
    let dir = folder();
    let log = Arc::new(open(dir.path(), options(50_000)));
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                let mut sequences = Vec::new();
                for number in 0..300 {
                    let ticket = log.append(record(thread * 1000 + number).as_bytes());
                    if number % 3 == 0 {
                        log.flush(ticket).unwrap();
                        assert!(log.head().sequence >= ticket.sequence());
                    }
                    sequences.push(ticket.sequence());
                }
                sequences
            })
        })
        .collect();
    let mut sequences: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=1200).collect::<Vec<_>>());
    log.close().unwrap();
    assert_eq!(intact(dir.path(), &[log.anchor()]).records, 1200);
}

#[test]
fn recent_records_come_from_the_end_and_across_files() {
    let dir = folder();
    let log = open(dir.path(), options(3000));
    assert!(log.recent(5).is_empty());
    append(&log, 1..=60);
    for count in [0, 1, 2, 17, 60, 1000] {
        let recent = log.recent(count);
        let first = 61 - count.min(60) as u64;
        assert_eq!(recent.iter().map(|record| record.sequence).collect::<Vec<_>>(), (first..=60).collect::<Vec<_>>());
        assert!(recent.iter().all(|stored| stored.json == record(stored.sequence)));
    }
    // Longer than a block of what is read at a time.
    let long = format!(r#"{{"long":"{}"}}"#, "y".repeat(200_000));
    let ticket = log.append(long.as_bytes());
    log.flush(ticket).unwrap();
    assert_eq!(
        log.recent(2).iter().map(|record| record.json.len()).collect::<Vec<_>>(),
        [record(60).len(), long.len()]
    );
}

#[test]
fn reading_begins_anywhere() {
    let dir = folder();
    let log = open(dir.path(), options(2000));
    append(&log, 1..=40);
    for from in [0, 1, 2, 13, 39, 40, 41] {
        let sequences: Vec<_> = read(dir.path(), from).unwrap().map(|record| record.unwrap().sequence).collect();
        assert_eq!(sequences, (from.max(1)..=40).collect::<Vec<_>>());
    }
}

#[test]
fn reading_stops_at_damage() {
    let dir = folder();
    append(&open(dir.path(), options(1 << 20)), 1..=5);
    let file = list(dir.path()).unwrap().remove(0);
    let damaged = fs::read_to_string(&file.path).unwrap().replace("{\"seq\":3,", "{\"seq\":03,");
    fs::write(&file.path, damaged).unwrap();
    let read: Vec<_> = read(dir.path(), 2).unwrap().collect();
    assert_eq!(read.len(), 2);
    assert!(matches!(&read[1], Err(ReadError::Damaged { line: 4, .. })));
}

#[test]
fn memory_keeps_the_newest() {
    let log = Log::in_memory(10);
    append(&log, 1..=25);
    let recent = log.recent(100);
    assert_eq!(recent.iter().map(|record| record.sequence).collect::<Vec<_>>(), (16..=25).collect::<Vec<_>>());
    assert_eq!(recent[9].json, record(25));
    assert_eq!(log.recent(2).len(), 2);
    assert_eq!(log.head().sequence, 25);
    assert_eq!(log.anchor().head(), log.head());
    let none = Log::in_memory(0);
    append(&none, 1..=3);
    assert_eq!((none.recent(9).len(), none.head().sequence), (0, 3));
}

#[test]
fn line_breaks_never_split_a_record() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    let ticket = log.append(b"{\r\n \"a\": 1\n}");
    log.flush(ticket).unwrap();
    assert_eq!(stored(dir.path()), ["{   \"a\": 1 }"]);
    intact(dir.path(), &[]);
}

#[test]
fn one_process_one_log() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    assert!(matches!(Log::open(dir.path(), "node-1", options(1 << 20)), Err(OpenError::InUse(_))));
    drop(log);
    open(dir.path(), options(1 << 20));
}

#[test]
fn a_log_of_another_node_or_store_is_refused() {
    let dir = folder();
    drop(open(dir.path(), options(1 << 20)));
    let other_node = Log::open(dir.path(), "node-2", options(1 << 20));
    assert!(matches!(other_node, Err(OpenError::Foreign { .. })));
    let other_store = Log::open(dir.path(), "node-1", Options { store: "store-2".into(), ..options(1 << 20) });
    let text = other_store.unwrap_err().to_string();
    assert!(text.contains("\"store-1\"") && text.contains("\"store-2\""), "{text}");
}

#[test]
fn a_closed_log_takes_nothing_more() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    let waiting = log.append(record(1).as_bytes());
    let anchor = log.close().unwrap();
    assert!(anchor.closed);
    assert_eq!(anchor.sequence, 1, "what waited was written");
    log.flush(waiting).unwrap();
    let late = log.append(record(2).as_bytes());
    assert!(matches!(log.flush(late), Err(WriteError::Closed)));
    assert_eq!(intact(dir.path(), &[anchor]).records, 1);
}

#[test]
fn anchors_survive_being_stored() {
    let dir = folder();
    let log = open(dir.path(), options(1 << 20));
    append(&log, 1..=3);
    let anchor = log.anchor();
    let json = serde_json::to_value(&anchor).unwrap();
    assert_eq!(json["hash"].as_str().unwrap().len(), 64);
    assert_eq!(json["sequence"], 3);
    assert_eq!(serde_json::from_value::<Anchor>(json).unwrap(), anchor);
}

#[test]
fn a_range_of_records_ends_at_its_limits() {
    let dir = folder();
    let memory = Log::in_memory(8);
    let files = open(dir.path(), options(2000));
    for log in [&memory, &files] {
        append(log, 1..=30);
        let numbers = |from, up_to, bytes| {
            let records = log.range(from, up_to, bytes).unwrap();
            assert!(records.iter().all(|stored| stored.json == record(stored.sequence)));
            records.into_iter().map(|record| record.sequence).collect::<Vec<_>>()
        };
        assert_eq!(numbers(25, 28, usize::MAX), [25, 26, 27, 28]);
        assert_eq!(numbers(29, u64::MAX, usize::MAX), [29, 30]);
        assert_eq!(numbers(26, 30, 0), [26], "one record, however long");
        assert_eq!(numbers(26, 30, record(26).len() + record(27).len()), [26, 27]);
        assert!(numbers(31, u64::MAX, usize::MAX).is_empty());
    }
    assert_eq!(memory.range(1, u64::MAX, usize::MAX).unwrap().first().map(|record| record.sequence), Some(23));
    assert_eq!(files.range(1, u64::MAX, usize::MAX).unwrap().len(), 30);
}
