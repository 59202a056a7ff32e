use proptest::prelude::*;

use super::*;
use crate::EncryptionContext;

fn suite() -> impl Strategy<Value = Suite> {
    prop::sample::select(Suite::ALL.to_vec())
}

prop_compose! {
    fn key()(
        provider_id: String,
        provider_info in prop::collection::vec(any::<u8>(), 0..50),
        ciphertext in prop::collection::vec(any::<u8>(), 0..300),
    ) -> EncryptedDataKey {
        EncryptedDataKey { provider_id, provider_info, ciphertext }
    }
}

prop_compose! {
    fn header()(
        suite in suite(),
        id: [u8; 32],
        context: EncryptionContext,
        encrypted_data_keys in prop::collection::vec(key(), 1..4),
        frame_length in prop::option::of(1..=u32::MAX),
        commitment: [u8; 32],
    ) -> Header {
        let message_id = id[..suite.message_id_bytes()].to_vec();
        let commitment = suite.commits().then_some(commitment);
        Header { suite, message_id, context, encrypted_data_keys, frame_length, commitment }
    }
}

fn whole(header: &Header) -> Vec<u8> {
    let mut bytes = header.serialize().unwrap();
    bytes.extend(std::iter::repeat_n(7, Header::authentication_bytes(header.suite)));
    bytes
}

/// Collects a header from pieces and says how much of the input it took.
fn collect(input: &[u8], piece: usize) -> Result<(HeaderReader, usize), Error> {
    let mut reader = HeaderReader::new(None);
    let mut used = 0;
    for piece in input.chunks(piece) {
        let took = reader.push(piece)?;
        used += took;
        if took < piece.len() {
            break;
        }
    }
    Ok((reader, used))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn comes_back_from_pieces_of_any_size(header in header(), piece in 1..100_usize) {
        let bytes = whole(&header);
        let longer = [&bytes[..], b"the body"].concat();
        let (reader, used) = collect(&longer, piece).unwrap();
        prop_assert!(reader.is_complete());
        prop_assert_eq!(used, bytes.len());
        let parsed = parse(&reader.into_bytes()).unwrap();
        prop_assert_eq!(&parsed.header, &header);
        prop_assert_eq!(parsed.tag, [7; TAG_BYTES]);
        prop_assert_eq!(parsed.body_bytes, header.serialize().unwrap().len());
    }

    #[test]
    fn a_beginning_is_never_complete(header in header(), cut: prop::sample::Index) {
        let bytes = whole(&header);
        let cut = cut.index(bytes.len());
        let (reader, used) = collect(&bytes[..cut], 64).unwrap();
        prop_assert!(!reader.is_complete());
        prop_assert_eq!(used, cut);
        prop_assert!(parse(&bytes[..cut]).is_err());
    }

    #[test]
    fn rubbish_is_refused_or_comes_back(mut rubbish: Vec<u8>, start in prop::option::of(suite())) {
        if let Some(suite) = start {
            let id = suite.id().to_be_bytes();
            let start = if suite.commits() { vec![2] } else { vec![1, 0x80] };
            rubbish.splice(..0, [&start[..], &id].concat());
        }
        if let Ok((reader, _)) = collect(&rubbish, 16) && reader.is_complete() {
            let bytes = reader.into_bytes();
            if let Ok(parsed) = parse(&bytes) {
                let written = parsed.header.serialize().unwrap();
                prop_assert_eq!(written.len(), parsed.body_bytes);
                let again = parse(&[&written, &bytes[parsed.body_bytes..]].concat()).unwrap();
                prop_assert_eq!(again.header, parsed.header);
            }
        }
    }
}

fn sample(suite: Suite) -> Header {
    Header {
        suite,
        message_id: vec![1; suite.message_id_bytes()],
        context: EncryptionContext::new(),
        encrypted_data_keys: vec![EncryptedDataKey {
            provider_id: "p".to_owned(),
            provider_info: vec![2],
            ciphertext: vec![3; 5],
        }],
        frame_length: Some(4096),
        commitment: suite.commits().then_some([9; 32]),
    }
}

/// The bytes as the tables of `data-format/message-header.md` put them in order.
#[test]
fn both_versions_have_their_layout() {
    let keys = "0001".to_owned() + "000170" + "000102" + "00050303030303";
    let one = hex::encode(sample(Suite::Aes256HkdfSha384EcdsaP384).serialize().unwrap());
    assert_eq!(one, format!("01800378{}0000{keys}02000000000c00001000", "01".repeat(16)));
    let two = hex::encode(sample(Suite::Aes256HkdfSha512CommitKey).serialize().unwrap());
    assert_eq!(two, format!("020478{}0000{keys}0200001000{}", "01".repeat(32), "09".repeat(32)));
}

#[test]
fn fields_with_other_values_are_refused() {
    let one = whole(&sample(Suite::Aes256HkdfSha256));
    let tail = one.len() - Header::authentication_bytes(Suite::Aes256HkdfSha256) - 10;
    // Version, type, suite, content type, reserved bytes, IV length, frame length.
    for (at, value) in [(0, 0), (0, 2), (0, 3), (1, 0), (1, 0x81), (2, 2), (2, 9), (3, 0), (3, 0x79)]
        .into_iter()
        .chain([(tail, 0), (tail, 1), (tail, 3), (tail + 1, 1), (tail + 4, 1), (tail + 5, 11), (tail + 5, 13)])
    {
        let mut bytes = one.clone();
        assert_ne!(bytes[at], value);
        bytes[at] = value;
        assert!(matches!(parse(&bytes), Err(Error::Malformed(_) | Error::Truncated)), "{at} {value}");
    }
    let mut frameless = one.clone();
    frameless[tail + 6..tail + 10].fill(0);
    assert!(matches!(parse(&frameless), Err(Error::Malformed(_))));
    assert!(matches!(parse(&[&one[..], &[0]].concat()), Err(Error::Malformed(_))));
    assert!(parse(&one).is_ok());
}

#[test]
fn the_number_of_data_keys_is_bounded_before_they_arrive() {
    let mut header = sample(Suite::Aes256HkdfSha512CommitKey);
    let key = header.encrypted_data_keys[0].clone();
    header.encrypted_data_keys = vec![key; 3];
    let bytes = whole(&header);
    let up_to_count = 3 + 32 + 2 + 2;
    let push = |max| HeaderReader::new(max).push(&bytes[..up_to_count]);
    assert_eq!(push(Some(2)), Err(Error::TooManyEncryptedDataKeys { found: 3, max: 2 }));
    assert_eq!(push(Some(3)), Ok(up_to_count));
    assert_eq!(push(None), Ok(up_to_count));
    let mut none = bytes.clone();
    none[up_to_count - 2..up_to_count].fill(0);
    assert!(matches!(HeaderReader::new(None).push(&none), Err(Error::Malformed(_))));
    header.encrypted_data_keys.clear();
    assert!(header.serialize().is_err());
}

#[test]
fn base64_is_recognised() {
    for suite in [Suite::Aes128NoKdf, Suite::Aes256HkdfSha512CommitKey] {
        let text = base64_simd::STANDARD.encode_to_string(whole(&sample(suite)));
        assert_eq!(HeaderReader::new(None).push(text.as_bytes()), Err(Error::Base64));
    }
    assert!(matches!(HeaderReader::new(None).push(b"AX"), Err(Error::Malformed(_))));
}
