//! `claviger encrypt`.

use std::num::NonZeroU32;

use anyhow::{Context, ensure};
use clap::Args;
use claviger_esdk::{Client, EncryptOptions, Suite, parallel, stream};

use super::message::batch;
use super::message::place::Output;
use super::message::{KeyArgs, PlaceArgs};

/// Files, directories or standard input.
#[derive(Args)]
pub(super) struct EncryptArgs {
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    places: PlaceArgs,
    /// The algorithm suite [default: the signed one that the commitment policy allows]
    #[arg(long, value_name = "NAME", value_parser = suite)]
    algorithm: Option<Suite>,
    /// Plaintext in each frame, in bytes
    #[arg(long, value_name = "BYTES", default_value = "4096")]
    frame_length: NonZeroU32,
}

fn suite(name: &str) -> Result<Suite, String> {
    Suite::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Suite::ALL.iter().map(|suite| suite.name()).collect();
        format!("use one of {}", names.join(", "))
    })
}

pub(super) fn run(args: EncryptArgs) -> anyhow::Result<()> {
    let session = args.keys.session()?;
    let (context, bare) = args.keys.context()?;
    ensure!(bare.is_empty(), "the encryption context's `{}` has no value; write name=value", bare.join("`, `"));
    let client = Client {
        policy: args.keys.commitment_policy,
        encrypted_data_keys_max: args.keys.max_encrypted_data_keys,
        ..Client::default()
    };
    batch::run(&args.places, ".encrypted", |job, report| {
        let (input, size) = job.source.open()?;
        let options = EncryptOptions {
            context: context.clone(),
            suite: args.algorithm,
            frame_length: Some(args.frame_length),
            plaintext_bytes_max: size,
        };
        let encryptor = session.wait(client.encryptor(&*session.manager, options)).context("not encrypted")?;
        let header = encryptor.header().clone();
        let mut output = Output::new(&job.destination, false, job.overwrite)?;
        let input = report.watch(input);
        match job.threads(size) {
            0 => stream::encrypt(encryptor, input, &mut output),
            threads => parallel::encrypt(encryptor, input, &mut output, threads),
        }
        .context("not encrypted")?;
        output.complete()?;
        if let Some(metadata) = &report.metadata {
            metadata.write("encrypt", &job.source.name(), &job.destination.name(), &header)?;
        }
        Ok(())
    })
}
