//! What parameters do by themselves: expire, and tell that they will, or that nobody has changed them.

use std::future::Future;
use std::pin::Pin;

use claviger_pipeline::worker::{Worker, WorkerError};
use claviger_pipeline::{Internal, RecordError, ServiceEvent, System, Written, home, internal};
use claviger_store::{Batch, CommitError, Records, Stored};
use claviger_wire::arn::partition_of;
use jiff::Timestamp;

use crate::counts::Counts;
use crate::policies::{self, Policy, Rule, Status};
use crate::record::{ParameterRecord, time_key};
use crate::subject::PARAMETER_TYPE;
use crate::{EVENT_SOURCE, name, remove};

/// Parameters handled between two looks at the clock.
const PAGE: usize = 100;

/// Does what policies say when their time has come; finds them by an index.
#[derive(Default)]
pub struct PolicyWorker;

impl Worker for PolicyWorker {
    fn name(&self) -> &'static str {
        "parameter policies"
    }

    fn run<'a>(&'a self, system: &'a System) -> Pin<Box<dyn Future<Output = Result<(), WorkerError>> + Send + 'a>> {
        Box::pin(async move {
            loop {
                // Read anew: the index knows milliseconds, so what it lists may be due only later in this one.
                let now = system.clock.now();
                let due = time_key(now);
                let page = system.store.list::<ParameterRecord>(Some("due"), "", Some(&due), None, PAGE).await;
                let (parameters, _) = page.map_err(|error| WorkerError(error.to_string()))?;
                if parameters.is_empty() {
                    return Ok(());
                }
                for parameter in parameters {
                    act(system, parameter, now).await.map_err(|error| WorkerError(error.to_string()))?;
                }
            }
        })
    }
}

async fn act(system: &System, parameter: Stored<ParameterRecord>, now: Timestamp) -> Result<(), Internal> {
    let Stored { mut record, version } = parameter;
    let all = record.current.policies.clone();
    let modified = record.current.modified;
    let is_due = |policy: &Policy| policies::due(policy, &all, modified).is_some_and(|due| due <= now);
    let events: Vec<Written> = all.iter().filter(|policy| is_due(policy)).map(|due| event(&record, due, now)).collect();
    let mut batch = Batch::default();
    if all.iter().any(|policy| matches!(policy.rule, Rule::Expiration(_)) && is_due(policy)) {
        let mut counts = Counts::read(system, home(&record.account, &record.region)).await?;
        remove::parameter(&record, version, &mut counts, &mut batch);
        counts.add_to(&mut batch);
    } else {
        for policy in &mut record.current.policies {
            if is_due(policy) {
                policy.status = Status::Finished;
            }
        }
        batch.update(version, &record);
    }
    match system.commit_recorded(batch, &events).await {
        // Somebody wrote it meanwhile; the next look sees it as it is now.
        Err(RecordError::Commit(CommitError::Conflict { .. })) => Ok(()),
        outcome => outcome.map_err(internal),
    }
}

/// The record of an act, with the details that the service's own events give.
fn event(record: &ParameterRecord, policy: &Policy, now: Timestamp) -> Written {
    let (account, region) = (record.account.as_str(), record.region.as_str());
    let arn = name::arn(partition_of(region), region, account, &record.path);
    let details = serde_json::json!({
        "parameter-name": record.name,
        "parameter-type": record.current.kind,
        "policy-type": policy.rule.name(),
        "policy-content": policy.text,
        "action-status": "Success",
        "action-reason": match policy.rule {
            Rule::Expiration(_) => "The parameter has expired and was deleted.",
            Rule::ExpirationNotification(_) => "The parameter is about to expire.",
            Rule::NoChangeNotification(_) => "The parameter has not been changed for the given time.",
        },
    });
    let name = match policy.rule {
        Rule::Expiration(_) => "ExpireParameter",
        Rule::ExpirationNotification(_) => "NotifyParameterExpiration",
        Rule::NoChangeNotification(_) => "NotifyParameterNoChange",
    };
    let resource = (arn.as_str(), PARAMETER_TYPE);
    ServiceEvent { source: EVENT_SOURCE, name, account, region, resource, details, time: now }.write()
}
