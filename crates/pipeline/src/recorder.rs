//! Audit records: made for every call, committed with the change they describe, chained before the answer leaves.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use claviger_audit::{Event, Identity, Issuer, IssuerKind, Kind, Resource, Session, Ticket, TlsDetails, WriteError};
use claviger_policy::PrincipalKind;
use claviger_shapes::{AuditView, Audited, Fault};
use claviger_store::{Batch, Record, Records, Space, StoreError};
use claviger_wire::arn::Arn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::call::{Call, Caller, WebIdentity};
use crate::operation::{Audit, Subject};
use crate::system::System;

/// Records of committed changes that may not have reached the chain yet. An entry is written in the same commit as its
/// change and removed once the chain holds it on disk, so no change can exist without its record.
pub static OUTBOX: Space = Space { name: "audit_outbox", indexes: &[], sealed: true };

#[derive(Serialize, Deserialize)]
pub(crate) struct OutboxEntry {
    event_id: String,
    record: String,
}

impl Record for OutboxEntry {
    const SPACE: &'static Space = &OUTBOX;
    fn id(&self) -> String {
        self.event_id.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Entries whose records are in the chain and wait for removal.
#[derive(Default)]
pub(crate) struct Sweep(Mutex<Vec<(Ticket, String)>>);

/// One finished record.
pub struct Written {
    pub(crate) event_id: String,
    pub(crate) json: Vec<u8>,
}

/// The request as the recorder sees it.
pub(crate) struct Facts<'a> {
    pub call: &'a Call,
    /// `kms.amazonaws.com`
    pub source: &'a str,
    pub operation: &'a str,
    pub tls: Option<TlsDetails<'a>>,
}

/// What the operation adds to its record.
#[derive(Clone, Copy)]
pub(crate) struct Recorded<'a> {
    /// Members the request left out.
    pub added: &'a [(&'static str, String)],
    /// The resources.
    pub listed: Option<&'a dyn ResourceList>,
    /// Who an unsigned request turned out to come from.
    pub web: Option<&'a WebIdentity>,
}

