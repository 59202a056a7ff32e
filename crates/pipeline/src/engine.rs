//! One request's way through the house: the same steps in the same order for every operation of every service.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use claviger_audit::TlsDetails;
use claviger_policy::PrincipalKind;
use claviger_shapes::{Fault, Input, InternalFailure, Output};
use claviger_store::CommitError;
use claviger_wire::{
    Protocol, Request, Response, Target, arn, dialect, query, respond_fault, respond_ok, route, sigv4,
};

use crate::call::{Call, Caller, Cx};
use crate::credentials::{SKEW_SECONDS, authenticate};
use crate::operation::{Audit, Authorized, Operation};
use crate::recorder::{self, Facts, Written};
use crate::system::System;
use crate::{authorize, internal};

/// How often an operation runs again because another request changed the same records meanwhile.
const ATTEMPTS_MAX: u32 = 64;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What came of one call, for metrics.
pub struct Outcome<'a> {
    /// Signing name of the service; empty when the request names none.
    pub service: &'static str,
    /// The operation, if there is one of that name.
    pub operation: &'static str,
    /// The error code sent, if any.
    pub error: Option<&'a str>,
    /// From the complete request to the finished answer.
    pub elapsed: Duration,
}

/// Is told of every finished call.
pub trait Observer: Send + Sync {
    /// One call is finished.
    fn finished(&self, outcome: &Outcome<'_>);
}

/// A service's operations by name.
pub struct Service {
    /// Signing name (`kms`).
    pub name: &'static str,
    /// The name in audit records (`kms.amazonaws.com`).
    pub event_source: &'static str,
    handlers: HashMap<&'static str, Box<dyn Handler>>,
}

impl Service {
    /// A service without operations.
    pub fn new(name: &'static str, event_source: &'static str) -> Self {
        Self { name, event_source, handlers: HashMap::new() }
    }

    /// Adds one operation.
    pub fn with<O: Operation>(mut self, state: &Arc<O::Service>) -> Self {
        self.handlers.insert(O::NAME, Box::new(Bound::<O> { state: Arc::clone(state) }));
        self
    }

