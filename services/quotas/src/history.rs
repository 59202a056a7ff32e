//! Listing requests for more, in the order they were made.

use claviger_shapes::InternalFailure;
use claviger_shapes::service_quotas::{
    AppliedLevelEnum, InvalidPaginationTokenException, RequestStatus, RequestedServiceQuotaChange,
};
use claviger_store::{Records, StoreError};

use crate::record::ChangeRecord;
use crate::{QuotasCx, page};

/// Which requests.
pub(crate) struct Question<'a> {
    /// Of one service.
    pub service: Option<&'a str>,
    /// For one quota.
    pub code: Option<&'a str>,
    /// With one outcome.
    pub status: Option<RequestStatus>,
}

/// Which part of them.
pub(crate) struct Asked<'a> {
    /// For accounts or for single resources; of the latter there are none.
    pub level: Option<AppliedLevelEnum>,
    /// Where to go on.
    pub token: Option<&'a str>,
    /// How many.
    pub size: Option<i32>,
}

/// One page of requests, and the token of the next.
pub(crate) async fn list<E>(
    cx: QuotasCx<'_>,
    question: Question<'_>,
    asked: Asked<'_>,
) -> Result<(Vec<RequestedServiceQuotaChange>, Option<String>), E>
where
    E: From<InvalidPaginationTokenException> + From<InternalFailure>,
{
    let mut after = page::position(asked.token)?;
    let mut found = Vec::new();
    if asked.level == Some(AppliedLevelEnum::Resource) {
        return Ok((found, None));
    }
    let (home, size) = (cx.call.home(), page::size(asked.size));
    while found.len() < size {
        let room = size - found.len();
        let read = cx.system.store.list::<ChangeRecord>(Some("by_time"), &home, None, after.as_deref(), room).await;
        let (rows, next) = read.map_err(|error| match error {
            StoreError::BadCursor => E::from(page::invalid()),
            other => InternalFailure::new(other).into(),
        })?;
        let asked_for = rows.iter().filter(|row| row.record.is_of(question.service, question.code, question.status));
        found.extend(asked_for.map(|row| row.record.show()));
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok((found, after.map(|position| page::token(&position))))
}