/// Builds the record of one call, and the further ones of a call that crosses accounts or Regions.
pub(crate) fn write<I: Audited, O: Audited>(
    facts: &Facts<'_>,
    audit: &Audit,
    input: Option<&I>,
    recorded: Recorded<'_>,
    result: Result<&O, &Fault>,
) -> Vec<Written> {
    let call = facts.call;
    let Recorded { added, listed: subject, web } = recorded;
    let parameters = input.filter(|_| audit.parameters).and_then(|input| parameters(input, audit.hide, added));
    let response = match result {
        Ok(output) if audit.response => to_raw_value(&AuditView(output, audit.hide)).ok(),
        _ => None,
    };
    let told = subject.filter(|_| result.is_ok()).map(ResourceList::told).filter(|told| !told.is_empty());
    let told = told.map(|told| told.into_iter().collect::<BTreeMap<_, _>>());
    let additional = told.and_then(|told| to_raw_value(&told).ok());
    let error = result.err().map(|fault| (error_code(fault), fault.message.as_deref().unwrap_or_default()));
    let listed = subject.map(ResourceList::list).unwrap_or_default();
    let resources: Vec<Resource<'_>> =
        listed.iter().map(|(arn, account, kind)| Resource { arn, account, kind }).collect();
    // Whoever comes with an identity provider's token has no account; what it asks for has.
    let home = web.and(listed.first()).map_or(call.account(), |(_, account, _)| account);
    let mut owners: Vec<&str> = listed.iter().map(|(_, account, _)| *account).filter(|a| *a != home).collect();
    owners.dedup();
    // A refused call on a foreign resource is the caller's affair alone.
    if result.is_err() {
        owners.clear();
    }
    // Related keys: what happens to them in another Region is on record there too.
    let mut regions: Vec<&str> = listed
        .iter()
        .filter(|_| result.is_ok())
        .filter_map(|(arn, ..)| Arn::parse(arn).map(|arn| arn.region))
        .filter(|region| !region.is_empty() && *region != &*call.region)
        .collect();
    regions.dedup();
    let shared = (!owners.is_empty()).then(|| uuid::Uuid::new_v4().to_string());
    // A call that a service makes shows the service instead of the client.
    let service = call.via.as_deref().and_then(|via| via.services.last());
    let (source_ip, user_agent) = match service {
        Some(service) => (service.to_string(), &**service),
        None => (call.source_ip.to_canonical().to_string(), &*call.user_agent),
    };
    let principal = web.map(|web| format!("{}:{}:{}", web.provider, web.audience, web.subject)).unwrap_or_default();
    let attributes = session_attributes(&call.caller);
    let event = Event {
        event_id: &call.event_id,
        request_id: &call.request_id,
        time: call.now,
        identity: match web {
            Some(web) => Identity::WebIdentityUser {
                principal_id: &principal,
                user_name: &web.subject,
                identity_provider: &web.provider,
            },
            None => identity(call, &attributes),
        },
        source: facts.source,
        name: facts.operation,
        region: &call.region,
        source_ip: &source_ip,
        user_agent,
        error,
        request_parameters: parameters.as_deref(),
        response_elements: response.as_deref(),
        additional: additional.as_deref(),
        read_only: audit.read_only,
        resources: &resources,
        recipient_account: home,
        shared_event_id: shared.as_deref(),
        tls: facts.tls,
        kind: Kind::ApiCall,
    };
    let mut written = vec![finish(&event)];
    for region in regions {
        let event_id = uuid::Uuid::new_v4().to_string();
        written.push(finish(&Event { event_id: &event_id, region, ..event }));
    }
    for owner in owners {
        let event_id = uuid::Uuid::new_v4().to_string();
        written.push(finish(&Event {
            event_id: &event_id,
            identity: Identity::AwsAccount { account: call.account(), principal_id: &call.caller.unique_id },
            recipient_account: owner,
            ..event
        }));
    }
    written
}

fn finish(event: &Event<'_>) -> Written {
    let mut json = Vec::with_capacity(1024);
    event.write_json(&mut json);
    Written { event_id: event.event_id.to_owned(), json }
}

/// A refused call of which only the claimed access key is known.
pub(crate) fn write_unauthenticated(
    facts: &Facts<'_>,
    access_key_id: Option<&str>,
    recipient_account: &str,
    fault: &Fault,
) -> Written {
    let call = facts.call;
    let claimed = access_key_id.and_then(|id| to_raw_value(&serde_json::json!({ "accessKeyId": id })).ok());
    finish(&Event {
        event_id: &call.event_id,
        request_id: &call.request_id,
        time: call.now,
        identity: Identity::Unknown,
        source: facts.source,
        name: facts.operation,
        region: &call.region,
        source_ip: &call.source_ip.to_canonical().to_string(),
        user_agent: &call.user_agent,
        error: Some((error_code(fault), fault.message.as_deref().unwrap_or_default())),
        request_parameters: None,
        response_elements: None,
        additional: claimed.as_deref(),
        read_only: false,
        resources: &[],
        recipient_account,
        shared_event_id: None,
        tls: facts.tls,
        kind: Kind::ApiCall,
    })
}

/// Denials are written without the suffix, as CloudTrail does.
fn error_code(fault: &Fault) -> &str {
    if fault.code == "AccessDeniedException" { "AccessDenied" } else { fault.code }
}

fn session_attributes(caller: &Caller) -> Vec<(&str, &str)> {
    let web = caller.session.as_ref().and_then(|session| session.web.as_ref());
    web.map(|web| vec![("aud", &*web.audience), ("sub", &*web.subject)]).unwrap_or_default()
}

