//! The header of a blob: which key material of which key sealed it.
//!
//! ```text
//! magic (3) = C1 A7 16 ‖ version (1) = 01 ‖ form (1)
//! form 00 (key id is a UUID) and 01 (multi-Region, "mrk-"):
//!     account (5) as a number, u40be ‖ key id (16) ‖ Region: u8 length ‖ text ‖ material id (32)
//! form FF (anything that does not fit those):
//!     account, key id, Region: each u32be length ‖ text ‖ material id (32)
//! every form: ‖ check (4), the first bytes of SHA-256 over all of the above
//! ```
//!
//! The check proves nothing to an attacker, who can compute it. It tells a damaged blob from an intact one under a key
//! that is not here, so that damage is answered as an invalid ciphertext wherever it is.

use crate::digest;
use crate::material::KeyMaterialId;

/// Different from the first byte of AWS's own blobs (01), and from text.
const MAGIC: [u8; 3] = [0xC1, 0xA7, 0x16];
const VERSION: u8 = 1;

const FORM_UUID: u8 = 0x00;
const FORM_MULTI_REGION: u8 = 0x01;
const FORM_SPELLED_OUT: u8 = 0xFF;

const ACCOUNT_DIGITS: usize = 12;
const ACCOUNTS: u64 = 1_000_000_000_000;
const MULTI_REGION_PREFIX: &str = "mrk-";
const UUID_LEN: usize = 36;
/// The groups of a UUID: where in its text, where among its hexadecimal digits, how many.
const UUID_GROUPS: [(usize, usize, usize); 5] = [(0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12)];

/// Bytes of a header in the usual forms, for a Region name of up to 14 characters.
pub(super) const LEN_HINT: usize = 3 + 1 + 1 + 5 + 16 + 1 + 14 + 32 + 4;

/// Where a blob comes from: enough to find the material that opens it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Account of the key, 12 digits.
    pub account: String,
    /// Region of the key that sealed (a related multi-Region key may open).
    pub region: String,
    /// Key id: a lower-case UUID, or `mrk-` and 32 hexadecimal digits.
    pub key_id: String,
    /// The key material that sealed.
    pub material_id: KeyMaterialId,
}

impl Origin {
    /// Appends the header. Works for any text in the fields; unusual ones take more room.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        match self.compact() {
            Some((form, account, key_id, region_len)) => {
                out.push(form);
                out.extend_from_slice(&account.to_be_bytes()[3..]);
                out.extend_from_slice(&key_id);
                out.push(region_len);
                out.extend_from_slice(self.region.as_bytes());
            }
            None => {
                out.push(FORM_SPELLED_OUT);
                for text in [&self.account, &self.key_id, &self.region] {
                    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
        out.extend_from_slice(self.material_id.as_bytes());
        let check = check(&out[start..]);
        out.extend_from_slice(&check);
    }

    fn compact(&self) -> Option<(u8, u64, [u8; 16], u8)> {
        let account = account_number(&self.account)?;
        let region_len = u8::try_from(self.region.len()).ok()?;
        let (form, key_id) = match self.key_id.strip_prefix(MULTI_REGION_PREFIX) {
            Some(digits) => (FORM_MULTI_REGION, lower_hex(digits)?),
            None => (FORM_UUID, uuid_bytes(&self.key_id)?),
        };
        Some((form, account, key_id, region_len))
    }
}

/// The header at the start of `blob` and its length.
pub(super) fn read(blob: &[u8]) -> Option<(Origin, usize)> {
    let mut rest = blob;
    if take::<3>(&mut rest)? != MAGIC || take::<1>(&mut rest)? != [VERSION] {
        return None;
    }
    let [form] = take::<1>(&mut rest)?;
    let (account, key_id, region) = match form {
        FORM_UUID | FORM_MULTI_REGION => {
            let [a, b, c, d, e] = take::<5>(&mut rest)?;
            let account = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
            if account >= ACCOUNTS {
                return None;
            }
            let key_id = take::<16>(&mut rest)?;
            let [region_len] = take::<1>(&mut rest)?;
            let key_id = if form == FORM_UUID { uuid_text(&key_id)? } else { multi_region_text(&key_id)? };
            (account_text(account)?, key_id, text(&mut rest, usize::from(region_len))?)
        }
        FORM_SPELLED_OUT => {
            let mut next = || {
                let len = usize::try_from(u32::from_be_bytes(take::<4>(&mut rest)?)).ok()?;
                text(&mut rest, len)
            };
            (next()?, next()?, next()?)
        }
        _ => return None,
    };
    let material_id = KeyMaterialId::from_bytes(take::<32>(&mut rest)?);
    let checked = &blob[..blob.len() - rest.len()];
    if take::<4>(&mut rest)? != check(checked) {
        return None;
    }
    Some((Origin { account, region, key_id, material_id }, blob.len() - rest.len()))
}

fn check(header: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = digest::sha256(header);
    [a, b, c, d]
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn text(rest: &mut &[u8], len: usize) -> Option<String> {
    let (taken, left) = rest.split_at_checked(len)?;
    *rest = left;
    std::str::from_utf8(taken).ok().map(str::to_owned)
}

fn account_number(account: &str) -> Option<u64> {
    (account.len() == ACCOUNT_DIGITS && account.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| account.parse().ok())
        .flatten()
}

fn lower_hex(digits: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

fn uuid_bytes(key_id: &str) -> Option<[u8; 16]> {
    let text: &[u8; UUID_LEN] = key_id.as_bytes().try_into().ok()?;
    let mut digits = [0; 32];
    for (in_text, in_digits, len) in UUID_GROUPS {
        if in_text > 0 && text[in_text - 1] != b'-' {
            return None;
        }
        digits[in_digits..in_digits + len].copy_from_slice(&text[in_text..in_text + len]);
    }
    lower_hex(std::str::from_utf8(&digits).ok()?)
}

fn uuid_text(bytes: &[u8; 16]) -> Option<String> {
    let mut digits = [0; 32];
    hex::encode_to_slice(bytes, &mut digits).ok()?;
    let mut text = [b'-'; UUID_LEN];
    for (in_text, in_digits, len) in UUID_GROUPS {
        text[in_text..in_text + len].copy_from_slice(&digits[in_digits..in_digits + len]);
    }
    std::str::from_utf8(&text).ok().map(str::to_owned)
}

fn multi_region_text(bytes: &[u8; 16]) -> Option<String> {
    let mut text = [0; MULTI_REGION_PREFIX.len() + 32];
    let (prefix, digits) = text.split_at_mut(MULTI_REGION_PREFIX.len());
    prefix.copy_from_slice(MULTI_REGION_PREFIX.as_bytes());
    hex::encode_to_slice(bytes, digits).ok()?;
    std::str::from_utf8(&text).ok().map(str::to_owned)
}

fn account_text(mut number: u64) -> Option<String> {
    let mut digits = [b'0'; ACCOUNT_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    std::str::from_utf8(&digits).ok().map(str::to_owned)
}
