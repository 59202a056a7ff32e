//! What parses as an ARN prints as it was written; what counts as a Region is safe in every place a Region stands.
#![no_main]

use claviger_wire::arn::{Arn, is_region, partition_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(arn) = Arn::parse(text) {
        assert_eq!(arn.to_string(), text);
        assert!(!arn.partition.contains(':') && !arn.account.contains(':'));
    }
    if is_region(text) {
        assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        assert!(text.len() <= 32);
    }
    assert!(partition_of(text).starts_with("aws"));
});
