//! What this crate adds to the library's signing: each algorithm here against the same call of aws-lc-rs, turn by turn
//! in one run, so that the load of the machine falls on both alike.
//!
//! Run: `cargo bench -p claviger-crypto --bench signing`. Prints the best round of each side and the share of the
//! library's speed that is left.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, ML_DSA_44_SIGNING,
    ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding,
};
use claviger_crypto::key_pair::{KeyPairKind, Message, PrivateKey, SigningAlgorithm};

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(60);
const MESSAGE: [u8; 256] = [7; 256];

fn main() {
    println!("{:<12} {:<16} {:>12} {:>12} {:>7}", "key", "algorithm", "library", "here", "ratio");
    for kind in KeyPairKind::ALL {
        for algorithm in [
            SigningAlgorithm::RsaPkcs1Sha256,
            SigningAlgorithm::RsaPssSha256,
            SigningAlgorithm::EcdsaSha256,
            SigningAlgorithm::EcdsaSha384,
            SigningAlgorithm::EcdsaSha512,
            SigningAlgorithm::Ed25519,
            SigningAlgorithm::MlDsa,
        ] {
            if algorithm.suits(kind) {
                compare(kind, algorithm);
            }
        }
    }
    for kind in KeyPairKind::ALL {
        restore(kind);
    }
}

fn compare(kind: KeyPairKind, algorithm: SigningAlgorithm) {
    let Some(key) = PrivateKey::generate(kind) else { return };
    let Some(pkcs8) = key.to_pkcs8() else { return };
    let Some(mut library) = library(kind, algorithm, pkcs8.expose()) else { return };
    let mut here = || black_box(key.sign(algorithm, Message::Raw(black_box(&MESSAGE)))).is_ok();
    let (mut best_library, mut best_here) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        best_library = best_library.min(seconds_each(&mut *library));
        best_here = best_here.min(seconds_each(&mut here));
    }
    let micros = |seconds: f64| format!("{:.1} us", seconds * 1e6);
    let ratio = best_library / best_here;
    let algorithm = format!("{algorithm:?}");
    println!("{kind:<12} {algorithm:<16} {:>12} {:>12} {ratio:>7.3}", micros(best_library), micros(best_here));
}

/// What it costs to bring a key back from its stored form.
fn restore(kind: KeyPairKind) {
    let Some(pkcs8) = PrivateKey::generate(kind).and_then(|key| key.to_pkcs8()) else { return };
    let mut restore = || PrivateKey::from_pkcs8(kind, &mut pkcs8.expose().to_vec()).is_ok();
    let best = (0..ROUNDS).map(|_| seconds_each(&mut restore)).fold(f64::MAX, f64::min);
    println!("{kind:<12} restored in {:.1} us", best * 1e6);
}

/// Seconds of one call, over a round of calls.
fn seconds_each(call: &mut dyn FnMut() -> bool) -> f64 {
    let (start, mut calls) = (Instant::now(), 0u32);
    while start.elapsed() < ROUND || calls == 0 {
        assert!(call(), "a call failed");
        calls += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

/// The library's own call with the same key.
fn library(kind: KeyPairKind, algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Option<Box<dyn FnMut() -> bool>> {
    let random = SystemRandom::new();
    match kind {
        KeyPairKind::Rsa2048 | KeyPairKind::Rsa3072 | KeyPairKind::Rsa4096 => {
            let key = rsa::KeyPair::from_pkcs8(pkcs8).ok()?;
            let encoding: &'static dyn RsaEncoding = match algorithm {
                SigningAlgorithm::RsaPssSha256 => &RSA_PSS_SHA256,
                _ => &RSA_PKCS1_SHA256,
            };
            Some(Box::new(move || {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(encoding, &random, black_box(&MESSAGE), &mut signature).is_ok()
            }))
        }
        KeyPairKind::P256 | KeyPairKind::P384 | KeyPairKind::P521 | KeyPairKind::Secp256k1 => {
            let algorithm: &'static EcdsaSigningAlgorithm = match kind {
                KeyPairKind::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
                KeyPairKind::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
                KeyPairKind::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
                _ => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
            };
            let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).ok()?;
            Some(Box::new(move || black_box(key.sign(&random, black_box(&MESSAGE))).is_ok()))
        }
        KeyPairKind::Ed25519 => {
            let key = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
            Some(Box::new(move || black_box(key.try_sign(black_box(&MESSAGE))).is_ok()))
        }
        _ => {
            let algorithm: &'static PqdsaSigningAlgorithm = match kind {
                KeyPairKind::MlDsa44 => &ML_DSA_44_SIGNING,
                KeyPairKind::MlDsa65 => &ML_DSA_65_SIGNING,
                _ => &ML_DSA_87_SIGNING,
            };
            let key = PqdsaKeyPair::from_pkcs8(algorithm, pkcs8).ok()?;
            Some(Box::new(move || {
                let mut signature = vec![0; algorithm.signature_len()];
                key.sign(black_box(&MESSAGE), &mut signature).is_ok()
            }))
        }
    }
}
