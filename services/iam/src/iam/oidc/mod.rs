//! OpenID Connect providers: whose tokens roles of the account may trust.

mod client_ids;
mod create;
mod delete;
mod get;
mod list;
mod thumbprints;
mod url;

use claviger_identity::{ProviderRecord, provider_path};
use claviger_shapes::{InternalFailure, ValidationException};
use claviger_store::Records;

use super::IamCx;
use super::subject::Target;
use super::table::Table;

/// Most audiences of a provider.
const CLIENT_IDS_MAX: usize = 100;

/// Adds the operations of this folder.
pub(super) fn add(table: Table) -> Table {
    table
        .with::<client_ids::AddClientIDToOpenIDConnectProvider>()
        .with::<create::CreateOpenIDConnectProvider>()
        .with::<delete::DeleteOpenIDConnectProvider>()
        .with::<get::GetOpenIDConnectProvider>()
        .with::<list::ListOpenIDConnectProviders>()
        .with::<client_ids::RemoveClientIDFromOpenIDConnectProvider>()
        .with::<thumbprints::UpdateOpenIDConnectProviderThumbprint>()
}

/// The provider of this ARN.
pub(super) async fn find<E>(cx: IamCx<'_>, arn: &str) -> Result<Target<ProviderRecord>, E>
where
    E: From<ValidationException> + From<InternalFailure>,
{
    let prefix = format!("arn:{}:iam::", cx.call.partition);
    let named = arn.strip_prefix(&prefix).and_then(|rest| rest.split_once(":oidc-provider/"));
    let (owner, url) = named.ok_or_else(|| ValidationException::new("Invalid ARN:  Could not be parsed!"))?;
    let found = cx.system.store.load::<ProviderRecord>(&provider_path(owner, url)).await;
    let missing = format!("OpenIDConnect Provider not found for arn {arn}");
    Ok(Target::new(found.map_err(InternalFailure::new)?, arn.to_owned(), owner, missing))
}
