//! Sign and CreateKey of every kind beside the library's own operation: through the engine in this process, and over HTTP.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64_simd::STANDARD;
use bytes::Bytes;
use claviger::server::Shared;
use claviger_testkit::{Client, Signing};
use claviger_wire::Request;
use serde_json::{Value, json};

use crate::load::{self, Until};
use crate::prepare;
use crate::raw::{self, MESSAGE};
use crate::server::{Home, Running};

/// Key spec and algorithm of every kind of signature.
const SIGN: [(&str, &str); 14] = [
    ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"),
    ("RSA_2048", "RSASSA_PSS_SHA_256"),
    ("RSA_3072", "RSASSA_PKCS1_V1_5_SHA_256"),
    ("RSA_3072", "RSASSA_PSS_SHA_256"),
    ("RSA_4096", "RSASSA_PKCS1_V1_5_SHA_256"),
    ("RSA_4096", "RSASSA_PSS_SHA_256"),
    ("ECC_NIST_P256", "ECDSA_SHA_256"),
    ("ECC_NIST_P384", "ECDSA_SHA_384"),
    ("ECC_NIST_P521", "ECDSA_SHA_512"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
    ("ML_DSA_44", "ML_DSA_SHAKE_256"),
    ("ML_DSA_65", "ML_DSA_SHAKE_256"),
    ("ML_DSA_87", "ML_DSA_SHAKE_256"),
];
const CREATE: [(&str, &str); 16] = [
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    ("HMAC_256", "GENERATE_VERIFY_MAC"),
    ("RSA_2048", "SIGN_VERIFY"),
    ("RSA_3072", "SIGN_VERIFY"),
    ("RSA_4096", "SIGN_VERIFY"),
    ("ECC_NIST_P256", "SIGN_VERIFY"),
    ("ECC_NIST_P384", "SIGN_VERIFY"),
    ("ECC_NIST_P521", "SIGN_VERIFY"),
    ("ECC_SECG_P256K1", "SIGN_VERIFY"),
    ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"),
    ("ML_DSA_44", "SIGN_VERIFY"),
    ("ML_DSA_65", "SIGN_VERIFY"),
    ("ML_DSA_87", "SIGN_VERIFY"),
    ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
    ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE"),
    ("ML_KEM_1024", "ENCAPSULATE_DECAPSULATE"),
];
/// Calls under way in a thread of the engine, and connections over HTTP: enough to keep both cores busy.
const UNDER_WAY: usize = 8;
const CONNECTIONS: usize = 16;
/// How much longer making RSA keys is measured: one takes up to seconds.
const RSA_LONGER: f64 = 6.0;

/// Both sides of the comparison, ready.
struct Sides {
    threads: usize,
    local: claviger_testkit::Server,
    running: Running,
    signing: Signing,
}

pub(crate) async fn run(program: &Path, folder: &Path, seconds: f64) -> Result<()> {
    let home = Home::make(program, &folder.join("asymmetric"))?;
    let sides = Sides {
        threads: std::thread::available_parallelism()?.get(),
        local: claviger_testkit::Server::development()?,
        running: home.serve(None)?,
        signing: home.signing,
    };
    println!(
        "\nCalls a second on {} cores: the library alone; through the engine in one process (signature verification,",
        sides.threads
    );
    println!("policies, audit in memory); over HTTP from a durable server that shares the cores with the load.");
    println!("  {:<48} {:>10} {:>10} {:>6} {:>10} {:>6}", "", "library", "engine", "ratio", "HTTP", "ratio");
    for (spec, algorithm) in SIGN {
        let raw = raw::per_second(sides.threads, Duration::from_secs_f64(seconds), || raw::sign(spec, algorithm))?;
        let create = json!({ "KeySpec": spec, "KeyUsage": "SIGN_VERIFY" });
        let sign = |created: &Value| {
            json!({ "KeyId": created["KeyMetadata"]["KeyId"], "SigningAlgorithm": algorithm,
                "Message": STANDARD.encode_to_string(MESSAGE) })
        };
        let here = sides.local.client(Signing::Unknown("bench".to_owned()));
        let input = sign(&here.kms("CreateKey", &create).await?.ok()?);
        let engine = sides.engine("Sign", &input, seconds)?;
        let there = Client::new(sides.running.address, sides.signing.clone());
        let input = sign(&there.kms("CreateKey", &create).await?.ok()?);
        let http = sides.http("Sign", &input, seconds).await?;
        print(&format!("Sign {spec} {algorithm}"), raw, engine, http);
    }
    for (spec, usage) in CREATE {
        let seconds = if spec.starts_with("RSA") { seconds * RSA_LONGER } else { seconds };
        let raw = raw::per_second(sides.threads, Duration::from_secs_f64(seconds), || raw::generate(spec))?;
        let input = json!({ "KeySpec": spec, "KeyUsage": usage });
        let engine = sides.engine("CreateKey", &input, seconds)?;
        let http = sides.http("CreateKey", &input, seconds).await?;
        print(&format!("CreateKey {spec}"), raw, engine, http);
    }
    Ok(())
}

fn print(name: &str, raw: f64, engine: f64, http: f64) {
    let (engine_ratio, http_ratio) = (engine / raw, http / raw);
    println!("  {name:<48} {raw:>10.0} {engine:>10.0} {engine_ratio:>6.2} {http:>10.0} {http_ratio:>6.2}");
}

impl Sides {
    /// Calls of the engine a second, from as many threads as there are cores.
    fn engine(&self, operation: &str, input: &Value, seconds: f64) -> Result<f64> {
        let body = input.to_string();
        let signing = Signing::Unknown("bench".to_owned());
        let mut request = http::Request::post("/");
        for (name, value) in signing.kms_headers("localhost", operation, body.as_bytes()) {
            request = request.header(name, value);
        }
        let (parts, ()) = request.body(())?.into_parts();
        let request = || Request {
            parts: parts.clone(),
            body: Bytes::from(body.clone()),
            remote: IpAddr::V4(Ipv4Addr::LOCALHOST),
            tls: None,
        };
        let time = Duration::from_secs_f64(seconds);
        let rates = std::thread::scope(|scope| {
            let running: Vec<_> =
                (0..self.threads).map(|_| scope.spawn(|| drive(self.local.shared(), &request, time))).collect();
            running.into_iter().map(|thread| thread.join().ok()?.ok()).collect::<Option<Vec<f64>>>()
        });
        Ok(rates.context("the engine refused a call")?.iter().sum())
    }

    async fn http(&self, operation: &str, input: &Value, seconds: f64) -> Result<f64> {
        let request = Bytes::from(prepare::raw(&self.signing, self.running.address, operation, input)?);
        // The first calls fill caches and are not counted.
        load::measure(self.running.address, CONNECTIONS, Until::Seconds(seconds / 4.0), vec![request.clone()]).await?;
        let done = load::measure(self.running.address, CONNECTIONS, Until::Seconds(seconds), vec![request]).await?;
        done.per_second()
    }
}

/// Calls a second of one thread that has several under way.
fn drive(shared: &Arc<Shared>, request: &impl Fn() -> Request, time: Duration) -> Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let started = Instant::now();
        let loops = (0..UNDER_WAY).map(|_| async {
            let mut calls = 0u32;
            while started.elapsed() < time {
                let response = shared.engine().handle(request()).await.into_http();
                ensure!(response.status().is_success(), "{response:?}");
                calls += 1;
            }
            Ok(calls)
        });
        let mut calls = 0;
        for done in join_all(loops).await {
            calls += done?;
        }
        Ok(f64::from(calls) / started.elapsed().as_secs_f64())
    })
}

/// Polls all of them in one task, as an event loop does with its connections.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}
