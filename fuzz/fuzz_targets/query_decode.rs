//! Any form decodes as every request or is refused.
#![no_main]

use claviger_fuzz::{Form, every_kms_request, every_sts_request};
use claviger_wire::query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|form: &[u8]| {
    let form = Form(query::deserializer(form));
    every_kms_request(&form);
    every_sts_request(&form);
});
