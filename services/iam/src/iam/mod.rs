//! IAM: a file for each operation, or for operations that differ only in what they are done to. What they share stands
//! beside the folders.

mod conditions;
mod documents;
mod find;
mod page;
mod prelude;
mod subject;
mod table;
mod tags;
mod views;

mod policies;

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
    let table = table::Table::new();
    let table = policies::add(table);
    table.finish()
}
