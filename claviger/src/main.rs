//! The command line.

use std::process::ExitCode;

use clap::Parser;
use claviger::commands::{Cli, run};

/// Every freed block is wiped, so that plaintext and parse buffers do not linger in free memory.
#[global_allocator]
static ALLOCATOR: claviger_crypto::alloc::WipingAllocator = claviger_crypto::alloc::WipingAllocator;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("claviger: {error:#}");
            let folder = error.chain().find_map(|cause| cause.downcast_ref::<claviger::foundation::FolderError>());
            ExitCode::from(folder.map_or(1, claviger::foundation::FolderError::exit_code))
        }
    }
}
