//! Which grants of one grantee on one key allow a request. A grantee may hold fifty thousand: what a request is compared
//! with is found by its encryption context, never by walking them all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use claviger_policy::{GrantKind, Grantee};
use claviger_shapes::kms::GrantOperation;

use super::record::{Constraints, GrantRecord, Operations};

type Context = BTreeMap<String, String>;
type Pair = (String, String);

/// Grants of the same account with the same operations and constraints count once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    constraints: Constraints,
    issuer: Arc<str>,
    allowed: Operations,
}

/// All grants of one grantee on one key.
#[derive(Debug, Default)]
pub(crate) struct Granted {
    entries: Vec<Entry>,
    /// By issuing account: what is allowed whatever the request's context and source.
    free: Vec<(Arc<str>, Operations)>,
    /// Entries that demand a whole encryption context.
    equals: HashMap<Context, Vec<u32>>,
    /// Entries that demand some pairs, each under its rarest.
    subset: HashMap<Pair, Vec<u32>>,
    /// Entries that demand a source only.
    source: HashMap<String, Vec<u32>>,
}

/// What a request is, as far as grants are concerned.
#[derive(Clone, Copy)]
pub(crate) struct Use<'a> {
    /// What is asked for.
    pub operation: GrantOperation,
    /// The encryption context of the side in question.
    pub context: &'a Context,
    /// `aws:SourceArn` of a service that calls for a resource.
    pub source_arn: Option<&'a str>,
}

/// The accounts that decide what a matching grant is worth.
#[derive(Clone, Copy)]
pub(crate) struct Accounts<'a> {
    /// Whom the caller belongs to; empty for services.
    pub caller: &'a str,
    /// Whom the key belongs to.
    pub key: &'a str,
}

impl Granted {
    /// Puts grants in order.
    pub(crate) fn new(records: impl IntoIterator<Item = GrantRecord>) -> Self {
        let mut issuers: HashMap<String, Arc<str>> = HashMap::new();
        let mut entries: Vec<Entry> = records
            .into_iter()
            .map(|record| {
                let allowed = record.allowed();
                let issuer = issuers.entry(record.issuer).or_insert_with_key(|issuer| issuer.as_str().into());
                Entry { issuer: Arc::clone(issuer), allowed, constraints: record.constraints }
            })
            .collect();
        entries.sort_unstable();
        entries.dedup();
        let mut granted = Self::default();
        let mut common: HashMap<Pair, usize> = HashMap::new();
        for pair in entries.iter().flat_map(|entry| pairs(&entry.constraints)) {
            *common.entry(pair).or_default() += 1;
        }
        for (number, entry) in entries.iter().enumerate() {
            granted.add(u32::try_from(number).unwrap_or(u32::MAX), entry, &common);
        }
        granted.entries = entries;
        granted
    }

    fn add(&mut self, number: u32, entry: &Entry, common: &HashMap<Pair, usize>) {
        let Constraints { equals, subset, source_arn } = &entry.constraints;
        let rarest = pairs(&entry.constraints).min_by_key(|pair| common.get(pair));
        let always = match (equals, subset, source_arn) {
            (None, None, None) => entry.allowed,
            _ => entry.allowed.and(Operations::UNCONSTRAINED),
        };
        match self.free.iter_mut().find(|(issuer, _)| *issuer == entry.issuer) {
            Some((_, allowed)) => *allowed = allowed.or(always),
            None => self.free.push((Arc::clone(&entry.issuer), always)),
        }
        match (equals, rarest, source_arn) {
            (Some(context), ..) => self.equals.entry(context.clone()).or_default().push(number),
            (None, Some(pair), _) => self.subset.entry(pair).or_default().push(number),
            (None, None, Some(source)) => self.source.entry(source.clone()).or_default().push(number),
            (None, None, None) => {}
        }
    }

    /// The strongest grant that allows a request.
    pub(crate) fn allows(&self, request: Use<'_>, grantee: Grantee, accounts: Accounts<'_>) -> Option<GrantKind> {
        let strength = |issuer: &str| GrantKind::of(grantee, accounts.caller, accounts.key, issuer);
        let free = self.free.iter().filter(|(_, allowed)| allowed.has(request.operation));
        let free = free.map(|(issuer, _)| strength(issuer)).max();
        // No grant is worth more than one the caller's own account issued.
        if free == Some(strength(accounts.caller)) {
            return free;
        }
        let Use { operation, context, source_arn } = request;
        let equals = self.equals.get(context).into_iter().flatten();
        let sought = if self.subset.is_empty() { None } else { Some(context) };
        let subset =
            sought.into_iter().flatten().filter_map(|(name, value)| self.subset.get(&(name.clone(), value.clone())));
        let source = source_arn.and_then(|source| self.source.get(source)).into_iter().flatten();
        let candidates = equals.chain(subset.flatten()).chain(source);
        let entries = candidates.filter_map(|number| self.entries.get(usize::try_from(*number).ok()?));
        let fitting =
            entries.filter(|entry| entry.allowed.has(operation) && entry.constraints.hold(context, source_arn));
        fitting.map(|entry| strength(&entry.issuer)).chain(free).max()
    }

    /// The strongest single grant that may be passed on as `allowed` under `constraints`: it allows CreateGrant and
    /// everything the child allows, and demands no more than the child does. Parents are not added up.
    pub(crate) fn delegates(
        &self,
        allowed: Operations,
        constraints: &Constraints,
        source_arn: Option<&str>,
        grantee: Grantee,
        accounts: Accounts<'_>,
    ) -> Option<GrantKind> {
        let parents = self.entries.iter().filter(|entry| {
            let source = &entry.constraints.source_arn;
            entry.allowed.has(GrantOperation::CreateGrant)
                && entry.allowed.covers(allowed)
                && source.as_deref().is_none_or(|source| source_arn == Some(source))
                && constraints.imply(&entry.constraints)
        });
        parents.map(|entry| GrantKind::of(grantee, accounts.caller, accounts.key, &entry.issuer)).max()
    }
}

fn pairs(constraints: &Constraints) -> impl Iterator<Item = Pair> {
    let subset = constraints.subset.iter().filter(|_| constraints.equals.is_none()).flatten();
    subset.map(|(name, value)| (name.clone(), value.clone()))
}

impl Constraints {
    /// Whether a request meets them. Names and values are compared byte by byte.
    fn hold(&self, context: &Context, source_arn: Option<&str>) -> bool {
        self.equals.as_ref().is_none_or(|wanted| wanted == context)
            && self.subset.as_ref().is_none_or(|wanted| includes(context, wanted))
            && self.source_arn.as_deref().is_none_or(|wanted| source_arn == Some(wanted))
    }

    /// Whether every request that meets these meets `others`.
    fn imply(&self, others: &Self) -> bool {
        let equals = others.equals.as_ref().is_none_or(|wanted| self.equals.as_ref() == Some(wanted));
        let subset = others.subset.as_ref().is_none_or(|wanted| {
            [&self.equals, &self.subset].into_iter().flatten().any(|given| includes(given, wanted)) || wanted.is_empty()
        });
        let source = others.source_arn.as_ref().is_none_or(|wanted| self.source_arn.as_ref() == Some(wanted));
        equals && subset && source
    }
}

fn includes(context: &Context, wanted: &Context) -> bool {
    wanted.iter().all(|(name, value)| context.get(name) == Some(value))
}

#[cfg(test)]
mod tests;
