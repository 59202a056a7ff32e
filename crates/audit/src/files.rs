//! The folder: names, order, lines, and the few things asked of the operating system.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::watch::Space;

/// The file that one process holds locked as long as it writes here.
pub(crate) const LOCK: &str = "lock";

/// The extension of a file whose header is not in it yet.
pub(crate) const UNNAMED: &str = "new";

/// The lock of a folder. Let go explicitly: a child process that was just forked shares the open file, and would keep
/// the lock until it has become another program.
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock, if nobody has it.
    pub(crate) fn take(path: &Path) -> Result<Self, TryLockError> {
        let file = private(&mut OpenOptions::new()).truncate(false).open(path).map_err(TryLockError::Error)?;
        file.try_lock()?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// What is asked of the disk, so that tests can let it fail.
pub(crate) trait Disk: Send + Sync {
    /// One write; may write less than all.
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize>;
    fn set_len(&self, file: &File, len: u64) -> io::Result<()>;
    fn sync(&self, file: &File) -> io::Result<()>;
}

/// The real one.
pub(crate) struct Kernel;

impl Disk for Kernel {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(bytes, offset)
    }

    fn set_len(&self, file: &File, len: u64) -> io::Result<()> {
        file.set_len(len)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}

/// Writes all of `bytes`, with one call unless the system takes less.
pub(crate) fn write_all_at(disk: &dyn Disk, file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write_at(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => {
                bytes = &bytes[taken..];
                offset += taken as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Options for a file that may be new. What is in these files is not for everybody: encryption contexts, addresses.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.write(true).create(true).mode(0o640)
}

/// Room on the file system of a folder.
pub(crate) fn space(folder: &Path) -> Option<Space> {
    let found = rustix::fs::statvfs(folder).ok()?;
    // What is reserved for the administrator is no room for this process, and not used by anybody.
    let usable = found.f_blocks.saturating_sub(found.f_bfree.saturating_sub(found.f_bavail));
    Some(Space { bytes_total: usable * found.f_frsize, bytes_available: found.f_bavail * found.f_frsize })
}

/// Makes names in a folder last.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The name of the file whose first record is `first`. Names sort as their numbers do.
pub(crate) fn name(first: u64) -> String {
    format!("audit-{first:020}.jsonl")
}

fn first_in(file_name: &str) -> Option<u64> {
    let digits = file_name.strip_prefix("audit-")?.strip_suffix(".jsonl")?;
    let first = digits.parse().ok()?;
    (name(first) == file_name).then_some(first)
}

/// Removes files that never got their name.
pub(crate) fn remove_unnamed(folder: &Path) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let unnamed = path.extension().is_some_and(|extension| extension == UNNAMED);
        if unnamed && path.with_extension("jsonl").file_name().and_then(|name| first_in(name.to_str()?)).is_some() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// One file of a log.
#[derive(Clone, Debug)]
pub(crate) struct LogFile {
    /// The number of its first record, by its name.
    pub(crate) first: u64,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl LogFile {
    pub(crate) fn new(folder: &Path, first: u64) -> Self {
        let name = name(first);
        Self { first, path: folder.join(&name), name }
    }
}

/// The files of a log, in order.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<LogFile>> {
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        if let Some(first) = entry?.file_name().to_str().and_then(first_in) {
            files.push(LogFile::new(folder, first));
        }
    }
    files.sort_by_key(|file| file.first);
    Ok(files)
}

/// A file line by line.
pub(crate) struct Lines {
    reader: BufReader<File>,
    buffer: Vec<u8>,
    /// The number of the line last read; 1 is the file's first.
    pub(crate) number: u64,
    /// Bytes up to the end of the line last read.
    pub(crate) offset: u64,
}

/// One line, without its end.
pub(crate) struct RawLine<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether it ended with a line break, and not with the file.
    pub(crate) ended: bool,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::over(File::open(path)?))
    }

    /// The lines from where the file now stands; the first of them is number 1.
    pub(crate) fn over(file: File) -> Self {
        let reader = BufReader::with_capacity(128 * 1024, file);
        Self { reader, buffer: Vec::new(), number: 0, offset: 0 }
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<RawLine<'_>>> {
        self.buffer.clear();
        let bytes = self.reader.read_until(b'\n', &mut self.buffer)?;
        if bytes == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.offset += bytes as u64;
        let (bytes, ended) = match self.buffer.strip_suffix(b"\n") {
            Some(line) => (line, true),
            None => (self.buffer.as_slice(), false),
        };
        Ok(Some(RawLine { bytes, ended }))
    }
}
