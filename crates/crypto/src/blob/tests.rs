use proptest::prelude::*;

use super::*;
use crate::material::KeyMaterialId;

const KEY_ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const MULTI_REGION: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";

fn material() -> KeyMaterial {
    KeyMaterial::import(&mut (0..32).collect::<Vec<u8>>()).unwrap()
}

fn origin(account: &str, region: &str, key_id: &str) -> Origin {
    let material_id = material().id(key_id);
    Origin { account: account.to_owned(), region: region.to_owned(), key_id: key_id.to_owned(), material_id }
}

fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn open(blob: &[u8], context: &EncryptionContext) -> Option<Vec<u8>> {
    parse(blob).ok()?.open(&material(), context).ok().map(|plaintext| plaintext.to_vec())
}

// Values from vectors/vectors.py.
#[test]
fn opens_what_an_independent_implementation_sealed() {
    let unit = context(&[("\u{fc}nit", ""), ("purpose", "test")]);
    let cases = [
        (
            "c1a716010019df6690e51234abcd12ab34cd56ef1234567890ab0975732d656173742d310562e7f786b6a0f033ceeffeef8bb298da9e9a\
             47160fff1841fbcb3f865c83152012121e808182838485868788898a8b8c8d8e8f909192939495969798999a9bfaee02169e219f83830b\
             67a69f7da5f1ea757ec5ffa2cc9ba0",
            origin("111122223333", "us-east-1", KEY_ID),
            unit,
            &b"plaintext"[..],
        ),
        (
            "c1a716010100000000001234abcd12ab34cd56ef1234567890ab0965752d776573742d33aef78d4cccfff76e8ca4f0afa2c7a003c92b12\
             9692072ea17922beebb6a1c068f72f593f808182838485868788898a8b8c8d8e8f909192939495969798999a9b00ccc9582236d237f8ae\
             2e590873755b",
            origin("000000000000", "eu-west-3", MULTI_REGION),
            context(&[]),
            b"",
        ),
        (
            "c1a71601ff0000000c303030303030303030303030000000066d792d6b6579000000056c6f63616c0261a35def978b69f411d822e4abdc\
             1c8d1cdf21c0f422a3f34beb59e01e999aea9734fc808182838485868788898a8b8c8d8e8f909192939495969798999a9bf20328d096f7\
             a6bc7aee909a5f35f05276",
            origin("000000000000", "local", "my-key"),
            context(&[]),
            b"x",
        ),
    ];
    for (blob, origin, context, plaintext) in cases {
        let blob = hex::decode(blob).unwrap();
        assert_eq!(*parse(&blob).unwrap().origin(), origin);
        assert_eq!(open(&blob, &context).as_deref(), Some(plaintext));
        // The header of a new blob is the same, byte for byte.
        let header_len = blob.len() - message::OVERHEAD - plaintext.len();
        let sealed = seal(&material(), &origin, &context, plaintext).unwrap();
        assert_eq!(sealed[..header_len], blob[..header_len]);
        assert_eq!(sealed.len(), blob.len());
    }
}

#[test]
fn no_bit_can_be_flipped() {
    let context = context(&[("purpose", "test")]);
    for origin in [
        origin("111122223333", "us-east-1", KEY_ID),
        origin("111122223333", "us-east-1", MULTI_REGION),
        origin("local", "us-east-1", "my-key"),
    ] {
        let blob = seal(&material(), &origin, &context, b"plaintext").unwrap();
        assert_eq!(open(&blob, &context).as_deref(), Some(&b"plaintext"[..]));
        for bit in 0..blob.len() * 8 {
            let mut damaged = blob.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&damaged, &context), None, "bit {bit}");
        }
    }
}

#[test]
fn neither_cut_nor_lengthened() {
    let blob = seal(&material(), &origin("111122223333", "us-east-1", KEY_ID), &context(&[]), b"plaintext").unwrap();
    for len in 0..blob.len() {
        assert_eq!(open(&blob[..len], &context(&[])), None, "length {len}");
        assert_eq!(open(&blob[len + 1..], &context(&[])), None, "from {len}");
    }
    assert!(parse(&blob[..68 + 44 - 1]).is_err());
    assert_eq!(open(&[&blob[..], b"\0"].concat(), &context(&[])), None);
}

#[test]
fn bound_to_the_exact_context() {
    let origin = origin("111122223333", "us-east-1", KEY_ID);
    let blob = seal(&material(), &origin, &context(&[("a", "bc"), ("d", "e")]), b"x").unwrap();
    assert!(open(&blob, &context(&[("d", "e"), ("a", "bc")])).is_some());
    let others = [
        context(&[]),
        context(&[("a", "bc")]),
        context(&[("ab", "c"), ("d", "e")]),
        context(&[("a", "bc"), ("d", "E")]),
        context(&[("a", "bc"), ("D", "e")]),
        context(&[("a", "bc"), ("d", "e"), ("f", "")]),
    ];
    for other in others {
        assert_eq!(open(&blob, &other), None, "{other:?}");
    }
    let too_long = context(&[("a", &"b".repeat(context::CANONICAL_BYTES_MAX))]);
    assert_eq!(seal(&material(), &origin, &too_long, b"x"), Err(ContextTooLong));
    assert_eq!(parse(&blob).unwrap().open(&material(), &too_long), Err(InvalidCiphertext));
}

