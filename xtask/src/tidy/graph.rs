//! Which crate may import which, and which crates may be in the house at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

/// The rooms, each with the rooms it may import. Arrows run one way, and services never meet.
const ROOMS: [(&str, &[&str]); 14] = [
    ("claviger-shapes", &[]),
    ("claviger-crypto", &[]),
    ("claviger-wire", &["shapes", "crypto"]),
    ("claviger-policy", &["shapes", "crypto"]),
    ("claviger-store", &["shapes", "crypto"]),
    ("claviger-store-sqlite", &["shapes", "crypto", "store"]),
    ("claviger-audit", &["shapes", "crypto"]),
    ("claviger-pipeline", &["shapes", "crypto", "wire", "policy", "store", "audit"]),
    ("claviger-kms", SERVICE),
    ("claviger-iam", SERVICE),
    ("claviger", &["shapes", "crypto", "wire", "policy", "store", "store-sqlite", "audit", "pipeline", "kms", "iam"]),
    ("claviger-testkit", TOOL),
    ("claviger-tests", TOOL),
    ("claviger-bench", TOOL),
];

const SERVICE: &[&str] = &["shapes", "crypto", "wire", "policy", "store", "audit", "pipeline"];

/// Tools look at the house from outside, or build one of their own, so they may use all of it.
const TOOL: &[&str] =
    &["shapes", "crypto", "wire", "policy", "store", "store-sqlite", "audit", "pipeline", "kms", "iam", "testkit"];

/// One cryptographic provider: these would bring a second one.
const BANNED: [&str; 6] = ["ring", "openssl", "openssl-sys", "native-tls", "rsa", "boring"];

/// What the rooms above the store and beside the wire must not name in their manifests.
const NOT_IN_SERVICES: [&str; 7] =
    ["rusqlite", "libsqlite3-sys", "hyper", "hyper-util", "http", "http-body-util", "aws-lc-rs"];

/// Every breach of the import rules that `cargo metadata` and the manifests show.
pub(crate) fn breaches(metadata: &Value) -> Result<Vec<String>> {
    let packages = list(&metadata["packages"]);
    let members: BTreeSet<&str> = list(&metadata["workspace_members"]).iter().filter_map(Value::as_str).collect();
    let members: Vec<&Value> =
        packages.iter().filter(|p| p["id"].as_str().is_some_and(|id| members.contains(id))).collect();

    let mut breaches = Vec::new();
    for package in &members {
        breaches.extend(arrows(package));
        breaches.extend(service_manifest(package));
        breaches.extend(lints(package)?);
    }
    breaches.extend(second_provider(metadata, packages));
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
        .filter(|dependency| !allowed.iter().any(|room| dependency.strip_prefix("claviger-") == Some(room)))
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

/// Walks what ships from the binary: a banned crate is named with the way that leads to it.
fn second_provider(metadata: &Value, packages: &[Value]) -> Vec<String> {
    let names: BTreeMap<&str, &str> = packages.iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
    let edges: BTreeMap<&str, Vec<&str>> =
        list(&metadata["resolve"]["nodes"]).iter().map(|node| (text(&node["id"]), shipped_edges(node))).collect();

    let mut reached_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open: Vec<&str> = names.iter().filter(|(_, n)| **n == "claviger").map(|(id, _)| *id).collect();
    let start = open.clone();
    while let Some(id) = open.pop() {
        for &next in edges.get(id).into_iter().flatten() {
            if !start.contains(&next) && !reached_from.contains_key(next) {
                reached_from.insert(next, id);
                open.push(next);
            }
        }
    }
    reached_from
        .keys()
        .filter(|id| names.get(*id).is_some_and(|name| BANNED.contains(name)))
        .map(|id| {
            let mut way = Vec::new();
            let mut at = Some(id);
            while let Some(step) = at {
                way.push(names.get(step).copied().unwrap_or_default());
                at = reached_from.get(step);
            }
            format!("banned crate in what ships: {}", way.join(" <- "))
        })
        .collect()
}

fn shipped_edges(node: &Value) -> Vec<&str> {
    list(&node["deps"])
        .iter()
        .filter(|dependency| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()))
        .map(|dependency| text(&dependency["pkg"]))
        .collect()
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
    fn a_banned_crate_is_found_through_others_but_not_through_tests() {
        let graph = |kind: Option<&str>| {
            json!({
                "packages": [
                    { "id": "0", "name": "claviger" },
                    { "id": "1", "name": "webpki" },
                    { "id": "2", "name": "ring" },
                ],
                "resolve": { "nodes": [
                    { "id": "0", "deps": [{ "pkg": "1", "dep_kinds": [{ "kind": kind }] }] },
                    { "id": "1", "deps": [{ "pkg": "2", "dep_kinds": [{ "kind": null }] }] },
                    { "id": "2", "deps": [] },
                ]},
            })
        };
        let ships = graph(None);
        assert_eq!(
            second_provider(&ships, list(&ships["packages"])),
            ["banned crate in what ships: ring <- webpki <- claviger"]
        );
        let tested = graph(Some("dev"));
        assert!(second_provider(&tested, list(&tested["packages"])).is_empty());
    }
}
