//! Break-glass: a new policy for a key that nobody can reach any more. At AWS only its support can do this; here only the
//! operator on the server's host can, and never unseen.

use claviger_identity::BindError;
use claviger_pipeline::{RecordError, ServiceEvent, System};
use claviger_policy::{Document, Kind, default_key_policy};
use claviger_store::{Batch, Records};
use claviger_wire::arn::{Arn, partition_of};

use crate::key::{KEY_TYPE, key_arn};
use crate::policy::bind;
use crate::quotas;
use crate::record::{KeyRecord, Manager, key_path};

/// Why a key was not rescued; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum RescueError {
    /// Not the ARN of a key.
    #[error("{0} is not the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID)")]
    NoArn(String),
    /// No such key.
    #[error("there is no key {0}")]
    NotFound(String),
    /// The key belongs to a service.
    #[error("{0} is an AWS-managed key; its policy is fixed")]
    AwsManaged(String),
    /// The policy given is not acceptable.
    #[error("the policy is not acceptable: {0}")]
    Policy(String),
    /// The change could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] claviger_store::StoreError),
}

/// Replaces the policy of the key `arn`: by `policy`, or by the default one, which lets the account's own identity
/// policies decide. `operator` says for the record who did it.
pub async fn rescue(
    system: &System,
    arn: &str,
    policy: Option<String>,
    operator: &serde_json::Value,
) -> Result<(), RescueError> {
    let no_arn = || RescueError::NoArn(arn.to_owned());
    let cut = Arn::parse(arn).filter(|cut| cut.service == "kms").ok_or_else(no_arn)?;
    let key_id = cut.resource.strip_prefix("key/").ok_or_else(no_arn)?;
    let not_found = || RescueError::NotFound(arn.to_owned());
    let path = key_path(cut.account, cut.region, key_id);
    let stored = system.store.load::<KeyRecord>(&path).await?.ok_or_else(not_found)?;
    let mut record = stored.record;
    if matches!(record.manager, Manager::Aws(_)) {
        return Err(RescueError::AwsManaged(arn.to_owned()));
    }
    let text = policy.unwrap_or_else(|| default_key_policy(partition_of(cut.region), cut.account));
    let most = system.quota_count(cut.account, cut.region, &quotas::POLICY_BYTES).await?;
    if text.len() as u64 > most {
        return Err(RescueError::Policy(format!("it is longer than {most} bytes")));
    }
    Document::parse(&text, Kind::Key).map_err(|error| RescueError::Policy(error.to_string()))?;
    let bound = match bind(system, &text).await {
        Ok(bound) => bound,
        Err(BindError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(RescueError::Policy(error.to_string())),
    };
    let previous = std::mem::replace(&mut record.policy, text);
    record.bound = bound;
    let arn = key_arn(partition_of(cut.region), cut.region, cut.account, key_id);
    let details = serde_json::json!({
        "keyId": arn, "previousPolicy": previous, "policy": record.policy, "operator": operator,
    });
    let event = ServiceEvent {
        source: crate::EVENT_SOURCE,
        name: "RescueKey",
        account: cut.account,
        region: cut.region,
        resource: (&arn, KEY_TYPE),
        details,
        time: system.clock.now(),
    };
    let mut batch = Batch::default();
    batch.update(stored.version, &record);
    system.commit_recorded(batch, &[event.write()]).await?;
    tracing::warn!(key = arn, "BREAK-GLASS: the policy of a key was replaced by the operator");
    Ok(())
}
