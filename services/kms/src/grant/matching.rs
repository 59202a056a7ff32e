//! Which grants of one grantee on one key allow a request. A grantee may hold fifty thousand: what a request is compared
//! with is found by its encryption context, never by walking them all, and a grant that comes or goes moves nothing but
//! itself.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use claviger_policy::{GrantKind, Grantee};
use claviger_shapes::kms::GrantOperation;

use super::record::{Constraints, GrantRecord, Operations};

type Context = BTreeMap<String, String>;
type Pair = (String, String);

/// What a grant says. Grants that say the same are one entry.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Entry {
    constraints: Constraints,
    issuer: Box<str>,
    allowed: Operations,
}

/// All grants of one grantee on one key.
#[derive(Debug, Default)]
pub(crate) struct Granted {
    /// By grant id.
    grants: HashMap<Box<str>, Arc<Entry>>,
    /// Each entry once, with the number of grants that say it.
    entries: HashMap<Arc<Entry>, usize>,
    /// What an issuing account allows whatever the request's context and source, and how many entries do.
    free: HashMap<(Box<str>, Operations), usize>,
    /// Entries that demand a whole encryption context.
    equals: HashMap<Context, Vec<Arc<Entry>>>,
    /// Entries that demand some pairs, each under the one that fewest others stood under.
    subset: HashMap<Pair, Vec<Arc<Entry>>>,
    /// Entries that demand a source only.
    source: HashMap<String, Vec<Arc<Entry>>>,
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
    /// Adds a grant.
    pub(crate) fn insert(&mut self, record: GrantRecord) {
        self.remove(&record.grant_id);
        let entry = Entry { allowed: record.allowed(), issuer: record.issuer.into(), constraints: record.constraints };
        let known = self.entries.get_key_value(&entry).map(|(known, _)| Arc::clone(known));
        let entry = known.unwrap_or_else(|| {
            let entry = Arc::new(entry);
            self.place(&entry);
            entry
        });
        *self.entries.entry(Arc::clone(&entry)).or_default() += 1;
        self.grants.insert(record.grant_id.into(), entry);
    }

    /// Takes a grant out.
    pub(crate) fn remove(&mut self, grant_id: &str) {
        let Some(entry) = self.grants.remove(grant_id) else { return };
        if release(&mut self.entries, &entry) {
            self.displace(&entry);
        }
    }

    fn place(&mut self, entry: &Arc<Entry>) {
        *self.free.entry(entry.always()).or_default() += 1;
        let Constraints { equals, subset, source_arn } = &entry.constraints;
        let here = Arc::clone(entry);
        match (equals, subset, source_arn) {
            (Some(context), ..) => self.equals.entry(context.clone()).or_default().push(here),
            (None, Some(pairs), _) => {
                let crowd = |pair: &Pair| self.subset.get(pair).map_or(0, Vec::len);
                let pairs = pairs.iter().map(|(name, value)| (name.clone(), value.clone()));
                if let Some(pair) = pairs.min_by_key(crowd) {
                    self.subset.entry(pair).or_default().push(here);
                }
            }
            (None, None, Some(source)) => self.source.entry(source.clone()).or_default().push(here),
            (None, None, None) => {}
        }
    }

    fn displace(&mut self, entry: &Arc<Entry>) {
        release(&mut self.free, &entry.always());
        let Constraints { equals, subset, source_arn } = &entry.constraints;
        match (equals, subset, source_arn) {
            (Some(context), ..) => leave(&mut self.equals, context, entry),
            (None, Some(pairs), _) => {
                for (name, value) in pairs {
                    leave(&mut self.subset, &(name.clone(), value.clone()), entry);
                }
            }
            (None, None, Some(source)) => leave(&mut self.source, source, entry),
            (None, None, None) => {}
        }
    }

    /// The strongest grant that allows a request.
    pub(crate) fn allows(&self, request: Use<'_>, grantee: Grantee, accounts: Accounts<'_>) -> Option<GrantKind> {
        let Use { operation, context, source_arn } = request;
        let strength = |issuer: &str| GrantKind::of(grantee, accounts.caller, accounts.key, issuer);
        let free = self.free.keys().filter(|(_, allowed)| allowed.has(operation));
        let free = free.map(|(issuer, _)| strength(issuer)).max();
        // No grant is worth more than one the caller's own account issued.
        if free == Some(strength(accounts.caller)) {
            return free;
        }
        let equals = self.equals.get(context).into_iter().flatten();
        let sought = if self.subset.is_empty() { None } else { Some(context) };
        let pairs = sought.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
        let subset = pairs.filter_map(|pair| self.subset.get(&pair)).flatten();
        let source = source_arn.and_then(|source| self.source.get(source)).into_iter().flatten();
        let fitting = equals
            .chain(subset)
            .chain(source)
            .filter(|entry| entry.allowed.has(operation) && entry.constraints.hold(context, source_arn));
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
        let parents = self.entries.keys().filter(|entry| {
            let source = &entry.constraints.source_arn;
            entry.allowed.has(GrantOperation::CreateGrant)
                && entry.allowed.covers(allowed)
                && source.as_deref().is_none_or(|source| source_arn == Some(source))
                && constraints.imply(&entry.constraints)
        });
        parents.map(|entry| GrantKind::of(grantee, accounts.caller, accounts.key, &entry.issuer)).max()
    }
}

impl FromIterator<GrantRecord> for Granted {
    fn from_iter<I: IntoIterator<Item = GrantRecord>>(records: I) -> Self {
        let mut granted = Self::default();
        for record in records {
            granted.insert(record);
        }
        granted
    }
}

impl Entry {
    /// What is allowed whatever a request's context and source.
    fn always(&self) -> (Box<str>, Operations) {
        let unconstrained = self.constraints == Constraints::default();
        let allowed = if unconstrained { self.allowed } else { self.allowed.and(Operations::UNCONSTRAINED) };
        (self.issuer.clone(), allowed)
    }
}

/// Counts one down; whether it was the last.
fn release<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) -> bool {
    match counts.get_mut(key) {
        Some(count) if *count > 1 => {
            *count -= 1;
            false
        }
        _ => counts.remove(key).is_some(),
    }
}

/// Takes an entry from where it stands.
fn leave<K: Eq + Hash>(places: &mut HashMap<K, Vec<Arc<Entry>>>, key: &K, entry: &Arc<Entry>) {
    let Some(crowd) = places.get_mut(key) else { return };
    crowd.retain(|other| !Arc::ptr_eq(other, entry));
    if crowd.is_empty() {
        places.remove(key);
    }
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
