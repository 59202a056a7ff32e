//! Grants as lists show them.

use std::collections::HashMap;

use claviger_pipeline::{Internal, internal};
use claviger_shapes::Timestamp;
use claviger_shapes::kms::{GrantConstraints, GrantListEntry};
use claviger_wire::arn::partition_of;

use super::record::{Constraints, GrantRecord, Party};
use crate::KmsCx;
use crate::key::key_arn;

/// Makes the entries of one page; who is who is asked once for each principal.
pub(crate) struct Entries<'a> {
    cx: KmsCx<'a>,
    names: HashMap<String, String>,
}

impl<'a> Entries<'a> {
    /// For one call.
    pub(crate) fn new(cx: KmsCx<'a>) -> Self {
        Self { cx, names: HashMap::new() }
    }

    /// One entry. Principals are shown by the ARN they have today, and by their unique id once they are gone.
    pub(crate) async fn entry(&mut self, grant: GrantRecord) -> Result<GrantListEntry, Internal> {
        let (account, region, key_id) = grant.key_parts();
        let partition = partition_of(region);
        let key_id = Some(key_arn(partition, region, account, key_id));
        let issuing_account = self.name(partition, &grant.issuer).await?;
        let (grantee_principal, grantee_service_principal) = self.party(partition, Some(&grant.grantee)).await?;
        let (retiring_principal, retiring_service_principal) = self.party(partition, grant.retirer.as_ref()).await?;
        Ok(GrantListEntry {
            key_id,
            grant_id: Some(grant.grant_id),
            name: Some(grant.name.unwrap_or_default()),
            creation_date: Some(Timestamp(grant.created)),
            grantee_principal,
            retiring_principal,
            issuing_account: Some(issuing_account),
            operations: Some(grant.operations.iter().filter_map(|name| name.parse().ok()).collect()),
            constraints: (grant.constraints != Constraints::default()).then(|| constraints(grant.constraints)),
            grantee_service_principal,
            retiring_service_principal,
        })
    }

    async fn party(
        &mut self,
        partition: &str,
        party: Option<&Party>,
    ) -> Result<(Option<String>, Option<String>), Internal> {
        Ok(match party {
            None => (None, None),
            Some(service) if service.is_service() => (None, Some(service.id.clone())),
            Some(principal) => (Some(self.name(partition, &principal.id).await?), None),
        })
    }

    async fn name(&mut self, partition: &str, id: &str) -> Result<String, Internal> {
        if let Some(known) = self.names.get(id) {
            return Ok(known.clone());
        }
        let system = self.cx.system;
        let arn = system.identities.arn_of(&*system.store, partition, id).await.map_err(internal)?;
        let name = arn.unwrap_or_else(|| id.to_owned());
        self.names.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}

fn constraints(constraints: Constraints) -> GrantConstraints {
    GrantConstraints {
        encryption_context_subset: constraints.subset,
        encryption_context_equals: constraints.equals,
        source_arn: constraints.source_arn,
    }
}
