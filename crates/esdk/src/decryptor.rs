use std::sync::Arc;

use claviger_crypto::Zeroizing;
use claviger_crypto::aead::{MESSAGE_BYTES_MAX, NONCE_BYTES, TAG_BYTES};
use claviger_crypto::digest::Digesting;

use crate::bytes::Reader;
use crate::cipher::{FINAL_OVERHEAD, MessageCipher, Piece, REGULAR_OVERHEAD, SEQUENCE_END, same_commitment};
use crate::client::check_piece;
use crate::context;
use crate::header::{Header, ParsedHeader};
use crate::materials::DecryptionMaterials;
use crate::{EncryptionContext, Error};

/// When the plaintext of a signed message is given out (`client-apis/decrypt.md`, Security Considerations).
///
/// Messages without a signature are not concerned: of these every frame is given out once it is authentic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignedPlaintext {
    /// All of it at the end, when the signature is verified; until then it is in memory.
    #[default]
    HoldUntilVerified,
    /// Never: signed messages are refused when their header is read.
    Refuse,
    /// Frame by frame, except the final one. Whoever can decrypt the message could have written these frames: what is
    /// made of them has to be undone when [`Decryptor::finish`] fails.
    ReleaseUnverified,
}

/// Decrypts one message piece by piece, without doing any I/O: the message after its header goes in, plaintext comes
/// out (`client-apis/decrypt.md`). Holds at most one frame, and what [`SignedPlaintext`] says.
///
/// Made by [`Client::decryptor`](crate::Client::decryptor).
pub struct Decryptor {
    header: Header,
    /// All pairs that were authenticated, stored in the message or not.
    materials: Arc<DecryptionMaterials>,
    cipher: MessageCipher,
    stage: Stage,
    /// The beginning of a piece that is not complete.
    buffer: Vec<u8>,
    digest: Option<Digesting>,
    release: SignedPlaintext,
    piece_bytes_max: Option<u64>,
    held: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy)]
enum Stage {
    Frame(u32),
    Whole,
    Footer,
    End,
}

const OUT_OF_ORDER: Error = Error::Malformed("a frame is out of order");

enum Step {
    /// The piece begins with so many bytes, all of which must be there.
    Needs(usize),
    Used(usize),
}

impl Decryptor {
    pub(crate) fn new(
        parsed: ParsedHeader,
        header_bytes: &[u8],
        materials: Arc<DecryptionMaterials>,
        release: SignedPlaintext,
        piece_bytes_max: Option<u64>,
    ) -> Result<Self, Error> {
        let ParsedHeader { header, body_bytes, nonce, tag } = parsed;
        let data_key = materials.check()?;
        if materials.suite() != header.suite {
            return Err(Error::InvalidMaterials("they are for another algorithm suite"));
        }
        let (cipher, commitment) = MessageCipher::new(header.suite, data_key, &header.message_id)?;
        if !same_commitment(commitment.as_ref(), header.commitment.as_ref()) {
            return Err(Error::Commitment);
        }
        let required = &materials.required_context_keys;
        let only_authenticated = context::serialize_some(&materials.context, |name| required.contains(name))?;
        let body = header_bytes.get(..body_bytes).ok_or(Error::Truncated)?;
        cipher.check_header(nonce, body, &only_authenticated, &tag)?;
        let digest = header.suite.signing().map(|signing| {
            let mut digest = Digesting::new(signing.hash);
            digest.update(header_bytes);
            digest
        });
        let stage = if header.frame_length.is_some() { Stage::Frame(1) } else { Stage::Whole };
        let (buffer, held) = (Vec::new(), Zeroizing::new(Vec::new()));
        Ok(Self { header, materials, cipher, stage, buffer, digest, release, piece_bytes_max, held })
    }

    /// The message's header, which is authentic.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// All pairs the message is bound to, those that are not stored in it too.
    pub fn context(&self) -> &EncryptionContext {
        &self.materials.context
    }

