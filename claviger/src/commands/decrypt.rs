//! `claviger decrypt`.

use anyhow::{Context, ensure};
use clap::Args;
use claviger_esdk::{Client, SignedPlaintext, parallel, stream};

use super::message::batch;
use super::message::place::{Destination, Output};
use super::message::{KeyArgs, PlaceArgs};

/// Files, directories or standard input.
#[derive(Args)]
pub(super) struct DecryptArgs {
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    places: PlaceArgs,
    /// Refuse signed messages
    #[arg(long)]
    decrypt_unsigned: bool,
    /// Refuse messages with longer frames, or a longer body in one piece
    #[arg(long, value_name = "BYTES")]
    max_length: Option<u64>,
    /// Write to standard output frame by frame, each when it is authentic, instead of everything when the message is;
    /// the exit code tells whether it was whole. Signed messages are refused
    #[arg(long)]
    stream: bool,
}

pub(super) fn run(args: DecryptArgs) -> anyhow::Result<()> {
    let session = args.keys.session()?;
    let (context, required) = args.keys.context()?;
    let client = Client {
        policy: args.keys.commitment_policy,
        encrypted_data_keys_max: args.keys.max_encrypted_data_keys,
        piece_bytes_max: args.max_length,
        signed_plaintext: SignedPlaintext::ReleaseUnverified,
    };
    batch::run(&args.places, ".decrypted", |job, report| {
        let (input, size) = job.source.open()?;
        let mut input = report.watch(input);
        let streamed = args.stream && job.destination == Destination::Stdout;
        // Released to nobody but the file or the memory that `Output` keeps until the end.
        let refuse = args.decrypt_unsigned || streamed;
        let signed_plaintext = if refuse { SignedPlaintext::Refuse } else { SignedPlaintext::ReleaseUnverified };
        let client = Client { signed_plaintext, ..client.clone() };
        let opened = stream::open(&client, &*session.manager, &mut input, context.clone());
        let decryptor = session.wait(opened).context("not decrypted")?;
        let missing = required.iter().find(|name| !decryptor.context().contains_key(*name));
        ensure!(missing.is_none(), "not decrypted: the message has no `{}`", missing.map_or("", |name| name));
        let header = decryptor.header().clone();
        let mut output = Output::new(&job.destination, !streamed, job.overwrite)?;
        match job.threads(size) {
            0 => stream::decrypt(decryptor, input, &mut output),
            threads => parallel::decrypt(decryptor, input, &mut output, threads),
        }
        .context("not decrypted")?;
        output.complete()?;
        if let Some(metadata) = &report.metadata {
            metadata.write("decrypt", &job.source.name(), &job.destination.name(), &header)?;
        }
        Ok(())
    })
}
