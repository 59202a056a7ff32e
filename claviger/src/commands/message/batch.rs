//! One or many files, several at a time.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, bail, ensure};
use claviger_esdk::parallel::BATCH_BYTES;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::PlaceArgs;
use super::metadata::Metadata;
use super::place::{Destination, Source, clean_up_on_signals};

/// Threads for one file: beyond that, writing is what takes the time, and memory is bounded.
const THREADS_MAX: usize = 4;

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::commands) struct Job {
    pub(in crate::commands) source: Source,
    pub(in crate::commands) destination: Destination,
    /// Whether a file that exists may be replaced.
    pub(in crate::commands) overwrite: bool,
    /// Whether there are no others.
    alone: bool,
}

impl Job {
    /// Threads to use for its frames: none for what trickles in, is small, or is one of many files.
    pub(in crate::commands) fn threads(&self, bytes: Option<u64>) -> usize {
        let worth = self.alone && bytes.is_some_and(|bytes| bytes > 2 * BATCH_BYTES as u64);
        if worth { thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX) } else { 0 }
    }
}

/// What a job reports to.
pub(in crate::commands) struct Report {
    pub(in crate::commands) metadata: Option<Metadata>,
    bar: ProgressBar,
}

impl Report {
    /// Counts what is read.
    pub(in crate::commands) fn watch<R: Read>(&self, source: R) -> impl Read + use<R> {
        self.bar.wrap_read(source)
    }
}

/// Does all jobs; the first failure of a single one is the result, failures among several are told as they happen.
pub(in crate::commands) fn run(
    places: &PlaceArgs,
    usual_suffix: &str,
    job: impl Fn(&Job, &Report) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let jobs = plan(places, places.suffix.as_deref().unwrap_or(usual_suffix))?;
    let metadata = match &places.metadata_output {
        None => None,
        Some(path) => {
            let clash = path == Path::new("-") && places.output == Path::new("-");
            ensure!(!clash, "metadata and output cannot both go to standard output");
            Some(Metadata::open(path, places.overwrite_metadata)?)
        }
    };
    clean_up_on_signals()?;
    let report = Report { metadata, bar: bar(&jobs) };
    let outcome = match &jobs[..] {
        [one] => job(one, &report),
        several => side_by_side(several, &report, &job),
    };
    report.bar.finish_and_clear();
    outcome
}

fn side_by_side(
    jobs: &[Job],
    report: &Report,
    job: &(impl Fn(&Job, &Report) -> anyhow::Result<()> + Sync),
) -> anyhow::Result<()> {
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let threads = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(one) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = job(one, report) {
                        failed.fetch_add(1, Ordering::Relaxed);
                        report.bar.suspend(|| eprintln!("claviger: {}: {error:#}", one.source.name()));
                    }
                }
            });
        }
    });
    match failed.into_inner() {
        0 => Ok(()),
        failed => bail!("{failed} of {} files failed", jobs.len()),
    }
}

/// Shown on a terminal that is not also the output.
fn bar(jobs: &[Job]) -> ProgressBar {
    let size = |job: &Job| match &job.source {
        Source::File(path) => std::fs::metadata(path).ok().map(|metadata| metadata.len()),
        Source::Stdin => None,
    };
    let total: Option<u64> = jobs.iter().map(size).sum();
    let target = match io::stderr().is_terminal() && !io::stdin().is_terminal() | (total.is_some()) {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let template = match total {
        Some(_) => "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
        None => "{spinner} {bytes}  {bytes_per_sec}",
    };
    let bar = ProgressBar::with_draw_target(total, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// What goes where.
fn plan(places: &PlaceArgs, suffix: &str) -> anyhow::Result<Vec<Job>> {
    let to_stdout = places.output == Path::new("-");
    let into_folder = places.output.is_dir();
    ensure!(places.input.len() == 1 || into_folder, "with several inputs the output must be a directory that exists");
    let mut jobs = Vec::new();
    for input in &places.input {
        if input == Path::new("-") {
            ensure!(!into_folder, "standard input cannot go into a directory: name a file with --output");
            add(&mut jobs, places, Source::Stdin, &places.output)?;
        } else if input.is_dir() {
            ensure!(places.recursive, "{} is a directory; use --recursive", input.display());
            ensure!(into_folder, "for a directory the output must be a directory that exists");
            for file in files_below(input)? {
                let output = with_suffix(&places.output.join(file.strip_prefix(input)?), suffix);
                let folder = output.parent().unwrap_or(&places.output);
                std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
                add(&mut jobs, places, Source::File(file), &output)?;
            }
        } else {
            ensure!(input.exists(), "there is no file {}", input.display());
            let name = input.file_name().with_context(|| format!("{} is not a file", input.display()))?;
            let output = match into_folder {
                true => with_suffix(&places.output.join(name), suffix),
                false => places.output.clone(),
            };
            add(&mut jobs, places, Source::File(input.clone()), &output)?;
        }
    }
    ensure!(!jobs.is_empty() || !to_stdout, "there is nothing to do");
    if let [one] = &mut jobs[..] {
        one.alone = true;
    }
    Ok(jobs)
}

fn add(jobs: &mut Vec<Job>, places: &PlaceArgs, source: Source, output: &Path) -> anyhow::Result<()> {
    if output == Path::new("-") {
        jobs.push(Job { source, destination: Destination::Stdout, overwrite: true, alone: false });
        return Ok(());
    }
    if let Source::File(input) = &source {
        let same = output.exists() && input.canonicalize()? == output.canonicalize()?;
        ensure!(!same, "input and output are the same file: {}", output.display());
    }
    if output.exists() && (places.no_overwrite || (places.interactive && !agreed(output)?)) {
        eprintln!("claviger: {} exists and is left as it is", output.display());
        return Ok(());
    }
    jobs.push(Job {
        source,
        destination: Destination::File(output.to_owned()),
        overwrite: !places.no_overwrite,
        alone: false,
    });
    Ok(())
}

fn agreed(output: &Path) -> anyhow::Result<bool> {
    eprint!("Overwrite {}? [y/N] ", output.display());
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim_start().starts_with(['y', 'Y']))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// All regular files in a folder and the folders in it, sorted; links to folders are not followed.
fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if entry.path().is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
