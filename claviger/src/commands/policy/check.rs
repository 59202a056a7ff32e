//! `claviger policy check`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, CommandFactory};
use claviger_policy::lint::{self, Finding, Severity};

use super::Kind;
use crate::commands::Cli;

#[derive(Args)]
pub(in crate::commands) struct CheckArgs {
    /// The documents; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What they are attached to [default: guessed from the document]
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// With key policies: the key's ARN, which may stand in Resource
    #[arg(long, value_name = "ARN")]
    key_arn: Option<String>,
    /// The findings as JSON, one array
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for file in &args.files {
        let text = read(file);
        let kind = args.kind.map_or_else(|| lint::guess_kind(&text), Into::into);
        let shown = if file == Path::new("-") { "<stdin>".to_owned() } else { file.display().to_string() };
        all.extend(
            lint::check(&text, kind, args.key_arn.as_deref()).into_iter().map(|finding| (shown.clone(), finding)),
        );
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&all.iter().map(to_json).collect::<Vec<_>>())?);
    } else {
        all.iter().for_each(|(file, finding)| println!("{}", line(file, finding)));
    }
    let count = |severity| all.iter().filter(|(_, finding)| finding.severity == severity).count();
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => Ok(()),
        (errors, warnings) => bail!("{} and {}", counted(errors, "error"), counted(warnings, "warning")),
    }
}

/// A file that cannot be read is a wrong argument, and no verdict on the policy in it.
pub(super) fn read(file: &Path) -> String {
    let mut text = String::new();
    let outcome = match file == Path::new("-") {
        true => std::io::stdin().read_to_string(&mut text).map(|_| text),
        false => std::fs::read_to_string(file),
    };
    outcome.unwrap_or_else(|error| {
        let fault = format!("cannot read {}: {error}", file.display());
        Cli::command().error(clap::error::ErrorKind::ValueValidation, fault).exit()
    })
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn line(file: &str, finding: &Finding) -> String {
    let Finding { position, severity, code, text } = finding;
    format!("{file}:{}:{}: {severity}[{code}]: {text}", position.line, position.column)
}

fn to_json((file, finding): &(String, Finding)) -> serde_json::Value {
    serde_json::json!({
        "file": file,
        "line": finding.position.line,
        "column": finding.position.column,
        "severity": finding.severity,
        "code": finding.code,
        "text": finding.text,
    })
}
