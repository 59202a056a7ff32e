//! Managed and inline policies, permissions boundaries, simulation, and what tells of a whole account.

mod create_policy;

use super::table::Table;

/// Adds the operations of this folder.
pub(super) fn add(table: Table) -> Table {
    table.with::<create_policy::CreatePolicy>()
}
