use std::sync::Arc;

use claviger_crypto::Zeroizing;
use claviger_crypto::digest::Digesting;
use claviger_crypto::key_pair::Message;
use claviger_crypto::random;

use crate::bytes::put_u16;
use crate::cipher::{FINAL_OVERHEAD, MessageCipher, Piece, REGULAR_OVERHEAD, SEQUENCE_END};
use crate::context;
use crate::header::Header;
use crate::materials::EncryptionMaterials;
use crate::{Error, Suite};

/// Encrypts one message piece by piece, without doing any I/O: plaintext goes in, the message comes out
/// (`client-apis/encrypt.md`). Holds at most one frame.
///
/// Made by [`Client::encryptor`](crate::Client::encryptor).
pub struct Encryptor {
    header: Header,
    /// Until it has been given out.
    header_bytes: Vec<u8>,
    cipher: MessageCipher,
    frame_length: usize,
    sequence: u32,
    /// Plaintext of the next frame: less than `frame_length` bytes.
    pending: Zeroizing<Vec<u8>>,
    taken: u64,
    plaintext_bytes_max: Option<u64>,
    signer: Option<Signer>,
}

const TOO_MANY_FRAMES: Error =
    Error::FrameLength("the message would have more than 2^32 - 1 frames; use longer frames");

struct Signer {
    digest: Digesting,
    materials: Arc<EncryptionMaterials>,
}

impl Encryptor {
    pub(crate) fn new(
        materials: Arc<EncryptionMaterials>,
        frame_length: u32,
        plaintext_bytes_max: Option<u64>,
    ) -> Result<Self, Error> {
        let suite = materials.suite();
        let data_key = materials.check()?;
        let mut message_id = vec![0; suite.message_id_bytes()];
        random::fill(&mut message_id);
        let (cipher, commitment) = MessageCipher::new(suite, data_key, &message_id)?;
        let required = &materials.required_context_keys;
        let stored = materials.context.iter().filter(|(name, _)| !required.contains(*name));
        let header = Header {
            suite,
            message_id,
            context: stored.map(|(name, value)| (name.clone(), value.clone())).collect(),
            encrypted_data_keys: materials.encrypted_data_keys.clone(),
            frame_length: Some(frame_length),
            commitment,
        };
        let mut header_bytes = header.serialize()?;
        let only_authenticated = context::serialize_some(&materials.context, |name| required.contains(name))?;
        let tag = cipher.header_tag(&header_bytes, &only_authenticated);
        // Version 1.0 stores the nonce too, which is zero.
        header_bytes.resize(header_bytes.len() + Header::authentication_bytes(suite) - tag.len(), 0);
        header_bytes.extend_from_slice(&tag);
        let signer = suite.signing().map(|signing| {
            let mut digest = Digesting::new(signing.hash);
            digest.update(&header_bytes);
            Signer { digest, materials }
        });
        let frame_length =
            usize::try_from(frame_length).map_err(|_| Error::FrameLength("too long for this machine"))?;
        Ok(Self {
            header,
            header_bytes,
            cipher,
            frame_length,
            sequence: 1,
            pending: Zeroizing::new(Vec::new()),
            taken: 0,
            plaintext_bytes_max,
            signer,
        })
    }

    /// The message's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The algorithm suite.
    pub fn suite(&self) -> Suite {
        self.header.suite
    }

