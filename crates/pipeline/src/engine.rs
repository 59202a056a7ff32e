//! One request's way through the house: the same steps in the same order for every operation of every service.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use claviger_audit::TlsDetails;
use claviger_shapes::{Fault, Input, InternalFailure, Output};
use claviger_store::CommitError;
use claviger_wire::{
    Protocol, Request, Response, Target, arn, dialect, query, respond_content, respond_fault, respond_ok, route, s3,
    sigv4,
};

use crate::authorize::{Explained, Refusal};
use crate::call::{Call, Caller, Cx};
use crate::credentials::{SKEW_SECONDS, authenticate};
use crate::operation::{Audit, Authorized, Operation, Quota, Subject};
use crate::quota::{Limit, Toll};
use crate::recorder::{self, Facts, Recorded, Written};
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
    quotas: &'static [&'static Limit],
    throttled: Fault,
    handlers: HashMap<&'static str, Box<dyn Handler>>,
}

impl Service {
    /// A service without operations.
    pub fn new(name: &'static str, event_source: &'static str) -> Self {
        // The text that most services answer.
        let throttled = Fault::new("ThrottlingException", 400).with_message("Rate exceeded");
        Self { name, event_source, quotas: &[], throttled, handlers: HashMap::new() }
    }

    /// With a table of quotas, and what it answers to a caller that is too fast. Before the operations are added.
    pub fn with_quotas(self, quotas: &'static [&'static Limit], throttled: Fault) -> Self {
        Self { quotas, throttled, ..self }
    }

    /// Adds one operation.
    pub fn with<O: Operation>(mut self, state: &Arc<O::Service>) -> Self {
        let toll = Toll::of::<O>(self.quotas, &self.throttled);
        self.handlers.insert(O::NAME, Box::new(Bound::<O> { state: Arc::clone(state), toll }));
        self
    }

    fn find(&self, operation: &str) -> Option<(&Self, &dyn Handler, &'static str)> {
        let (name, handler) = self.handlers.get_key_value(operation)?;
        Some((self, &**handler, name))
    }

    /// The operations with a request quota of their own, and the rate they declare.
    pub fn rates(&self) -> Vec<(&'static str, u32)> {
        self.handlers.iter().filter_map(|(name, handler)| Some((*name, handler.own_rate()?))).collect()
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
    services: Arc<[Service]>,
    observer: Arc<dyn Observer>,
}

impl Engine {
    /// Puts services on a system, once.
    pub fn new(system: Arc<System>, services: Vec<Service>, observer: Arc<dyn Observer>) -> Self {
        let services: Arc<[Service]> = services.into();
        let _ = system.services.set(Arc::clone(&services));
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
                answer.fault = Some(unrecorded(error.to_string()));
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
        if let Some(failure) = system.log.failure() {
            // A call that could not be recorded must not change anything either.
            return Answer::refused(request_id, dialect(request), "", "", unrecorded(failure.error.to_string()));
        }
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
            _ if handler.is_unsigned() => Ok(Arc::new(Caller::nobody(&system.account))),
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
            via: None,
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
        self.services.iter().find(|service| service.name == target.service)?.find(&target.operation)
    }

    /// What policies would say if `call`'s caller asked this of an operation now; nothing is run or recorded.
    /// `input` is the request as JSON.
    ///
    /// # Errors
    /// The fault of a request that fails before it is judged.
    pub async fn explain(
        &self,
        call: &Call,
        service: &str,
        operation: &str,
        input: &str,
    ) -> Result<Vec<Explained>, Fault> {
        let service = self.services.iter().find(|known| known.name == service);
        let Some((_, handler, _)) = service.and_then(|service| service.find(operation)) else {
            return Err(Fault::new("UnknownOperationException", 400));
        };
        handler.explain(&self.system, call, input).await
    }
}

