//! Any request that HTTP lets through is routed, parsed and verified without a panic; one that verifies stops to do so
//! when its body changes.
#![no_main]

use std::net::Ipv4Addr;

use claviger_wire::{Request, arn, dialect, respond_fault, route, sigv4};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// The secret that the seeds are signed with: the example of AWS's documentation.
const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// When the seeds were signed: 2026-01-01T12:00:00Z.
const NOW: i64 = 1_767_268_800;

fuzz_target!(|bytes: &[u8]| {
    let Some(mut request) = read(bytes) else { return };
    let protocol = dialect(&request);
    let service = match route(&request) {
        Ok(target) => {
            assert_eq!(target.protocol, protocol);
            target.service
        }
        Err(fault) => {
            assert!(!respond_fault(&protocol, &fault, "id").body.is_empty());
            "kms"
        }
    };
    let now = Timestamp::from_second(NOW).expect("within the calendar");
    let verdict = sigv4::parse(&request, service, now, 900).and_then(|presented| {
        assert!(arn::is_region(presented.region) && presented.service == service);
        let key = sigv4::signing_key(SECRET, presented.date, presented.region, presented.service);
        presented.verify(&request, &key)?;
        Ok(key)
    });
    match verdict {
        Err(fault) => {
            assert!(fault.message.as_deref().is_some_and(|text| !text.is_empty()));
            assert!(!respond_fault(&protocol, &fault, "id").body.is_empty());
        }
        Ok(key) => {
            request.body = [&request.body, b" ".as_slice()].concat().into();
            let presented = sigv4::parse(&request, service, now, 900).expect("the body is not read");
            assert!(presented.verify(&request, &key).is_err());
        }
    }
});

/// A request as it stands on the wire, the rest being its body.
fn read(bytes: &[u8]) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head) = parsed.parse(bytes).ok()? else { return None };
    let mut builder = http::Request::builder().method(parsed.method?).uri(parsed.path?);
    for header in parsed.headers.iter() {
        builder = builder.header(header.name, header.value);
    }
    let (parts, ()) = builder.body(()).ok()?.into_parts();
    let body = bytes[head..].to_vec().into();
    Some(Request { parts, body, remote: Ipv4Addr::LOCALHOST.into(), tls: None })
}
