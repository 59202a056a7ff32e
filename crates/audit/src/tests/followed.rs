//! Following a log while it is written.

use super::common::*;
use crate::*;

#[test]
fn every_record_comes_once_and_in_order() {
    for (durability, file_bytes_max) in [(Durability::Os, 2000), (Durability::Disk, 2000), (Durability::Os, 1 << 20)] {
        let dir = folder();
        let log = open(dir.path(), Options { durability, ..options(file_bytes_max) });
        let (mut follower, mut seen) = (Follower::new(1), Vec::new());
        assert!(follower.read(&log, 10_000).unwrap().is_empty());
        for round in 0..20 {
            append(&log, round * 7 + 1..=round * 7 + 7);
            loop {
                let records = follower.read(&log, 400).unwrap();
                if records.is_empty() {
                    break;
                }
                seen.extend(records);
            }
        }
        assert_eq!(seen.iter().map(|record| record.sequence).collect::<Vec<_>>(), (1..=140).collect::<Vec<_>>());
        assert_eq!(seen.into_iter().map(|record| record.json).collect::<Vec<_>>(), stored(dir.path()));
        assert_eq!(follower.next_sequence(), 141);
        let mut late = Follower::new(100);
        assert_eq!(late.read(&log, 1).unwrap()[0].sequence, 100);
    }
}

#[test]
fn a_log_in_memory_can_be_followed() {
    let log = Log::in_memory(100);
    let mut follower = Follower::new(1);
    append(&log, 1..=3);
    assert_eq!(follower.read(&log, 10_000).unwrap().len(), 3);
    append(&log, 4..=4);
    assert_eq!(follower.read(&log, 10_000).unwrap()[0].json, record(4));
}
