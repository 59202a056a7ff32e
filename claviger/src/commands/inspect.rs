//! `claviger inspect`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use claviger_esdk::header::{Header, HeaderReader};

use super::message::metadata::describe;
use super::message::place::Source;

/// A message.
#[derive(Args)]
pub(super) struct InspectArgs {
    /// The message, or `-` for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    input: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &InspectArgs) -> anyhow::Result<()> {
    let source = if args.input == Path::new("-") { Source::Stdin } else { Source::File(args.input.clone()) };
    let header = read(source.open()?.0)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&describe(&header))?);
        return Ok(());
    }
    println!("algorithm suite      {} ({:04x})", header.suite, header.suite.id());
    println!("key commitment       {}", if header.suite.commits() { "yes" } else { "no" });
    println!("signed               {}", if header.suite.signs() { "yes" } else { "no" });
    match header.frame_length {
        Some(length) => println!("frames               {length} bytes"),
        None => println!("frames               none: the body is one piece"),
    }
    for (name, value) in &header.context {
        println!("encryption context   {} = {}", name.escape_debug(), value.escape_debug());
    }
    for key in &header.encrypted_data_keys {
        // Raw AES keys have binary values after their names.
        let info = String::from_utf8_lossy(&key.provider_info);
        println!("data key             {} {}", key.provider_id.escape_debug(), info.escape_debug());
    }
    println!("\nNone of this is authenticated: only `claviger decrypt` can tell whether it is true.");
    Ok(())
}

fn read(mut source: impl Read) -> anyhow::Result<Header> {
    let mut reader = HeaderReader::new(None);
    while !reader.is_complete() {
        let mut piece = vec![0; reader.missing().min(64 * 1024)];
        let len = source.read(&mut piece).context("cannot read the message")?;
        if len == 0 {
            bail!("the message is cut off");
        }
        reader.push(&piece[..len])?;
    }
    Ok(reader.header()?)
}
