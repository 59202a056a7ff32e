//! AWS's SDK for Rust drives KMS: every operation, with the SDK's own types for answers and errors.
//!
//! `CLAVIGER_BIN=PROGRAM cargo test --manifest-path tests/rust-sdk/Cargo.toml`
#![cfg(test)]

mod encryption;
mod imports;
mod keys;
mod pairs;
mod policies;
mod server;
mod stores;

use std::collections::BTreeSet;

/// Everything that calls the service.
const SOURCES: [&str; 6] = [
    include_str!("encryption.rs"),
    include_str!("imports.rs"),
    include_str!("keys.rs"),
    include_str!("pairs.rs"),
    include_str!("policies.rs"),
    include_str!("stores.rs"),
];

#[test]
fn every_operation_is_called() {
    // The file has an operation a line.
    let model = include_str!("../../../models/kms.json");
    let (_, operations) = model.split_once("\"operations\": {\n").unwrap();
    let (operations, _) = operations.split_once("\n},").unwrap();
    let names: BTreeSet<String> = operations.lines().map(|line| snake_case(line.split('"').nth(1).unwrap())).collect();
    assert_eq!(names.len(), 56);
    let is_called = |name: &String| SOURCES.iter().any(|source| source.contains(&format!(".{name}()")));
    let missing: Vec<_> = names.iter().filter(|name| !is_called(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The SDK's name of an operation's method.
fn snake_case(name: &str) -> String {
    let mut method = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !method.is_empty() {
            method.push('_');
        }
        method.extend(letter.to_lowercase());
    }
    method
}
