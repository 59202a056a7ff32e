//! `kill -9` while records are written.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::common::*;
use crate::*;

const FOLDER: &str = "CLAVIGER_AUDIT_TEST_KILLED_FOLDER";
const DURABILITY: &str = "CLAVIGER_AUDIT_TEST_KILLED_DURABILITY";

#[test]
fn what_was_answered_survives_being_killed() {
    for durability in ["os", "disk"] {
        let dir = folder();
        let mut answered = 0;
        let mut records = 0;
        for round in 0..5 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "tests::killed::writes_until_killed", "--ignored", "--nocapture"])
                .env(FOLDER, dir.path())
                .env(DURABILITY, durability)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
            let mut numbers = lines.filter_map(|line| line.strip_prefix("answered ")?.parse::<u64>().ok());
            answered = numbers.by_ref().nth(20 + 13 * round).unwrap();
            child.kill().unwrap();
            answered = numbers.last().unwrap_or(answered);
            child.wait().unwrap();
            let crashed = checked(dir.path(), &[]);
            assert!(crashed.records >= answered, "{} records, {answered} answered", crashed.records);
            assert!(matches!(crashed.fault.map(|fault| fault.kind), None | Some(FaultKind::Torn)));
            assert!(crashed.records > records);
            records = crashed.records;
        }
        let log = open(dir.path(), options(20_000));
        assert!(log.head().sequence >= answered);
        intact(dir.path(), &[log.anchor()]);
    }
}

#[test]
#[ignore = "the child of the test above"]
fn writes_until_killed() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let durability = match std::env::var(DURABILITY).as_deref() {
        Ok("disk") => Durability::Disk,
        _ => Durability::Os,
    };
    let log = Arc::new(open(std::path::Path::new(&dir), Options { durability, ..options(20_000) }));
    println!();
    for thread in 0..2 {
        let log = Arc::clone(&log);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for number in 0.. {
                let tickets: Vec<_> =
                    (0..5).map(|call| log.append(record(thread * 1_000_000 + number * 5 + call).as_bytes())).collect();
                for ticket in &tickets {
                    runtime.block_on(log.durable(*ticket)).unwrap();
                }
                println!("answered {}", tickets[0].sequence());
            }
        });
    }
    std::thread::sleep(std::time::Duration::from_secs(60));
}