impl System {
    /// One service's call of another for `call`'s caller ([`Call::through`]): judged, committed and recorded as any
    /// call. `I` and `O` are the operation's own request and response.
    ///
    /// # Errors
    /// The operation's fault; an internal one when there is no such operation with these types.
    pub async fn invoke<I, O>(&self, call: &Call, service: &str, operation: &str, input: &I) -> Result<O, Fault>
    where
        I: Any + Send + Sync,
        O: Any,
    {
        let services = self.services.get().map(|services| &**services).unwrap_or_default();
        let service = services.iter().find(|known| known.name == service);
        let Some((service, handler, name)) = service.and_then(|service| service.find(operation)) else {
            return Err(internal(format!("no operation {operation} to call")).into_fault());
        };
        let facts = Facts { call, source: service.event_source, operation: name, tls: None };
        let (result, records, committed) = handler.invoke(self, &facts, input).await;
        if let Some(ticket) = self.chain(&records, committed) {
            self.log.durable(ticket).await.map_err(|error| Fault::from(InternalFailure::new(error)))?;
        }
        let output = result?.downcast::<O>();
        output.map(|output| *output).map_err(|_| internal(format!("{operation} answers another type")).into_fault())
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

/// What came of a call made inside the house: its output or fault, its records, whether they were committed.
type Invoked = (Result<Box<dyn Any + Send>, Fault>, Vec<Written>, bool);

/// An operation with its types erased, so that one table can hold them all.
trait Handler: Send + Sync {
    fn is_unsigned(&self) -> bool;

    fn own_rate(&self) -> Option<u32>;

    fn call<'a>(
        &'a self,
        system: &'a System,
        facts: &'a Facts<'a>,
        target: &'a Target<'a>,
        request: &'a Request,
    ) -> BoxFuture<'a, Driven>;

    fn invoke<'a>(
        &'a self,
        system: &'a System,
        facts: &'a Facts<'a>,
        input: &'a (dyn Any + Send + Sync),
    ) -> BoxFuture<'a, Invoked>;

    fn explain<'a>(
        &'a self,
        system: &'a System,
        call: &'a Call,
        input: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Explained>, Fault>>;
}

struct Bound<O: Operation> {
    state: Arc<O::Service>,
    toll: Toll,
}

impl<O: Operation> Bound<O> {
    /// The records of a call that ends before its subject is looked for.
    fn refused(facts: &Facts<'_>, input: Option<&O::Input>, fault: &Fault) -> Vec<Written> {
        let nothing = Recorded { added: &[], listed: None, web: None };
        recorder::write::<O::Input, O::Output>(facts, &O::AUDIT, input, nothing, Err(fault))
    }

    /// Resolve, authorize, run, commit; and the records of it.
    async fn drive(
        &self,
        system: &System,
        facts: &Facts<'_>,
        input: &O::Input,
    ) -> (Result<O::Output, Fault>, Vec<Written>, bool) {
        let call = facts.call;
        let cx = Cx { service: &*self.state, system, call };
        let audit: &Audit = &O::AUDIT;
        for attempt in 0..ATTEMPTS_MAX {
            let found = O::subject(cx, input).await;
            if attempt == 0
                && let Err(fault) = self.toll.found::<O>(system, call, input, found.as_ref().ok()).await
            {
                let records = Self::refused(facts, Some(input), &fault);
                return (Err(fault), records, false);
            }
            let (subject, result) = match found {
                Err(error) => (None, Err(error)),
                Ok(subject) => {
                    let verdict = authorize::authorize::<O>(system, call, &subject, input).await;
                    let subject = Authorized::new(subject);
                    let result = match verdict {
                        Err(Refusal::Denied(denied)) => Err(denied.into()),
                        Err(Refusal::Internal(error)) => Err(InternalFailure::from(error).into()),
                        Ok(_) => O::run(cx, &subject, input).await,
                    };
                    (Some(subject), result)
                }
            };
            let result = result.map_err(Into::<Fault>::into);
            let added = O::recorded(input, subject.as_deref());
            let listed = subject.as_deref().map(|subject| subject as &dyn recorder::ResourceList);
            let web = subject.as_deref().and_then(Subject::web_identity);
            let recorded = Recorded { added: &added, listed, web };
            let outcome = result.as_ref().map(|done| &done.output);
            let records = recorder::write(facts, audit, Some(input), recorded, outcome);
            let mut done = match result {
                Ok(done) => done,
                Err(fault) => return (Err(fault), records, false),
            };
            let committed = !done.batch.is_empty();
            if committed {
                System::enclose(&mut done.batch, &records);
                match system.commit(done.batch).await {
                    Ok(()) => {}
                    Err(CommitError::Conflict { .. }) if attempt + 1 < ATTEMPTS_MAX => continue,
                    Err(error) => {
                        let overtaken = matches!(error, CommitError::Conflict { .. }).then(O::overtaken).flatten();
                        let fault = overtaken.map_or_else(|| internal(error).into_fault(), Into::into);
                        let records =
                            recorder::write::<O::Input, O::Output>(facts, audit, Some(input), recorded, Err(&fault));
                        return (Err(fault), records, false);
                    }
                }
            }
            return (Ok(done.output), records, committed);
        }
        (Err(internal("too many conflicting changes").into_fault()), Vec::new(), false)
    }
}

