//! What one operation's calls are charged to.

use std::num::NonZeroU32;

use claviger_shapes::Fault;

use super::Limit;
use crate::operation::{Operation, Quota};
use crate::{Call, System};

const ONE: NonZeroU32 = NonZeroU32::MIN;

/// When a call is charged, and to what.
enum Pool {
    Nothing,
    AtOnce(&'static Limit),
    /// To the pools of the subject; to this one as long as there is none.
    Found(&'static Limit),
}

/// An operation's part in the request quotas.
pub(crate) struct Toll {
    pool: Pool,
    throttled: Fault,
}

/// The pool of an operation that no table lists.
const fn own<O: Operation>() -> Limit {
    let rate = match O::QUOTA {
        Quota::Own(rate) => rate,
        _ => 0,
    };
    Limit::rate("own", O::ACTION, O::NAME, rate as f64)
}

impl Toll {
    /// `table`: the service's quotas. `throttled`: what a caller that is too fast is answered.
    pub(crate) fn of<O: Operation>(table: &[&'static Limit], throttled: &Fault) -> Self {
        let pool = match O::QUOTA {
            Quota::Shared(limit) => Pool::AtOnce(limit),
            Quota::OfSubject(limit) => Pool::Found(limit),
            Quota::Own(_) => {
                let row = table.iter().copied().find(|limit| limit.is_of(O::NAME));
                Pool::AtOnce(row.unwrap_or(const { &own::<O>() }))
            }
            Quota::Unlimited => Pool::Nothing,
        };
        Self { pool, throttled: throttled.clone() }
    }

    /// Before anything is read of the request.
    pub(crate) async fn at_once(&self, system: &System, call: &Call) -> Result<(), Fault> {
        match self.pool {
            Pool::AtOnce(limit) => system.admit(call, &call.region, [limit], ONE, &self.throttled).await,
            Pool::Nothing | Pool::Found(_) => Ok(()),
        }
    }

    /// When the subject was found, or was not; and what the call costs elsewhere.
    pub(crate) async fn found<O: Operation>(
        &self,
        system: &System,
        call: &Call,
        input: &O::Input,
        subject: Option<&O::Subject>,
    ) -> Result<(), Fault> {
        if let Some((region, limit, requests)) = O::elsewhere(input) {
            let requests = NonZeroU32::new(requests).unwrap_or(ONE);
            system.admit(call, region, [limit], requests, &self.throttled).await?;
        }
        let Pool::Found(unknown) = self.pool else { return Ok(()) };
        let mut pools = subject.map_or([None, None], |subject| O::pools(input, subject));
        if pools.iter().all(Option::is_none) {
            pools[0] = Some(unknown);
        }
        system.admit(call, &call.region, pools.into_iter().flatten(), ONE, &self.throttled).await
    }
}