    /// Takes bytes of the message and appends the plaintext that may be given out.
    ///
    /// # Errors
    /// [`Error::FrameNotAuthentic`], [`Error::Signature`], [`Error::Malformed`], [`Error::TrailingBytes`]. After an
    /// error the message is to be dropped.
    pub fn update(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        while !self.buffer.is_empty() {
            let mut piece = std::mem::take(&mut self.buffer);
            let step = self.step(&piece, out)?;
            if let Step::Needs(needed) = step {
                let (more, rest) = input.split_at(needed.saturating_sub(piece.len()).min(input.len()));
                piece.extend_from_slice(more);
                input = rest;
                let missing = piece.len() < needed;
                self.buffer = piece;
                if missing {
                    return Ok(());
                }
            }
        }
        while !input.is_empty() {
            match self.step(input, out)? {
                Step::Used(used) => input = &input[used..],
                Step::Needs(_) => {
                    self.buffer.extend_from_slice(input);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Ends the message and appends the plaintext held until now.
    ///
    /// # Errors
    /// [`Error::Truncated`].
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), Error> {
        if !matches!(self.stage, Stage::End) {
            return Err(Error::Truncated);
        }
        out.extend_from_slice(&self.held);
        Ok(())
    }

    /// Bytes of a regular frame, if frames may be opened apart from one another and given out as they are.
    pub(crate) fn parallel_frame_bytes(&self) -> Option<usize> {
        let held = self.digest.is_some() && self.release != SignedPlaintext::ReleaseUnverified;
        let length = self.header.frame_length.filter(|_| !held)?;
        usize::try_from(length).ok()?.checked_add(REGULAR_OVERHEAD)
    }

    /// The number of the next frame, and how many bytes of whole regular frames the input begins with.
    pub(crate) fn regular_frames(&self, input: &[u8], frame_bytes: usize) -> Result<(u32, usize), Error> {
        let Stage::Frame(first) = self.stage else { return Ok((0, 0)) };
        let mut whole = 0;
        for (expected, frame) in (first..SEQUENCE_END).zip(input.chunks_exact(frame_bytes)) {
            match frame.first_chunk().map(|mark| u32::from_be_bytes(*mark)) {
                Some(SEQUENCE_END) => break,
                Some(sequence) if sequence == expected => whole += frame_bytes,
                _ => return Err(OUT_OF_ORDER),
            }
        }
        Ok((first, whole))
    }

    /// The plaintext of whole regular frames whose order was checked.
    pub(crate) fn open_frames(&self, first: u32, frames: &[u8], frame_bytes: usize) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(frames.len());
        for (sequence, frame) in (first..).zip(frames.chunks_exact(frame_bytes)) {
            let mut reader = Reader::new(&frame[4..]);
            let nonce = reader.array().ok_or(Error::Truncated)?;
            let sealed = reader.take(frame_bytes - 4 - NONCE_BYTES).ok_or(Error::Truncated)?;
            self.cipher.open_piece(Piece::Regular, sequence, nonce, sealed, &mut out)?;
        }
        Ok(out)
    }

    /// Counts frames that were opened apart.
    pub(crate) fn passed(&mut self, frames: &[u8], next: u32) {
        if !frames.is_empty() {
            self.sign(frames);
            self.stage = Stage::Frame(next);
        }
    }

    /// Handles one piece at the beginning of the bytes, which are not empty.
    fn step(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Error> {
        match self.stage {
            Stage::Frame(sequence) => self.frame(sequence, bytes, out),
            Stage::Whole => self.whole(bytes, out),
            Stage::Footer => self.footer(bytes),
            Stage::End => Err(Error::TrailingBytes),
        }
    }

    fn frame(&mut self, expected: u32, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Error> {
        let frame_length = self.header.frame_length.unwrap_or(0);
        let mut reader = Reader::new(bytes);
        let Some(mark) = reader.u32() else { return Ok(Step::Needs(4)) };
        let is_final = mark == SEQUENCE_END;
        let sequence = if is_final { reader.u32() } else { Some(mark) };
        let Some(sequence) = sequence else { return Ok(Step::Needs(8)) };
        if sequence != expected {
            return Err(OUT_OF_ORDER);
        }
        let Some(nonce) = reader.array::<NONCE_BYTES>() else {
            return Ok(Step::Needs(if is_final { FINAL_OVERHEAD - TAG_BYTES } else { REGULAR_OVERHEAD - TAG_BYTES }));
        };
        let content = if is_final { reader.u32() } else { Some(frame_length) };
        let Some(content) = content else { return Ok(Step::Needs(FINAL_OVERHEAD - TAG_BYTES)) };
        if content > frame_length {
            return Err(Error::Malformed("the final frame is longer than the frame length"));
        }
        let sealed_bytes = content as usize + TAG_BYTES;
        let overhead = if is_final { FINAL_OVERHEAD } else { REGULAR_OVERHEAD };
        let used = content as usize + overhead;
        let Some(sealed) = reader.take(sealed_bytes) else { return Ok(Step::Needs(used)) };
        let piece = if is_final { Piece::Final } else { Piece::Regular };
        self.open(piece, sequence, nonce, sealed, out)?;
        self.sign(&bytes[..used]);
        self.stage = match is_final {
            true => self.after_body(),
            // The number of a regular frame is less than the mark.
            false => Stage::Frame(sequence + 1),
        };
        Ok(Step::Used(used))
    }

    fn whole(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Error> {
        const START: usize = NONCE_BYTES + 8;
        let mut reader = Reader::new(bytes);
        let Some((nonce, content)) = reader.array::<NONCE_BYTES>().zip(reader.u64()) else {
            return Ok(Step::Needs(START));
        };
        check_piece(self.piece_bytes_max, content)?;
        let sealed_bytes = usize::try_from(content).ok().filter(|_| content <= MESSAGE_BYTES_MAX);
        let sealed_bytes = sealed_bytes.ok_or(Error::Malformed("the body is longer than the algorithm allows"))?;
        let sealed_bytes = sealed_bytes + TAG_BYTES;
        let Some(sealed) = reader.take(sealed_bytes) else { return Ok(Step::Needs(START + sealed_bytes)) };
        self.open(Piece::Whole, 1, nonce, sealed, out)?;
        self.sign(&bytes[..START + sealed_bytes]);
        self.stage = self.after_body();
        Ok(Step::Used(START + sealed_bytes))
    }

    /// Decrypts a piece to where its plaintext may go now.
    fn open(
        &mut self,
        piece: Piece,
        sequence: u32,
        nonce: [u8; NONCE_BYTES],
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let signed = self.digest.is_some();
        let early = self.release == SignedPlaintext::ReleaseUnverified && piece == Piece::Regular;
        let to = if signed && !early { &mut *self.held } else { out };
        self.cipher.open_piece(piece, sequence, nonce, sealed, to)
    }

    fn footer(&mut self, bytes: &[u8]) -> Result<Step, Error> {
        let mut reader = Reader::new(bytes);
        let Some(len) = reader.u16() else { return Ok(Step::Needs(2)) };
        let used = 2 + usize::from(len);
        let Some(signature) = reader.take(usize::from(len)) else { return Ok(Step::Needs(used)) };
        let digest = self.digest.take().ok_or(Error::Library)?.finish();
        let verifier = self.materials.verifier.as_ref().ok_or(Error::Library)?;
        verifier.verify(&digest, signature).map_err(|_| Error::Signature)?;
        self.stage = Stage::End;
        Ok(Step::Used(used))
    }

    fn after_body(&self) -> Stage {
        if self.digest.is_some() { Stage::Footer } else { Stage::End }
    }

    fn sign(&mut self, bytes: &[u8]) {
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
    }
}
