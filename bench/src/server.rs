//! A durable server in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use claviger_testkit::Signing;

pub(crate) const ACCOUNT: &str = "111122223333";

/// A data folder, the program that serves it, and who may call.
pub(crate) struct Home {
    program: PathBuf,
    /// The data folder.
    pub(crate) dir: PathBuf,
    /// The first administrator.
    pub(crate) signing: Signing,
}

impl Home {
    /// Makes a data folder; what was there is removed.
    pub(crate) fn make(program: &Path, dir: &Path) -> Result<Self> {
        let _ = std::fs::remove_dir_all(dir);
        let _ = std::fs::remove_file(claviger::foundation::usual_key_file(dir));
        let mut command = Command::new(program);
        command.args(["init", "--account", ACCOUNT, "--data-dir"]).arg(dir).stderr(Stdio::inherit());
        let output = command.output().with_context(|| program.display().to_string())?;
        ensure!(output.status.success(), "claviger init failed");
        let text = String::from_utf8(output.stdout)?;
        let export = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
            line.map(str::to_owned).context("init prints no credentials")
        };
        let signing =
            Signing::With { access_key_id: export("AWS_ACCESS_KEY_ID")?, secret: export("AWS_SECRET_ACCESS_KEY")? };
        Ok(Self { program: program.to_owned(), dir: dir.to_owned(), signing })
    }

    /// Starts the server on a free port; on `core` alone, with one event loop, if there is one.
    pub(crate) fn serve(&self, core: Option<&str>) -> Result<Running> {
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", core]).arg(&self.program).env("CLAVIGER_SERVER_THREADS", "1");
                command
            }
            None => Command::new(&self.program),
        };
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&self.dir);
        command.env("CLAVIGER_LOG_FILTER", "warn");
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let start = started.elapsed();
        let address = line.trim_end().rsplit_once("http://").and_then(|(_, address)| address.parse().ok());
        let mut running = Running { child, address: SocketAddr::from(([0, 0, 0, 0], 0)), start };
        running.address = address.with_context(|| format!("the server did not start: {line}"))?;
        Ok(running)
    }
}

/// A running server; ends with this value.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From exec to the line that says it is ready.
    pub(crate) start: Duration,
}

impl Running {
    /// Processor time used so far, all threads.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().context("schedstat is empty")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim_end_matches("kB").trim().parse()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
