//! One message's key at work: its derivation, its commitment, the header's tag, the frames.

use claviger_crypto::aead::{GcmKey, NONCE_BYTES, TAG_BYTES};
use claviger_crypto::digest::constant_time_eq;
use claviger_crypto::hkdf::Prk;
use claviger_crypto::secret::Secret;

use crate::{Error, Suite};

/// What a piece of the body is (`data-format/message-body-aad.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Regular,
    Final,
    Whole,
}

impl Piece {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Regular => b"AWSKMSEncryptionClient Frame",
            Self::Final => b"AWSKMSEncryptionClient Final Frame",
            Self::Whole => b"AWSKMSEncryptionClient Single Block",
        }
    }
}

/// What stands before a final frame's sequence number.
pub(crate) const SEQUENCE_END: u32 = u32::MAX;
/// Bytes of a regular frame besides its content: sequence number, IV, tag.
pub(crate) const REGULAR_OVERHEAD: usize = 4 + NONCE_BYTES + TAG_BYTES;
/// Bytes of a final frame besides its content: mark, sequence number, IV, length, tag.
pub(crate) const FINAL_OVERHEAD: usize = 4 + 4 + NONCE_BYTES + 4 + TAG_BYTES;

/// Message id, label, sequence number, length.
const AAD_BYTES_MAX: usize = 32 + 35 + 4 + 8;

/// The key of one message.
pub(crate) struct MessageCipher {
    key: GcmKey,
    message_id: Vec<u8>,
}

impl MessageCipher {
    /// Derives the message's key and its commitment (`framework/transitive-requirements.md`, HKDF Encryption Key and
    /// HKDF Commit Key).
    pub(crate) fn new(suite: Suite, data_key: &Secret, message_id: &[u8]) -> Result<(Self, Option<[u8; 32]>), Error> {
        let invalid = Error::InvalidMaterials("the data key is not as long as the algorithm suite says");
        if data_key.len() != suite.data_key_bytes() {
            return Err(invalid);
        }
        let id = suite.id().to_be_bytes();
        let mut commitment = None;
        let key = match suite.kdf_hash() {
            None => GcmKey::new(data_key.expose()),
            Some(hash) if suite.commits() => {
                let prk = Prk::extract(hash, message_id, data_key.expose());
                commitment = prk.expand(&[b"COMMITKEY"], suite.suite_data_bytes()).expose().try_into().ok();
                GcmKey::new(prk.expand(&[&id, b"DERIVEKEY"], suite.data_key_bytes()).expose())
            }
            Some(hash) => {
                let prk = Prk::extract(hash, &[], data_key.expose());
                GcmKey::new(prk.expand(&[&id, message_id], suite.data_key_bytes()).expose())
            }
        };
        let cipher = Self { key: key.ok_or(invalid)?, message_id: message_id.to_vec() };
        Ok((cipher, commitment))
    }

    /// The tag over the header body and the serialized pairs that are authenticated without being stored.
    pub(crate) fn header_tag(&self, body: &[u8], only_authenticated: &[u8]) -> [u8; TAG_BYTES] {
        self.key.seal([0; NONCE_BYTES], &[body, only_authenticated].concat(), &mut [])
    }

    /// Verifies [`header_tag`](Self::header_tag), for messages of others under the nonce they tell.
    pub(crate) fn check_header(
        &self,
        nonce: [u8; NONCE_BYTES],
        body: &[u8],
        only_authenticated: &[u8],
        tag: &[u8],
    ) -> Result<(), Error> {
        let aad = [body, only_authenticated].concat();
        self.key.open(nonce, &aad, &[], tag, &mut []).map_err(|_| Error::HeaderNotAuthentic)
    }

    /// Appends a whole frame (`client-apis/encrypt.md`, Construct a frame).
    pub(crate) fn seal_frame(&self, piece: Piece, sequence: u32, plaintext: &[u8], out: &mut Vec<u8>) {
        let nonce = nonce(sequence);
        if piece == Piece::Final {
            out.extend_from_slice(&SEQUENCE_END.to_be_bytes());
        }
        out.extend_from_slice(&sequence.to_be_bytes());
        out.extend_from_slice(&nonce);
        if piece == Piece::Final {
            // A frame is no longer than the frame length, which is a u32.
            out.extend_from_slice(&(plaintext.len() as u32).to_be_bytes());
        }
        let content = out.len();
        out.extend_from_slice(plaintext);
        let tag = self.aad(piece, sequence, plaintext.len(), |aad| self.key.seal(nonce, aad, &mut out[content..]));
        out.extend_from_slice(&tag);
    }

    /// Appends the plaintext of one piece, or nothing. The nonce is the one in the message: old writers drew it at
    /// random.
    pub(crate) fn open_piece(
        &self,
        piece: Piece,
        sequence: u32,
        nonce: [u8; NONCE_BYTES],
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Error::Truncated)?;
        let start = out.len();
        out.resize(start + ciphertext.len(), 0);
        let opened = self.aad(piece, sequence, ciphertext.len(), |aad| {
            self.key.open(nonce, aad, ciphertext, tag, &mut out[start..])
        });
        opened.map_err(|_| {
            out.truncate(start);
            Error::FrameNotAuthentic(sequence)
        })
    }

    fn aad<T>(&self, piece: Piece, sequence: u32, content_len: usize, then: impl FnOnce(&[u8]) -> T) -> T {
        let mut aad = [0; AAD_BYTES_MAX];
        let mut len = 0;
        let sequence = sequence.to_be_bytes();
        let content_len = (content_len as u64).to_be_bytes();
        for part in [&self.message_id[..], piece.label(), &sequence, &content_len] {
            aad[len..len + part.len()].copy_from_slice(part);
            len += part.len();
        }
        then(&aad[..len])
    }
}

/// Whether two commitments are the same, in constant time.
pub(crate) fn same_commitment(one: Option<&[u8; 32]>, other: Option<&[u8; 32]>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => constant_time_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn nonce(sequence: u32) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce[NONCE_BYTES - 4..].copy_from_slice(&sequence.to_be_bytes());
    nonce
}
