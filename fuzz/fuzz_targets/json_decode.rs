//! Any body decodes as every request or is refused; nothing panics, and a refusal has its text.
#![no_main]

use claviger_fuzz::{Json, every_kms_request, every_sts_request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    every_kms_request(&Json(body));
    every_sts_request(&Json(body));
});