impl<O: Operation> Handler for Bound<O> {
    fn is_unsigned(&self) -> bool {
        O::UNSIGNED
    }

    fn own_rate(&self) -> Option<u32> {
        match O::QUOTA {
            Quota::Own(rate) => Some(rate),
            _ => None,
        }
    }

    fn call<'a>(
        &'a self,
        system: &'a System,
        facts: &'a Facts<'a>,
        target: &'a Target<'a>,
        request: &'a Request,
    ) -> BoxFuture<'a, Driven> {
        Box::pin(async move {
            let decoded = match self.toll.at_once(system, facts.call).await {
                Ok(()) => decode::<O>(target, request),
                Err(fault) => Err(fault),
            };
            let input = match decoded {
                Ok(input) => input,
                Err(fault) => {
                    let records = Self::refused(facts, None, &fault);
                    return Driven { result: Err(fault), records, committed: false };
                }
            };
            let (result, records, committed) = self.drive(system, facts, &input).await;
            let result = result.and_then(|output| {
                if let Some(content) = output.content() {
                    return Ok(respond_content(content, &facts.call.request_id));
                }
                let empty = <O::Output as Output>::EMPTY;
                respond_ok(&target.protocol, O::NAME, &output, empty, &facts.call.request_id)
            });
            Driven { result, records, committed }
        })
    }

    fn invoke<'a>(
        &'a self,
        system: &'a System,
        facts: &'a Facts<'a>,
        input: &'a (dyn Any + Send + Sync),
    ) -> BoxFuture<'a, Invoked> {
        Box::pin(async move {
            let Some(input) = input.downcast_ref::<O::Input>() else {
                let fault = internal(format!("{} takes another type", O::NAME)).into_fault();
                return (Err(fault), Vec::new(), false);
            };
            if let Err(fault) = self.toll.at_once(system, facts.call).await {
                let records = Self::refused(facts, Some(input), &fault);
                return (Err(fault), records, false);
            }
            let (result, records, committed) = self.drive(system, facts, input).await;
            (result.map(|output| Box::new(output) as Box<dyn Any + Send>), records, committed)
        })
    }

    fn explain<'a>(
        &'a self,
        system: &'a System,
        call: &'a Call,
        input: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Explained>, Fault>> {
        Box::pin(async move {
            let input = O::Input::from_json(input.as_bytes()).map_err(Fault::from)?;
            let cx = Cx { service: &*self.state, system, call };
            let subject = O::subject(cx, &input).await.map_err(Into::<Fault>::into)?;
            authorize::explain_all::<O>(system, call, &subject, &input).await.map_err(crate::Internal::into_fault)
        })
    }
}

/// The answer to a call whose record could not be written: AWS's name for a failure that may pass. SDKs try again, and find
/// another node where there is one.
fn unrecorded(cause: String) -> Fault {
    let text = "The request cannot be recorded in the audit log, so it is not answered.";
    Fault { message: Some(text.into()), cause: Some(cause), ..Fault::new("ServiceUnavailable", 503) }
}

fn decode<O: Operation>(target: &Target<'_>, request: &Request) -> Result<O::Input, Fault> {
    let decoded = match &target.protocol {
        Protocol::Json { .. } => O::Input::from_json(&request.body),
        Protocol::Query { .. } => O::Input::decode(query::deserializer(request.form())),
        Protocol::S3 => O::Input::from_json(&s3::input(request)),
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
