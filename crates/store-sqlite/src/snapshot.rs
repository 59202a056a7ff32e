//! A consistent copy, made on a thread and a connection of its own while writers go on.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use claviger_store::StoreError;

use crate::errors::store_error;
use crate::open::reader;

/// Copies `from` to `to`. The copy appears under its name only when it is whole and on disk.
pub(crate) fn write(from: &Path, to: &Path) -> Result<(), StoreError> {
    let io = |error: io::Error| StoreError::Unavailable(format!("snapshot to {}: {error}", to.display()));
    if to.symlink_metadata().is_ok() {
        return Err(io(io::ErrorKind::AlreadyExists.into()));
    }
    let draft = Draft::new(to)?;
    let Some(name) = draft.0.to_str() else {
        return Err(StoreError::Invalid("the path of a snapshot must be valid UTF-8".into()));
    };
    // Compacts on the way: pages that hold nothing any more are not copied.
    let copied = reader(from, 1).and_then(|db| db.execute("VACUUM INTO ?1", [name]));
    copied.map_err(|error| store_error(&error))?;
    File::open(&draft.0).and_then(|file| file.sync_all()).map_err(io)?;
    publish(&draft.0, to).map_err(io)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(io)
}

/// Gives the draft its name without replacing anything that may have come there meanwhile.
fn publish(draft: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(draft, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // A file system without hard links: the name is claimed first, then taken over.
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
            fs::rename(draft, to)
        }
        linked => linked,
    }
}

/// The unfinished copy beside its goal; goes away when dropped, whatever became of it.
struct Draft(PathBuf);

impl Draft {
    fn new(to: &Path) -> Result<Self, StoreError> {
        let mut name = to.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => Ok(Self(path)),
            // A leftover is not removed unasked: another snapshot may be writing it.
            Err(error) => Err(StoreError::Unavailable(format!("snapshot by way of {}: {error}", path.display()))),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
