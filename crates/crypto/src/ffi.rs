//! What aws-lc can do and aws-lc-rs does not offer: Ed25519ph, ML-DSA over an external mu, encodings of ML-KEM keys.
//!
//! Every call of the C library outside aws-lc-rs is in this file, behind functions that are safe for any input.
#![allow(unsafe_code)]

use std::ptr::{self, NonNull};

use aws_lc_sys as sys;
use zeroize::Zeroize;

use crate::secret::Secret;

/// Bytes of an Ed25519 signature.
pub(crate) const ED25519_SIGNATURE_BYTES: usize = 64;

/// Ed25519ph (RFC 8032 §5.1) with an empty context: signs SHA-512 of `message`. The private key is seed ‖ public key.
pub(crate) fn ed25519ph_sign(private_key: &[u8; 64], message: &[u8]) -> Option<[u8; ED25519_SIGNATURE_BYTES]> {
    let mut signature = [0; ED25519_SIGNATURE_BYTES];
    // SAFETY: the signature has the 64 bytes that are written, the private key the 64 that are read; the message's
    // pointer and length belong together, and an empty context is not read.
    let done = unsafe {
        let (out, key) = (signature.as_mut_ptr(), private_key.as_ptr());
        sys::ED25519ph_sign(out, message.as_ptr(), message.len(), key, ptr::null(), 0)
    };
    (done == 1).then_some(signature)
}

/// Whether the signature is the one [`ed25519ph_sign`] makes under this public key's private one.
pub(crate) fn ed25519ph_verify(public_key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = <&[u8; ED25519_SIGNATURE_BYTES]>::try_from(signature) else { return false };
    // SAFETY: signature and public key have the 64 and 32 bytes that are read; the rest as in `ed25519ph_sign`.
    let verified = unsafe {
        let (signature, key) = (signature.as_ptr(), public_key.as_ptr());
        sys::ED25519ph_verify(message.as_ptr(), message.len(), signature, key, ptr::null(), 0)
    };
    verified == 1
}

/// A family of algorithms whose members have numbers.
#[derive(Clone, Copy)]
pub(crate) enum Parameters {
    MlDsa44,
    MlDsa65,
    MlDsa87,
    MlKem512,
    MlKem768,
    MlKem1024,
}

/// A private or public key of ML-DSA or ML-KEM in the library's memory, which the library wipes when it is freed.
pub(crate) struct Key(NonNull<sys::EVP_PKEY>);

