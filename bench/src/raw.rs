//! The library's own operations, without anything around them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_lc_rs::kem::{DecapsulationKey, ML_KEM_512, ML_KEM_768, ML_KEM_1024};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, ML_DSA_44_SIGNING,
    ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding,
};

/// One operation; whether it succeeded.
pub(crate) type Call = Box<dyn FnMut() -> bool>;

/// The message every signature is over.
pub(crate) const MESSAGE: [u8; 256] = [7; 256];

/// Calls a second, over as many threads, each with a key of its own.
pub(crate) fn per_second(threads: usize, time: Duration, make: impl Fn() -> Option<Call> + Sync) -> Result<f64> {
    let counts = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut call = make()?;
                    let (started, mut calls) = (Instant::now(), 0u32);
                    while started.elapsed() < time {
                        calls += u32::from(call());
                    }
                    Some(f64::from(calls) / started.elapsed().as_secs_f64())
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().ok().flatten()).collect::<Option<Vec<f64>>>()
    });
    Ok(counts.context("the library refused")?.iter().sum())
}

/// Signing [`MESSAGE`] under a key of this KMS spec with this KMS algorithm.
pub(crate) fn sign(spec: &str, algorithm: &str) -> Option<Call> {
    let random = SystemRandom::new();
    if let Some(size) = rsa_size(spec) {
        let key = rsa::KeyPair::generate(size).ok()?;
        let encoding: &'static dyn RsaEncoding =
            if algorithm.contains("PSS") { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        return Some(Box::new(move || {
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(encoding, &random, black_box(&MESSAGE), &mut signature).is_ok()
        }));
    }
    if let Some(algorithm) = curve(spec) {
        let key = EcdsaKeyPair::generate(algorithm).ok()?;
        return Some(Box::new(move || black_box(key.sign(&random, black_box(&MESSAGE))).is_ok()));
    }
    if let Some(algorithm) = lattice(spec) {
        let key = PqdsaKeyPair::generate(algorithm).ok()?;
        return Some(Box::new(move || {
            let mut signature = vec![0; algorithm.signature_len()];
            key.sign(black_box(&MESSAGE), &mut signature).is_ok()
        }));
    }
    let key = Ed25519KeyPair::generate().ok()?;
    Some(Box::new(move || black_box(key.try_sign(black_box(&MESSAGE))).is_ok()))
}

/// Making a key of this KMS spec; bytes drawn at random for symmetric and HMAC keys.
pub(crate) fn generate(spec: &str) -> Option<Call> {
    if let Some(size) = rsa_size(spec) {
        return Some(Box::new(move || black_box(rsa::KeyPair::generate(size)).is_ok()));
    }
    if let Some(algorithm) = curve(spec) {
        return Some(Box::new(move || black_box(EcdsaKeyPair::generate(algorithm)).is_ok()));
    }
    if let Some(algorithm) = lattice(spec) {
        return Some(Box::new(move || black_box(PqdsaKeyPair::generate(algorithm)).is_ok()));
    }
    let kem = match spec {
        "ML_KEM_512" => Some(&ML_KEM_512),
        "ML_KEM_768" => Some(&ML_KEM_768),
        "ML_KEM_1024" => Some(&ML_KEM_1024),
        _ => None,
    };
    if let Some(algorithm) = kem {
        return Some(Box::new(move || black_box(DecapsulationKey::generate(algorithm)).is_ok()));
    }
    if spec == "ECC_NIST_EDWARDS25519" {
        return Some(Box::new(|| black_box(Ed25519KeyPair::generate()).is_ok()));
    }
    let mut bytes = [0; 32];
    Some(Box::new(move || rand::fill(black_box(&mut bytes)).is_ok()))
}

fn rsa_size(spec: &str) -> Option<KeySize> {
    match spec {
        "RSA_2048" => Some(KeySize::Rsa2048),
        "RSA_3072" => Some(KeySize::Rsa3072),
        "RSA_4096" => Some(KeySize::Rsa4096),
        _ => None,
    }
}

fn curve(spec: &str) -> Option<&'static EcdsaSigningAlgorithm> {
    match spec {
        "ECC_NIST_P256" => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        "ECC_NIST_P384" => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        "ECC_NIST_P521" => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        "ECC_SECG_P256K1" => Some(&ECDSA_P256K1_SHA256_ASN1_SIGNING),
        _ => None,
    }
}

fn lattice(spec: &str) -> Option<&'static PqdsaSigningAlgorithm> {
    match spec {
        "ML_DSA_44" => Some(&ML_DSA_44_SIGNING),
        "ML_DSA_65" => Some(&ML_DSA_65_SIGNING),
        "ML_DSA_87" => Some(&ML_DSA_87_SIGNING),
        _ => None,
    }
}
