//! Lists of parameters, page by page, in the order of their names.

use claviger_pipeline::internal;
use claviger_shapes::InternalFailure;
use claviger_store::Records;

use crate::SsmCx;
use crate::parameter::Parameter;
use crate::record::{ParameterRecord, children_prefix, parameter_id, shared_prefix};

/// Most parameters looked at for one page: a filter that nearly nothing passes gives short pages instead of long waits.
const LOOKED_AT_MAX: usize = 1_000;

/// Which of an account's and Region's parameters are listed.
#[derive(Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// The direct children of a node.
    Children(&'a str),
    /// Everything below a node.
    Below(&'a str),
    /// Everything whose name begins with a text, the slash before it aside.
    Beginning(&'a str),
    /// Everything that other accounts share with this one.
    Shared,
}

/// One page to be listed.
pub(crate) struct Listing<'a> {
    /// Of what.
    pub(crate) scope: Scope<'a>,
    /// Behind this position; `None` for the first page.
    pub(crate) after: Option<&'a str>,
    /// Most parameters of the page.
    pub(crate) limit: usize,
}

impl Listing<'_> {
    /// The parameters that pass the filter, and where the next page starts.
    pub(crate) async fn page(
        &self,
        cx: SsmCx<'_>,
        passes: impl Fn(&Parameter) -> bool,
    ) -> Result<(Vec<Parameter>, Option<String>), InternalFailure> {
        let (account, region) = (cx.call.account(), &cx.call.region);
        let (index, prefix) = match self.scope {
            Scope::Children(node) => (Some("by_parent"), children_prefix(account, region, node)),
            Scope::Below(node) => (None, parameter_id(account, region, node) + "/"),
            Scope::Shared => (Some("shared"), shared_prefix(region, account)),
            Scope::Beginning(name) => (None, parameter_id(account, region, "/") + name),
        };
        let mut after = self.after.map(str::to_owned);
        let mut found = Vec::new();
        let mut looked_at = 0;
        loop {
            // Never more than still fit, so that a page ends where the next one starts.
            let wanted = self.limit - found.len();
            let store = &cx.system.store;
            let page = store.list::<ParameterRecord>(index, &prefix, None, after.as_deref(), wanted).await;
            let (rows, next) = page.map_err(internal)?;
            looked_at += rows.len();
            found.extend(rows.into_iter().map(Parameter::new).filter(&passes));
            if next.is_none() || found.len() >= self.limit || looked_at >= LOOKED_AT_MAX {
                return Ok((found, next));
            }
            after = next;
        }
    }
}
