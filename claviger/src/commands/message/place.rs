//! Where data comes from and goes to: output is whole or not there.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Context, bail};
use claviger_crypto::secret::Secret;
use claviger_esdk::keyring::RawAesKeyring;
use claviger_esdk::manager::DefaultManager;
use claviger_esdk::stream::{self, EncryptWriter};
use claviger_esdk::{Client, EncryptOptions, EncryptionContext, Suite, block_on};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Decrypted bytes that wait in memory for the end of the message; more go to a file, encrypted.
const HELD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Files that are not complete, to be removed when a signal ends the process.
static INCOMPLETE: LazyLock<Mutex<Vec<PathBuf>>> = LazyLock::new(Mutex::default);

/// Removes what is not complete when the process is told to stop.
pub(in crate::commands) fn clean_up_on_signals() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let code = runtime.block_on(async {
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else { return None };
            let kind = tokio::select! {
                _ = interrupt.recv() => kinds[0],
                _ = terminate.recv() => kinds[1],
                _ = hangup.recv() => kinds[2],
            };
            Some(128 + kind.as_raw_value())
        });
        if let Some(code) = code {
            for path in INCOMPLETE.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let _ = std::fs::remove_file(path);
            }
            std::process::exit(code);
        }
    })?;
    Ok(())
}

/// Where one message or plaintext comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// Opens it, and says how many bytes it has if that is known.
    pub(in crate::commands) fn open(&self) -> anyhow::Result<(Box<dyn Read>, Option<u64>)> {
        match self {
            Self::Stdin => Ok((Box::new(io::stdin().lock()), None)),
            Self::File(path) => {
                let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
                let metadata = file.metadata()?;
                Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
            }
        }
    }

    pub(in crate::commands) fn name(&self) -> String {
        match self {
            Self::Stdin => "<stdin>".to_owned(),
            Self::File(path) => absolute(path),
        }
    }
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Destination {
    Stdout,
    File(PathBuf),
}

impl Destination {
    pub(in crate::commands) fn name(&self) -> String {
        match self {
            Self::Stdout => "<stdout>".to_owned(),
            Self::File(path) => absolute(path),
        }
    }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// An output in the making; dropped before [`complete`](Self::complete), it leaves nothing.
pub(in crate::commands) enum Output {
    /// A message may go out as it is made.
    Direct(io::Stdout),
    /// Plaintext waits until the whole message turned out to be authentic.
    Held(Box<Held>),
    File {
        file: NamedTempFile,
        to: PathBuf,
        overwrite: bool,
    },
}

impl Output {
    /// To a destination. `hold` keeps standard output empty until the end.
    pub(in crate::commands) fn new(destination: &Destination, hold: bool, overwrite: bool) -> anyhow::Result<Self> {
        Ok(match destination {
            Destination::Stdout if hold => Self::Held(Box::default()),
            Destination::Stdout => Self::Direct(io::stdout()),
            Destination::File(to) => {
                let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                // As usual for new files; the process's mask takes away what it takes away.
                let file = tempfile::Builder::new()
                    .prefix(".claviger-")
                    .permissions(std::fs::Permissions::from_mode(0o666))
                    .tempfile_in(folder)
                    .with_context(|| format!("cannot write into {}", folder.display()))?;
                INCOMPLETE.lock().unwrap_or_else(PoisonError::into_inner).push(file.path().to_owned());
                Self::File { file, to: to.clone(), overwrite }
            }
        })
    }

    /// Makes it visible.
    pub(in crate::commands) fn complete(self) -> anyhow::Result<()> {
        match self {
            Self::Direct(mut out) => out.flush().context("cannot write to standard output"),
            Self::Held(held) => held.release(io::stdout()),
            Self::File { file, to, overwrite } => {
                let temporary = file.path().to_owned();
                let persisted = if overwrite { file.persist(&to) } else { file.persist_noclobber(&to) };
                INCOMPLETE.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != temporary);
                match persisted {
                    Ok(_) => Ok(()),
                    Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                        bail!("{} exists already", to.display())
                    }
                    Err(error) => Err(error.error).with_context(|| format!("cannot write {}", to.display())),
                }
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(out) => out.write(bytes),
            Self::Held(held) => held.write(bytes),
            Self::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Direct(out) => out.flush(),
            Self::Held(_) => Ok(()),
            Self::File { file, .. } => file.flush(),
        }
    }
}

/// Plaintext nobody may see yet: in memory, and beyond [`HELD_BYTES_MAX`] in a file without a name, under a key that
/// exists in this process only.
#[derive(Default)]
pub(in crate::commands) struct Held {
    memory: Zeroizing<Vec<u8>>,
    file: Option<(EncryptWriter<File>, DefaultManager<RawAesKeyring>)>,
}

impl Held {
    fn start_file(&mut self) -> io::Result<&mut EncryptWriter<File>> {
        if self.file.is_none() {
            let file = tempfile::tempfile()?;
            let keyring = RawAesKeyring::new("claviger", "held", &Secret::random(32)).map_err(io::Error::other)?;
            let manager = DefaultManager::new(keyring);
            let options = EncryptOptions {
                suite: Some(Suite::Aes256HkdfSha512CommitKey),
                frame_length: std::num::NonZeroU32::new(64 * 1024),
                ..EncryptOptions::default()
            };
            let encryptor = block_on(Client::default().encryptor(&manager, options)).map_err(io::Error::other)?;
            self.file = Some((EncryptWriter::new(encryptor, file), manager));
        }
        self.file.as_mut().map(|(writer, _)| writer).ok_or_else(|| io::Error::other("no file"))
    }

    fn release(self, mut to: impl Write) -> anyhow::Result<()> {
        if let Some((writer, manager)) = self.file {
            let mut file = writer.finish()?;
            file.rewind()?;
            let client = Client::default();
            let decryptor = block_on(stream::open(&client, &manager, &mut file, EncryptionContext::new()))?;
            stream::decrypt(decryptor, file, &mut to).context("cannot write to standard output")?;
        }
        to.write_all(&self.memory).and_then(|()| to.flush()).context("cannot write to standard output")
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.memory.len() + bytes.len() > HELD_BYTES_MAX {
            let memory = std::mem::take(&mut self.memory);
            let writer = self.start_file()?;
            writer.write_all(&memory)?;
            writer.write_all(bytes)?;
        } else {
            self.memory.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_comes_out_in_order_whatever_its_size() {
        for pieces in [0, 1, 7, 40] {
            let piece: Vec<u8> = (0..1 << 20).map(|number| (number % 253) as u8).collect();
            let mut held = Held::default();
            for _ in 0..pieces {
                held.write_all(&piece).unwrap();
            }
            held.write_all(b"end").unwrap();
            assert_eq!(held.file.is_some(), pieces == 40);
            assert!(held.memory.len() <= HELD_BYTES_MAX);
            let mut out = Vec::new();
            held.release(&mut out).unwrap();
            assert_eq!(out.len(), pieces * piece.len() + 3);
            assert!(out.chunks(piece.len()).take(pieces).all(|chunk| chunk == piece) && out.ends_with(b"end"));
        }
    }
}
