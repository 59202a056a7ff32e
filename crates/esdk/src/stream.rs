//! Messages between a `Read` and a `Write`, in constant memory.

use std::io::{self, Read, Write};

use claviger_crypto::Zeroizing;

use crate::materials::MaterialsManager;
use crate::{Client, Decryptor, EncryptionContext, Encryptor, Error};

/// Bytes read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// What goes wrong with a stream.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The message.
    #[error(transparent)]
    Message(#[from] Error),
    /// Reading the source failed.
    #[error("reading failed: {0}")]
    Read(#[source] io::Error),
    /// Writing failed.
    #[error("writing failed: {0}")]
    Write(#[source] io::Error),
}

/// Reads plaintext to its end and writes the message. Gives how many bytes were read and written.
///
/// # Errors
/// [`StreamError`]; what was written is then of no use.
pub fn encrypt(
    mut encryptor: Encryptor,
    mut plaintext: impl Read,
    mut message: impl Write,
) -> Result<(u64, u64), StreamError> {
    let mut input = Zeroizing::new(vec![0; CHUNK_BYTES]);
    let mut output = Vec::new();
    let (mut taken, mut given) = (0, 0);
    loop {
        let len = read(&mut plaintext, &mut input)?;
        if len == 0 {
            break;
        }
        taken += len as u64;
        encryptor.update(&input[..len], &mut output)?;
        given += write(&mut message, &output)?;
        output.clear();
    }
    encryptor.finish(&mut output)?;
    given += write(&mut message, &output)?;
    Ok((taken, given))
}

/// Reads a message's header, not one byte more, and opens it.
///
/// # Errors
/// As [`Client::decryptor`], or reading failed.
pub async fn open(
    client: &Client,
    manager: &dyn MaterialsManager,
    message: &mut impl Read,
    context: EncryptionContext,
) -> Result<Decryptor, StreamError> {
    let mut header = client.header_reader();
    while !header.is_complete() {
        let mut piece = vec![0; header.missing().min(CHUNK_BYTES)];
        let len = read(message, &mut piece)?;
        if len == 0 {
            return Err(Error::Truncated.into());
        }
        header.push(&piece[..len])?;
    }
    Ok(client.decryptor(manager, header, context).await?)
}

/// Reads the rest of a message to its end and writes plaintext as it may be given out. Gives how many bytes were read
/// and written.
///
/// # Errors
/// [`StreamError`]; what was written must then not be used as if it were the whole.
pub fn decrypt(
    mut decryptor: Decryptor,
    mut message: impl Read,
    mut plaintext: impl Write,
) -> Result<(u64, u64), StreamError> {
    let mut input = vec![0; CHUNK_BYTES];
    let mut output = Zeroizing::new(Vec::new());
    let (mut taken, mut given) = (0, 0);
    loop {
        let len = read(&mut message, &mut input)?;
        if len == 0 {
            break;
        }
        taken += len as u64;
        decryptor.update(&input[..len], &mut output)?;
        given += write(&mut plaintext, &output)?;
        output.clear();
    }
    decryptor.finish(&mut output)?;
    given += write(&mut plaintext, &output)?;
    Ok((taken, given))
}

/// A `Write` that encrypts what is written to it. [`finish`](Self::finish) ends the message; dropped before, it leaves
/// one that no reader accepts.
pub struct EncryptWriter<W> {
    encryptor: Encryptor,
    inner: W,
    output: Vec<u8>,
}

impl<W: Write> EncryptWriter<W> {
    /// Over the message's destination.
    pub fn new(encryptor: Encryptor, inner: W) -> Self {
        Self { encryptor, inner, output: Vec::new() }
    }

    /// Ends the message and gives the destination back.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn finish(mut self) -> Result<W, StreamError> {
        self.encryptor.finish(&mut self.output)?;
        write(&mut self.inner, &self.output)?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for EncryptWriter<W> {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.encryptor.update(plaintext, &mut self.output).map_err(io::Error::other)?;
        let written = self.inner.write_all(&self.output);
        self.output.clear();
        written.map(|()| plaintext.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A `Read` that decrypts a message: its end is reported only when the whole message was authentic. An error of the
/// message is an [`io::Error`] that holds the [`Error`].
pub struct DecryptReader<R> {
    decryptor: Option<Decryptor>,
    inner: R,
    input: Vec<u8>,
    output: Zeroizing<Vec<u8>>,
    given: usize,
}

impl<R: Read> DecryptReader<R> {
    /// Over the rest of the message, after [`open`] read its header.
    pub fn new(decryptor: Decryptor, inner: R) -> Self {
        let (input, output) = (vec![0; CHUNK_BYTES], Zeroizing::new(Vec::new()));
        Self { decryptor: Some(decryptor), inner, input, output, given: 0 }
    }

    fn fill(&mut self) -> io::Result<()> {
        let Some(mut decryptor) = self.decryptor.take() else { return Ok(()) };
        self.output.clear();
        self.given = 0;
        loop {
            let len = match self.inner.read(&mut self.input) {
                Err(error) => {
                    self.decryptor = Some(decryptor);
                    return Err(error);
                }
                Ok(len) => len,
            };
            // After an error nothing more comes: the decryptor stays away.
            if len == 0 {
                return decryptor.finish(&mut self.output).map_err(|error| self.fail(error));
            }
            if let Err(error) = decryptor.update(&self.input[..len], &mut self.output) {
                return Err(self.fail(error));
            }
            if !self.output.is_empty() {
                self.decryptor = Some(decryptor);
                return Ok(());
            }
        }
    }

    fn fail(&mut self, error: Error) -> io::Error {
        self.output.clear();
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

impl<R: Read> Read for DecryptReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.output.len() {
            self.fill()?;
        }
        let len = out.len().min(self.output.len() - self.given);
        out[..len].copy_from_slice(&self.output[self.given..][..len]);
        self.given += len;
        Ok(len)
    }
}

fn read(source: &mut impl Read, into: &mut [u8]) -> Result<usize, StreamError> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map_err(StreamError::Read),
        }
    }
}

/// Reads until the buffer is full or the source at its end.
pub(crate) fn read_full(source: &mut impl Read, into: &mut [u8]) -> Result<usize, StreamError> {
    let mut len = 0;
    while len < into.len() {
        match read(source, &mut into[len..])? {
            0 => break,
            more => len += more,
        }
    }
    Ok(len)
}

pub(crate) fn write(to: &mut impl Write, bytes: &[u8]) -> Result<u64, StreamError> {
    to.write_all(bytes).map_err(StreamError::Write)?;
    Ok(bytes.len() as u64)
}
