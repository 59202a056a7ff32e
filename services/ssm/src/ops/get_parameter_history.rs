//! GetParameterHistory: the versions that are kept, the oldest first.

use super::prelude::*;
use crate::history;
use crate::name::Asked;
use crate::page::{self, Tokens};
use crate::read;

/// Versions of a page, at most and unless told otherwise.
const PAGE: usize = 50;

pub(super) struct GetParameterHistory;

/// The number of the last version of the page before.
type After = Option<i64>;

impl Operation for GetParameterHistory {
    type Service = Ssm;
    const NAME: &'static str = "GetParameterHistory";
    const ACTION: &'static str = "ssm:GetParameterHistory";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::GetParameterHistoryRequest;
    type Output = ssm::GetParameterHistoryResponse;
    type Error = ssm::GetParameterHistoryError;
    type Subject = Targets<(Asked, After)>;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let asked = Asked::without_version(cx.call, &input.name)?;
        let tokens = Tokens::new(cx.system, cx.call, Self::NAME, &input.name);
        let after = tokens.open::<Self::Error>(input.next_token.as_deref()).await?;
        let after = after.and_then(|after| after.parse().ok());
        let parameter = find::asked(cx, &asked).await.map_err(InternalFailure::from)?;
        Ok(Targets::one(Target::asked(cx, &asked, parameter), (asked, after)))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (asked, after) = &subject.known;
        let parameter = subject.parameter().ok_or_else(ssm::ParameterNotFound::bare)?;
        let limit = page::limit(input.max_results, PAGE);
        let versions = history::page(cx.system, parameter, *after, limit).await?;
        let mut parameters = Vec::with_capacity(versions.len());
        for version in &versions {
            let value = read::value::<Self::Error>(cx, parameter, version, input.with_decryption).await?;
            parameters.push(parameter.past(version, value, read::name(cx, parameter, asked)));
        }
        let last = versions.last().map(|version| version.version);
        let next = last.filter(|last| *last < parameter.record.current.version);
        let tokens = Tokens::new(cx.system, cx.call, Self::NAME, &input.name);
        Ok(Done::read(ssm::GetParameterHistoryResult {
            parameters: Some(parameters),
            next_token: tokens.seal(next.map(|last| last.to_string())).await?,
        }))
    }
}