    /// Takes plaintext and appends what of the message is complete, the header before anything else.
    ///
    /// # Errors
    /// [`Error::PlaintextTooLong`], [`Error::FrameLength`] for more than 2^32 - 1 frames; what was appended is then of
    /// no use.
    pub fn update(&mut self, mut plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.count(plaintext.len())?;
        self.header_once(out);
        let body = out.len();
        out.reserve(self.sealed_bytes(plaintext.len()));
        if !self.pending.is_empty() {
            let room = self.frame_length - self.pending.len();
            let (more, rest) = plaintext.split_at(room.min(plaintext.len()));
            self.pending.extend_from_slice(more);
            plaintext = rest;
            if self.pending.len() == self.frame_length {
                let mut frame = std::mem::take(&mut self.pending);
                self.regular(&frame, out)?;
                // Its memory serves the next one.
                frame.clear();
                self.pending = frame;
            }
        }
        // Whole frames are regular ones and the final frame may be empty: the specification would rather have it full,
        // but the Python library refuses a final frame that is as long as the others.
        while plaintext.len() >= self.frame_length {
            let (frame, rest) = plaintext.split_at(self.frame_length);
            self.regular(frame, out)?;
            plaintext = rest;
        }
        self.pending.extend_from_slice(plaintext);
        self.sign(&out[body..]);
        Ok(())
    }

    /// Ends the message and appends the rest of it.
    ///
    /// # Errors
    /// [`Error::FrameLength`], [`Error::Library`].
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.update(&[], out)?;
        let body = out.len();
        out.reserve(self.pending.len() + FINAL_OVERHEAD);
        self.cipher.seal_frame(Piece::Final, self.sequence, &self.pending, out);
        self.sign(&out[body..]);
        if let Some((signer, signing)) = self.signer.take().zip(self.suite().signing()) {
            let digest = signer.digest.finish();
            let key = signer.materials.signing_key.as_ref().ok_or(Error::Library)?;
            let signature = key.sign(signing.algorithm, Message::Digest(&digest)).map_err(|_| Error::Library)?;
            put_u16(out, &signature).ok_or(Error::Library)?;
        }
        Ok(())
    }

    /// Plaintext in a frame, in bytes.
    pub(crate) fn frame_length(&self) -> usize {
        self.frame_length
    }

    /// Counts plaintext of which so much will be regular frames, and gives the first one's number.
    pub(crate) fn take(&mut self, whole: usize, len: usize) -> Result<u32, Error> {
        self.count(len)?;
        let first = self.sequence;
        let frames = u32::try_from(whole / self.frame_length).ok();
        let next = frames.and_then(|frames| first.checked_add(frames)).filter(|next| *next < SEQUENCE_END);
        self.sequence = next.ok_or(TOO_MANY_FRAMES)?;
        Ok(first)
    }

    /// Regular frames of numbers that were [taken](Self::take).
    pub(crate) fn seal_frames(&self, first: u32, plaintext: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.sealed_bytes(plaintext.len()));
        for (sequence, frame) in (first..).zip(plaintext.chunks(self.frame_length)) {
            self.cipher.seal_frame(Piece::Regular, sequence, frame, &mut out);
        }
        out
    }

    /// Plaintext of the final frame, which was counted already.
    pub(crate) fn rest(&mut self, plaintext: &[u8]) {
        self.pending.extend_from_slice(plaintext);
    }

    /// Gives the header out, the first time.
    pub(crate) fn header_once(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.header_bytes);
    }

    fn count(&mut self, len: usize) -> Result<(), Error> {
        self.taken = self.taken.saturating_add(len as u64);
        match self.plaintext_bytes_max.filter(|max| self.taken > *max) {
            Some(max) => Err(Error::PlaintextTooLong(max)),
            None => Ok(()),
        }
    }

    fn regular(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        // Its number would be the mark of the final frame, and the final frame would have none.
        if self.sequence == SEQUENCE_END - 1 {
            return Err(TOO_MANY_FRAMES);
        }
        self.cipher.seal_frame(Piece::Regular, self.sequence, plaintext, out);
        self.sequence += 1;
        Ok(())
    }

    pub(crate) fn sign(&mut self, bytes: &[u8]) {
        if let Some(signer) = &mut self.signer {
            signer.digest.update(bytes);
        }
    }

    /// Bytes that so much plaintext may become.
    fn sealed_bytes(&self, plaintext_len: usize) -> usize {
        let len = plaintext_len + self.pending.len();
        len + (len / self.frame_length + 1) * REGULAR_OVERHEAD
    }
}