    /// The names of its operations, sorted.
    pub fn operations(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.handlers.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

/// The way in.
pub struct Engine {
    system: Arc<System>,
    services: Vec<Service>,
    observer: Arc<dyn Observer>,
}

impl Engine {
    /// Puts services on a system.
    pub fn new(system: Arc<System>, services: Vec<Service>, observer: Arc<dyn Observer>) -> Self {
        Self { system, services, observer }
    }

    /// The system underneath.
    pub fn system(&self) -> &Arc<System> {
        &self.system
    }

    /// The services, for documentation and coverage tests.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Answers one complete request.
    pub async fn handle(&self, request: Request) -> Response {
        let started = Instant::now();
        let mut answer = self.answer(&request).await;
        if let Some(ticket) = self.system.chain(&answer.records, answer.committed) {
            // Other requests that are ready now add their records first; one write then serves them all.
            tokio::task::yield_now().await;
            if let Err(error) = self.system.log.durable(ticket).await {
                tracing::error!(%error, "an audit record could not be written; the call fails");
                answer.fault = Some(Fault::from(InternalFailure::new(error.to_string())));
            }
        }
        let response = match (&answer.fault, answer.response.take()) {
            (None, Some(response)) => response,
            (Some(fault), _) => {
                if let Some(cause) = &fault.cause {
                    tracing::error!(
                        operation = answer.operation,
                        request_id = answer.request_id,
                        cause,
                        "a call failed"
                    );
                }
                respond_fault(&answer.protocol, fault, &answer.request_id)
            }
            (None, None) => respond_fault(
                &answer.protocol,
                &Fault::from(InternalFailure::new("no answer was made".to_owned())),
                &answer.request_id,
            ),
        };
        self.observer.finished(&Outcome {
            service: answer.service,
            operation: answer.operation,
            error: answer.fault.as_ref().map(|fault| fault.code),
            elapsed: started.elapsed(),
        });
        response
    }

    async fn answer(&self, request: &Request) -> Answer {
        let system = &*self.system;
        let [request_id, event_id] = new_ids();
        let target = match route(request) {
            Ok(target) => target,
            Err(fault) => return Answer::refused(request_id, dialect(request), "", "", fault),
        };
        let Some((service, handler, name)) = self.find(&target) else {
            let fault = target.unknown_operation();
            return Answer::refused(request_id, target.protocol, target.service, "", fault);
        };

        let presented = sigv4::parse(request, target.service, system.clock.wall(), SKEW_SECONDS);
        let region = presented.as_ref().map_or("us-east-1", |presented| presented.region);
        let partition = arn::partition_of(region);
        let identity = match &presented {
            Ok(presented) => authenticate(system, request, presented, partition).await,
            Err(fault) => Err(fault.clone()),
        };
        let (caller, refusal) = match identity {
            Ok(caller) => (caller, None),
            Err(fault) => (Arc::new(Caller::nobody(&system.account)), Some(fault)),
        };
        let call = Call {
            caller,
            partition,
            region: region.into(),
            request_id: request_id.clone().into(),
            event_id: event_id.into(),
            now: system.clock.now(),
            source_ip: request.remote,
            secure: request.tls.is_some(),
            user_agent: request.user_agent().unwrap_or_default().into(),
        };
        let facts = Facts {
            call: &call,
            source: service.event_source,
            operation: name,
            tls: request.tls.as_ref().map(|tls| TlsDetails {
                version: tls.version,
                cipher_suite: tls.cipher_suite,
                host: request.host().unwrap_or_default(),
            }),
        };
        if let Some(fault) = refusal {
            let claimed = presented.as_ref().ok().map(|presented| presented.access_key_id);
            let record = recorder::write_unauthenticated(&facts, claimed, &system.account, &fault);
            let mut answer = Answer::refused(request_id, target.protocol, service.name, name, fault);
            answer.records.push(record);
            return answer;
        }
        let driven = handler.call(system, &facts, &target, request).await;
        let (response, fault) = match driven.result {
            Ok(response) => (Some(response), None),
            Err(fault) => (None, Some(fault)),
        };
        Answer {
            request_id,
            protocol: target.protocol,
            service: service.name,
            operation: name,
            response,
            fault,
            records: driven.records,
            committed: driven.committed,
        }
    }

    fn find(&self, target: &Target<'_>) -> Option<(&Service, &dyn Handler, &'static str)> {
        let service = self.services.iter().find(|service| service.name == target.service)?;
        let (name, handler) = service.handlers.get_key_value(&*target.operation)?;
        Some((service, &**handler, name))
    }
}

struct Answer {
    request_id: String,
    protocol: Protocol,
    service: &'static str,
    operation: &'static str,
    response: Option<Response>,
    fault: Option<Fault>,
    records: Vec<Written>,
    committed: bool,
}

impl Answer {
    fn refused(
        request_id: String,
        protocol: Protocol,
        service: &'static str,
        operation: &'static str,
        fault: Fault,
    ) -> Self {
        let (response, records) = (None, Vec::new());
        Self { request_id, protocol, service, operation, response, fault: Some(fault), records, committed: false }
    }
}

struct Driven {
    result: Result<Response, Fault>,
    records: Vec<Written>,
    committed: bool,
}

/// An operation with its types erased, so that one table can hold them all.
trait Handler: Send + Sync {
    fn call<'a>(
        &'a self,
        system: &'a System,
        facts: &'a Facts<'a>,
        target: &'a Target<'a>,
        request: &'a Request,
    ) -> BoxFuture<'a, Driven>;
}

struct Bound<O: Operation> {
    state: Arc<O::Service>,
}

impl<O: Operation> Handler for Bound<O> {
    fn call<'a>(
        &'a self,
        system: &'a System,
        facts: &'a Facts<'a>,
        target: &'a Target<'a>,
        request: &'a Request,
    ) -> BoxFuture<'a, Driven> {
        Box::pin(drive::<O>(&self.state, system, facts, target, request))
    }
}