// SAFETY: a key may be used by several threads at a time as long as nobody changes it (openssl/evp.h), and nothing
// here changes a key that exists; its reference count is atomic.
unsafe impl Send for Key {}
// SAFETY: as above.
unsafe impl Sync for Key {}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the reference that was taken when `self` was made, given back once.
        unsafe { sys::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

impl Key {
    /// A new random key pair. `None` when the library cannot.
    pub(crate) fn generate(parameters: Parameters) -> Option<Self> {
        let (family, number) = match parameters {
            Parameters::MlDsa44 => (sys::EVP_PKEY_PQDSA, sys::NID_MLDSA44),
            Parameters::MlDsa65 => (sys::EVP_PKEY_PQDSA, sys::NID_MLDSA65),
            Parameters::MlDsa87 => (sys::EVP_PKEY_PQDSA, sys::NID_MLDSA87),
            Parameters::MlKem512 => (sys::EVP_PKEY_KEM, sys::NID_MLKEM512),
            Parameters::MlKem768 => (sys::EVP_PKEY_KEM, sys::NID_MLKEM768),
            Parameters::MlKem1024 => (sys::EVP_PKEY_KEM, sys::NID_MLKEM1024),
        };
        // SAFETY: a new context without an engine, owned by the guard.
        let context = Context::new(unsafe { sys::EVP_PKEY_CTX_new_id(family, ptr::null_mut()) })?;
        let mut key = ptr::null_mut();
        // SAFETY: the context is live and for this family; `key` is null, so a new key is put there and becomes ours.
        unsafe {
            let set = match family {
                sys::EVP_PKEY_PQDSA => sys::EVP_PKEY_CTX_pqdsa_set_params,
                _ => sys::EVP_PKEY_CTX_kem_set_params,
            };
            if sys::EVP_PKEY_keygen_init(context.0.as_ptr()) != 1
                || set(context.0.as_ptr(), number) != 1
                || sys::EVP_PKEY_keygen(context.0.as_ptr(), &mut key) != 1
            {
                return None;
            }
        }
        NonNull::new(key).map(Self)
    }

    /// The private key in a `PrivateKeyInfo`; `None` unless it is one, and nothing follows.
    pub(crate) fn from_private_der(der: &[u8]) -> Option<Self> {
        Self::parse(der, sys::EVP_parse_private_key)
    }

    /// The public key in a `SubjectPublicKeyInfo`; `None` unless it is one, and nothing follows.
    pub(crate) fn from_public_der(der: &[u8]) -> Option<Self> {
        Self::parse(der, sys::EVP_parse_public_key)
    }

    fn parse(der: &[u8], parse: unsafe extern "C" fn(*mut sys::CBS) -> *mut sys::EVP_PKEY) -> Option<Self> {
        let mut rest = sys::CBS { data: der.as_ptr(), len: der.len() };
        // SAFETY: the reader's pointer and length are those of `der`, which outlives the call; the result is ours.
        let key = Self(NonNull::new(unsafe { parse(&mut rest) })?);
        (rest.len == 0).then_some(key)
    }

    /// The private key as `PrivateKeyInfo`, holding the seed.
    pub(crate) fn private_der(&self) -> Option<Secret> {
        self.marshal(sys::EVP_marshal_private_key, Secret::take)
    }

    /// Reads a bare public key. `None` for a key that has none.
    pub(crate) fn public_bytes(&self) -> Option<Vec<u8>> {
        let mut len = 0;
        // SAFETY: without a buffer only the length is written.
        if unsafe { sys::EVP_PKEY_get_raw_public_key(self.0.as_ptr(), ptr::null_mut(), &mut len) } != 1 {
            return None;
        }
        let mut out = vec![0; len];
        // SAFETY: the buffer has the `len` bytes that the call is told of.
        let done = unsafe { sys::EVP_PKEY_get_raw_public_key(self.0.as_ptr(), out.as_mut_ptr(), &mut len) };
        (done == 1 && len == out.len()).then_some(out)
    }

    fn marshal<T>(
        &self,
        marshal: unsafe extern "C" fn(*mut sys::CBB, *const sys::EVP_PKEY) -> i32,
        read: impl FnOnce(&mut [u8]) -> T,
    ) -> Option<T> {
        let mut builder = sys::CBB::default();
        let (mut data, mut len) = (ptr::null_mut(), 0);
        // SAFETY: the builder is initialised before it is used and cleaned up, by `CBB_finish` or `CBB_cleanup`, on
        // every path; the key is live.
        unsafe {
            if sys::CBB_init(&mut builder, 0) != 1 {
                return None;
            }
            if marshal(&mut builder, self.0.as_ptr()) != 1 || sys::CBB_finish(&mut builder, &mut data, &mut len) != 1 {
                sys::CBB_cleanup(&mut builder);
                return None;
            }
        }
        if data.is_null() {
            return None;
        }
        // SAFETY: `CBB_finish` gave us `len` bytes at `data`, which is freed right below and not before.
        let bytes = unsafe { std::slice::from_raw_parts_mut(data, len) };
        let result = read(bytes);
        bytes.zeroize();
        // SAFETY: given by `CBB_finish`, freed once.
        unsafe { sys::OPENSSL_free(data.cast()) };
        Some(result)
    }

    fn context(&self) -> Option<Context> {
        // SAFETY: the context takes a reference of its own to the live key.
        Context::new(unsafe { sys::EVP_PKEY_CTX_new(self.0.as_ptr(), ptr::null_mut()) })
    }

    /// Signs a message with ML-DSA and an empty context, hedged (FIPS 204 algorithm 2).
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let digesting = Digesting::new()?;
        let mut len = 0;
        // SAFETY: the context is live, the key too; no digest is set because ML-DSA hashes itself. The first call
        // asks for the length only, the second writes into a buffer of that length.
        unsafe {
            let context = digesting.0.as_ptr();
            let key = self.0.as_ptr();
            if sys::EVP_DigestSignInit(context, ptr::null_mut(), ptr::null(), ptr::null_mut(), key) != 1
                || sys::EVP_DigestSign(context, ptr::null_mut(), &mut len, message.as_ptr(), message.len()) != 1
            {
                return None;
            }
            let mut signature = vec![0; len];
            let out = signature.as_mut_ptr();
            let done = sys::EVP_DigestSign(context, out, &mut len, message.as_ptr(), message.len());
            (done == 1 && len == signature.len()).then_some(signature)
        }
    }

    /// Whether [`sign`](Self::sign) made this signature of the message.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some(digesting) = Digesting::new() else { return false };
        // SAFETY: as in `sign`; pointers and lengths belong together.
        unsafe {
            let context = digesting.0.as_ptr();
            let key = self.0.as_ptr();
            sys::EVP_DigestVerifyInit(context, ptr::null_mut(), ptr::null(), ptr::null_mut(), key) == 1
                && sys::EVP_DigestVerify(context, signature.as_ptr(), signature.len(), message.as_ptr(), message.len())
                    == 1
        }
    }

    /// Signs a 64-byte mu with ML-DSA (FIPS 204 algorithm 7 from line 6 on).
    pub(crate) fn sign_mu(&self, mu: &[u8; 64]) -> Option<Vec<u8>> {
        let context = self.context()?;
        let mut len = 0;
        // SAFETY: the context is live and initialised for signing; the first call asks for the length only, the
        // second writes into a buffer of that length.
        unsafe {
            let context = context.0.as_ptr();
            if sys::EVP_PKEY_sign_init(context) != 1
                || sys::EVP_PKEY_sign(context, ptr::null_mut(), &mut len, mu.as_ptr(), mu.len()) != 1
            {
                return None;
            }
            let mut signature = vec![0; len];
            let done = sys::EVP_PKEY_sign(context, signature.as_mut_ptr(), &mut len, mu.as_ptr(), mu.len());
            (done == 1 && len == signature.len()).then_some(signature)
        }
    }

    /// Whether the signature is one of the message that has this mu.
    pub(crate) fn verify_mu(&self, mu: &[u8; 64], signature: &[u8]) -> bool {
        let Some(context) = self.context() else { return false };
        // SAFETY: the context is live; pointers and lengths belong together.
        unsafe {
            let context = context.0.as_ptr();
            sys::EVP_PKEY_verify_init(context) == 1
                && sys::EVP_PKEY_verify(context, signature.as_ptr(), signature.len(), mu.as_ptr(), mu.len()) == 1
        }
    }

    /// A fresh shared secret and the ML-KEM ciphertext of it.
    pub(crate) fn encapsulate(&self) -> Option<(Vec<u8>, Secret)> {
        let context = self.context()?;
        let (mut ciphertext_len, mut secret_len) = (0, 0);
        // SAFETY: the context is live; without buffers only the lengths are written, the second call writes into
        // buffers of these lengths.
        unsafe {
            let context = context.0.as_ptr();
            let null = ptr::null_mut();
            if sys::EVP_PKEY_encapsulate(context, null, &mut ciphertext_len, null, &mut secret_len) != 1 {
                return None;
            }
            let (mut ciphertext, mut secret) = (vec![0; ciphertext_len], Secret::zeroed(secret_len));
            let (to, shared) = (ciphertext.as_mut_ptr(), secret.bytes_mut().as_mut_ptr());
            let done = sys::EVP_PKEY_encapsulate(context, to, &mut ciphertext_len, shared, &mut secret_len);
            let whole = ciphertext_len == ciphertext.len() && secret_len == secret.len();
            (done == 1 && whole).then_some((ciphertext, secret))
        }
    }

    /// The shared secret in an ML-KEM ciphertext; for one of the right length that is no ciphertext a secret that
    /// nobody knows (FIPS 203, implicit rejection).
    pub(crate) fn decapsulate(&self, ciphertext: &[u8]) -> Option<Secret> {
        let context = self.context()?;
        let mut len = 0;
        // SAFETY: as in `encapsulate`; the library checks the ciphertext's length before it reads.
        unsafe {
            let context = context.0.as_ptr();
            let (from, from_len) = (ciphertext.as_ptr(), ciphertext.len());
            if sys::EVP_PKEY_decapsulate(context, ptr::null_mut(), &mut len, from, from_len) != 1 {
                return None;
            }
            let mut secret = Secret::zeroed(len);
            let done = sys::EVP_PKEY_decapsulate(context, secret.bytes_mut().as_mut_ptr(), &mut len, from, from_len);
            (done == 1 && len == secret.len()).then_some(secret)
        }
    }
}

/// One operation with a key.
struct Context(NonNull<sys::EVP_PKEY_CTX>);

impl Context {
    fn new(context: *mut sys::EVP_PKEY_CTX) -> Option<Self> {
        NonNull::new(context).map(Self)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by this process, freed once.
        unsafe { sys::EVP_PKEY_CTX_free(self.0.as_ptr()) }
    }
}

/// One signature or verification of a whole message.
struct Digesting(NonNull<sys::EVP_MD_CTX>);

impl Digesting {
    fn new() -> Option<Self> {
        // SAFETY: takes nothing; what it gives is freed once, on drop.
        NonNull::new(unsafe { sys::EVP_MD_CTX_new() }).map(Self)
    }
}

impl Drop for Digesting {
    fn drop(&mut self) {
        // SAFETY: made in `new`, freed once.
        unsafe { sys::EVP_MD_CTX_free(self.0.as_ptr()) }
    }
}
