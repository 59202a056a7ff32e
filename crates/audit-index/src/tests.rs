//! The index over logs as they grow, break and go.

use std::path::Path;
use std::sync::Arc;

use claviger_audit::{Log, Options};
use serde_json::{Value, json};

use crate::{Attribute, BATCH_RECORDS, Filter, Index, Position, Source, Uses, Within};

const ACCOUNT: &str = "111122223333";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A record at a second of 2026-01-01, by ada.
fn record(second: u32, name: &str) -> Value {
    let time = format!("2026-01-01T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
    json!({
        "userIdentity": { "type": "IAMUser", "principalId": "AIDAEXAMPLE", "userName": "ada",
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/ada"), "accountId": ACCOUNT, "accessKeyId": "AKIAEXAMPLE" },
        "eventTime": time, "eventSource": "kms.amazonaws.com", "eventName": name, "awsRegion": "us-east-1",
        "eventID": format!("00000000-0000-4000-8000-{second:012}"), "readOnly": true,
        "resources": [{ "ARN": KEY, "accountId": ACCOUNT, "type": "AWS::KMS::Key" }],
        "recipientAccountId": ACCOUNT,
    })
}

fn append(log: &Log, record: &Value) {
    let ticket = log.append(record.to_string().as_bytes());
    log.flush(ticket).unwrap();
}

fn open(dir: &Path) -> Log {
    Log::open(dir, "n", Options { file_bytes_max: 20_000, ..Options::default() }).unwrap()
}

fn here() -> Option<Within> {
    Some(Within { account: ACCOUNT.to_owned(), region: "us-east-1".to_owned() })
}

fn having(attribute: Attribute, value: &str) -> Filter {
    Filter { within: here(), having: vec![(attribute, value.to_owned())], ..Filter::default() }
}

/// The names of all records found, by pages of three.
fn names(index: &Index, filter: &Filter) -> Vec<String> {
    paged(index, filter, 3)
}

fn paged(index: &Index, filter: &Filter, size: usize) -> Vec<String> {
    let (mut names, mut after): (_, Option<Position>) = (Vec::new(), None);
    loop {
        let page = index.find(filter, after, size).unwrap();
        for found in &page.found {
            let record: Value = serde_json::from_str(&found.json).unwrap();
            names.push(record["eventName"].as_str().unwrap().to_owned());
        }
        after = page.next;
        if after.is_none() {
            return names;
        }
    }
}

#[test]
fn records_are_found_by_each_attribute_newest_first() {
    let log = Arc::new(Log::in_memory(1000));
    let index = Index::in_memory(Source::Memory(Arc::clone(&log))).unwrap();
    let mut denied = record(3, "Decrypt");
    denied["errorCode"] = json!("AccessDenied");
    let mut session = record(4, "Encrypt");
    session["userIdentity"] = json!({ "type": "AssumedRole", "principalId": "AROAEXAMPLE:bea", "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/bea"), "accessKeyId": "ASIAEXAMPLE" });
    let mut root = record(5, "DisableKey");
    root["userIdentity"] = json!({ "type": "Root", "principalId": ACCOUNT, "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:root") });
    root["readOnly"] = json!(false);
    let mut elsewhere = record(6, "Elsewhere");
    elsewhere["awsRegion"] = json!("eu-west-1");
    let mut global = elsewhere.clone();
    (global["eventSource"], global["eventName"]) = (json!("iam.amazonaws.com"), json!("CreateUser"));
    global["userIdentity"] = json!({ "type": "IAMUser", "userName": "cai", "accountId": ACCOUNT });
    global["resources"] = json!([]);
    let mut others = record(7, "Others");
    others["recipientAccountId"] = json!("444455556666");
    let note =
        json!({ "eventSource": "claviger", "eventName": "AuditLogResumed", "eventTime": "2026-01-01T00:00:08Z" });
    for record in
        [&record(2, "Old"), &record(1, "Oldest"), &denied, &session, &root, &elsewhere, &global, &others, &note]
    {
        append(&log, record);
    }
    assert_eq!(index.catch_up().unwrap(), 9);
    assert_eq!(index.catch_up().unwrap(), 0);
    for (attribute, value, expected) in [
        (Attribute::EventName, "Decrypt", vec!["Decrypt"]),
        (Attribute::EventName, "decrypt", vec![]),
        (Attribute::Username, "ada", vec!["Decrypt", "Old", "Oldest"]),
        (Attribute::Username, "bea", vec!["Encrypt"]),
        (Attribute::Username, "root", vec!["DisableKey"]),
        (Attribute::AccessKeyId, "ASIAEXAMPLE", vec!["Encrypt"]),
        (Attribute::ReadOnly, "false", vec!["DisableKey"]),
        (Attribute::ResourceName, KEY, vec!["DisableKey", "Encrypt", "Decrypt", "Old", "Oldest"]),
        (Attribute::ResourceType, "AWS::KMS::Key", vec!["DisableKey", "Encrypt", "Decrypt", "Old", "Oldest"]),
        (Attribute::EventSource, "iam.amazonaws.com", vec!["CreateUser"]),
        (Attribute::ErrorCode, "AccessDenied", vec!["Decrypt"]),
        (Attribute::EventId, "00000000-0000-4000-8000-000000000004", vec!["Encrypt"]),
        (Attribute::EventId, "00000000-0000-4000-8000-000000000007", vec![]),
        (Attribute::EventId, "none", vec![]),
    ] {
        assert_eq!(names(&index, &having(attribute, value)), expected, "{attribute:?} {value}");
    }
    let everything = Filter::default();
    let all = names(&index, &everything);
    assert_eq!((all.len(), all[0].as_str()), (9, "AuditLogResumed"));
    let several = Filter {
        having: vec![
            (Attribute::Username, "ada".to_owned()),
            (Attribute::EventName, "Old".to_owned()),
            (Attribute::EventName, "Decrypt".to_owned()),
        ],
        ..Filter::default()
    };
    assert_eq!(names(&index, &several), ["Decrypt", "Old"]);
    let second = |n: i64| Some("2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second() + n);
    let times = Filter { from: second(2), until: second(3), within: here(), ..Filter::default() };
    assert_eq!(names(&index, &times), ["Decrypt", "Old"]);
}

#[test]
fn the_index_follows_the_log_through_stops_cuts_and_removals() {
    let dir = tempfile::tempdir().unwrap();
    let (logs, file) = (dir.path().join("audit"), dir.path().join("index.db"));
    std::fs::create_dir(&logs).unwrap();
    let source = || Source::Folder(logs.clone());
    let many = u32::try_from(BATCH_RECORDS).unwrap() + 10;
    {
        let log = open(&logs);
        (0..many).for_each(|n| append(&log, &record(n, "Encrypt")));
        let index = Index::open(&file, source()).unwrap();
        assert_eq!(index.step(BATCH_RECORDS).unwrap(), BATCH_RECORDS);
        // A second process takes over where the first is.
        let other = Index::open(&file, source()).unwrap();
        assert_eq!((other.step(BATCH_RECORDS).unwrap(), index.step(BATCH_RECORDS).unwrap()), (10, 0));
        append(&log, &record(many, "Later"));
        assert_eq!((index.catch_up().unwrap(), other.catch_up().unwrap()), (1, 0));
        assert_eq!(paged(&other, &having(Attribute::Username, "ada"), 500)[..2], ["Later", "Encrypt"]);
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // The last record is taken back and another one written in its place.
    let newest =
        std::fs::read_dir(&logs).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some());
    let newest = newest.max().unwrap();
    let text = std::fs::read_to_string(&newest).unwrap();
    let end = text.trim_end().rfind('\n').unwrap() + 1;
    std::fs::write(&newest, &text[..end]).unwrap();
    append(&open(&logs), &record(many, "Instead"));
    let index = Index::open(&file, source()).unwrap();
    index.catch_up().unwrap();
    assert_eq!(names(&index, &having(Attribute::EventName, "Later")), Vec::<String>::new());
    assert_eq!(names(&index, &having(Attribute::EventName, "Instead")), ["Instead"]);
    let all = paged(&index, &having(Attribute::Any, ""), 500).len();
    assert_eq!(all, many as usize + 1);
    // Files that are removed take their records along.
    let mut files: Vec<_> = std::fs::read_dir(&logs).unwrap().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().filter(|path| path.extension().is_some()).take(2).for_each(|path| std::fs::remove_file(path).unwrap());
    index.catch_up().unwrap();
    let left = paged(&index, &having(Attribute::Any, ""), 500).len();
    assert!(left < all && left > all / 2, "{left} of {all}");
    // What is no index, or none of ours, is built again.
    drop(index);
    std::fs::write(&file, "this is not a database, and long enough to look like one".repeat(50)).unwrap();
    let index = Index::open(&file, source()).unwrap();
    index.catch_up().unwrap();
    assert_eq!(paged(&index, &having(Attribute::Any, ""), 500).len(), left);
}

#[test]
fn uses_are_counted_by_day_and_every_call_once() {
    let log = Arc::new(Log::in_memory(1000));
    let index = Index::in_memory(Source::Memory(Arc::clone(&log))).unwrap();
    let other = KEY.replace("1234abcd", "99999999");
    let mut failed = record(5, "Decrypt");
    failed["errorCode"] = json!("AccessDenied");
    let mut both = record(6, "ReEncrypt");
    both["resources"] = json!([{ "ARN": KEY, "type": "AWS::KMS::Key" }, { "ARN": other, "type": "AWS::KMS::Key" }]);
    let mut copy = record(7, "Decrypt");
    copy["userIdentity"] = json!({ "type": "AWSAccount", "principalId": "AIDAOTHER", "accountId": "444455556666" });
    let mut next_day = record(8, "Decrypt");
    next_day["eventTime"] = json!("2026-01-02T00:00:00Z");
    for record in [&record(1, "Decrypt"), &failed, &both, &copy, &next_day] {
        append(&log, record);
        // One at a time, so that counts meet what was stored before.
        index.catch_up().unwrap();
    }
    let uses = |asked: Uses| {
        let mut uses = index.uses(&asked).unwrap();
        uses.sort_by_key(|used| (used.resource.clone(), used.day, used.operation.clone(), used.caller.clone()));
        let line = |u: &crate::Use| {
            let caller = u.caller.rsplit('/').next().unwrap().to_owned();
            let key = &u.resource[u.resource.len() - 36..][..8];
            format!("{key} {} {caller} {} {}/{}/{}", u.day.strftime("%d"), u.operation, u.uses, u.calls, u.failures)
        };
        uses.iter().map(line).collect::<Vec<_>>()
    };
    let of_key = Uses { resource: Some(KEY.to_owned()), ..Uses::default() };
    let expected = [
        "1234abcd 01 AIDAOTHER Decrypt 1/0/0",
        "1234abcd 01 ada Decrypt 2/2/1",
        "1234abcd 01 ada ReEncrypt 1/1/0",
        "1234abcd 02 ada Decrypt 1/1/0",
    ];
    assert_eq!(uses(of_key.clone()), expected);
    assert_eq!(uses(Uses::default())[4], "99999999 01 ada ReEncrypt 1/0/0");
    let since = Some("2026-01-02T12:00:00Z".parse().unwrap());
    assert_eq!(uses(Uses { since, ..of_key.clone() }), expected[3..]);
    let until = Some("2026-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(uses(Uses { until, ..of_key }), expected[..3]);
    let first = index.uses(&Uses { resource: Some(KEY.to_owned()), until, ..Uses::default() }).unwrap();
    let decrypts = first.iter().find(|used| used.uses == 2).unwrap();
    assert_eq!(
        (decrypts.first.to_string(), decrypts.last.to_string()),
        ("2026-01-01T00:00:01Z".to_owned(), "2026-01-01T00:00:05Z".to_owned())
    );
}

#[test]
fn what_a_log_in_memory_has_forgotten_is_forgotten_in_the_end() {
    let log = Arc::new(Log::in_memory(100));
    let index = Index::in_memory(Source::Memory(Arc::clone(&log))).unwrap();
    for n in 0..250 {
        append(&log, &record(n, "Encrypt"));
        if n % 50 == 0 {
            index.catch_up().unwrap();
        }
    }
    index.catch_up().unwrap();
    assert_eq!(paged(&index, &having(Attribute::EventName, "Encrypt"), 1000).len(), 100);
    // What was never seen because it was forgotten before is not missed.
    (0..25_000).for_each(|n| append(&log, &record(n, "Decrypt")));
    assert_eq!(index.catch_up().unwrap(), 100);
    let held: i64 = index.inside().connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap();
    assert_eq!(held, 100);
    assert_eq!(names(&index, &having(Attribute::EventName, "Encrypt")), Vec::<String>::new());
}

/// How fast it is: `CLAVIGER_INDEX_RECORDS=1000000 cargo test --release -p claviger-audit-index -- --ignored --nocapture`
#[test]
#[ignore = "measures"]
fn pages_of_millions() {
    let many: u32 = std::env::var("CLAVIGER_INDEX_RECORDS").map_or(100_000, |many| many.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("audit");
    std::fs::create_dir(&logs).unwrap();
    let log = Log::open(&logs, "n", Options::default()).unwrap();
    let operations = ["Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey", "Sign"];
    let template = record(0, "OPERATION").to_string().replace("1234abcd", "KEYKEY00").replace("ada", "PERSON");
    for n in 0..many {
        let time = jiff::Timestamp::from_second(1_767_225_600 + i64::from(n / 10)).unwrap();
        let key = n.wrapping_mul(2_654_435_761) % 1000;
        let text = template
            .replace("OPERATION", operations[n as usize % 5])
            .replace("KEYKEY00", &format!("{key:08x}"))
            .replace("PERSON", &format!("user{}", key % 50))
            .replace("2026-01-01T00:00:00Z", &time.to_string())
            .replace("-000000000000\"", &format!("-{n:012}\""));
        let ticket = log.append(text.as_bytes());
        if n % 100 == 0 {
            log.flush(ticket).unwrap();
        }
    }
    log.close().unwrap();
    let file = dir.path().join("index.db");
    let index = Index::open(&file, Source::Folder(logs.clone())).unwrap();
    let started = std::time::Instant::now();
    assert_eq!(index.catch_up().unwrap(), u64::from(many));
    let (seconds, bytes) = (started.elapsed().as_secs_f64(), file.metadata().unwrap().len());
    println!(
        "{many} records: {:.0} records/s taken in, index {} MiB, log {} MiB",
        f64::from(many) / seconds,
        bytes >> 20,
        claviger_audit::size(&logs).unwrap() >> 20
    );
    let key = KEY.replace("1234abcd", "00000007");
    let middle = Some(1_767_225_600 + i64::from(many / 20));
    for (what, filter) in [
        ("everything", having(Attribute::Any, "")),
        ("one operation", having(Attribute::EventName, "Decrypt")),
        ("one key", having(Attribute::ResourceName, &key)),
        ("one user", having(Attribute::Username, "user7")),
        ("one event", having(Attribute::EventId, &format!("00000000-0000-4000-8000-{:012}", many / 2))),
        ("nothing", having(Attribute::ReadOnly, "false")),
        ("the middle", Filter { until: middle, ..having(Attribute::EventSource, "kms.amazonaws.com") }),
        (
            "a user's decryptions",
            Filter {
                having: vec![(Attribute::EventName, "Decrypt".to_owned()), (Attribute::Username, "user7".to_owned())],
                ..Filter::default()
            },
        ),
    ] {
        let mut slowest = std::time::Duration::ZERO;
        let (mut after, mut pages) = (None, 0);
        while pages < 20 {
            let started = std::time::Instant::now();
            let page = index.find(&filter, after, 50).unwrap();
            slowest = slowest.max(started.elapsed());
            (after, pages) = (page.next, pages + 1);
            if after.is_none() {
                break;
            }
        }
        println!("{what}: slowest of {pages} pages {:.2} ms", slowest.as_secs_f64() * 1000.0);
    }
    let started = std::time::Instant::now();
    let uses = index.uses(&Uses { resource: Some(key), ..Uses::default() }).unwrap();
    println!("who used one key: {} rows in {:.2} ms", uses.len(), started.elapsed().as_secs_f64() * 1000.0);
    let started = std::time::Instant::now();
    let report = claviger_audit::verify(&logs, &[], &mut |_| {}).unwrap();
    assert_eq!(report.records, u64::from(many));
    println!("verify: {:.0} records/s", f64::from(many) / started.elapsed().as_secs_f64());
}
