//! `cargo xtask model`: what each AWS operation looks like, and the Rust code for it.
//!
//! Two steps. The public API models that botocore ships are boiled down to `models/*.json`, our
//! own format with the facts alone (members, types, constraints, exceptions; no prose). From those
//! files the modules under `crates/shapes/src` are generated, and both are checked in. With
//! `--check` nothing is fetched or written: the task fails when the checked-in code is not what
//! the checked-in models generate.

mod compact;
mod emit;
mod names;
mod rules;
mod selection;
mod source;
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// A service whose model we keep.
struct Service {
    /// Its directory in botocore, the name of our model file and - with underscores - of the Rust module.
    name: &'static str,
    /// Its API version in botocore.
    version: &'static str,
    /// The operations we keep; all of them where the list is missing.
    operations: Option<&'static [&'static str]>,
    /// The exception by which its model names a failure of the service itself, if it does.
    internal: Option<&'static str>,
    /// Shapes of requests whose limits, patterns or values the service judges itself, with exceptions of its own.
    judged: &'static [&'static str],
    /// Enumerations that live services answer with other values than the model's: kept as plain text.
    open: &'static [&'static str],
    /// Shapes whose values stay out of audit records and debug prints although the model does not
    /// call them sensitive.
    withheld: &'static [&'static str],
}

const SERVICES: &[Service] = &[
    Service {
        name: "kms",
        version: "2014-11-01",
        operations: None,
        internal: Some("KMSInternalException"),
        judged: &[],
        open: &[],
        // CloudTrail never shows grant tokens: whoever holds one may use the grant at once.
        withheld: &["GrantTokenType"],
    },
    Service {
        name: "sts",
        version: "2011-06-15",
        operations: None,
        internal: None,
        judged: &[],
        open: &[],
        withheld: &[],
    },
    Service {
        name: "iam",
        version: "2010-05-08",
        operations: Some(selection::IAM),
        internal: Some("ServiceFailureException"),
        judged: &[],
        // Simulations were recorded with `IAM Policy`, `Resource Policy` and `Permissions Boundary Policy`.
        open: &["PolicySourceType"],
        withheld: &[],
    },
    Service {
        name: "ssm",
        version: "2014-11-06",
        operations: Some(selection::SSM),
        internal: Some("InternalServerError"),
        judged: &[],
        open: &[],
        withheld: &[],
    },
    Service {
        name: "service-quotas",
        version: "2019-06-24",
        operations: Some(selection::SERVICE_QUOTAS),
        internal: Some("ServiceException"),
        judged: &[],
        open: &[],
        withheld: &[],
    },
    Service {
        name: "cloudtrail",
        version: "2013-11-01",
        operations: Some(selection::CLOUDTRAIL),
        internal: None,
        judged: &[
            "EventCategory",
            "LookupAttributeKey",
            "LookupAttributeValue",
            "MaxResults",
            "ReadWriteType",
            "TagKey",
            "TagValue",
        ],
        open: &[],
        withheld: &[],
    },
];

/// Refreshes models and code, or with `check` compares the code with the models.
pub(crate) fn run(check: bool) -> Result<()> {
    let root = root()?;
    if !check {
        for service in SERVICES {
            let model = source::fetch(&root, service)?;
            fs::write(model_path(&root, service), compact::write(&model)?)?;
        }
    }
    let mut stale = Vec::new();
    for service in SERVICES {
        let path = model_path(&root, service);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let model = compact::read(&text).with_context(|| path.display().to_string())?;
        ensure!(compact::write(&model)? == text, "{} is not laid out as `cargo xtask model` writes it", path.display());
        let model = without_judged(service, model)?;
        let mut files = BTreeMap::new();
        for (name, code) in emit::service(service, &model)? {
            files.insert(name, format(&root, &code)?);
        }
        let directory = root.join("crates/shapes/src").join(service.name.replace('-', "_"));
        stale.extend(settle(&directory, &files, check)?);
    }
    if check && !stale.is_empty() {
        bail!("not what the models generate (run `cargo xtask model`): {}", stale.join(", "));
    }
    if !check {
        println!("{} files changed", stale.len());
    }
    Ok(())
}

/// The model without the constraints that the service judges itself.
fn without_judged(service: &Service, mut model: compact::Model) -> Result<compact::Model> {
    for name in service.judged {
        let (_, shape) =
            model.shapes.0.iter_mut().find(|(known, _)| known == name).with_context(|| format!("no {name}"))?;
        (shape.min, shape.max, shape.pattern) = (None, None, None);
        shape.values.clear();
    }
    Ok(model)
}

fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("no workspace around xtask")?.into())
}

fn model_path(root: &Path, service: &Service) -> PathBuf {
    root.join("models").join(format!("{}.json", service.name))
}

/// Makes the directory hold exactly these files, unless only checking; lists what differs.
fn settle(directory: &Path, files: &BTreeMap<String, String>, check: bool) -> Result<Vec<String>> {
    fs::create_dir_all(directory)?;
    let mut stale = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !files.contains_key(name.as_ref()) {
            stale.push(path.display().to_string());
            if !check {
                fs::remove_file(&path)?;
            }
        }
    }
    for (name, code) in files {
        let path = directory.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == *code) {
            continue;
        }
        stale.push(path.display().to_string());
        if !check {
            fs::write(&path, code)?;
        }
    }
    Ok(stale)
}

fn format(root: &Path, code: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt")?;
    let mut stdin = rustfmt.stdin.take().context("rustfmt has no input")?;
    // rustfmt reads all of its input before it writes, so that this cannot block.
    stdin.write_all(code.as_bytes())?;
    drop(stdin);
    let output = rustfmt.wait_with_output()?;
    ensure!(output.status.success(), "rustfmt refuses this:\n{code}");
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checked_in_code_is_what_the_models_generate() {
        super::run(true).unwrap();
    }
}
