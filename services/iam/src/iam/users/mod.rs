//! Users.

mod create_user;
mod delete_user;
mod get_user;
mod list_users;
mod update_user;
mod view;
mod whom;

use super::table::Table;

pub(crate) use view::{listed, shown};
pub(crate) use whom::{Whom, whom};

/// Adds the operations of this folder.
pub(super) fn add(table: Table) -> Table {
    table
        .with::<create_user::CreateUser>()
        .with::<delete_user::DeleteUser>()
        .with::<get_user::GetUser>()
        .with::<list_users::ListUsers>()
        .with::<update_user::UpdateUser>()
}

/// The text for a name that is taken, in whatever case.
fn taken(name: &str) -> String {
    format!("User with name {name} already exists.")
}
