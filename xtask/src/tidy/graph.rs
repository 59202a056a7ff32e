//! Which crate may import which, and which crates may be in the house at all.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::sh;

/// The rooms, each with the rooms it may import. Arrows run one way, and services never meet.
const ROOMS: &[(&str, &[&str])] = &[
    ("claviger-shapes", &[]),
    ("claviger-crypto", &[]),
    ("claviger-wire", &["shapes", "crypto"]),
    ("claviger-policy", &["shapes", "crypto"]),
    ("claviger-store", &["shapes", "crypto"]),
    ("claviger-store-sqlite", &["shapes", "crypto", "store"]),
    ("claviger-identity", &["policy", "store"]),
    ("claviger-audit", &["shapes", "crypto"]),
    ("claviger-audit-index", &["audit"]),
    ("claviger-pipeline", &["shapes", "crypto", "wire", "policy", "store", "identity", "audit"]),
    ("claviger-oidc", &["crypto"]),
    ("claviger-stream", &["crypto"]),
    ("claviger-esdk", &["crypto"]),
    ("claviger-trail", &["crypto"]),
    ("claviger-kms", SERVICE),
    ("claviger-iam", SERVICE),
    ("claviger-cloudtrail", SERVICE),
    ("claviger-ssm", SERVICE),
    ("claviger-quotas", SERVICE),
    (
        "claviger",
        &[
            "shapes",
            "crypto",
            "wire",
            "policy",
            "store",
            "store-sqlite",
            "identity",
            "audit",
            "stream",
            "audit-index",
            "oidc",
            "esdk",
            "trail",
            "pipeline",
            "kms",
            "iam",
            "cloudtrail",
            "ssm",
            "quotas",
        ],
    ),
    ("claviger-testkit", TOOL),
    ("claviger-tests", TOOL),
    ("claviger-bench", TOOL),
];

const SERVICE: &[&str] = &[
    "shapes",
    "crypto",
    "wire",
    "policy",
    "store",
    "identity",
    "audit",
    "audit-index",
    "trail",
    "oidc",
    "esdk",
    "pipeline",
];

/// Tools look at the house from outside, or build one of their own, so they may use all of it.
const TOOL: &[&str] = &[
    "shapes",
    "crypto",
    "wire",
    "policy",
    "store",
    "store-sqlite",
    "identity",
    "audit",
    "stream",
    "audit-index",
    "oidc",
    "esdk",
    "trail",
    "pipeline",
    "kms",
    "iam",
    "cloudtrail",
    "ssm",
    "quotas",
    "claviger",
    "testkit",
];

/// One cryptographic provider: these would bring a second one.
const BANNED: [&str; 6] = ["ring", "openssl", "openssl-sys", "native-tls", "rsa", "boring"];

/// What the rooms above the store and beside the wire must not name in their manifests.
const NOT_IN_SERVICES: [&str; 7] =
    ["rusqlite", "libsqlite3-sys", "hyper", "hyper-util", "http", "http-body-util", "aws-lc-rs"];

/// Every breach of the import rules that `cargo metadata` and the manifests show.
pub(crate) fn breaches(metadata: &Value) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for package in list(&metadata["packages"]) {
        breaches.extend(arrows(package));
        breaches.extend(service_manifest(package));
        breaches.extend(lints(package)?);
    }
    breaches.extend(second_provider()?);
    Ok(breaches)
}

fn arrows(package: &Value) -> Vec<String> {
    let name = text(&package["name"]);
    if name == "xtask" {
        return Vec::new();
    }
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == name) else {
        return vec![format!("{name} has no row in xtask/src/tidy/graph.rs: say what it may import")];
    };
    // Tests may reach for what they like; what ships may not.
    shipped_dependencies(package)
        .filter(|dependency| dependency.starts_with("claviger"))
        .filter(|dependency| !allowed.contains(&dependency.strip_prefix("claviger-").unwrap_or(dependency)))
        .map(|dependency| format!("{name} must not import {dependency}"))
        .collect()
}

fn service_manifest(package: &Value) -> Vec<String> {
    let name = text(&package["name"]);
    let is_service = ROOMS.iter().any(|(room, allowed)| *room == name && *allowed == SERVICE);
    if !is_service && name != "claviger-pipeline" {
        return Vec::new();
    }
    shipped_dependencies(package)
        .filter(|dependency| NOT_IN_SERVICES.contains(dependency) || dependency.starts_with("aws-lc"))
        .map(|dependency| format!("{name} must not name {dependency}: SQL, HTTP and aws-lc stay outside"))
        .collect()
}

fn lints(package: &Value) -> Result<Option<String>> {
    let name = text(&package["name"]);
    // The one room that may contain unsafe code has to state its own lints.
    if name == "claviger-crypto" {
        return Ok(None);
    }
    let path = text(&package["manifest_path"]);
    let manifest = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let manifest: toml::Table = manifest.parse().with_context(|| format!("cannot parse {path}"))?;
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
    Ok((inherits != Some(true)).then(|| format!("{name} does not say `lints.workspace = true`")))
}

/// Banned crates among what is linked into the binary.
///
/// Asked of `cargo tree`: the graph in `cargo metadata` follows features that are only named (`ring?/alloc`) and so
/// holds crates that are never built.
fn second_provider() -> Result<Vec<String>> {
    let output = sh::cargo()
        .args(["tree", "--locked", "--package", "claviger", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}"])
        .output()
        .context("cannot run cargo tree")?;
    ensure!(output.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(banned(&String::from_utf8_lossy(&output.stdout)))
}

/// The banned crates among the lines `name vX.Y.Z …`.
fn banned(tree: &str) -> Vec<String> {
    let found: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| BANNED.contains(name)).collect();
    found.iter().map(|name| format!("{name} is in what ships; see `cargo tree --invert {name}`")).collect()
}

/// Names of the dependencies that are neither for tests nor for build scripts.
fn shipped_dependencies(package: &Value) -> impl Iterator<Item = &str> {
    list(&package["dependencies"])
        .iter()
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| text(&dependency["name"]))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<Value> =
            dependencies.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
        json!({ "name": name, "dependencies": dependencies })
    }

    #[test]
    fn an_arrow_against_the_plan_is_named() {
        let store = package(
            "claviger-store",
            &[("claviger-crypto", None), ("claviger-pipeline", None), ("claviger-testkit", Some("dev"))],
        );
        assert_eq!(arrows(&store), ["claviger-store must not import claviger-pipeline"]);
    }

    #[test]
    fn services_do_not_meet() {
        let kms = package("claviger-kms", &[("claviger-iam", None)]);
        assert_eq!(arrows(&kms), ["claviger-kms must not import claviger-iam"]);
    }

    #[test]
    fn a_room_that_is_not_on_the_plan_is_named() {
        assert_eq!(arrows(&package("claviger-attic", &[])).len(), 1);
    }

    #[test]
    fn services_name_no_sql_http_or_aws_lc() {
        let kms = package(
            "claviger-kms",
            &[("http", None), ("aws-lc-sys", None), ("rusqlite", Some("dev")), ("serde", None)],
        );
        assert_eq!(service_manifest(&kms).len(), 2);
        assert!(service_manifest(&package("claviger", &[("http", None)])).is_empty());
    }

    #[test]
    fn a_banned_crate_is_found_once_and_only_by_its_whole_name() {
        let tree = "claviger v0.1.0 (here)\nring v0.17.14\nstring-ring v1.0.0\nring v0.17.14 (*)\n";
        assert_eq!(banned(tree), ["ring is in what ships; see `cargo tree --invert ring`"]);
    }
}