#[test]
fn bound_to_the_material_and_the_key_id() {
    let origin = origin("111122223333", "us-east-1", KEY_ID);
    let blob = seal(&material(), &origin, &context(&[]), b"x").unwrap();
    assert_eq!(parse(&blob).unwrap().open(&KeyMaterial::generate(), &context(&[])), Err(InvalidCiphertext));
    // The same material imported into another key: a blob whose header is rewritten to that key does not open.
    let other = Origin { key_id: KEY_ID.replace("90ab", "90ac"), ..origin };
    let mut header = Vec::new();
    other.write(&mut header);
    let moved = [&header, &blob[header.len()..]].concat();
    assert_eq!(*parse(&moved).unwrap().origin(), other);
    assert_eq!(open(&moved, &context(&[])), None);
}

#[test]
fn blobs_stay_below_the_interface_limit() {
    let origin = origin("111122223333", "us-east-1", KEY_ID);
    let blob = seal(&material(), &origin, &context(&[]), &[0; 4096]).unwrap();
    assert_eq!(blob.len(), 4096 + 116);
    assert_eq!(open(&blob, &context(&[])).unwrap(), [0; 4096]);
}

#[test]
fn account_numbers_beyond_twelve_digits_are_malformed() {
    let mut blob = seal(&material(), &origin("999999999999", "us-east-1", KEY_ID), &context(&[]), b"x").unwrap();
    assert_eq!(parse(&blob).unwrap().origin().account, "999999999999");
    blob[5..10].fill(0xFF);
    assert_eq!(parse(&blob).unwrap_err(), ParseError::Malformed);
}

/// A blob made by AWS KMS: the `kms_decrypt` example of the R package botor's README.
const AWS_BLOB: &[u8] =
    b"AQICAHhh7Ku/BWdSbCqos9k49Vnk1+WytvoesgX+1bOvLAlyegHa210D93pgytNnThR9qVVxAAAAmjCBlwYJKoZIhvcNAQ\
cGoIGJMIGGAgEAMIGABgkqhkiG9w0BBwEwHgYJYIZIAWUDBAEuMBEEDKkH9le72xKmMsgjTQIBEIBT/7MbIV2sG6Hh+fb8BJQ9a6VNOZ1rhPAgvSET6IUdi\
ki92fMZ6dDBOpmSSuaa3t8KIF9KtrlbQAYQNtPVHUvFl1GpyM0k8bD7jLSsUPeRjFNoI+Q=";

#[test]
fn blobs_of_aws_are_recognised_and_their_ruins_are_not() {
    let aws = base64_simd::STANDARD.decode_to_vec(AWS_BLOB).unwrap();
    assert_eq!(parse(&aws).unwrap_err(), ParseError::Foreign);
    for len in 0..aws.len() {
        assert_eq!(parse(&aws[..len]).unwrap_err(), ParseError::Malformed, "length {len}");
    }
    // The older layout: no marker and nonce.
    let older = [&[1, 1, 2, 0, 0x78], &aws[5..37], &aws[54..]].concat();
    assert_eq!(parse(&older).unwrap_err(), ParseError::Foreign);
    assert_eq!(parse(&older[..older.len() - 1]).unwrap_err(), ParseError::Malformed);
}

fn any_origin() -> impl Strategy<Value = Origin> {
    let account = prop_oneof!["[0-9]{12}", any::<String>()];
    let key_id = prop_oneof![
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "mrk-[0-9a-f]{32}",
        "[0-9A-Fa-f-]{36}",
        "mrk-[0-9A-Fa-f]{30,33}",
        any::<String>()
    ];
    let region = prop_oneof!["[a-z]{2}-[a-z]{4,9}-[1-9]", any::<String>(), "x{250,260}"];
    (account, region, key_id, any::<[u8; 32]>()).prop_map(|(account, region, key_id, material_id)| Origin {
        account,
        region,
        key_id,
        material_id: KeyMaterialId::from_bytes(material_id),
    })
}

proptest! {
    #[test]
    fn every_origin_comes_back(origin in any_origin(), context: EncryptionContext, plaintext: Vec<u8>) {
        prop_assume!(context::canonical(&context).is_ok());
        let blob = seal(&material(), &origin, &context, &plaintext).unwrap();
        let parsed = parse(&blob).unwrap();
        prop_assert_eq!(parsed.origin(), &origin);
        let opened = parsed.open(&material(), &context).unwrap();
        prop_assert_eq!(&*opened, &plaintext);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, form in prop_oneof![Just(0u8), Just(1), Just(0xFF), any::<u8>()]) {
        let ours = [&[0xC1, 0xA7, 0x16, 1, form], &bytes[..]].concat();
        let aws = [&[1, 2, 2, 0, 0x78], &bytes[..]].concat();
        for input in [&bytes, &ours, &aws] {
            if let Ok(parsed) = parse(input) {
                prop_assert_eq!(parsed.open(&material(), &EncryptionContext::new()), Err(InvalidCiphertext));
            }
        }
    }
}
