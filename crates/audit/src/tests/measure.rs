//! What things cost. Not run with the tests: `cargo test --release -p claviger-audit measure -- --ignored --nocapture`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::common::*;
use crate::*;

fn per_round(rounds: u32, mut work: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..7 {
        let begun = Instant::now();
        (0..rounds).for_each(|_| work());
        best = best.min(begun.elapsed());
    }
    best.as_nanos() as f64 / f64::from(rounds)
}

fn encrypt_event(out: &mut Vec<u8>) {
    let parameters = serde_json::value::RawValue::from_string(
        r#"{"keyId":"1234abcd-12ab-34cd-56ef-1234567890ab","encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"Department":"Engineering","Purpose":"measure"}}"#.to_owned(),
    )
    .unwrap();
    let resources = [Resource {
        arn: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        account: "111122223333",
        kind: "AWS::KMS::Key",
    }];
    let event = Event {
        event_id: "91235988-eb87-476a-ac2c-0cdc244e6dca",
        request_id: "f3423043-63bc-11e4-bc2b-4198b6150d5c",
        time: "2026-07-14T20:17:42.5Z".parse().unwrap(),
        identity: Identity::User {
            principal_id: "AIDACKCEVSQ6C2EXAMPLE",
            arn: "arn:aws:iam::111122223333:user/Alice",
            account: "111122223333",
            access_key: Some("AKIAIOSFODNN7EXAMPLE"),
            user_name: "Alice",
            session: None,
            invoked_by: None,
        },
        source: "kms.amazonaws.com",
        name: "Encrypt",
        region: "us-east-1",
        source_ip: "192.0.2.0",
        user_agent: "Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.2",
        error: None,
        request_parameters: Some(&parameters),
        response_elements: None,
        additional: None,
        read_only: true,
        resources: &resources,
        recipient_account: "111122223333",
        shared_event_id: None,
        tls: Some(TlsDetails {
            version: "TLSv1.3",
            cipher_suite: "TLS_AES_128_GCM_SHA256",
            host: "kms.us-east-1.amazonaws.com",
        }),
        kind: Kind::ApiCall,
    };
    if out.is_empty() {
        event.write_json(out);
        let write = per_round(200_000, || {
            out.clear();
            black_box(&event).write_json(black_box(out));
        });
        println!("write_json of {} bytes: {write:.0} ns", out.len());
    }
}

#[test]
#[ignore = "a measurement"]
fn measure_records_and_chain() {
    let mut json = Vec::new();
    encrypt_event(&mut json);
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), Options::default());
    let memory = Log::in_memory(1000);
    json.resize(900, b' ');
    println!(
        "append of {} bytes in memory: {:.0} ns",
        json.len(),
        per_round(200_000, || _ = black_box(memory.append(&json)))
    );
    for batch in [1, 16, 64, 512] {
        let (mut appending, mut flushing) = (Duration::MAX, Duration::MAX);
        for _ in 0..200 {
            let begun = Instant::now();
            let mut last = log.append(&json);
            for _ in 1..batch {
                last = log.append(&json);
            }
            appending = appending.min(begun.elapsed());
            let begun = Instant::now();
            log.flush(last).unwrap();
            flushing = flushing.min(begun.elapsed());
        }
        let each = |time: Duration| time.as_nanos() as f64 / f64::from(batch);
        println!("batch of {batch}: append {:.0} ns, flush {:.0} ns a record", each(appending), each(flushing));
    }
    let shared = Arc::new(log);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    let mut last = shared.append(&json);
                    for _ in 1..64 {
                        last = shared.append(&json);
                    }
                    shared.flush(last).unwrap();
                }
            });
        }
    });
    println!("two threads, batches of 64: {:.0} records/s", 256_000.0 / begun.elapsed().as_secs_f64());
    drop(shared);
    let begun = Instant::now();
    let report = intact(dir.path(), &[]);
    println!("verify: {:.0} records/s", report.records as f64 / begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    open(dir.path(), Options::default());
    println!("open: {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
}

#[test]
#[ignore = "a measurement"]
fn measure_disk() {
    let json = vec![b' '; 900];
    for batch in [1, 64, 512] {
        let dir = tempfile::tempdir().unwrap();
        let log = open(dir.path(), Options { durability: Durability::Disk, ..Options::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let rounds = 1000;
        let mut times: Vec<_> = (0..rounds)
            .map(|_| {
                let begun = Instant::now();
                let mut last = log.append(&json);
                for _ in 1..batch {
                    last = log.append(&json);
                }
                runtime.block_on(log.durable(last)).unwrap();
                begun.elapsed()
            })
            .collect();
        let total: Duration = times.iter().sum();
        times.sort();
        println!(
            "disk, batch of {batch}: {:.0} records/s, a batch takes p50 {:?}, p99 {:?}",
            f64::from(rounds * batch) / total.as_secs_f64(),
            times[500],
            times[990]
        );
    }
}
