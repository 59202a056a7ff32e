use std::io::{Read, Write};

use proptest::prelude::*;

use super::*;
use crate::stream::{self, DecryptReader, EncryptWriter, StreamError};
use crate::{Encryptor, SignedPlaintext};

fn encryptor(suite: Suite, frame_length: u32) -> Encryptor {
    block_on(client(suite).encryptor(&manager(), options(suite, frame_length))).unwrap()
}

#[test]
fn every_suite_comes_back_with_every_fit_of_the_last_frame() {
    for suite in Suite::ALL {
        for len in [0, 1, 15, 16, 17, 32, 33, 100] {
            let plaintext: Vec<u8> = (0..len).collect();
            let encrypted = encrypt(suite, 16, &plaintext);
            assert_eq!(decrypt(suite, &encrypted.message).unwrap(), plaintext);
            assert_eq!(encrypted.header.suite, suite);
            assert_eq!(encrypted.header.context.contains_key("aws-crypto-public-key"), suite.signs());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn pieces_make_no_difference(
        suite in prop::sample::select(Suite::ALL.to_vec()),
        plaintext in prop::collection::vec(any::<u8>(), 0..300),
        frame_length in 1..64_u32,
        piece in 1..70_usize,
    ) {
        let mut encryptor = encryptor(suite, frame_length);
        let mut message = Vec::new();
        for piece in plaintext.chunks(piece) {
            encryptor.update(piece, &mut message).unwrap();
        }
        encryptor.finish(&mut message).unwrap();
        let frames = plaintext.len() / frame_length as usize;
        let mut expected = frames * 32 + 40 + plaintext.len();
        let client = client(suite);
        let mut reader = client.header_reader();
        let header_bytes = reader.push(&message).unwrap();
        if suite.signs() {
            let body = header_bytes + expected;
            expected += 2 + usize::from(u16::from_be_bytes([message[body], message[body + 1]]));
        }
        prop_assert_eq!(message.len() - header_bytes, expected);

        let mut decryptor = block_on(client.decryptor(&manager(), reader, EncryptionContext::new())).unwrap();
        let mut opened = Vec::new();
        for piece in message[header_bytes..].chunks(piece) {
            decryptor.update(piece, &mut opened).unwrap();
            prop_assert!(!suite.signs() || opened.is_empty());
        }
        decryptor.finish(&mut opened).unwrap();
        prop_assert_eq!(opened, plaintext);
    }
}

#[test]
fn streams_carry_more_than_their_chunks() {
    let plaintext: Vec<u8> = (0..2_999_999_u32).map(|number| (number % 251) as u8).collect();
    for suite in [Suite::Aes256HkdfSha512CommitKey, Suite::Aes256HkdfSha512CommitKeyEcdsaP384] {
        let client = client(suite);
        let mut message = Vec::new();
        let (taken, given) = stream::encrypt(encryptor(suite, 1000), &plaintext[..], &mut message).unwrap();
        assert_eq!((taken, given), (plaintext.len() as u64, message.len() as u64));

        let mut source = &message[..];
        let decryptor = block_on(stream::open(&client, &manager(), &mut source, EncryptionContext::new())).unwrap();
        let mut opened = Vec::new();
        let (_, given) = stream::decrypt(decryptor, source, &mut opened).unwrap();
        assert_eq!((given, &opened), (plaintext.len() as u64, &plaintext));

        let mut writer = EncryptWriter::new(encryptor(suite, 1000), Vec::new());
        for piece in plaintext.chunks(7777) {
            writer.write_all(piece).unwrap();
        }
        let message = writer.finish().unwrap();
        let mut source = &message[..];
        let decryptor = block_on(stream::open(&client, &manager(), &mut source, EncryptionContext::new())).unwrap();
        let mut opened = Vec::new();
        DecryptReader::new(decryptor, source).read_to_end(&mut opened).unwrap();
        assert!(opened == plaintext);

        let mut source = &message[..message.len() - 1];
        let decryptor = block_on(stream::open(&client, &manager(), &mut source, EncryptionContext::new())).unwrap();
        let mut opened = Vec::new();
        let mut reader = DecryptReader::new(decryptor, source);
        let error = reader.read_to_end(&mut opened).unwrap_err();
        assert_eq!(error.get_ref().unwrap().downcast_ref(), Some(&Error::Truncated));
        assert_eq!(reader.read(&mut [0]).unwrap(), 0);
        assert!(plaintext.starts_with(&opened) && opened.len() < plaintext.len());
    }
    let nothing = block_on(stream::open(&Client::default(), &manager(), &mut &[][..], EncryptionContext::new()));
    assert!(matches!(nothing, Err(StreamError::Message(Error::Truncated))));
}

#[test]
fn signed_plaintext_waits_for_the_signature_unless_asked_for() {
    let suite = Suite::Aes256HkdfSha512CommitKeyEcdsaP384;
    let plaintext = [5; 100];
    let mut message = encrypt(suite, 16, &plaintext).message;
    *message.last_mut().unwrap() ^= 1;
    let open = |signed_plaintext| {
        let client = Client { signed_plaintext, ..Client::default() };
        let mut reader = client.header_reader();
        let used = reader.push(&message).unwrap();
        let decryptor = block_on(client.decryptor(&manager(), reader, EncryptionContext::new()));
        decryptor.map(|mut decryptor| {
            let mut out = Vec::new();
            let result = decryptor.update(&message[used..], &mut out);
            (result, out)
        })
    };
    assert_eq!(open(SignedPlaintext::HoldUntilVerified), Ok((Err(Error::Signature), vec![])));
    // All but the final frame.
    assert_eq!(open(SignedPlaintext::ReleaseUnverified), Ok((Err(Error::Signature), vec![5; 96])));
    assert_eq!(open(SignedPlaintext::Refuse).err(), Some(Error::SignedMessage));
}

#[test]
fn no_more_plaintext_than_announced() {
    let suite = Suite::Aes256HkdfSha512CommitKey;
    let options = EncryptOptions { plaintext_bytes_max: Some(10), ..options(suite, 4) };
    let mut encryptor = block_on(client(suite).encryptor(&manager(), options)).unwrap();
    let mut out = Vec::new();
    assert_eq!(encryptor.update(&[0; 10], &mut out), Ok(()));
    assert_eq!(encryptor.update(&[0], &mut out), Err(Error::PlaintextTooLong(10)));
}

#[test]
fn every_message_differs() {
    for suite in Suite::ALL {
        assert_ne!(encrypt(suite, 16, b"same").header.message_id, encrypt(suite, 16, b"same").header.message_id);
    }
}

#[test]
fn several_threads_make_the_same_of_it() {
    use crate::parallel;
    let all: Vec<u8> = (0..5_000_011_u32).map(|number| (number % 251) as u8).collect();
    for suite in [Suite::Aes256HkdfSha512CommitKey, Suite::Aes256HkdfSha384EcdsaP384] {
        for (len, frame_length, threads) in [
            (0, 10, 2),
            (9, 10, 2),
            (10, 10, 2),
            (5_000_011, 40_000, 2),
            (4 << 20, 1 << 20, 1),
            (5_000_000, 3_000_000, 2),
            (5_000_000, 6_000_000, 2),
        ] {
            let plaintext = &all[..len];
            let mut message = Vec::new();
            let counts = parallel::encrypt(encryptor(suite, frame_length), plaintext, &mut message, threads).unwrap();
            assert_eq!(counts, (len as u64, message.len() as u64));
            assert!(decrypt(suite, &message).unwrap() == plaintext, "{len} in frames of {frame_length}");
            let open = |message: &[u8], signed_plaintext| {
                let client = Client { signed_plaintext, ..client(suite) };
                let mut source = message;
                let mut opened = Vec::new();
                let decryptor = block_on(stream::open(&client, &manager(), &mut source, EncryptionContext::new()));
                let decryptor = match decryptor {
                    Ok(decryptor) => decryptor,
                    Err(error) => return (Err(error), opened),
                };
                let result = parallel::decrypt(decryptor, source, &mut opened, threads);
                (result.map(|(_, given)| given), opened)
            };
            for release in [SignedPlaintext::HoldUntilVerified, SignedPlaintext::ReleaseUnverified] {
                let (given, opened) = open(&message, release);
                assert_eq!(given.unwrap(), len as u64);
                assert!(opened == plaintext);
                let end = message.len();
                for at in [end / 3, end / 2, end - 60, end - 1].into_iter().filter(|_| frame_length < 100_000) {
                    let mut changed = message.clone();
                    changed[at] ^= 1;
                    let (result, opened) = open(&changed, release);
                    assert!(result.is_err() && plaintext.starts_with(&opened));
                    assert!(open(&message[..at], release).0.is_err());
                }
                assert!(open(&[&message[..], &[0]].concat(), release).0.is_err());
            }
        }
    }
}
