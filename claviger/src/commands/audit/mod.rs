//! `claviger audit`: is the log whole, and what is in it.

mod search;
mod source;
mod tail;
mod verify;
mod who_used;

use clap::Subcommand;

pub(super) use source::{instant, open_index};
pub(super) use tail::line;
pub(super) use who_used::service;

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Check the chain of records against the heads that were anchored; exit code 1 and the first bad record if it is broken
    Verify(verify::VerifyArgs),
    /// Print the anchors of the log, as JSON: all that checking a copy of it elsewhere needs, and nothing secret
    Anchors(super::FolderArgs),
    /// Print the latest records
    Tail(tail::TailArgs),
    /// Find records, newest first
    Search(Box<search::SearchArgs>),
    /// Who used a key, by which operations, how often, and when first and last
    WhoUsed(who_used::WhoUsedArgs),
}

pub(super) fn run(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify(args) => verify::run(args),
        AuditCommand::Anchors(folder) => verify::export(&folder),
        AuditCommand::Tail(args) => tail::run(&args),
        AuditCommand::Search(args) => search::run(*args),
        AuditCommand::WhoUsed(args) => who_used::run(args),
    }
}
