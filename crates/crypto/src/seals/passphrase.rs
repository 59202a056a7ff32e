//! From a passphrase to a key: Argon2id (RFC 9106).

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::SealError;
use crate::secret::Secret;
use crate::{fatal, random, text};

/// The shortest passphrase that can be enrolled, in bytes of UTF-8 (NIST SP 800-63B's floor).
pub const PASSPHRASE_BYTES_MIN: usize = 8;

/// Cost for new seals, and the least accepted from stored ones: RFC 9106's second recommended choice in memory and
/// passes. Someone who can write the store must not be able to make the next guess cheaper.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// The most accepted from stored seals, so that a damaged or planted seal cannot exhaust the machine.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 16;

const SALT_LEN: usize = 16;
const KEY_LEN: usize = 32;

/// How a passphrase was stretched; stored with its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argon2Parameters {
    /// 16 random bytes.
    #[serde(with = "text::base64")]
    pub salt: Vec<u8>,
    /// Memory in KiB: 65536 (64 MiB) for new seals, never less, at most 1 GiB.
    pub memory_kib: u32,
    /// Passes over the memory: 3 for new seals, never less, at most 64.
    pub passes: u32,
    /// Lanes: 1 for new seals, at most 16.
    pub lanes: u32,
}

impl Argon2Parameters {
    /// The parameters of a new seal, with a fresh salt.
    pub(super) fn fresh() -> Self {
        Self { salt: random::bytes::<SALT_LEN>().to_vec(), memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES }
    }

    fn check(&self) -> Result<(), String> {
        let bounds = [
            ("memory in KiB", self.memory_kib, MEMORY_KIB, MEMORY_KIB_MAX),
            ("passes", self.passes, PASSES, PASSES_MAX),
            ("lanes", self.lanes, LANES, LANES_MAX),
        ];
        for (name, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                return Err(format!("its Argon2id {name} is {value}, outside {least} to {most}"));
            }
        }
        if self.salt.len() != SALT_LEN {
            return Err(format!("its Argon2id salt has {} bytes instead of {SALT_LEN}", self.salt.len()));
        }
        Ok(())
    }
}

pub(super) fn check_length(passphrase: &str) -> Result<(), SealError> {
    if passphrase.len() < PASSPHRASE_BYTES_MIN { Err(SealError::PassphraseTooShort) } else { Ok(()) }
}

/// The key for a passphrase. Fails, with the bound that is broken, when the parameters are not acceptable.
pub(super) fn stretch(passphrase: &str, parameters: &Argon2Parameters) -> Result<Secret, String> {
    parameters.check()?;
    let cost = Params::new(parameters.memory_kib, parameters.passes, parameters.lanes, Some(KEY_LEN))
        .map_err(|error| format!("its Argon2id parameters are impossible: {error}"))?;
    let mut memory = vec![Block::default(); cost.block_count()];
    let mut key = Secret::zeroed(KEY_LEN);
    let stretched = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost).hash_password_into_with_memory(
        passphrase.as_bytes(),
        &parameters.salt,
        key.bytes_mut(),
        &mut memory,
    );
    memory.iter_mut().for_each(Zeroize::zeroize);
    match stretched {
        Ok(()) => Ok(key),
        // Lengths are in bounds; the only input left is a passphrase of 4 GiB.
        Err(_) => fatal::abort("Argon2id refused its arguments"),
    }
}
