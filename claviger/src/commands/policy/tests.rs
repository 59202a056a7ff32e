//! What people see.

use clap::Parser;

use super::explain::{ExplainArgs, offline};
use super::tree::render;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: ExplainArgs,
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const KEY_POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"},
  {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}]}"#;
const PAYROLL: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Look", "Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"},
  {"Sid": "Payroll", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:*:111122223333:key/*",
   "Condition": {"StringEquals": {"kms:EncryptionContext:app": ["payroll", "tax"]}}}]}"#;

const FENCE: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}"#;

/// What `claviger policy explain` shows; the folder's name is taken out of it.
fn shown(principal: &str, action: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let fence = file("fence.json", FENCE) + ":scp";
    let (key, payroll) = (file("key.json", KEY_POLICY), file("payroll.json", PAYROLL) + ":identity");
    let base = ["explain", "--policy", &key, "--policy", &payroll, "--policy", &fence, "--principal", principal];
    let asked = ["--action", action, "--resource", KEY];
    let args = Line::parse_from(base.iter().chain(&asked).chain(more)).args;
    let explained = offline(&args).unwrap();
    render(&explained, principal).replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_denial_shows_what_each_statement_missed() {
    let context = ["--context", "kms:EncryptionContext:app=sales"];
    let shown = shown("arn:aws:iam::111122223333:role/svc/app", "kms:Decrypt", &context);
    let expected = format!(
        "DENIED: no identity-based policy allows it; one would, but for a condition\n\
         \x20 arn:aws:iam::111122223333:role/svc/app\n\
         \x20 kms:Decrypt on {KEY}\n\
         ├─ service control policy fence.json\n\
         │  └─ Allow (1:40) matches\n\
         ├─ key policy\n\
         │  ├─ Allow \"Account\" (2:3) matches the caller's account: its own policies decide\n\
         │  └─ Deny (3:3) no match: is about other actions\n\
         └─ identity policy payroll.json\n\
         \x20  ├─ Allow \"Look\" (2:3) no match: is about other actions\n\
         \x20  └─ Allow \"Payroll\" (3:3) no match: StringEquals kms:encryptioncontext:app [\"payroll\", \"tax\"], but the \
         request has \"sales\"   <- would have allowed it\n\
         the caller is told: User: arn:aws:sts::111122223333:assumed-role/app/session is not authorized to perform: \
         kms:Decrypt on resource: {KEY} because no identity-based policy allows the kms:Decrypt action\n"
    );
    assert_eq!(shown, expected);
}

#[test]
fn the_statement_that_decides_is_marked() {
    let context = ["--context", "kms:EncryptionContext:app=tax"];
    let allowed = shown("arn:aws:iam::111122223333:user/alice", "kms:Decrypt", &context);
    assert!(allowed.starts_with("ALLOWED: by a statement of the identity policy payroll.json\n"), "{allowed}");
    assert!(allowed.contains("Allow \"Payroll\" (3:3) matches   <- decides\n"), "{allowed}");

    let denied = shown("arn:aws:iam::111122223333:root", "kms:ScheduleKeyDeletion", &[]);
    assert!(denied.starts_with("DENIED: a statement of the key policy denies it\n"), "{denied}");
    assert!(denied.contains("Deny (3:3) matches   <- decides\n"), "{denied}");

    let missing = shown("arn:aws:iam::111122223333:user/alice", "kms:Decrypt", &[]);
    assert!(missing.contains("[\"payroll\", \"tax\"], and the request has no such key"), "{missing}");
    assert!(missing.contains("read by the policies, not in the request: kms:encryptioncontext:app\n"), "{missing}");
}
