//! IAM: a file for each operation, or for operations that differ only in what they are done to. What they share stands
//! beside the folders.

mod accounts;
mod bare;
mod conditions;
mod documents;
mod find;
mod page;
mod prelude;
mod rename;
mod subject;
mod table;
mod tags;
mod views;

mod aliases;
mod groups;
mod keys;
mod oidc;
mod policies;
mod roles;
mod tagging;
mod users;

use claviger_pipeline::Service;

/// The name requests are signed for.
const SIGNING_NAME: &str = "iam";
/// The name in audit records.
const EVENT_SOURCE: &str = "iam.amazonaws.com";

/// The service keeps nothing between calls.
#[derive(Default)]
pub(crate) struct Iam;

/// What an operation of this service works with.
pub(crate) type IamCx<'a> = claviger_pipeline::Cx<'a, Iam>;

/// Every operation of this service.
pub(crate) fn service() -> Service {
    let folders =
        [aliases::add, groups::add, keys::add, oidc::add, policies::add, roles::add, tagging::add, users::add];
    folders.into_iter().fold(table::Table::new(), |table, add| add(table)).finish()
}
