//! The one way out when going on would be unsafe.

/// Ends the process.
///
/// For conditions under which every further answer could be wrong in a way nobody would see: no randomness, or a
/// primitive of the library refusing arguments that are constant in this crate. Unwinding instead would let a worker
/// catch the panic and carry on.
#[cold]
pub(crate) fn abort(reason: &str) -> ! {
    eprintln!("claviger: fatal: {reason}");
    std::process::abort()
}
