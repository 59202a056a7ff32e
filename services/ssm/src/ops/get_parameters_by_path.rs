//! GetParametersByPath: what lies below a node of the hierarchy. The node is what permission is asked for, not what lies
//! below it.

use super::prelude::*;
use crate::filter::{self, Filter, Key, List};
use crate::find::Picked;
use crate::listing::{Listing, Scope};
use crate::name::Selector;
use crate::page::{self, Tokens};
use crate::read;

/// Parameters of a page, at most and unless told otherwise.
const PAGE: usize = 10;

pub(super) struct GetParametersByPath;

/// Where the page starts, and below which node.
pub(super) struct Place {
    node: String,
    filters: Vec<Filter>,
    after: Option<String>,
}

/// Whatever narrows the list: a token is good for one path and its filters.
fn question(input: &ssm::GetParametersByPathRequest) -> String {
    format!("{}|{:?}|{:?}", input.path, input.recursive, input.parameter_filters)
}

impl Operation for GetParametersByPath {
    type Service = Ssm;
    const NAME: &'static str = "GetParametersByPath";
    const ACTION: &'static str = "ssm:GetParametersByPath";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(40);
    type Input = ssm::GetParametersByPathRequest;
    type Output = ssm::GetParametersByPathResponse;
    type Error = ssm::GetParametersByPathError;
    type Subject = Targets<Place>;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let node = name::node(&input.path)?;
        let filters =
            filter::parse::<Self::Error>(input.parameter_filters.as_deref().unwrap_or_default(), List::ByPath)?;
        let tokens = Tokens::new(cx.system, cx.call, Self::NAME, &question(input));
        let after = tokens.open::<Self::Error>(input.next_token.as_deref()).await?;
        let shown = if node.is_empty() { "/" } else { &node };
        let target = Target::own(cx, shown, None);
        Ok(Targets::one(target, Place { node, filters, after }))
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        (key == "ssm:recursive").then(|| Values::One(bool_text(input.recursive == Some(true)).into()))
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "ssm:recursive" && input.recursive.is_none()
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let Place { node, filters, after } = &subject.known;
        let scope = if input.recursive == Some(true) { Scope::Below(node) } else { Scope::Children(node) };
        let listing = Listing { scope, after: after.as_deref(), limit: page::limit(input.max_results, PAGE) };
        let (rows, next) = listing.page(cx, |parameter| filters.iter().all(|filter| filter.passes(parameter))).await?;
        let labels = filters.iter().find(|filter| filter.key == Key::Label).map(|filter| filter.values.as_slice());
        let mut parameters = Vec::with_capacity(rows.len());
        for parameter in rows {
            let record = &parameter.record;
            // A filter by label picks the version with that label.
            let label = labels.and_then(|labels| labels.iter().find(|label| record.labels.contains_key(*label)));
            let selector = label.cloned().map(Selector::Label);
            let picked = find::pick(cx.system, &parameter, selector.as_ref()).await.map_err(InternalFailure::from)?;
            // A version that was dropped since the page was read is not listed any more.
            let Picked::Version(version) = picked else { continue };
            let value = read::value::<Self::Error>(cx, &parameter, &version, input.with_decryption).await?;
            let suffix = label.map(|label| format!(":{label}"));
            parameters.push(parameter.shown(&version, value, record.name.clone(), suffix));
        }
        let tokens = Tokens::new(cx.system, cx.call, Self::NAME, &question(input));
        Ok(Done::read(ssm::GetParametersByPathResult {
            parameters: Some(parameters),
            next_token: tokens.seal(next).await?,
        }))
    }
}
