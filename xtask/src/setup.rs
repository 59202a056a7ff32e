//! Installs what the tests need and a plain machine lacks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::sh;

/// Debian packages by the program that shows they are there.
const PROGRAMS: [(&str, &str); 6] = [
    ("python3", "python3"),
    // Takes the core image in which the tests look for key material.
    ("gdb", "gdb"),
    // libFuzzer's runtime is C++.
    ("g++", "g++"),
    // An independent reader of what we write.
    ("openssl", "openssl"),
    // Run the evaluator of policies that ours is compared with, and AWS's SDK for JavaScript.
    ("node", "nodejs"),
    ("npm", "npm"),
];

/// The oldest Python that the pinned client tools run on.
const PYTHON_MINOR_MIN: u32 = 10;

/// The oldest Node that the pinned SDK for JavaScript runs on.
const NODE_MAJOR_MIN: u32 = 20;

/// What a set of packages for Node is made of: exact versions with their checksums.
const NODE_FILES: [&str; 2] = ["package.json", "package-lock.json"];

const REQUIREMENTS: &str = "tests/clients/requirements.txt";

/// The private Python environment with the client tools.
pub(crate) struct Venv {
    dir: PathBuf,
}

impl Venv {
    pub(crate) fn python(&self) -> PathBuf {
        self.dir.join("bin/python")
    }
}

/// Installs what is missing; quick when nothing is.
pub(crate) fn run() -> Result<Venv> {
    debian_packages()?;
    node_packages("oracle")?;
    node_packages("js")?;
    venv(&sh::target_dir()?.join("venv"))
}

fn debian_packages() -> Result<()> {
    let mut missing: Vec<&str> =
        PROGRAMS.iter().filter(|(program, _)| !sh::on_path(program)).map(|(_, package)| *package).collect();
    // Debian ships Python without the part that makes virtual environments.
    if missing.contains(&"python3") || !python_can("import ensurepip, venv") {
        missing.push("python3-venv");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !sh::on_path("apt-get") {
        bail!("missing on this machine (Debian's names): {}", missing.join(" "));
    }
    if !is_root() {
        bail!("missing Debian packages; run this, then try again:\n  sudo {install}");
    }
    ensure!(sh::succeeds(sh::command("apt-get").arg("update"))?, "apt-get update failed");
    let mut command = sh::command("apt-get");
    command.args(install.split(' ').skip(1)).env("DEBIAN_FRONTEND", "noninteractive");
    ensure!(sh::succeeds(&mut command)?, "apt-get could not install what the tests need");
    Ok(())
}

fn venv(dir: &Path) -> Result<Venv> {
    let requirements =
        fs::read_to_string(sh::root().join(REQUIREMENTS)).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    ensure!(
        python_can(&format!("import sys; sys.exit(sys.version_info < (3, {PYTHON_MINOR_MIN}))")),
        "the client tools need Python 3.{PYTHON_MINOR_MIN} or newer as python3"
    );
    let venv = Venv { dir: dir.to_owned() };
    let stamp_path = dir.join("claviger-stamp");
    let stamp = format!("{}\n{requirements}", python_version()?);
    let installed = fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp);
    if installed && venv.python().exists() {
        return Ok(venv);
    }
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    let made = sh::succeeds(sh::command("python3").args(["-m", "venv"]).arg(dir))?;
    ensure!(made, "python3 could not make the virtual environment");
    let filled = sh::succeeds(
        sh::command(venv.python()).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args([
            "--no-deps",
            "--requirement",
            REQUIREMENTS,
        ]),
    )?;
    ensure!(filled, "pip could not install the client tools");
    let sound = sh::succeeds(sh::command(venv.python()).args(["-m", "pip", "check"]))?;
    ensure!(sound, "{REQUIREMENTS} is not a complete set; pin what pip names above");
    // Written last: a run that was cut short is done again.
    fs::write(&stamp_path, stamp)?;
    Ok(venv)
}

/// The packages of `tests/NAME`, in a folder of the same name under the target folder; installs them if they are not
/// there as the lock file has them.
pub(crate) fn node_packages(name: &str) -> Result<PathBuf> {
    let dir = sh::target_dir()?.join(name);
    let from = sh::root().join("tests").join(name);
    let read = |folder: &Path| NODE_FILES.map(|file| fs::read(folder.join(file)).ok());
    let modules = dir.join("node_modules");
    // `npm ci` leaves this mark when it is through.
    if read(&from) == read(&dir) && modules.join(".package-lock.json").exists() {
        return Ok(modules);
    }
    ensure!(
        node_can(&format!("process.exit(parseInt(process.versions.node) < {NODE_MAJOR_MIN} ? 1 : 0)")),
        "the tests need Node {NODE_MAJOR_MIN} or newer as node"
    );
    fs::create_dir_all(&dir)?;
    for file in NODE_FILES {
        fs::copy(from.join(file), dir.join(file)).with_context(|| format!("cannot copy tests/{name}/{file}"))?;
    }
    let mut npm = sh::command("npm");
    // The packages are data and plain code: nothing has to be run to install them.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(&dir);
    ensure!(sh::succeeds(&mut npm)?, "npm could not install the packages of tests/{name}");
    Ok(modules)
}

fn node_can(code: &str) -> bool {
    sh::command("node").args(["-e", code]).status().is_ok_and(|status| status.success())
}

fn python_can(code: &str) -> bool {
    sh::command("python3")
        .args(["-c", code])
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn python_version() -> Result<String> {
    let output = sh::command("python3")
        .args(["-c", "import sys; print(sys.executable, sys.version)"])
        .output()
        .context("cannot run python3")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().replace('\n', " "))
}

fn is_root() -> bool {
    // The owner of our own /proc folder is the effective user; std has no geteuid.
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}
