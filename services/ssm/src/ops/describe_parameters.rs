//! DescribeParameters: what there is, without the values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::prelude::*;
use crate::filter::{self, Filter, How, Key, List};
use crate::listing::{Listing, Scope};
use crate::page::{self, Tokens};
use crate::parameter::Parameter;

/// Parameters of a page, at most and unless told otherwise.
const PAGE: usize = 50;

pub(super) struct DescribeParameters;

/// The filters and where the page starts.
pub(super) struct Question {
    filters: Vec<Filter>,
    after: Option<String>,
}

/// Whatever narrows the list: a token is good for one set of filters.
fn question(input: &ssm::DescribeParametersRequest) -> String {
    format!("{:?}|{:?}|{:?}", input.filters, input.parameter_filters, input.shared)
}

impl Operation for DescribeParameters {
    type Service = Ssm;
    const NAME: &'static str = "DescribeParameters";
    const ACTION: &'static str = "ssm:DescribeParameters";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::DescribeParametersRequest;
    type Output = ssm::DescribeParametersResponse;
    type Error = ssm::DescribeParametersError;
    type Subject = Targets<Question>;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let filters = match (&input.filters, &input.parameter_filters) {
            (Some(_), Some(_)) => {
                let text = "You can use either Filters or ParameterFilters in a single request.";
                return Err(ValidationException::new(text).into());
            }
            (Some(old), None) => filter::legacy(old),
            (None, filters) => filter::parse::<Self::Error>(filters.as_deref().unwrap_or_default(), List::All)?,
        };
        let tokens = Tokens::new(cx.system, cx.call, Self::NAME, &question(input));
        let after = tokens.open::<Self::Error>(input.next_token.as_deref()).await?;
        Ok(Targets::one(Target::everything(cx), Question { filters, after }))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let Question { filters, after } = &subject.known;
        let limit = page::limit(input.max_results, PAGE);
        let after = after.as_deref();
        let passes = |parameter: &Parameter| filters.iter().all(|filter| filter.passes(parameter));
        let shared = input.shared == Some(true);
        let (found, next) = match names(filters) {
            _ if shared => {
                let listing = Listing { scope: Scope::Shared, after, limit };
                let (found, next) = listing.page(cx, passes).await?;
                (found.into_iter().map(Arc::new).collect(), next)
            }
            Some(names) => by_name(cx, names, filters, after, limit).await?,
            None => {
                let listing = Listing { scope: scope(filters), after, limit };
                let (found, next) = listing.page(cx, passes).await?;
                (found.into_iter().map(Arc::new).collect(), next)
            }
        };
        // What others share is known by its ARN.
        let named = |parameter: &Parameter| if shared { &parameter.arn } else { &parameter.record.name }.clone();
        let tokens = Tokens::new(cx.system, cx.call, Self::NAME, &question(input));
        Ok(Done::read(ssm::DescribeParametersResult {
            parameters: Some(found.iter().map(|parameter| parameter.metadata(named(parameter))).collect()),
            next_token: tokens.seal(next).await?,
        }))
    }
}

/// The names asked for, when they are given in full.
fn names(filters: &[Filter]) -> Option<&[String]> {
    let whole = filters.iter().find(|filter| filter.key == Key::Name && filter.how == How::Equals)?;
    Some(&whole.values)
}

/// Parameters with these names, which need no search.
async fn by_name(
    cx: SsmCx<'_>,
    names: &[String],
    filters: &[Filter],
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Arc<Parameter>>, Option<String>), InternalFailure> {
    let mut found = BTreeMap::new();
    for name in names {
        let path = format!("/{}", name.strip_prefix('/').unwrap_or(name));
        let parameter = find::own(cx, &path).await?;
        let passing = parameter.filter(|parameter| filters.iter().all(|filter| filter.passes(parameter)));
        found.extend(passing.map(|parameter| (path, parameter)));
    }
    let mut rest = found.into_iter().filter(|(path, _)| after.is_none_or(|after| path.as_str() > after));
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let more = rest.next().is_some();
    let next = page.last().filter(|_| more).map(|(path, _)| path.clone());
    Ok((page.into_iter().map(|(_, parameter)| parameter).collect(), next))
}

/// The least that has to be looked at.
fn scope(filters: &[Filter]) -> Scope<'_> {
    let narrow = filters.iter().find_map(|filter| {
        let [value] = filter.values.as_slice() else { return None };
        Some(match (&filter.key, filter.how) {
            (Key::Path, How::OneLevel) => Scope::Children(value.trim_end_matches('/')),
            (Key::Path, _) => Scope::Below(value.trim_end_matches('/')),
            (Key::Name, How::BeginsWith) => Scope::Beginning(value.strip_prefix('/').unwrap_or(value)),
            _ => return None,
        })
    });
    narrow.unwrap_or(Scope::Beginning(""))
}
