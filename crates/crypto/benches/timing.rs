//! Whether time tells why a secret operation failed: pairs of inputs that must not be told apart, in random order, and
//! Welch's t over what they took (the method of dudect, Reparaz, Balasch and Verbauwhede 2017).
//!
//! Run: `cargo bench -p claviger-crypto --bench timing`. A |t| above 10 that grows with the rounds is a leak; up to 4.5 is
//! none; what is between wants another run on a quieter machine. The last pair differs on purpose and shows that the
//! method sees what is there.

use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use claviger_crypto::blob::{self, Origin};
use claviger_crypto::context::EncryptionContext;
use claviger_crypto::import::{self, WrappingAlgorithm};
use claviger_crypto::key_pair::{KeyPairKind, OaepHash, PrivateKey};
use claviger_crypto::mac::{MacKey, MacKind};
use claviger_crypto::material::KeyMaterial;
use claviger_crypto::random;

const SECONDS_EACH: Duration = Duration::from_secs(3);
/// Inputs of a kind, so that no single one is learnt by the processor.
const INPUTS: usize = 64;
/// The share of measurements kept: the slowest are interruptions.
const KEPT: f64 = 0.9;
const KEY_ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<52} {:>9} {:>12} {:>12} {:>7}", "", "rounds", "one", "other", "t");
    blobs()?;
    macs()?;
    rsa()?;
    kem()?;
    control()
}

/// Runs both kinds of inputs in random order and prints what they took.
fn compare(name: &str, one: &[Vec<u8>], other: &[Vec<u8>], mut call: impl FnMut(&[u8])) {
    let mut taken = [Vec::new(), Vec::new()];
    let start = Instant::now();
    let mut choices = [0; 64];
    while start.elapsed() < SECONDS_EACH {
        random::fill(&mut choices);
        for choice in choices {
            let which = usize::from(choice & 1);
            let input = &[one, other][which][usize::from(choice >> 1) % INPUTS];
            let started = Instant::now();
            call(black_box(input));
            taken[which].push(started.elapsed().as_nanos() as f64);
        }
    }
    let mut all: Vec<f64> = taken.concat();
    all.sort_by(f64::total_cmp);
    let limit = all[(all.len() as f64 * KEPT) as usize];
    for taken in &mut taken {
        taken.retain(|nanos| *nanos <= limit);
    }
    let [one, other] = taken.each_ref().map(|taken| Moments::of(taken));
    let t = (one.mean - other.mean) / (one.variance / one.count + other.variance / other.count).sqrt();
    let rounds = one.count + other.count;
    println!("{name:<52} {rounds:>9} {:>9.1} ns {:>9.1} ns {t:>7.2}", one.mean, other.mean);
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { count, mean, variance }
    }
}

fn many<E: Error + 'static>(make: impl Fn() -> Result<Vec<u8>, E>) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    Ok((0..INPUTS).map(|_| make()).collect::<Result<_, E>>()?)
}

/// One bit changed, counted from the end.
fn changed(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
    bytes
}

fn blobs() -> Result<(), Box<dyn Error>> {
    let material = KeyMaterial::generate();
    let origin = Origin {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        key_id: KEY_ID.to_owned(),
        material_id: material.id(KEY_ID),
    };
    let context = EncryptionContext::from([("purpose".to_owned(), "test".to_owned())]);
    let other = EncryptionContext::from([("purpose".to_owned(), "tests".to_owned())]);
    let seal = |material: &KeyMaterial, context| blob::seal(material, &origin, context, &[7; 1024]);
    let open = |blob: &[u8]| {
        let opened = blob::parse(blob).map(|parsed| black_box(parsed.open(&material, &context)).is_ok());
        assert_eq!(opened, Ok(false));
    };
    let tag_first = many(|| seal(&material, &context).map(|blob| changed(blob, 16)))?;
    let tag_last = many(|| seal(&material, &context).map(|blob| changed(blob, 1)))?;
    compare("blob: first byte of the tag, last byte", &tag_first, &tag_last, open);
    let body = many(|| seal(&material, &context).map(|blob| changed(blob, 16 + 1024)))?;
    compare("blob: plaintext changed, tag changed", &body, &tag_last, open);
    let wrong_context = many(|| seal(&material, &other))?;
    compare("blob: wrong context, tag changed", &wrong_context, &tag_last, open);
    let stranger = KeyMaterial::generate();
    let wrong_material = many(|| seal(&stranger, &context))?;
    compare("blob: other material, tag changed", &wrong_material, &tag_last, open);
    Ok(())
}