fn identity<'a>(call: &'a Call, attributes: &'a [(&'a str, &'a str)]) -> Identity<'a> {
    let caller = &*call.caller;
    let (account, arn, principal_id) = (&*caller.account, &*caller.arn, &*caller.unique_id);
    let access_key = Some(&*caller.access_key_id);
    let invoked_by = call.via.as_deref().and_then(|via| via.services.last()).map(|service| &**service);
    let session = caller.session.as_ref().map(|facts| Session {
        created: facts.issued,
        mfa: false,
        issuer: facts.issuer.as_ref().map(|issuer| Issuer {
            kind: match (caller.kind, &issuer.name) {
                (PrincipalKind::AssumedRole, _) => IssuerKind::Role,
                (_, Some(_)) => IssuerKind::User,
                (_, None) => IssuerKind::Root,
            },
            principal_id: &issuer.id,
            arn: &issuer.arn,
            account,
            user_name: issuer.name.as_deref(),
        }),
        web_identity: facts.web.as_ref().map(|web| claviger_audit::WebIdentity { provider: &web.provider, attributes }),
        source_identity: facts.source_identity.as_deref(),
    });
    match (caller.kind, session) {
        (PrincipalKind::Root, session) => {
            Identity::Root { account, arn, access_key, user_name: None, session, invoked_by }
        }
        (PrincipalKind::User, session) => {
            Identity::User { principal_id, arn, account, access_key, user_name: &caller.name, session, invoked_by }
        }
        (PrincipalKind::AssumedRole, Some(session)) => {
            Identity::AssumedRole { principal_id, arn, account, access_key, session, invoked_by }
        }
        (PrincipalKind::FederatedUser, Some(session)) => {
            Identity::FederatedUser { principal_id, arn, account, access_key, session, invoked_by }
        }
        _ => Identity::Unknown,
    }
}

