//! The file being written.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::chain::{Head, Header};
use crate::files::{Disk, LogFile, UNNAMED, private, sync_folder, write_all_at};
use crate::pending::{Batch, Mark};

/// Room is made in advance, in bytes, where records are synced: writing into a file that already has its size spares the
/// sync the file's metadata and makes it up to twice as fast.
const ROOM_BYTES: u64 = 1024 * 1024;
/// More room is made when less than this is left.
const ROOM_BYTES_LOW: u64 = 512 * 1024;
/// So much of it at a time.
const PIECE_BYTES: usize = 128 * 1024;

/// Lives behind a lock that is held for one write.
pub(crate) struct Writer {
    pub(crate) file: Arc<File>,
    /// The number of the file's first record.
    first: u64,
    /// Bytes of the file's lines.
    pub(crate) len: u64,
    /// Bytes of the file with the room made in advance: line breaks, which no tool stumbles over.
    reserved: u64,
    /// Something may stand beyond `len` that has to go before the next write.
    torn: bool,
    /// Making room failed; not tried again in this file.
    cramped: bool,
    pub(crate) written: Mark,
    pub(crate) synced: Synced,
    /// Finished files not known to be on the disk.
    pub(crate) unsynced: Vec<PathBuf>,
    /// The buffer to be swapped against the next batch.
    pub(crate) spare: Vec<u8>,
    /// The name of the file, once it was found not to be where it belongs.
    pub(crate) lost: Option<Arc<str>>,
}

/// What is known to be on the disk. `len` belongs to the current file.
#[derive(Clone, Copy)]
pub(crate) struct Synced {
    pub(crate) mark: Mark,
    pub(crate) len: u64,
}

impl Writer {
    /// Goes on in a file whose lines end at `len` with `head`; all of that must be on the disk. What stands after
    /// `len` is overwritten.
    pub(crate) fn resume(file: File, first: u64, len: u64, head: Head) -> Self {
        let mark = Mark { head, position: 0, given_up: 0 };
        Self {
            file: Arc::new(file),
            first,
            len,
            reserved: len,
            torn: false,
            cramped: false,
            written: mark,
            synced: Synced { mark, len },
            unsynced: Vec::new(),
            spare: Vec::new(),
            lost: None,
        }
    }

    /// The number of the first record in the current file.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Whether the next batch belongs into a new file.
    pub(crate) fn is_full(&self, batch_bytes: u64, file_bytes_max: u64) -> bool {
        self.written.head.sequence >= self.first && self.len + batch_bytes > file_bytes_max
    }

    /// Writes the first batch over whatever stands after the good lines, then removes what is left of that.
    pub(crate) fn begin(&mut self, disk: &dyn Disk, batch: &Batch) -> io::Result<()> {
        write_all_at(disk, &self.file, &batch.lines, self.len)?;
        self.written = batch.end;
        self.cut_to(disk, self.len + batch.lines.len() as u64)
    }