fn macs() -> Result<(), Box<dyn Error>> {
    let key = MacKey::generate(MacKind::Sha512);
    let mac = || Ok::<_, Infallible>(key.sign(&[7; 64]));
    let (first, last) = (many(|| mac().map(|mac| changed(mac, 64)))?, many(|| mac().map(|mac| changed(mac, 1)))?);
    let verify = |mac: &[u8]| assert!(black_box(key.verify(&[7; 64], mac)).is_err(), "verified");
    compare("MAC: first byte, last byte", &first, &last, verify);
    Ok(())
}

fn rsa() -> Result<(), Box<dyn Error>> {
    let key = PrivateKey::generate(KeyPairKind::Rsa2048).ok_or("no key")?;
    let public = key.public_key();
    let decrypt = |ciphertext: &[u8]| {
        assert!(black_box(key.decrypt(OaepHash::Sha256, ciphertext)).is_err(), "decrypted");
    };
    // Below every modulus, and hardly ever with a zero first byte after the private operation.
    let noise = || Ok::<_, Infallible>([&[0], &random::bytes::<255>()[..]].concat());
    let random = many(noise)?;
    let library = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(public.to_der())?)?;
    // All is right but the hash of the label: the first byte is zero and the separator is there.
    let labelled = many(|| {
        let mut out = vec![0; 256];
        library.encrypt(&OAEP_SHA256_MGF1SHA256, b"message", &mut out, Some(b"label")).map(|sealed| sealed.to_vec())
    })?;
    compare("RSA: random, wrong label", &random, &labelled, decrypt);
    let other_hash = many(|| public.encrypt(OaepHash::Sha1, b"message"))?;
    compare("RSA: other hash, wrong label", &other_hash, &labelled, decrypt);

    let algorithm = WrappingAlgorithm::RsaAesKeyWrap(OaepHash::Sha256);
    let wrapped = |sealed: Vec<u8>| [sealed, random::bytes::<40>().to_vec()].concat();
    let wrong_rsa = many(|| noise().map(wrapped))?;
    let wrong_aes = many(|| public.encrypt(OaepHash::Sha256, &[9; 32]).map(wrapped))?;
    let unwrap = |bytes: &[u8]| assert!(black_box(import::unwrap(&key, algorithm, bytes)).is_err(), "unwrapped");
    compare("import: wrong RSA part, wrong AES part", &wrong_rsa, &wrong_aes, unwrap);
    Ok(())
}

fn kem() -> Result<(), Box<dyn Error>> {
    let key = PrivateKey::generate(KeyPairKind::MlKem768).ok_or("no key")?;
    let encapsulate =
        || Ok::<_, Infallible>(key.public_key().encapsulate().map(|(ciphertext, _)| ciphertext).unwrap_or_default());
    let (good, bad) = (many(encapsulate)?, many(|| encapsulate().map(|ciphertext| changed(ciphertext, 1)))?);
    let decapsulate = |ciphertext: &[u8]| assert!(black_box(key.decapsulate(ciphertext)).is_ok(), "refused");
    compare("ML-KEM: good, changed", &good, &bad, decapsulate);
    Ok(())
}

/// A comparison that stops at the first difference.
fn control() -> Result<(), Box<dyn Error>> {
    let secret = [7; 4096];
    let copy = || Ok::<_, Infallible>(secret.to_vec());
    let (early, late) =
        (many(|| copy().map(|copy| changed(copy, 4096)))?, many(|| copy().map(|copy| changed(copy, 1)))?);
    let equal = |bytes: &[u8]| {
        assert!(!black_box(bytes.iter().zip(black_box(&secret)).all(|(one, other)| one == other)), "equal");
    };
    compare("(control: an early exit)", &early, &late, equal);
    Ok(())
}
