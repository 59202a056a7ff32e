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