    /// Writes a batch, or leaves the file as it was.
    pub(crate) fn write(&mut self, disk: &dyn Disk, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.cut_to(disk, self.len)?;
        }
        if let Err(error) = write_all_at(disk, &self.file, lines, self.len) {
            // A disk that is full may have taken a part.
            let _ = self.cut_to(disk, self.len);
            return Err(error);
        }
        self.len += lines.len() as u64;
        self.reserved = self.reserved.max(self.len);
        Ok(())
    }

    /// Ends the file's lines at `len`. If the system refuses, that is made up for before the next write; should the
    /// process die before, opening the log finds and notes what stands there.
    pub(crate) fn cut_to(&mut self, disk: &dyn Disk, len: u64) -> io::Result<()> {
        self.len = len;
        self.torn = true;
        disk.set_len(&self.file, len)?;
        self.reserved = len;
        self.torn = false;
        Ok(())
    }

    /// Whether more room should be made; once that has begun, until there is plenty.
    pub(crate) fn wants_room(&self, begun: bool) -> bool {
        let enough = if begun { ROOM_BYTES } else { ROOM_BYTES_LOW };
        !self.torn && !self.cramped && self.reserved - self.len < enough
    }

    /// Makes a piece of room. Failing to is no failure: the file grows as it is written.
    pub(crate) fn reserve(&mut self, disk: &dyn Disk) {
        static PIECE: [u8; PIECE_BYTES] = [b'\n'; PIECE_BYTES];
        match write_all_at(disk, &self.file, &PIECE, self.reserved) {
            Ok(()) => self.reserved += PIECE_BYTES as u64,
            Err(_) => {
                self.torn = true;
                self.cramped = true;
            }
        }
    }

    /// Gives back the room made in advance.
    pub(crate) fn trim(&mut self, disk: &dyn Disk) -> io::Result<()> {
        if self.torn || self.reserved > self.len { self.cut_to(disk, self.len) } else { Ok(()) }
    }

    /// Ends this file and begins the next one. `wait` puts both on the disk first.
    pub(crate) fn rotate(
        &mut self,
        disk: &dyn Disk,
        folder: &Path,
        header: &dyn Fn(&Head) -> Header,
        wait: bool,
    ) -> io::Result<()> {
        self.trim(disk)?;
        if wait {
            disk.sync(&self.file)?;
            self.synced = Synced { mark: self.written, len: self.len };
        }
        let header = header(&self.written.head);
        let (file, len) = create(disk, folder, &header, wait)?;
        if !wait {
            self.unsynced.push(LogFile::new(folder, self.first).path);
        }
        self.file = Arc::new(file);
        self.first = header.first;
        self.len = len;
        self.reserved = len;
        self.cramped = false;
        self.synced.len = len;
        Ok(())
    }
}

impl Writer {
    /// Whether the name of the file being written still stands for it.
    pub(crate) fn is_in_place(&self, path: &Path) -> io::Result<bool> {
        let here = self.file.metadata()?;
        match fs::symlink_metadata(path) {
            Ok(there) => Ok((here.dev(), here.ino()) == (there.dev(), there.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes the lines of the lost file into a new one under its name, and goes on there. What was found under the name
    /// is kept under another, which is returned.
    pub(crate) fn restore(&mut self, disk: &dyn Disk, folder: &Path, path: &Path) -> io::Result<Option<String>> {
        let unnamed = path.with_extension(UNNAMED);
        let file = private(OpenOptions::new().read(true)).truncate(true).open(&unnamed)?;
        let mut piece = vec![0; PIECE_BYTES];
        let mut offset = 0;
        while offset < self.len {
            let wanted = usize::try_from(self.len - offset).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            self.file.read_exact_at(&mut piece[..wanted], offset)?;
            write_all_at(disk, &file, &piece[..wanted], offset)?;
            offset += wanted as u64;
        }
        disk.sync(&file)?;
        let kept = match fs::symlink_metadata(path) {
            Ok(found) => {
                let aside = format!("{}.found-{}", path.display(), found.ino());
                fs::rename(path, &aside)?;
                Path::new(&aside).file_name().map(|name| name.to_string_lossy().into_owned())
            }
            Err(_) => None,
        };
        fs::rename(&unnamed, path)?;
        sync_folder(folder)?;
        self.file = Arc::new(file);
        self.reserved = self.len;
        self.torn = false;
        self.cramped = false;
        self.lost = None;
        Ok(kept)
    }
}

/// Makes a file with its header. It gets its name when the header is in it, so that no crash leaves a file without.
pub(crate) fn create(disk: &dyn Disk, folder: &Path, header: &Header, wait: bool) -> io::Result<(File, u64)> {
    let path = LogFile::new(folder, header.first).path;
    let unnamed = path.with_extension(UNNAMED);
    let file = private(OpenOptions::new().read(true)).truncate(true).open(&unnamed)?;
    let line = header.line();
    write_all_at(disk, &file, &line, 0)?;
    if wait {
        disk.sync(&file)?;
    }
    fs::rename(&unnamed, &path)?;
    if wait {
        sync_folder(folder)?;
    }
    Ok((file, line.len() as u64))
}
