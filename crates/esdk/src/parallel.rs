//! One message on several processors: frames are independent of one another, and only their signature is not.
//!
//! Batches are sealed or opened on threads of their own while this one signs and writes the batch before. Memory is
//! bounded by [`BATCH_BYTES`] for each thread, thrice, or by the frame length if that is longer.

use std::io::{Read, Write};
use std::thread;

use claviger_crypto::Zeroizing;

use crate::stream::{StreamError, read_full, write};
use crate::{Decryptor, Encryptor, Error};

/// Bytes that each thread works on at a time.
pub const BATCH_BYTES: usize = 1024 * 1024;

/// As [`stream::encrypt`](crate::stream::encrypt), on so many threads besides this one.
///
/// Plaintext is taken in batches: for a source that trickles use the other one.
///
/// # Errors
/// [`StreamError`]; what was written is then of no use.
pub fn encrypt(
    mut encryptor: Encryptor,
    mut plaintext: impl Read,
    mut message: impl Write,
    threads: usize,
) -> Result<(u64, u64), StreamError> {
    let threads = threads.max(1);
    let share = whole_frames(encryptor.frame_length());
    let mut input = Zeroizing::new(vec![0; share * threads]);
    let (mut taken, mut given) = (0, 0);
    let mut before: Vec<Vec<u8>> = Vec::new();
    loop {
        let len = read_full(&mut plaintext, &mut input)?;
        taken += len as u64;
        let whole = len - len % encryptor.frame_length();
        let first = encryptor.take(whole, len)?;
        let sealed = thread::scope(|scope| {
            let mut at = first;
            let mut workers = Vec::new();
            for share in input[..whole].chunks(share) {
                let (start, encryptor) = (at, &encryptor);
                workers.push(scope.spawn(move || encryptor.seal_frames(start, share)));
                at += (share.len() / encryptor.frame_length()) as u32;
            }
            // Meanwhile.
            let written = hand_over(&mut before, &mut message);
            let sealed: Option<Vec<Vec<u8>>> = workers.into_iter().map(|worker| worker.join().ok()).collect();
            written.and_then(|written| {
                given += written;
                sealed.ok_or(StreamError::Message(Error::Library))
            })
        })?;
        let mut start = Vec::new();
        encryptor.header_once(&mut start);
        for bytes in &sealed {
            encryptor.sign(bytes);
        }
        before.push(start);
        before.extend(sealed);
        if len < input.len() {
            let mut end = Vec::new();
            encryptor.rest(&input[whole..len]);
            encryptor.finish(&mut end)?;
            before.push(end);
            given += hand_over(&mut before, &mut message)?;
            return Ok((taken, given));
        }
    }
}

/// As [`stream::decrypt`](crate::stream::decrypt), on so many threads besides this one.
///
/// # Errors
/// [`StreamError`]; what was written must then not be used as if it were the whole.
pub fn decrypt(
    mut decryptor: Decryptor,
    mut message: impl Read,
    mut plaintext: impl Write,
    threads: usize,
) -> Result<(u64, u64), StreamError> {
    let threads = threads.max(1);
    let (mut taken, mut given) = (0, 0);
    let Some(frame_bytes) = decryptor.parallel_frame_bytes() else {
        return crate::stream::decrypt(decryptor, message, plaintext);
    };
    let share = whole_frames(frame_bytes);
    let mut input = vec![0; share * threads];
    // Read but not yet used: less than a frame, or the end of the message.
    let mut kept = 0;
    let mut before: Vec<Vec<u8>> = Vec::new();
    loop {
        let len = kept + read_full(&mut message, &mut input[kept..])?;
        taken += (len - kept) as u64;
        let (first, whole) = decryptor.regular_frames(&input[..len], frame_bytes)?;
        let opened = thread::scope(|scope| {
            let mut at = first;
            let mut workers = Vec::new();
            for share in input[..whole].chunks(share) {
                let (start, decryptor) = (at, &decryptor);
                workers.push(scope.spawn(move || decryptor.open_frames(start, share, frame_bytes)));
                at += (share.len() / frame_bytes) as u32;
            }
            let written = hand_over(&mut before, &mut plaintext);
            let opened: Vec<Result<Vec<u8>, Error>> =
                workers.into_iter().map(|worker| worker.join().unwrap_or(Err(Error::Library))).collect();
            written.map(|written| {
                given += written;
                opened
            })
        })?;
        for part in opened {
            before.push(part?);
        }
        decryptor.passed(&input[..whole], first + (whole / frame_bytes) as u32);
        if len < input.len() || whole == 0 {
            let mut end = Zeroizing::new(Vec::new());
            decryptor.update(&input[whole..len], &mut end)?;
            given += hand_over(&mut before, &mut plaintext)?;
            given += write(&mut plaintext, &end)?;
            // What follows the last regular frame fits into any batch, unless it should not be there.
            let (more, rest) = crate::stream::decrypt(decryptor, message, plaintext)?;
            return Ok((taken + more, given + rest));
        }
        input.copy_within(whole..len, 0);
        kept = len - whole;
    }
}

/// As many whole frames as fit into a batch, at least one, in bytes.
fn whole_frames(frame_bytes: usize) -> usize {
    (BATCH_BYTES / frame_bytes).max(1) * frame_bytes
}

fn hand_over(batches: &mut Vec<Vec<u8>>, to: &mut impl Write) -> Result<u64, StreamError> {
    let mut given = 0;
    for batch in batches.drain(..) {
        let batch = Zeroizing::new(batch);
        given += write(to, &batch)?;
    }
    Ok(given)
}
