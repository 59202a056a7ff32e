//! Logs to test with.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::files::{Disk, Kernel, list};
use crate::*;

/// A folder in memory where there is one: what is tested here is not how long a disk takes.
pub(super) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// What a crash would leave of a log that is open.
pub(super) fn copy_of(dir: &Path) -> tempfile::TempDir {
    let copy = folder();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

pub(super) fn options(file_bytes_max: u64) -> Options {
    Options { file_bytes_max, store: "store-1".to_owned(), ..Options::default() }
}

pub(super) fn on_disk(file_bytes_max: u64) -> Options {
    Options { durability: Durability::Disk, ..options(file_bytes_max) }
}

pub(super) fn open(dir: &Path, options: Options) -> Log {
    Log::open(dir, "node-1", options).unwrap()
}

/// A record that is told apart from every other.
pub(super) fn record(number: u64) -> String {
    format!(r#"{{"eventName":"Encrypt","number":{number},"text":"{}"}}"#, "x".repeat((number * 7 % 90) as usize))
}

pub(super) fn append(log: &Log, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let ticket = log.append(record(number).as_bytes());
        log.flush(ticket).unwrap();
    }
}

pub(super) fn checked(dir: &Path, anchors: &[Anchor]) -> Report {
    verify(dir, anchors, &mut |_| {}).unwrap()
}

/// A check that must find nothing.
pub(super) fn intact(dir: &Path, anchors: &[Anchor]) -> Report {
    let report = checked(dir, anchors);
    assert_eq!(report.fault, None);
    report
}

/// The records in the files.
pub(super) fn stored(dir: &Path) -> Vec<String> {
    read(dir, 0).unwrap().map(|record| record.unwrap().json).collect()
}

/// The names and contents of a log's files.
pub(super) fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
    list(dir).unwrap().into_iter().map(|file| (file.name, fs::read(file.path).unwrap())).collect()
}

/// A disk that counts, and fails when told to.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) writes: AtomicU64,
    pub(super) syncs: AtomicU64,
    /// Bytes that still fit; negative: all do.
    pub(super) room: AtomicI64,
    pub(super) refuse_cut: Mutex<bool>,
    pub(super) refuse_sync: Mutex<bool>,
    /// Every write takes at most this many bytes; 0: all.
    pub(super) bite: AtomicU64,
    /// How long a sync takes.
    pub(super) sync_millis: AtomicU64,
}

impl Faults {
    pub(super) fn new() -> Arc<Self> {
        let faults = Self::default();
        faults.room.store(-1, Ordering::SeqCst);
        Arc::new(faults)
    }

    pub(super) fn open(self: &Arc<Self>, dir: &Path, options: Options) -> Log {
        Log::open_on(Box::new(Arc::clone(self)), dir, "node-1", options).unwrap()
    }
}

impl Disk for Arc<Faults> {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        let mut bytes = bytes;
        let room = self.room.load(Ordering::SeqCst);
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if room > 0 {
            bytes = &bytes[..bytes.len().min(room as usize)];
            self.room.fetch_sub(bytes.len() as i64, Ordering::SeqCst);
        }
        let bite = self.bite.load(Ordering::SeqCst) as usize;
        if bite > 0 {
            bytes = &bytes[..bytes.len().min(bite)];
        }
        Kernel.write_at(file, bytes, offset)
    }

    fn set_len(&self, file: &File, len: u64) -> io::Result<()> {
        if *self.refuse_cut.lock().unwrap() {
            return Err(io::Error::other("cut refused"));
        }
        Kernel.set_len(file, len)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(self.sync_millis.load(Ordering::SeqCst)));
        if *self.refuse_sync.lock().unwrap() {
            return Err(io::Error::other("sync refused"));
        }
        Kernel.sync(file)
    }
}
