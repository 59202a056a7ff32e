//! What must hold for every input: what was encrypted decrypts, what was signed verifies, and a byte too many is
//! refused.

use std::collections::{BTreeMap, HashMap};

use base64_simd::STANDARD as BASE64;
use claviger_testkit::Client;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{development, text};

const SYMMETRIC_BYTES_MAX: usize = 4096;
/// RSA: key spec, algorithm, the longest plaintext (RFC 8017 §7.1.1: modulus bytes - 2 * hash bytes - 2).
const OAEP: [(&str, &str, usize); 6] = [
    ("RSA_2048", "RSAES_OAEP_SHA_1", 214),
    ("RSA_2048", "RSAES_OAEP_SHA_256", 190),
    ("RSA_3072", "RSAES_OAEP_SHA_1", 342),
    ("RSA_3072", "RSAES_OAEP_SHA_256", 318),
    ("RSA_4096", "RSAES_OAEP_SHA_1", 470),
    ("RSA_4096", "RSAES_OAEP_SHA_256", 446),
];
/// A signing algorithm and the bytes of a digest; none where it takes no digest.
type Algorithm = (&'static str, Option<usize>);
const SIGNING: &[(&str, &[Algorithm])] = &[
    ("RSA_2048", RSA_SIGNING),
    ("RSA_3072", RSA_SIGNING),
    ("RSA_4096", RSA_SIGNING),
    ("ECC_NIST_P256", &[("ECDSA_SHA_256", Some(32))]),
    ("ECC_NIST_P384", &[("ECDSA_SHA_384", Some(48))]),
    ("ECC_NIST_P521", &[("ECDSA_SHA_512", Some(64))]),
    ("ECC_SECG_P256K1", &[("ECDSA_SHA_256", Some(32))]),
    ("ECC_NIST_EDWARDS25519", &[("ED25519_SHA_512", None), ("ED25519_PH_SHA_512", Some(64))]),
    ("ML_DSA_44", &[("ML_DSA_SHAKE_256", None)]),
    ("ML_DSA_65", &[("ML_DSA_SHAKE_256", None)]),
    ("ML_DSA_87", &[("ML_DSA_SHAKE_256", None)]),
];
const RSA_SIGNING: &[Algorithm] = &[
    ("RSASSA_PKCS1_V1_5_SHA_256", Some(32)),
    ("RSASSA_PKCS1_V1_5_SHA_384", Some(48)),
    ("RSASSA_PKCS1_V1_5_SHA_512", Some(64)),
    ("RSASSA_PSS_SHA_256", Some(32)),
    ("RSASSA_PSS_SHA_384", Some(48)),
    ("RSASSA_PSS_SHA_512", Some(64)),
];
const MACS: [&str; 4] = ["HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"];
const MU_BYTES: usize = 64;
const MESSAGE_BYTES_MAX: usize = 4096;
const INVALID_CIPHERTEXT: &str = "InvalidCiphertextException";

/// A server's client with one key for each spec.
struct Keys {
    client: Client,
    ids: HashMap<&'static str, String>,
}

impl Keys {
    async fn make(client: Client, usage: &str, specs: &[&'static str]) -> anyhow::Result<Self> {
        let mut ids = HashMap::new();
        for spec in specs {
            let created = client.kms("CreateKey", &json!({ "KeySpec": spec, "KeyUsage": usage })).await?.ok()?;
            ids.insert(*spec, text(&created, "/KeyMetadata/KeyId"));
        }
        Ok(Self { client, ids })
    }

    async fn call(&self, operation: &str, spec: &str, mut input: Value) -> claviger_testkit::Answer {
        input["KeyId"] = json!(self.ids[spec]);
        self.client.kms(operation, &input).await.unwrap()
    }
}

/// Runs a property in a runtime of its own.
fn check<S: Strategy>(
    cases: u32,
    strategy: &S,
    runtime: &Runtime,
    property: impl AsyncFn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, |input| runtime.block_on(property(input))).unwrap();
}

/// Lengths from 1 to a limit, with the ends more often than chance would have them.
fn lengths(max: usize) -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(1), 2 => Just(max), 1 => Just(max - 1), 4 => 1..=max]
}

fn bytes(length: impl Strategy<Value = usize>) -> impl Strategy<Value = Vec<u8>> {
    length.prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length))
}

fn contexts() -> impl Strategy<Value = BTreeMap<String, String>> {
    let word = || prop_oneof![2 => "\\PC{0,40}", 1 => any::<String>(), 1 => "[a-z:/=\"]{0,300}"];
    proptest::collection::btree_map(word(), word(), 0..6)
}

