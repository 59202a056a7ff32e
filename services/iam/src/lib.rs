//! AWS Identity and Access Management, and the Security Token Service.
//!
//! Owns AWS's rules about identities and temporary credentials. Offers both services' operations. Records and what
//! follows from them are `claviger-identity`'s; tokens are sealed and opened by the pipeline.

mod iam;
mod sts;

use claviger_pipeline::Service;

/// Every service of this room.
pub fn services() -> Vec<Service> {
    vec![iam::service(), sts::service()]
}
