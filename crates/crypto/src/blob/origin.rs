//! The header of a blob: which key material of which key sealed it.
//!
//! ```text
//! magic (3) = C1 A7 16 ‖ version (1) = 01 ‖ form (1)
//! form 00 (key id is a UUID) and 01 (multi-Region, "mrk-"):
//!     account (5) as a number, u40be ‖ key id (16) ‖ Region: u8 length ‖ text ‖ material id (32)
//! form FF (anything that does not fit those):
//!     account, key id, Region: each u32be length ‖ text ‖ material id (32)
//! ```

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
/// Lengths of the groups of hexadecimal digits in a UUID.
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// Bytes of a header in the usual forms, for a Region name of up to 14 characters.
pub(super) const LEN_HINT: usize = 3 + 1 + 1 + 5 + 16 + 1 + 14 + 32;

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
            let key_id = if form == FORM_UUID { uuid_text(&key_id) } else { multi_region_text(&key_id) };
            (format!("{account:012}"), key_id, text(&mut rest, usize::from(region_len))?)
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
    Some((Origin { account, region, key_id, material_id }, blob.len() - rest.len()))
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
    let mut digits = [0; 32];
    let (mut at, mut groups) = (0, 0);
    for (group, len) in key_id.split('-').zip(UUID_GROUPS) {
        if group.len() != len {
            return None;
        }
        digits[at..at + len].copy_from_slice(group.as_bytes());
        (at, groups) = (at + len, groups + 1);
    }
    let whole = groups == UUID_GROUPS.len() && key_id.len() == digits.len() + groups - 1;
    if whole { lower_hex(std::str::from_utf8(&digits).ok()?) } else { None }
}

fn uuid_text(bytes: &[u8; 16]) -> String {
    let digits = hex::encode(bytes);
    let mut text = String::with_capacity(36);
    let mut rest = digits.as_str();
    for len in UUID_GROUPS {
        if !text.is_empty() {
            text.push('-');
        }
        let (group, left) = rest.split_at(len);
        text.push_str(group);
        rest = left;
    }
    text
}

fn multi_region_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(MULTI_REGION_PREFIX.len() + 32);
    text.push_str(MULTI_REGION_PREFIX);
    text.push_str(&hex::encode(bytes));
    text
}
