//! Time of one decision, in nanoseconds: the median of many rounds, and the best, since the machine's other work only
//! ever adds.
//!
//! `cargo bench -p claviger-policy`

use std::hint::black_box;
use std::time::Instant;

use claviger_policy::{
    Document, GrantKind, Kind, NoContext, Policies, Principal, Request, ResourceRule, TableContext, default_key_policy,
    evaluate,
};

const ACCOUNT: &str = "111122223333";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn measure(name: &str, mut run: impl FnMut()) {
    let once = |calls: u32, run: &mut dyn FnMut()| {
        let started = Instant::now();
        for _ in 0..calls {
            run();
        }
        started.elapsed()
    };
    let nanoseconds = once(100, &mut run).as_nanos().max(1) / 100;
    // Rounds of about a tenth of a millisecond: short enough that some pass undisturbed.
    let calls = u32::try_from(100_000 / nanoseconds.max(1)).unwrap_or(1).clamp(1, 10_000);
    let mut rounds: Vec<_> = (0..5_000).map(|_| once(calls, &mut run)).collect();
    rounds.sort_unstable();
    let per_call = |index: usize| rounds[index].as_secs_f64() * 1e9 / f64::from(calls);
    println!("{name:<64} {:>9.1} ns, best {:>9.1} ns", per_call(rounds.len() / 2), per_call(0));
}

fn load(kind: Kind, text: &str) -> Document {
    Document::parse(text, kind).unwrap_or_else(|malformed| {
        eprintln!("{malformed}: {text}");
        std::process::exit(1)
    })
}

/// Statements with three actions and two conditions each, for the caller's role from number `own` on and for other
/// roles before.
fn crowded(count: usize, own: usize) -> String {
    let statements: Vec<String> = (1..=count)
        .map(|number| {
            let role = if number >= own { "app".to_owned() } else { format!("other-{number}") };
            format!(
                r#"{{"Sid":"s{number}","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::111122223333:role/{role}"}},
                    "Action":["kms:Decrypt","kms:Encrypt","kms:GenerateDataKey*"],"Resource":"*","Condition":{{
                    "StringEquals":{{"kms:EncryptionContext:app":"payroll"}},"Bool":{{"aws:SecureTransport":"true"}}}}}}"#
            )
        })
        .collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn main() {
    let default = load(Kind::Key, &default_key_policy("aws", ACCOUNT));
    let root = Request {
        principal: Principal::root(ACCOUNT, "arn:aws:iam::111122223333:root"),
        action: "kms:Encrypt",
        resource: KEY,
        resource_account: ACCOUNT,
        context: &NoContext,
    };
    let by_root =
        Policies { resource: Some(&default), rule: ResourceRule::KmsKey, identity_is_all: true, ..Policies::default() };
    measure("default key policy, root user", || {
        assert!(evaluate(black_box(&root), black_box(&by_root)).allowed);
    });

    let identity = load(
        Kind::Identity,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt"],
            "Resource":"arn:aws:kms:*:111122223333:key/*"}}"#,
    );
    let second = load(
        Kind::Identity,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:ScheduleKeyDeletion","Resource":"*"}}"#,
    );
    let app = Request {
        principal: Principal::session(
            ACCOUNT,
            "arn:aws:sts::111122223333:assumed-role/app/one",
            "arn:aws:iam::111122223333:role/app",
            "AROAAPPAPPAPPAPPAPP01:one",
        ),
        ..root
    };
    let documents = [&identity, &second];
    let by_identity = Policies { identity: &documents, identity_is_all: false, ..by_root };
    measure("default key policy, two identity policies", || {
        assert!(evaluate(black_box(&app), black_box(&by_identity)).allowed);
    });

    let crowded_policy = load(Kind::Key, &crowded(20, 20));
    let context = TableContext::new().with("kms:EncryptionContext:app", "payroll").with("aws:SecureTransport", "true");
    let in_context = Request { context: &context, ..app };
    let by_crowd = Policies { resource: Some(&crowded_policy), ..by_identity };
    measure("20 statements with conditions, the last one fits, two identity", || {
        assert!(evaluate(black_box(&in_context), black_box(&by_crowd)).allowed);
    });

    let everyone = load(Kind::Key, &crowded(20, 1));
    let failing = TableContext::new().with("kms:EncryptionContext:app", "other").with("aws:SecureTransport", "true");
    let refused = Request { context: &failing, ..app };
    let by_everyone = Policies { resource: Some(&everyone), ..by_identity };
    measure("20 statements, conditions of all looked at, denied", || {
        assert!(!evaluate(black_box(&refused), black_box(&by_everyone)).allowed);
    });

    let granted = Policies { grant_allows: Some(GrantKind::Exact), ..by_crowd };
    measure("the same by a grant", || {
        assert!(evaluate(black_box(&refused), black_box(&granted)).allowed);
    });

    // What KMS's authorization of Encrypt is held to: at most 3 µs.
    let narrow = load(
        Kind::Identity,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt"],
            "Resource":"arn:aws:kms:*:111122223333:key/*","Condition":{
            "StringEquals":{"kms:EncryptionContext:app":"payroll"}}}}"#,
    );
    let limiting = [&narrow, &second];
    let delegated = Policies {
        resource: Some(&everyone),
        identity: &limiting,
        grant_allows: Some(GrantKind::Delegated),
        ..by_crowd
    };
    measure("Encrypt: 20 statements, two identity policies, a grant", || {
        assert!(evaluate(black_box(&in_context), black_box(&delegated)).allowed);
    });

    let text = crowded(20, 20);
    measure("parse and compile the default key policy", || {
        black_box(load(Kind::Key, black_box(&default_key_policy("aws", ACCOUNT))));
    });
    measure("parse and compile 20 statements", || {
        black_box(load(Kind::Key, black_box(&text)));
    });
}
