//! `claviger policy`.

mod check;
mod explain;
mod live;
#[cfg(test)]
mod tests;
mod tree;

use clap::{Subcommand, ValueEnum};

/// What can be done with policies.
#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Look for what is wrong, or looks wrong, in policy documents
    ///
    /// Exit code 0: nothing, or hints alone; 1: warnings or errors; 2: wrong usage. docs/policies.md lists the codes.
    Check(check::CheckArgs),
    /// Show the whole way to a decision: every policy, every statement, what became of it
    ///
    /// Exit code 0: allowed; 1: denied.
    Explain(explain::ExplainArgs),
}

/// Kinds of policy documents by short names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Of a user, group or role
    Identity,
    /// Of a KMS key
    Key,
    /// Of a role: who may assume it
    Trust,
    /// Of another resource
    Resource,
    /// Service control policy
    Scp,
    /// Resource control policy
    Rcp,
    /// Permissions boundary
    Boundary,
    /// Session policy
    Session,
}

impl From<Kind> for claviger_policy::Kind {
    fn from(kind: Kind) -> claviger_policy::Kind {
        match kind {
            Kind::Identity => claviger_policy::Kind::Identity,
            Kind::Key => claviger_policy::Kind::Key,
            Kind::Trust => claviger_policy::Kind::Trust,
            Kind::Resource => claviger_policy::Kind::Resource,
            Kind::Scp => claviger_policy::Kind::ServiceControl,
            Kind::Rcp => claviger_policy::Kind::ResourceControl,
            Kind::Boundary => claviger_policy::Kind::Boundary,
            Kind::Session => claviger_policy::Kind::Session,
        }
    }
}

pub(super) fn run(command: PolicyCommand) -> anyhow::Result<()> {
    match command {
        PolicyCommand::Check(args) => check::run(&args),
        PolicyCommand::Explain(args) => explain::run(&args),
    }
}
