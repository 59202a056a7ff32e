//! The parts of a measurement that must not share a process: what is measured against, and the load.
//! `cargo xtask bench` puts them together.

mod bare;
mod load;
mod prepare;

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
        }
    })
}
