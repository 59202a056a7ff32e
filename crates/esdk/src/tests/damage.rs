//! What an attacker changes on the way. Expected is refusal, and nothing of the plaintext.

use super::*;
use crate::SignedPlaintext;

const PLAINTEXT: &[u8] = b"a plaintext of three frames or so";

/// Plaintext that came out before the error, released as early as can be asked for.
fn released(suite: Suite, message: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let client = Client { signed_plaintext: SignedPlaintext::ReleaseUnverified, ..client(suite) };
    let mut out = Vec::new();
    let mut attempt = || {
        let mut reader = client.header_reader();
        let used = reader.push(message)?;
        let mut decryptor = block_on(client.decryptor(&manager(), reader, EncryptionContext::new()))?;
        for piece in message[used..].chunks(5) {
            decryptor.update(piece, &mut out)?;
        }
        decryptor.finish(&mut out)
    };
    match attempt() {
        Ok(()) => Ok(out),
        Err::<_, Error>(_) => Err(out),
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for suite in Suite::ALL {
        let message = encrypt(suite, 13, PLAINTEXT).message;
        assert_eq!(decrypt(suite, &message).unwrap(), PLAINTEXT);
        for at in 0..message.len() {
            // Every bit of every byte for one suite of each version, one bit for the others: each costs a signature.
            let bits = if suite.signs() { at % 8..at % 8 + 1 } else { 0..8 };
            for bit in bits {
                let mut changed = message.clone();
                changed[at] ^= 1 << bit;
                assert!(decrypt(suite, &changed).is_err(), "{suite}: bit {bit} of byte {at}");
                let early = released(suite, &changed).expect_err("refused in pieces too");
                assert!(PLAINTEXT.starts_with(&early), "{suite}: bit {bit} of byte {at} gave {early:?}");
            }
        }
    }
}

#[test]
fn every_truncation_and_every_extension_is_refused() {
    for suite in Suite::ALL {
        let message = encrypt(suite, 13, PLAINTEXT).message;
        for len in 0..message.len() {
            assert_eq!(decrypt(suite, &message[..len]).err(), Some(Error::Truncated), "{suite}: {len} bytes");
        }
        assert_eq!(decrypt(suite, &[&message[..], &[0]].concat()), Err(Error::TrailingBytes));
        assert_eq!(decrypt(suite, &[&message[..], &message].concat()), Err(Error::TrailingBytes));
    }
}

#[test]
fn frames_cannot_be_moved_dropped_or_taken_from_another_message() {
    let suite = Suite::Aes256HkdfSha512CommitKey;
    let one = encrypt(suite, 13, PLAINTEXT).message;
    let other = encrypt(suite, 13, PLAINTEXT).message;
    let mut reader = client(suite).header_reader();
    let body = reader.push(&one).unwrap();
    let frame = 13 + 32;
    let at = |number: usize| body + number * frame..body + (number + 1) * frame;
    let build = |parts: &[&[u8]]| parts.concat();
    let end = &one[body + 2 * frame..];
    for changed in [
        build(&[&one[..body], &one[at(1)], &one[at(0)], end]),
        build(&[&one[..body], &one[at(0)], end]),
        build(&[&one[..body], &one[at(0)], &one[at(0)], end]),
        build(&[&one[..body], &one[at(0)], &other[at(1)], end]),
        build(&[&one[..body], &one[at(0)], &one[at(1)], &other[body + 2 * frame..]]),
        build(&[&one[..body], &other[body..]]),
        build(&[&other[..body], &one[body..]]),
    ] {
        assert!(decrypt(suite, &changed).is_err());
    }
    assert!(decrypt(suite, &build(&[&one[..body], &one[body..]])).is_ok());
}

/// Of old writers the final frame may be as long as the others; then only the label in its additional data tells it
/// from a regular frame.
#[test]
fn a_final_frame_and_a_regular_one_cannot_pose_as_each_other() {
    let suite = Suite::Aes256HkdfSha256;
    let message = encrypt(suite, 10, &[1; 10]).message;
    let mut reader = client(suite).header_reader();
    let body = reader.push(&message).unwrap();
    let (sequence, content) = (&message[body..body + 16], &message[body + 16..body + 42]);
    let changed = [&message[..body], &[0xFF; 4], sequence, &[0, 0, 0, 10], content].concat();
    assert_eq!(decrypt(suite, &changed), Err(Error::FrameNotAuthentic(1)));
    let end = message[body + 42..].to_vec();
    let (sequence, content) = (&end[4..20], &end[24..]);
    let changed = [&message[..body + 42], sequence, &[0; 10], content].concat();
    assert_eq!(decrypt(suite, &changed), Err(Error::FrameNotAuthentic(2)));
}

/// A data key that another message was not committed to: the tag alone could be made to fit two keys.
#[test]
fn another_commitment_is_refused_before_anything_else() {
    let suite = Suite::Aes256HkdfSha512CommitKey;
    let encrypted = encrypt(suite, 13, PLAINTEXT);
    let commitment = encrypted.header.commitment.unwrap();
    let at = encrypted.message.windows(32).position(|window| window == commitment).unwrap();
    let mut changed = encrypted.message.clone();
    changed[at] ^= 1;
    assert_eq!(decrypt(suite, &changed), Err(Error::Commitment));
}
