//! Key files: 32 random bytes as text, kept apart from the data.
//!
//! ```text
//! claviger-key-file-v1
//! <64 lower-case hexadecimal digits: the key>
//! <8 lower-case hexadecimal digits: the first four bytes of SHA-256 over the two lines above>
//! ```

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::KeyFileError;
use crate::secret::Secret;
use crate::{digest, kdf, labels};

const HEADER: &str = "claviger-key-file-v1";
const KEY_LEN: usize = 32;
const CHECK_LEN: usize = 4;
const FINGERPRINT_LEN: usize = 16;

/// More than a key file has, with room for a trailing line end of any fashion.
const FILE_BYTES_MAX: usize = 256;

/// Writes a new key file: readable by its owner only, never over an existing file, on disk when this returns.
pub fn create_key_file(path: impl AsRef<Path>) -> Result<(), KeyFileError> {
    let path = path.as_ref();
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.to_owned() },
        _ => io_error(path, "written", &error),
    };
    let text = file_text(&Secret::random(KEY_LEN));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(refused)?;
    let written = file.write_all(&text).and_then(|()| file.sync_all()).and_then(|()| sync_parent(path));
    if let Err(error) = written {
        // Half a key file would only be in the way; what matters is the error of the write.
        let _ = std::fs::remove_file(path);
        return Err(refused(error));
    }
    Ok(())
}

/// A warning for the operator when others than its owner can read or write the key file.
pub fn key_file_exposed(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    let mode = metadata.mode() & 0o777;
    (metadata.is_file() && mode & 0o077 != 0).then(|| {
        format!("the key file {} is open to other users (mode {mode:04o}): run chmod 600 on it", path.display())
    })
}

/// The key in a key file.
pub(super) fn read(path: &Path) -> Result<Secret, KeyFileError> {
    let mut buffer = Zeroizing::new([0; FILE_BYTES_MAX]);
    let mut file = File::open(path).map_err(|error| io_error(path, "read", &error))?;
    let mut len = 0;
    while len < buffer.len() {
        match file.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(more) => len += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io_error(path, "read", &error)),
        }
    }
    parse(&buffer[..len]).map_err(|reason| KeyFileError::Malformed { path: path.to_owned(), reason })
}

/// The public fingerprint of a key file: tells which seal it opens, and nothing else.
pub(super) fn fingerprint(key: &Secret) -> String {
    hex::encode(&kdf::derive(key.expose(), labels::KEY_FILE_ID, b"")[..FINGERPRINT_LEN])
}

fn parse(text: &[u8]) -> Result<Secret, &'static str> {
    let mut lines = text.trim_ascii_end().split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    if lines.next() != Some(HEADER.as_bytes()) {
        return Err("the first line is not its header");
    }
    let (Some(digits), Some(check), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err("it does not have three lines");
    };
    if check != check_digits(digits).as_bytes() {
        return Err("its checksum does not match");
    }
    let mut key = Secret::zeroed(KEY_LEN);
    hex::decode_to_slice(digits, key.bytes_mut()).map_err(|_| "its key is not 64 hexadecimal digits")?;
    Ok(key)
}

fn file_text(key: &Secret) -> Zeroizing<Vec<u8>> {
    let mut digits = Zeroizing::new([0; 2 * KEY_LEN]);
    if hex::encode_to_slice(key.expose(), &mut *digits).is_err() {
        crate::fatal::abort("a key has an impossible length");
    }
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX));
    for line in [HEADER.as_bytes(), &*digits, check_digits(&*digits).as_bytes()] {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text
}

fn check_digits(digits: &[u8]) -> String {
    let mut hash = digest::Sha256::new();
    for line in [HEADER.as_bytes(), digits] {
        hash.update(line);
        hash.update(b"\n");
    }
    hex::encode(&hash.finish()[..CHECK_LEN])
}

/// Makes the new directory entry durable.
fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    File::open(parent)?.sync_all()
}

fn io_error(path: &Path, action: &'static str, error: &io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.to_owned(), action, reason: error.to_string() }
}
