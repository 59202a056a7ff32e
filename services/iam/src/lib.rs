//! AWS Identity and Access Management, and the Security Token Service.
//!
//! Owns AWS's rules about identities and temporary credentials. Offers both services' operations. Records and what
//! follows from them are `claviger-identity`'s; tokens are sealed and opened by the pipeline.

mod iam;
mod sts;

use std::sync::Arc;

use claviger_oidc::Verifier;
use claviger_pipeline::Service;

/// Every service of this room; `verifier` judges the tokens of identity providers.
pub fn services(verifier: &Arc<Verifier>) -> Vec<Service> {
    vec![iam::service(), sts::service(verifier)]
}