fn encode(bytes: &[u8]) -> String {
    BASE64.encode_to_string(bytes)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn what_is_encrypted_decrypts_up_to_the_limit() {
    let (_server, client) = development().unwrap();
    let runtime = runtime();
    let specs = ["SYMMETRIC_DEFAULT", "RSA_2048", "RSA_3072", "RSA_4096"];
    let keys = runtime.block_on(Keys::make(client, "ENCRYPT_DECRYPT", &specs)).unwrap();

    let inputs = (bytes(lengths(SYMMETRIC_BYTES_MAX)), contexts(), contexts(), any::<bool>());
    check(64, &inputs, &runtime, async |(plaintext, context, other, named)| {
        let spec = "SYMMETRIC_DEFAULT";
        let sealed =
            keys.call("Encrypt", spec, json!({ "Plaintext": encode(&plaintext), "EncryptionContext": context })).await;
        prop_assert_eq!(sealed.status, 200, "{}", sealed.body);
        let blob = &sealed.body["CiphertextBlob"];
        let decrypt = async |context| {
            let input = json!({ "CiphertextBlob": blob, "EncryptionContext": context });
            match named {
                true => keys.call("Decrypt", spec, input).await,
                false => keys.client.kms("Decrypt", &input).await.unwrap(),
            }
        };
        let opened = decrypt(&context).await;
        prop_assert_eq!(&opened.body["Plaintext"], &json!(encode(&plaintext)));
        let refused = decrypt(&other).await;
        prop_assert_eq!(refused.code() == INVALID_CIPHERTEXT, other != context, "{}", refused.body);
        Ok(())
    });

    let rsa = proptest::sample::select(&OAEP[..]).prop_flat_map(|(spec, algorithm, max)| {
        (Just((spec, algorithm, max)), bytes(lengths(max)), any::<prop::sample::Index>(), 0..8u8)
    });
    check(48, &rsa, &runtime, async |((spec, algorithm, _), plaintext, at, bit)| {
        let input = json!({ "Plaintext": encode(&plaintext), "EncryptionAlgorithm": algorithm });
        let sealed = keys.call("Encrypt", spec, input).await;
        prop_assert_eq!(sealed.status, 200, "{}", sealed.body);
        let blob = text(&sealed.body, "/CiphertextBlob");
        let input = |blob: &str| json!({ "CiphertextBlob": blob, "EncryptionAlgorithm": algorithm });
        let opened = keys.call("Decrypt", spec, input(&blob)).await;
        prop_assert_eq!(&opened.body["Plaintext"], &json!(encode(&plaintext)));
        let mut damaged = BASE64.decode_to_vec(&blob).unwrap();
        let at = at.index(damaged.len());
        damaged[at] ^= 1u8 << bit;
        let refused = keys.call("Decrypt", spec, input(&encode(&damaged))).await;
        prop_assert_eq!(refused.code(), INVALID_CIPHERTEXT);
        Ok(())
    });

    runtime.block_on(async {
        for (spec, algorithm, max) in OAEP {
            let input = |length| json!({ "Plaintext": encode(&vec![7; length]), "EncryptionAlgorithm": algorithm });
            assert_eq!(keys.call("Encrypt", spec, input(max)).await.status, 200, "{spec} {algorithm}");
            let refused = keys.call("Encrypt", spec, input(max + 1)).await;
            let said =
                format!("Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {max} bytes.");
            assert_eq!((refused.status, refused.code(), refused.message()), (400, "ValidationException", &*said));
        }
        let refused = keys
            .call("Encrypt", "SYMMETRIC_DEFAULT", json!({ "Plaintext": encode(&[7; SYMMETRIC_BYTES_MAX + 1]) }))
            .await;
        let said = "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have \
                    length less than or equal to 4096";
        assert_eq!((refused.status, refused.code(), refused.message()), (400, "ValidationException", said));
    });
}

/// One call of Sign, with what may be changed about it.
#[derive(Clone, Debug)]
struct Signed {
    spec: &'static str,
    algorithm: &'static str,
    kind: &'static str,
    message: Vec<u8>,
}

fn signed() -> impl Strategy<Value = Signed> {
    proptest::sample::select(SIGNING).prop_flat_map(|(spec, algorithms)| {
        proptest::sample::select(algorithms).prop_flat_map(move |(algorithm, digest)| {
            let kinds = match (spec, digest) {
                (_, Some(_)) if algorithm == "ED25519_PH_SHA_512" => &["DIGEST"][..],
                (_, Some(_)) => &["RAW", "DIGEST"],
                ("ECC_NIST_EDWARDS25519", None) => &["RAW"],
                _ => &["RAW", "EXTERNAL_MU"],
            };
            proptest::sample::select(kinds).prop_flat_map(move |kind| {
                let length = match kind {
                    "RAW" => lengths(MESSAGE_BYTES_MAX).boxed(),
                    "DIGEST" => Just(digest.unwrap_or_default()).boxed(),
                    _ => Just(MU_BYTES).boxed(),
                };
                bytes(length).prop_map(move |message| Signed { spec, algorithm, kind, message })
            })
        })
    })
}

#[test]
fn what_is_signed_verifies_and_nothing_else_does() {
    let (_server, client) = development().unwrap();
    let runtime = runtime();
    let specs: Vec<_> = SIGNING.iter().map(|(spec, _)| *spec).collect();
    let keys = runtime.block_on(Keys::make(client, "SIGN_VERIFY", &specs)).unwrap();
    let inputs = (signed(), any::<prop::sample::Index>(), 0..8u8);
    check(160, &inputs, &runtime, async |(Signed { spec, algorithm, kind, message }, at, bit)| {
        let input =
            |message: &[u8]| json!({ "Message": encode(message), "MessageType": kind, "SigningAlgorithm": algorithm });
        let signed = keys.call("Sign", spec, input(&message)).await;
        prop_assert_eq!(signed.status, 200, "{}", signed.body);
        let signature = BASE64.decode_to_vec(text(&signed.body, "/Signature")).unwrap();
        let verify = async |message: &[u8], signature: &[u8]| {
            let mut input = input(message);
            input["Signature"] = json!(encode(signature));
            keys.call("Verify", spec, input).await
        };
        let verified = verify(&message, &signature).await;
        prop_assert_eq!((verified.status, &verified.body["SignatureValid"]), (200, &json!(true)));
        let flipped = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1u8 << bit;
            bytes
        };
        let bad = "KMSInvalidSignatureException";
        let answers = [verify(&flipped(&message), &signature).await, verify(&message, &flipped(&signature)).await];
        for answer in &answers {
            prop_assert_eq!((answer.status, answer.code(), answer.body.get("message")), (400, bad, None));
        }
        // The same bytes as another type of message are another message, or none.
        let other = if kind == "RAW" { "DIGEST" } else { "RAW" };
        let mut input = input(&message);
        input["MessageType"] = json!(other);
        input["Signature"] = json!(encode(&signature));
        prop_assert_ne!(keys.call("Verify", spec, input).await.status, 200);
        Ok(())
    });

    runtime.block_on(async {
        for (spec, algorithms) in SIGNING {
            for (algorithm, digest) in *algorithms {
                for length in digest.iter().flat_map(|digest| [digest - 1, digest + 1]) {
                    let message = encode(&vec![7; length]);
                    let input = json!({ "Message": message, "MessageType": "DIGEST", "SigningAlgorithm": algorithm });
                    let refused = keys.call("Sign", spec, input).await;
                    let said = format!("Digest is invalid length for algorithm {algorithm}.");
                    assert_eq!((refused.code(), refused.message()), ("ValidationException", &*said), "{spec}");
                }
            }
        }
    });
}