/// Decode, resolve, authorize, run, commit, record, answer.
async fn drive<O: Operation>(
    state: &O::Service,
    system: &System,
    facts: &Facts<'_>,
    target: &Target<'_>,
    request: &Request,
) -> Driven {
    let call = facts.call;
    let cx = Cx { service: state, system, call };
    let audit: &Audit = &O::AUDIT;
    let input = match decode::<O>(target, request) {
        Ok(input) => input,
        Err(fault) => {
            let records = recorder::write::<O::Input, O::Output>(facts, audit, None, &[], None, Err(&fault));
            return Driven { result: Err(fault), records, committed: false };
        }
    };
    for attempt in 0..ATTEMPTS_MAX {
        let (subject, result) = match O::subject(cx, &input).await {
            Err(error) => (None, Err(error)),
            Ok(subject) => {
                let verdict = authorize::authorize::<O>(call, &subject, &input);
                let subject = Authorized::new(subject);
                let result = match verdict {
                    Err(denied) => Err(denied.into()),
                    Ok(()) => O::run(cx, &subject, &input).await,
                };
                (Some(subject), result)
            }
        };
        let result = result.map_err(Into::<Fault>::into);
        let added = O::recorded(&input, subject.as_deref());
        let listed = subject.as_deref().map(|subject| subject as &dyn recorder::ResourceList);
        let outcome = result.as_ref().map(|done| &done.output);
        let records = recorder::write(facts, audit, Some(&input), &added, listed, outcome);
        let mut done = match result {
            Ok(done) => done,
            Err(fault) => return Driven { result: Err(fault), records, committed: false },
        };
        let committed = !done.batch.is_empty();
        if committed {
            System::enclose(&mut done.batch, &records);
            match system.commit(done.batch).await {
                Ok(()) => {}
                Err(CommitError::Conflict { .. }) if attempt + 1 < ATTEMPTS_MAX => continue,
                Err(error) => {
                    let fault = internal(error).into_fault();
                    let listed = subject.as_deref().map(|subject| subject as &dyn recorder::ResourceList);
                    let records =
                        recorder::write::<O::Input, O::Output>(facts, audit, Some(&input), &added, listed, Err(&fault));
                    return Driven { result: Err(fault), records, committed: false };
                }
            }
        }
        let result =
            respond_ok(&target.protocol, O::NAME, &done.output, <O::Output as Output>::EMPTY, &call.request_id);
        return Driven { result, records, committed };
    }
    Driven { result: Err(internal("too many conflicting changes").into_fault()), records: Vec::new(), committed: false }
}

fn decode<O: Operation>(target: &Target<'_>, request: &Request) -> Result<O::Input, Fault> {
    let decoded = match &target.protocol {
        Protocol::Json { .. } => O::Input::from_json(&request.body),
        Protocol::Query { .. } => O::Input::decode(query::deserializer(request.form())),
    };
    decoded.map_err(Fault::from)
}

/// Two random UUIDs. They are identifiers, not secrets, so one draw from the generator, whose cost is per draw, serves
/// several calls.
fn new_ids() -> [String; 2] {
    const POOL: usize = 32 * 16;
    thread_local! {
        static IDS: std::cell::RefCell<([u8; POOL], usize)> = const { std::cell::RefCell::new(([0; POOL], POOL)) };
    }
    IDS.with_borrow_mut(|(pool, used)| {
        [(); 2].map(|()| {
            if *used == POOL {
                claviger_crypto::random::fill(pool);
                *used = 0;
            }
            let mut id = [0; 16];
            id.copy_from_slice(&pool[*used..*used + 16]);
            *used += 16;
            uuid::Builder::from_random_bytes(id).into_uuid().to_string()
        })
    })
}

impl Caller {
    /// Stands in while a request is refused before anybody is known.
    fn nobody(account: &str) -> Self {
        Self {
            kind: PrincipalKind::Anonymous,
            account: account.into(),
            arn: Box::default(),
            unique_id: Box::default(),
            access_key_id: Box::default(),
            identity_policies: Arc::from([]),
        }
    }
}
