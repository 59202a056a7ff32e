//! The few DER structures that the library does not write the way KMS does.

use zeroize::Zeroizing;

use super::KeyPairKind;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const CONTEXT_0: u8 = 0xA0;
const CONTEXT_1: u8 = 0xA1;

/// The algorithm identifier's contents: object identifiers in DER, RFC 5480 (curves), RFC 8410 (Ed25519),
/// RFC 9881 (ML-DSA), RFC 9935 (ML-KEM). RSA's is left to the library.
const fn algorithm(kind: KeyPairKind) -> &'static [u8] {
    match kind {
        KeyPairKind::Rsa2048 | KeyPairKind::Rsa3072 | KeyPairKind::Rsa4096 => b"",
        KeyPairKind::P256 => b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
        KeyPairKind::P384 => b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22",
        KeyPairKind::P521 => b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23",
        KeyPairKind::Secp256k1 => b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a",
        KeyPairKind::Ed25519 => b"\x06\x03\x2b\x65\x70",
        KeyPairKind::MlDsa44 => b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11",
        KeyPairKind::MlDsa65 => b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12",
        KeyPairKind::MlDsa87 => b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13",
        KeyPairKind::MlKem512 => b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x01",
        KeyPairKind::MlKem768 => b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x02",
        KeyPairKind::MlKem1024 => b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x03",
    }
}

/// Bytes of `id-ecPublicKey` in DER; the curve follows.
const EC_PUBLIC_KEY_BYTES: usize = 9;

/// `SubjectPublicKeyInfo` of a bare public key that is not RSA's.
pub(super) fn public_key_info(kind: KeyPairKind, public: &[u8]) -> Vec<u8> {
    let algorithm = tlv(SEQUENCE, &[algorithm(kind)]);
    let bits = tlv(BIT_STRING, &[&[0], public]);
    tlv(SEQUENCE, &[&algorithm, &bits]).to_vec()
}

/// `PrivateKeyInfo` of a key on a Weierstrass curve, with curve and public key inside `ECPrivateKey` too: what KMS
/// gives out, and of the same length for every key of a curve.
pub(super) fn ec_private_key_info(kind: KeyPairKind, scalar: &[u8], point: &[u8]) -> Zeroizing<Vec<u8>> {
    let algorithm = algorithm(kind);
    let key = tlv(
        SEQUENCE,
        &[
            &tlv(INTEGER, &[&[1]]),
            &tlv(OCTET_STRING, &[scalar]),
            &tlv(CONTEXT_0, &[&algorithm[EC_PUBLIC_KEY_BYTES..]]),
            &tlv(CONTEXT_1, &[&tlv(BIT_STRING, &[&[0], point])]),
        ],
    );
    tlv(SEQUENCE, &[&tlv(INTEGER, &[&[0]]), &tlv(SEQUENCE, &[algorithm]), &tlv(OCTET_STRING, &[&key])])
}

/// Whether the bytes are one sequence of definite length with nothing after it, which the library does not look at.
pub(super) fn is_one_sequence(der: &[u8]) -> bool {
    let (len, at) = match der {
        [SEQUENCE, len @ 0..=0x7F, ..] => (usize::from(*len), 2),
        [SEQUENCE, 0x81, len, ..] => (usize::from(*len), 3),
        [SEQUENCE, 0x82, high, low, ..] => (usize::from(*high) << 8 | usize::from(*low), 4),
        _ => return false,
    };
    der.len() == at + len
}

/// One element: tag, definite length, contents in parts.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(len + 6));
    out.push(tag);
    if len < 0x80 {
        out.push(len as u8);
    } else {
        let bytes = len.to_be_bytes();
        let bytes = &bytes[len.leading_zeros() as usize / 8..];
        out.push(0x80 | bytes.len() as u8);
        out.extend_from_slice(bytes);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}