/// Object-safe face of what a [`Subject`] tells its record.
pub(crate) trait ResourceList: Sync {
    fn list(&self) -> Vec<(&str, &str, &'static str)>;
    fn told(&self) -> Vec<(&'static str, &str)>;
}

impl<S: Subject> ResourceList for S {
    fn list(&self) -> Vec<(&str, &str, &'static str)> {
        self.resources()
    }
    fn told(&self) -> Vec<(&'static str, &str)> {
        self.additional()
    }
}

/// Request parameters as sent, completed by what the operation adds.
fn parameters<I: Audited>(input: &I, hide: &[&str], added: &[(&'static str, String)]) -> Option<Box<RawValue>> {
    let mut json = serde_json::to_string(&AuditView(input, hide)).ok()?;
    for (name, value) in added {
        json.pop();
        json.push_str(if json.len() > 1 { ",\"" } else { "\"" });
        json.push_str(name);
        json.push_str("\":");
        json.push_str(&serde_json::to_string(value).ok()?);
        json.push('}');
    }
    if json == "{}" {
        return None;
    }
    RawValue::from_string(json).ok()
}

/// A record of something the server did by itself.
pub struct ServiceEvent<'a> {
    /// `kms.amazonaws.com`
    pub source: &'a str,
    /// `RotateKey`, `DeleteKey`, ...
    pub name: &'a str,
    /// The account it happened in.
    pub account: &'a str,
    /// The Region it happened in.
    pub region: &'a str,
    /// ARN and type of the resource.
    pub resource: (&'a str, &'static str),
    /// `serviceEventDetails`.
    pub details: serde_json::Value,
    /// When.
    pub time: Timestamp,
}

impl ServiceEvent<'_> {
    /// The finished record.
    pub fn write(&self) -> Written {
        let event_id = uuid::Uuid::new_v4().to_string();
        let request_id = uuid::Uuid::new_v4().to_string();
        let details = to_raw_value(&self.details).unwrap_or_else(|_| RawValue::NULL.to_owned());
        finish(&Event {
            event_id: &event_id,
            request_id: &request_id,
            time: self.time,
            identity: Identity::Internal { account: self.account },
            source: self.source,
            name: self.name,
            region: self.region,
            source_ip: "AWS Internal",
            user_agent: "AWS Internal",
            error: None,
            request_parameters: None,
            response_elements: None,
            additional: None,
            read_only: false,
            resources: &[Resource { arn: self.resource.0, account: self.account, kind: self.resource.1 }],
            recipient_account: self.account,
            shared_event_id: None,
            tls: None,
            kind: Kind::ServiceEvent { details: &details },
        })
    }
}

impl System {
    /// Adds the outbox entries of `records` to the batch that makes the change they describe.
    pub(crate) fn enclose(batch: &mut Batch, records: &[Written]) {
        for record in records {
            batch.put(&OutboxEntry {
                event_id: record.event_id.clone(),
                record: String::from_utf8_lossy(&record.json).into_owned(),
            });
        }
    }

    /// Chains records; returns the ticket of the last. `committed`: they went through the outbox.
    pub(crate) fn chain(&self, records: &[Written], committed: bool) -> Option<Ticket> {
        let mut last = None;
        for record in records {
            let ticket = self.log.append(&record.json);
            if committed {
                let mut sweep = self.sweep.0.lock().unwrap_or_else(PoisonError::into_inner);
                sweep.push((ticket, record.event_id.clone()));
            }
            last = Some(ticket);
        }
        last
    }

    /// Commits a change the server makes by itself, with its record.
    pub async fn commit_recorded(&self, mut batch: Batch, records: &[Written]) -> Result<(), RecordError> {
        Self::enclose(&mut batch, records);
        self.commit(batch).await?;
        if let Some(ticket) = self.chain(records, true) {
            self.log.durable(ticket).await?;
        }
        Ok(())
    }

    /// Removes outbox entries whose records the chain holds on disk.
    pub async fn sweep_outbox(&self) -> Result<(), RecordError> {
        let waiting = {
            let mut sweep = self.sweep.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *sweep)
        };
        let mut batch = Batch::default();
        let mut result = Ok(());
        for (ticket, event_id) in waiting {
            match self.log.durable(ticket).await {
                Ok(()) => batch.remove::<OutboxEntry>(event_id, None),
                Err(error) => {
                    // The chain gave the record up; the change it tells of stands, so it goes in again.
                    self.chain_again(event_id, ticket).await?;
                    result = Err(error.into());
                }
            }
        }
        self.commit(batch).await?;
        result
    }

    async fn chain_again(&self, event_id: String, ticket: Ticket) -> Result<(), StoreError> {
        let entry = self.store.load::<OutboxEntry>(&event_id).await;
        let ticket = match &entry {
            Ok(Some(entry)) => self.log.append(entry.record.record.as_bytes()),
            Ok(None) => return Ok(()),
            Err(_) => ticket,
        };
        self.sweep.0.lock().unwrap_or_else(PoisonError::into_inner).push((ticket, event_id));
        entry.map(|_| ())
    }

    /// After a start: chains the records of changes that were committed just before the process ended.
    /// `already` tells whether the chain holds an event id.
    pub async fn recover_outbox(&self, already: impl Fn(&str) -> bool) -> Result<usize, RecordError> {
        let mut recovered = 0;
        loop {
            let (entries, _) = self.store.list::<OutboxEntry>(None, "", None, None, 500).await?;
            if entries.is_empty() {
                return Ok(recovered);
            }
            for entry in &entries {
                let entry = &entry.record;
                let record = Written { event_id: entry.event_id.clone(), json: entry.record.clone().into_bytes() };
                if already(&entry.event_id) {
                    let mut batch = Batch::default();
                    batch.remove::<OutboxEntry>(&entry.event_id, None);
                    self.commit(batch).await?;
                } else {
                    self.chain(std::slice::from_ref(&record), true);
                    recovered += 1;
                }
            }
            self.sweep_outbox().await?;
        }
    }
}

/// Why a change or its record was not kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The change was not committed.
    #[error(transparent)]
    Commit(#[from] claviger_store::CommitError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record did not reach the log.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The change could not be made up.
    #[error("{0}")]
    Internal(crate::Internal),
}

impl From<crate::Internal> for RecordError {
    fn from(error: crate::Internal) -> Self {
        Self::Internal(error)
    }
}
