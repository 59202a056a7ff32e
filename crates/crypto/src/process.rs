//! Hygiene of the whole process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::secret::{self, Secret};

/// What [`harden`] could not do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hygiene {
    /// One sentence each, for the operator's log. Empty when everything holds.
    pub warnings: Vec<String>,
}

/// Keeps this process's memory to itself. Call it first, before any secret exists.
///
/// * not dumpable: no core files, no tracing by other processes of the same user, `/proc` entries owned by root
///   (Linux);
/// * core file size limit zero, soft and hard;
/// * the soft limit on locked memory raised to the hard one, and a page of secrets locked as a trial.
pub fn harden() -> Hygiene {
    let mut warnings = Vec::new();
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        warnings
            .push(format!("the process could not be made undumpable ({error}): its memory can be read by a debugger"));
    }
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        warnings.push(format!("core files could not be switched off ({error}): a crash may write keys to disk"));
    }
    let memlock = getrlimit(Resource::Memlock);
    if memlock.current != memlock.maximum {
        // Refused on systems with stricter rules; the trial below tells what remains.
        let _ = setrlimit(Resource::Memlock, Rlimit { current: memlock.maximum, maximum: memlock.maximum });
    }
    drop(Secret::random(32));
    if !secret::locked_pages_ok() {
        warnings.push(
            "memory could not be locked (RLIMIT_MEMLOCK, systemd LimitMEMLOCK=): keys may be written to swap"
                .to_owned(),
        );
    }
    Hygiene { warnings }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::Command;

    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

    use super::*;

    const CHILD: &str = "CLAVIGER_TEST_CHILD";

    /// Runs the test `name` again, alone in a process of its own: what it does to a process cannot be undone.
    fn in_child(name: &str, body: fn()) {
        if std::env::var_os(CHILD).is_some() {
            return body();
        }
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && output.contains("1 passed"), "{output}");
    }

    #[test]
    fn hardened_processes_leave_no_core() {
        in_child("process::tests::hardened_processes_leave_no_core", || {
            harden();
            let dumpable = rustix::process::dumpable_behavior().unwrap();
            assert_eq!(dumpable, rustix::process::DumpableBehavior::NotDumpable);
            assert_eq!(getrlimit(Resource::Core), Rlimit { current: Some(0), maximum: Some(0) });
            let memlock = getrlimit(Resource::Memlock);
            assert_eq!(memlock.current, memlock.maximum);
        });
    }

    #[test]
    fn refused_locks_are_reported_and_secrets_work_all_the_same() {
        in_child("process::tests::refused_locks_are_reported_and_secrets_work_all_the_same", || {
            // Root may lock without limit, so the right to do so goes first.
            let mut sets = capabilities(None).unwrap();
            sets.effective.remove(CapabilitySet::IPC_LOCK);
            set_capabilities(None, sets).unwrap();
            setrlimit(Resource::Memlock, Rlimit { current: Some(0), maximum: Some(0) }).unwrap();
            assert!(secret::locked_pages_ok());
            let secret = Secret::take(&mut [7; 32]);
            assert!(!secret::locked_pages_ok());
            assert_eq!(secret.expose(), [7; 32]);
            let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            assert!(smaps.lines().any(|line| line.starts_with("VmFlags:") && line.contains(" dd ")));
            let warnings = harden().warnings;
            assert_eq!(warnings.len(), 1);
            assert!(warnings[0].contains("RLIMIT_MEMLOCK"), "{warnings:?}");
        });
    }
}
