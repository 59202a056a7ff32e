//! The table of operations, and who may call none of them.

use std::marker::PhantomData;
use std::sync::Arc;

use claviger_pipeline::{Audit, Authorized, Caller, Done, Operation, Quota, Service};
use claviger_policy::{PrincipalKind, Values};
use claviger_shapes::UnrecognizedClientException;

use super::{EVENT_SOURCE, Iam, IamCx, SIGNING_NAME};

/// The operations of this service. It is the only way to add one, so none is left unguarded.
pub(crate) struct Table {
    service: Service,
    iam: Arc<Iam>,
}

impl Table {
    /// No operations.
    pub(crate) fn new() -> Self {
        Self { service: Service::new(SIGNING_NAME, EVENT_SOURCE), iam: Arc::default() }
    }

    /// Adds one operation.
    pub(crate) fn with<O>(self) -> Self
    where
        O: Operation<Service = Iam>,
        O::Error: From<UnrecognizedClientException>,
    {
        Self { service: self.service.with::<Guarded<O>>(&self.iam), iam: self.iam }
    }

    /// The service.
    pub(crate) fn finish(self) -> Service {
        self.service
    }
}

/// An operation that is refused to federated users and to sessions of users and of root. AWS lets the latter in with a
/// second factor, which sessions of this server never have.
struct Guarded<O>(PhantomData<fn() -> O>);

fn refuse_sessions(caller: &Caller) -> Result<(), UnrecognizedClientException> {
    let barred = match caller.kind {
        PrincipalKind::FederatedUser => true,
        PrincipalKind::User | PrincipalKind::Root => caller.session.is_some(),
        _ => false,
    };
    if barred {
        return Err(UnrecognizedClientException::new("The security token included in the request is invalid."));
    }
    Ok(())
}

impl<O> Operation for Guarded<O>
where
    O: Operation<Service = Iam>,
    O::Error: From<UnrecognizedClientException>,
{
    type Service = Iam;
    const NAME: &'static str = O::NAME;
    const ACTION: &'static str = O::ACTION;
    const AUDIT: Audit = O::AUDIT;
    const QUOTA: Quota = O::QUOTA;
    const UNSIGNED: bool = O::UNSIGNED;
    type Input = O::Input;
    type Output = O::Output;
    type Error = O::Error;
    type Subject = O::Subject;

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        refuse_sessions(&cx.call.caller)?;
        O::subject(cx, input).await
    }

    fn condition<'a>(input: &'a Self::Input, side: usize, key: &str) -> Option<Values<'a>> {
        O::condition(input, side, key)
    }

    fn omitted(input: &Self::Input, side: usize, key: &str) -> bool {
        O::omitted(input, side, key)
    }

    fn recorded(input: &Self::Input, subject: Option<&Self::Subject>) -> Vec<(&'static str, String)> {
        O::recorded(input, subject)
    }

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        O::run(cx, subject, input).await
    }
}
