use super::parse;
use crate::Error;
use crate::bytes::Reader;

/// The longest header that is read, in bytes. The format's own limit is far beyond: 65535 encrypted data keys of three
/// fields with 65535 bytes each.
pub const HEADER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes until version, type and suite are there.
const START_BYTES: usize = 4;

/// Collects a header's bytes as they arrive, and not one byte more.
///
/// It goes through the fields once, whatever the pieces are, and allocates only for bytes that arrived.
pub struct HeaderReader {
    bytes: Vec<u8>,
    stage: Stage,
    /// Bytes of the header that must be there for the next step.
    needed: usize,
    encrypted_data_keys_max: Option<u16>,
}

enum Stage {
    Start,
    ContextLength { tail: usize },
    KeyCount { tail: usize },
    KeyField { left: usize, tail: usize },
    Tail,
    Complete,
}

impl HeaderReader {
    /// For a message with at most so many encrypted data keys.
    pub fn new(encrypted_data_keys_max: Option<u16>) -> Self {
        Self { bytes: Vec::new(), stage: Stage::Start, needed: START_BYTES, encrypted_data_keys_max }
    }

    /// Takes what belongs to the header from the beginning of `input`, and gives how many bytes that was.
    ///
    /// # Errors
    /// As soon as the bytes cannot become a header: [`Error::Malformed`], [`Error::Base64`],
    /// [`Error::TooManyEncryptedDataKeys`].
    pub fn push(&mut self, input: &[u8]) -> Result<usize, Error> {
        let mut used = 0;
        while !self.is_complete() {
            let missing = self.missing();
            let more = &input[used..input.len().min(used + missing)];
            self.bytes.extend_from_slice(more);
            used += more.len();
            if matches!(self.stage, Stage::Start) && !self.bytes.is_empty() {
                self.check_start()?;
            }
            if self.bytes.len() < self.needed {
                break;
            }
            self.step()?;
        }
        Ok(used)
    }

    /// Whether the whole header is there.
    pub fn is_complete(&self) -> bool {
        matches!(self.stage, Stage::Complete)
    }

    /// How many bytes can be read before anything can be said: at least one until the header is complete.
    pub fn missing(&self) -> usize {
        self.needed - self.bytes.len()
    }

    /// What the header says, of which nothing is authenticated.
    ///
    /// # Errors
    /// [`Error::Truncated`] before it is complete, [`Error::Malformed`].
    pub fn header(&self) -> Result<super::Header, Error> {
        parse::parse(&self.bytes).map(|parsed| parsed.header)
    }

    /// The header's bytes so far.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Says what is wrong with the first bytes even when no more come.
    fn check_start(&self) -> Result<(), Error> {
        match parse::start(&mut Reader::new(&self.bytes)) {
            Ok(_) | Err(Error::Truncated) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn step(&mut self) -> Result<(), Error> {
        self.stage = match self.stage {
            Stage::Start => {
                let mut reader = Reader::new(&self.bytes);
                let suite = parse::start(&mut reader)?;
                let version_bytes = self.bytes.len() - usize::from(suite.version() == crate::Version::V2);
                self.needed = version_bytes + suite.message_id_bytes() + 2;
                Stage::ContextLength { tail: tail_bytes(suite) }
            }
            Stage::ContextLength { tail } => {
                self.needed += self.last_u16() + 2;
                Stage::KeyCount { tail }
            }
            Stage::KeyCount { tail } => {
                let count = self.last_u16();
                if count == 0 {
                    return Err(Error::Malformed("the header has no encrypted data key"));
                }
                if let Some(max) = self.encrypted_data_keys_max.filter(|max| count > usize::from(*max)) {
                    return Err(Error::TooManyEncryptedDataKeys { found: count, max });
                }
                self.needed += 2;
                Stage::KeyField { left: count * 3, tail }
            }
            Stage::KeyField { left, tail } => {
                self.needed += self.last_u16();
                if left > 1 {
                    self.needed += 2;
                    Stage::KeyField { left: left - 1, tail }
                } else {
                    self.needed += tail;
                    Stage::Tail
                }
            }
            Stage::Tail | Stage::Complete => Stage::Complete,
        };
        if self.needed > HEADER_BYTES_MAX {
            return Err(Error::Malformed("the header is longer than 64 MiB"));
        }
        Ok(())
    }

    fn last_u16(&self) -> usize {
        self.bytes.last_chunk().map_or(0, |last| usize::from(u16::from_be_bytes(*last)))
    }
}

/// Bytes after the encrypted data keys: content type, for version 1.0 reserved bytes and IV length, frame length, the
/// suite's data, nonce and tag.
fn tail_bytes(suite: crate::Suite) -> usize {
    let reserved = match suite.version() {
        crate::Version::V1 => 5,
        crate::Version::V2 => 0,
    };
    1 + reserved + 4 + suite.suite_data_bytes() + super::Header::authentication_bytes(suite)
}
