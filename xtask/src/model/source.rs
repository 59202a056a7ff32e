//! The facts of a public API model, as botocore ships it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::Service;
use super::compact::{Header, Kind, Member, Model, Operation, Ordered, Shape};

/// The release the models are taken from; a newer one is an edit here and a look at the diff.
const BOTOCORE: &str = "1.44.5";

#[derive(Deserialize)]
struct Raw {
    metadata: RawMetadata,
    operations: Ordered<RawOperation>,
    shapes: Ordered<RawShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    protocol: String,
    target_prefix: Option<String>,
    xml_namespace: Option<String>,
}

#[derive(Deserialize)]
struct RawOperation {
    input: Option<RawReference>,
    output: Option<RawReference>,
    #[serde(default)]
    errors: Vec<RawReference>,
}

#[derive(Deserialize)]
struct RawReference {
    shape: String,
}

#[derive(Deserialize)]
struct RawShape {
    #[serde(rename = "type")]
    kind: String,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<String>,
    #[serde(default)]
    sensitive: bool,
    #[serde(default, rename = "enum")]
    values: Vec<String>,
    member: Option<RawReference>,
    key: Option<RawReference>,
    value: Option<RawReference>,
    #[serde(default)]
    members: Ordered<RawReference>,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    exception: bool,
    #[serde(default)]
    fault: bool,
    error: Option<RawError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawError {
    code: Option<String>,
    http_status_code: Option<u16>,
}

/// Reads the service's model from the pinned botocore, installing that first if need be.
pub(super) fn fetch(root: &Path, service: &Service) -> Result<Model> {
    let python = install(root)?;
    let script = "import gzip, os, sys, botocore\n\
         path = os.path.join(os.path.dirname(botocore.__file__), 'data', *sys.argv[1:], 'service-2.json.gz')\n\
         sys.stdout.buffer.write(gzip.open(path).read())";
    let output = Command::new(&python).args(["-I", "-c", script, service.name, service.version]).output()?;
    ensure!(output.status.success(), "botocore {BOTOCORE} has no model {} {}", service.name, service.version);
    condense(service, serde_json::from_slice(&output.stdout)?)
}

/// A private Python environment with botocore alone; it is never imported, only unpacked.
fn install(root: &Path) -> Result<PathBuf> {
    let venv = root.join("target").join(format!("botocore-{BOTOCORE}"));
    let python = venv.join("bin/python");
    let package = format!("botocore=={BOTOCORE}");
    let probe = format!("import botocore; assert botocore.__version__ == '{BOTOCORE}'");
    let there = Command::new(&python).args(["-I", "-c", &probe]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return Ok(python);
    }
    let created = Command::new("python3").args(["-m", "venv"]).arg(&venv).status()?;
    ensure!(created.success(), "python3 -m venv failed");
    let installed = Command::new(&python).args(["-m", "pip", "install", "--quiet", "--no-deps", &package]).status()?;
    ensure!(installed.success(), "cannot install {package}");
    Ok(python)
}

fn condense(service: &Service, mut raw: Raw) -> Result<Model> {
    if let Some(kept) = service.operations {
        for name in kept {
            ensure!(raw.operations.get(name).is_some(), "{} has no operation {name}", service.name);
        }
        raw.operations.0.retain(|(name, _)| kept.contains(&name.as_str()));
    }
    let mut wanted = BTreeSet::new();
    for (_, operation) in &raw.operations.0 {
        let ends = operation.input.iter().chain(&operation.output).chain(&operation.errors);
        for end in ends {
            reach(&raw, &end.shape, &mut wanted)?;
        }
    }
    let operations =
        raw.operations.0.iter().map(|(name, operation)| (name.clone(), condense_operation(&raw, operation))).collect();
    let shapes = raw
        .shapes
        .0
        .iter()
        .filter(|(name, _)| wanted.contains(name.as_str()))
        .map(|(name, shape)| Ok((name.clone(), condense_shape(name, shape)?)))
        .collect::<Result<_>>()?;
    Ok(Model {
        source: format!("botocore {BOTOCORE}"),
        service: Header {
            name: service.name.to_owned(),
            api_version: service.version.to_owned(),
            protocol: raw.metadata.protocol,
            target_prefix: raw.metadata.target_prefix,
            xml_namespace: raw.metadata.xml_namespace,
        },
        operations: Ordered(operations),
        shapes: Ordered(shapes),
    })
}

/// Collects the shape and all it is made of. Exceptions stand for themselves: their one member is
/// the message.
fn reach<'a>(raw: &'a Raw, name: &'a str, wanted: &mut BTreeSet<&'a str>) -> Result<()> {
    let shape = raw.shapes.get(name).with_context(|| format!("no shape {name}"))?;
    if !wanted.insert(name) || shape.exception {
        return Ok(());
    }
    let parts = shape.member.iter().chain(&shape.key).chain(&shape.value);
    for part in parts.chain(shape.members.0.iter().map(|(_, member)| member)) {
        reach(raw, &part.shape, wanted)?;
    }
    Ok(())
}

fn condense_operation(raw: &Raw, operation: &RawOperation) -> Operation {
    let input = operation.input.as_ref().map(|input| input.shape.clone());
    let shape = input.as_ref().and_then(|input| raw.shapes.get(input));
    Operation {
        required: shape.map(in_member_order).unwrap_or_default(),
        input,
        output: operation.output.as_ref().map(|output| output.shape.clone()),
        errors: operation.errors.iter().map(|error| error.shape.clone()).collect(),
    }
}

fn in_member_order(shape: &RawShape) -> Vec<String> {
    let names = shape.members.0.iter().map(|(name, _)| name);
    names.filter(|name| shape.required.contains(name)).cloned().collect()
}

fn condense_shape(name: &str, raw: &RawShape) -> Result<Shape> {
    let kind = match raw.kind.as_str() {
        "structure" if raw.exception => Kind::Exception,
        "structure" => Kind::Structure,
        "list" => Kind::List,
        "map" => Kind::Map,
        "string" => Kind::String,
        "blob" => Kind::Blob,
        "integer" => Kind::Integer,
        "long" => Kind::Long,
        "double" => Kind::Double,
        "boolean" => Kind::Boolean,
        "timestamp" => Kind::Timestamp,
        other => bail!("{name} is a {other}, which the generator does not know"),
    };
    let exception = kind == Kind::Exception;
    let code = raw.error.as_ref().and_then(|error| error.code.clone());
    // Without a status of its own an exception is the caller's fault unless marked otherwise.
    let status = raw.error.as_ref().and_then(|error| error.http_status_code);
    let status = status.unwrap_or(if raw.fault { 500 } else { 400 });
    let members = raw.members.0.iter().filter(|_| !exception);
    let spelled = raw.members.0.iter().map(|(name, _)| name).find(|name| *name == "Message");
    Ok(Shape {
        kind,
        min: raw.min,
        max: raw.max,
        pattern: raw.pattern.clone(),
        sensitive: raw.sensitive,
        values: raw.values.clone(),
        element: raw.member.as_ref().map(|member| member.shape.clone()),
        key: raw.key.as_ref().map(|key| key.shape.clone()),
        value: raw.value.as_ref().map(|value| value.shape.clone()),
        code: exception.then(|| code.unwrap_or_else(|| name.to_owned())),
        http_status: exception.then_some(status),
        text_member: spelled.filter(|_| exception).cloned(),
        members: members
            .map(|(name, member)| Member {
                name: name.clone(),
                shape: member.shape.clone(),
                required: raw.required.contains(name),
            })
            .collect(),
    })
}