#[test]
fn what_both_sides_derive_is_the_same() {
    let (server, client) = development().unwrap();
    let runtime = runtime();
    let keys = runtime.block_on(Keys::make(client, "GENERATE_VERIFY_MAC", &MACS)).unwrap();
    let inputs =
        (proptest::sample::select(&MACS[..]), bytes(lengths(MESSAGE_BYTES_MAX)), any::<prop::sample::Index>(), 0..8u8);
    check(48, &inputs, &runtime, async |(spec, message, at, bit)| {
        let algorithm = spec.replace("HMAC_", "HMAC_SHA_");
        let input = json!({ "Message": encode(&message), "MacAlgorithm": algorithm });
        let made = keys.call("GenerateMac", spec, input.clone()).await;
        prop_assert_eq!(made.status, 200, "{}", made.body);
        let verify = async |mac: &[u8]| {
            let mut input = input.clone();
            input["Mac"] = json!(encode(mac));
            keys.call("VerifyMac", spec, input).await
        };
        let mut mac = BASE64.decode_to_vec(text(&made.body, "/Mac")).unwrap();
        prop_assert_eq!(&verify(&mac).await.body["MacValid"], &json!(true));
        let at = at.index(mac.len());
        mac[at] ^= 1u8 << bit;
        let refused = verify(&mac).await;
        prop_assert_eq!(refused.code(), "KMSInvalidMacException");
        Ok(())
    });

    runtime.block_on(async {
        let client = || server.client(claviger_testkit::Signing::Unknown("test".to_owned()));
        let curves = ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"];
        let one = Keys::make(client(), "KEY_AGREEMENT", &curves).await.unwrap();
        let other = Keys::make(client(), "KEY_AGREEMENT", &curves).await.unwrap();
        for spec in curves {
            let mut secrets = Vec::new();
            for (here, there) in [(&one, &other), (&other, &one)] {
                let public = there.call("GetPublicKey", spec, json!({})).await.ok().unwrap();
                let input = json!({ "PublicKey": public["PublicKey"], "KeyAgreementAlgorithm": "ECDH" });
                secrets.push(here.call("DeriveSharedSecret", spec, input).await.ok().unwrap()["SharedSecret"].take());
            }
            assert_eq!(secrets[0], secrets[1], "{spec}");
        }
        let kems = ["ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"];
        let keys = Keys::make(client(), "ENCAPSULATE_DECAPSULATE", &kems).await.unwrap();
        for spec in kems {
            let made =
                keys.call("Encapsulate", spec, json!({ "EncapsulationAlgorithm": "ML_KEM" })).await.ok().unwrap();
            let input = json!({ "EncapsulationAlgorithm": "ML_KEM",
                "SharedSecretCiphertextBlob": made["SharedSecretCiphertextBlob"] });
            let opened = keys.call("Decapsulate", spec, input).await.ok().unwrap();
            assert_eq!(opened["SharedSecret"], made["SharedSecret"], "{spec}");
        }
    });
}
