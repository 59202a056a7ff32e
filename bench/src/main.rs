//! The parts of a measurement that must not share a process: what is measured against, and the load.
//! `cargo xtask bench` puts them together.

mod asymmetric;
mod bare;
mod keys;
mod load;
mod mixed;
mod prepare;
mod raw;
mod server;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "claviger-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers every request with the same bytes, on the HTTP stack of the real server
    Bare {
        /// Address and port; port 0 picks a free one
        #[arg(long)]
        listen: SocketAddr,
        /// Size of an answer with its head, in bytes
        #[arg(long)]
        response_bytes: usize,
    },
    /// Makes keys and writes signed requests: one file an operation
    Prepare {
        /// The server
        #[arg(long)]
        address: SocketAddr,
        /// An access key id; without a secret the signature is only well-formed
        #[arg(long)]
        access_key_id: String,
        /// Its secret
        #[arg(long)]
        secret: Option<String>,
        /// How many keys the requests go round
        #[arg(long, default_value_t = 100)]
        keys: usize,
        /// Where the files go
        #[arg(long)]
        to: PathBuf,
    },
    /// Sends the requests of a file over keep-alive connections and prints what came of it as JSON
    Load {
        /// The server
        #[arg(long)]
        address: SocketAddr,
        /// Connections, each with one request at a time
        #[arg(long)]
        connections: usize,
        /// For how long, in seconds
        #[arg(long, conflicts_with = "count", required_unless_present = "count")]
        seconds: Option<f64>,
        /// How many requests instead
        #[arg(long)]
        count: Option<u64>,
        /// Requests as `prepare` writes them
        #[arg(long)]
        requests: PathBuf,
    },
    /// Measures Sign and CreateKey of every kind beside the library's own operation
    Asymmetric {
        #[command(flatten)]
        place: Place,
        /// Seconds of each measurement
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
    },
    /// Measures Encrypt beside RSA signatures and RSA keys being made
    Mixed {
        #[command(flatten)]
        place: Place,
        /// Seconds of each measurement
        #[arg(long, default_value_t = 5.0)]
        seconds: f64,
    },
    /// Measures start, memory and Encrypt with many keys
    Keys {
        #[command(flatten)]
        place: Place,
        /// How many keys, ascending
        #[arg(long, value_delimiter = ',', default_values_t = [1000, 100_000, 1_000_000])]
        counts: Vec<usize>,
        /// All of them rotate once a year
        #[arg(long)]
        rotating: bool,
        /// Seconds of Encrypt
        #[arg(long, default_value_t = 10.0)]
        seconds: f64,
    },
}

/// What is measured, and where its data goes.
#[derive(clap::Args)]
struct Place {
    /// The server's program
    #[arg(long)]
    program: PathBuf,
    /// A folder for data
    #[arg(long)]
    folder: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        match Cli::parse().command {
            Command::Bare { listen, response_bytes } => bare::run(listen, response_bytes).await,
            Command::Prepare { address, access_key_id, secret, keys, to } => {
                prepare::run(address, access_key_id, secret, keys, &to).await
            }
            Command::Load { address, connections, seconds, count, requests } => {
                let until = match (seconds, count) {
                    (Some(seconds), _) => load::Until::Seconds(seconds),
                    (None, count) => load::Until::Count(count.unwrap_or_default()),
                };
                load::run(address, connections, until, &requests).await
            }
            Command::Asymmetric { place, seconds } => asymmetric::run(&place.program, &place.folder, seconds).await,
            Command::Mixed { place, seconds } => mixed::run(&place.program, &place.folder, seconds).await,
            Command::Keys { place, counts, rotating, seconds } => {
                keys::run(&place.program, &place.folder, &counts, rotating, seconds).await
            }
        }
    })
}
