//! Context keys: which ones policies ask for, and which ones a simulation has.

use std::collections::HashSet;

use claviger_policy::{Context, Document, TableContext, condition_key};
use claviger_shapes::iam::{ContextEntry, ContextKeyTypeEnum};

use super::principal::Caller;
use super::source::Source;

/// Keys in order of appearance, each once, as the policies write them.
#[derive(Default)]
pub(crate) struct Keys {
    names: Vec<String>,
    seen: HashSet<String>,
}

impl Keys {
    /// The keys of several policies.
    pub(crate) fn of<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Self {
        let mut keys = Self::default();
        for source in sources {
            keys.add(&source.text, &source.document);
        }
        keys
    }

    fn add(&mut self, text: &str, document: &Document) {
        let folded = text.to_ascii_lowercase();
        for key in document.context_keys() {
            if self.seen.insert(key.to_owned()) {
                // In the case the policy has it in; an escaped one is not found.
                let written = folded.find(key).and_then(|start| text.get(start..start + key.len()));
                self.names.push(written.unwrap_or(key).to_owned());
            }
        }
    }

    /// The names.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.names
    }
}

/// What the caller gives by itself, and over it what the request says.
pub(crate) fn table(caller: &Caller, entries: &[ContextEntry]) -> TableContext {
    let mut table = TableContext::new();
    if caller.named {
        table = table
            .with("aws:PrincipalArn", caller.principal_arn())
            .with("aws:PrincipalAccount", caller.account())
            .with("aws:PrincipalType", caller.type_name());
        if !caller.unique_id().is_empty() {
            table = table.with("aws:userid", caller.unique_id());
        }
        if let Some(name) = &caller.user_name {
            table = table.with("aws:username", name);
        }
        for (key, value) in &caller.tags {
            table = table.with(&format!("aws:PrincipalTag/{key}"), value);
        }
    }
    for entry in entries {
        let Some(name) = &entry.context_key_name else { continue };
        let values = entry.context_key_values.as_deref().unwrap_or_default();
        table = match values {
            [value] if !is_list(entry.context_key_type) => table.with(name, value),
            values => table.with_many(name, values.iter().cloned()),
        };
    }
    table
}

fn is_list(kind: Option<ContextKeyTypeEnum>) -> bool {
    use ContextKeyTypeEnum::{BinaryList, BooleanList, DateList, IpList, NumericList, StringList};
    matches!(kind, Some(BinaryList | BooleanList | DateList | IpList | NumericList | StringList))
}

/// The same with one more key, unless the request gave it.
pub(crate) fn with_default(table: &TableContext, key: &str, value: &str) -> TableContext {
    match table.get(&condition_key(key)) {
        Some(_) => table.clone(),
        None => table.clone().with(key, value),
    }
}
