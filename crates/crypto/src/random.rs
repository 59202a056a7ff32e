//! Random bytes, from the library's CTR_DRBG seeded by the operating system.

use crate::fatal;

/// Fills `out` with random bytes.
///
/// Aborts the process when the generator fails: keys and nonces made without randomness would look fine and protect
/// nothing, so there is no error a caller could handle.
pub fn fill(out: &mut [u8]) {
    if aws_lc_rs::rand::fill(out).is_err() {
        fatal::abort("the random number generator failed");
    }
}

/// `N` random bytes. Aborts as [`fill`] does. Not for keys: those are made in place by
/// [`Secret::random`](crate::secret::Secret::random), never on the stack.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    fill(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_fill_every_byte() {
        assert_ne!(bytes::<16>(), bytes::<16>());
        let mut seen = [false; 64];
        for _ in 0..8 {
            for (position, byte) in bytes::<64>().into_iter().enumerate() {
                seen[position] |= byte != 0;
            }
        }
        assert_eq!(seen, [true; 64]);
    }
}
