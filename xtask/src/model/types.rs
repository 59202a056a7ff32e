//! Which Rust type stands for which shape, and which code each structure needs.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::Service;
use super::compact::{Kind, Model, Operation, Shape};
use super::names::type_name;

/// A model with the questions the generator asks it.
pub(super) struct Types<'a> {
    pub(super) service: &'a Service,
    pub(super) model: &'a Model,
    /// Structures and their parts that arrive in requests, or leave in responses.
    pub(super) inputs: BTreeSet<&'a str>,
    pub(super) outputs: BTreeSet<&'a str>,
}

impl<'a> Types<'a> {
    pub(super) fn new(service: &'a Service, model: &'a Model) -> Result<Self> {
        let mut types = Self { service, model, inputs: BTreeSet::new(), outputs: BTreeSet::new() };
        let (mut inputs, mut outputs) = (BTreeSet::new(), BTreeSet::new());
        for (name, operation) in &model.operations.0 {
            for (end, suffix) in [(&operation.input, "Request"), (&operation.output, "Response")] {
                let Some(end) = end else { continue };
                // Some services call their responses results.
                let named = end.ends_with(suffix) || suffix == "Response" && end.ends_with("Result");
                ensure!(named, "{name} exchanges {end}, which is no {suffix}");
                let own = suffix == "Response" || model.operations.get(end.trim_end_matches(suffix)).is_some();
                ensure!(own, "{name} takes {end}, which is no operation's own");
                let reached = if suffix == "Request" { &mut inputs } else { &mut outputs };
                types.reach(end, reached)?;
            }
        }
        types.inputs = inputs;
        types.outputs = outputs;
        Ok(types)
    }

    pub(super) fn shape(&self, name: &str) -> Result<&'a Shape> {
        self.model.shapes.get(name).with_context(|| format!("no shape {name}"))
    }

    fn reach(&self, name: &'a str, reached: &mut BTreeSet<&'a str>) -> Result<()> {
        let shape = self.shape(name)?;
        if !reached.insert(name) {
            return Ok(());
        }
        let parts = shape.element.iter().chain(&shape.key).chain(&shape.value);
        for part in parts.chain(shape.members.iter().map(|member| &member.shape)) {
            self.reach(part, reached)?;
        }
        Ok(())
    }

    /// The Rust type of a value of the shape.
    pub(super) fn rust(&self, name: &str) -> Result<String> {
        let shape = self.shape(name)?;
        Ok(match shape.kind {
            Kind::Structure | Kind::Exception => name.to_owned(),
            Kind::String if self.is_enumeration(name)? => type_name(name),
            Kind::String if shape.sensitive => "SecretString".to_owned(),
            Kind::String => "String".to_owned(),
            Kind::Blob if shape.sensitive => "SecretBlob".to_owned(),
            Kind::Blob => "Blob".to_owned(),
            Kind::Integer => "i32".to_owned(),
            Kind::Long => "i64".to_owned(),
            Kind::Double => "f64".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Timestamp => "Timestamp".to_owned(),
            Kind::List => {
                let element = shape.element.as_deref().context("a list of nothing")?;
                format!("Vec<{}>", self.rust(element)?)
            }
            Kind::Map => {
                let part = |part: &Option<String>| part.clone().context("a map of nothing");
                let (key, value) = (part(&shape.key)?, part(&shape.value)?);
                if self.plain(&key)? && self.plain(&value)? {
                    "BTreeMap<String, String>".to_owned()
                } else {
                    // The decoder reads maps of unconstrained text alone.
                    ensure!(!self.inputs.contains(name), "{name}: constraints of maps in requests are not known");
                    format!("BTreeMap<{}, {}>", self.rust(&key)?, self.rust(&value)?)
                }
            }
        })
    }

    /// Whether the shape is a closed set of texts.
    pub(super) fn is_enumeration(&self, name: &str) -> Result<bool> {
        let open = self.service.open.contains(&name);
        ensure!(!(open && self.inputs.contains(name)), "{name}: requests have no open enumerations");
        Ok(!open && !self.shape(name)?.values.is_empty())
    }

    /// Whether the shape is text without constraints.
    fn plain(&self, name: &str) -> Result<bool> {
        let shape = self.shape(name)?;
        let bounded = shape.min.is_some() || shape.max.is_some();
        Ok(shape.kind == Kind::String && shape.values.is_empty() && !bounded && !shape.sensitive)
    }

    /// Whether a value of the shape may not be shown: blobs, what is marked sensitive, what the
    /// service withholds, and lists of these.
    pub(super) fn hidden(&self, name: &str) -> Result<bool> {
        let shape = self.shape(name)?;
        if shape.kind == Kind::Blob || shape.sensitive || self.service.withheld.contains(&name) {
            return Ok(true);
        }
        shape.element.as_deref().map_or(Ok(false), |element| self.hidden(element))
    }

    /// Whether all values inside can be cloned and compared: secret bytes cannot.
    pub(super) fn comparable(&self, name: &'a str) -> Result<bool> {
        let mut reached = BTreeSet::new();
        self.reach(name, &mut reached)?;
        for part in reached {
            let shape = self.shape(part)?;
            if shape.kind == Kind::Blob && shape.sensitive {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether equality of all values inside is total: that of floating-point numbers is not.
    pub(super) fn total(&self, name: &'a str) -> Result<bool> {
        let mut reached = BTreeSet::new();
        self.reach(name, &mut reached)?;
        for part in reached {
            if self.shape(part)?.kind == Kind::Double {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a member is always there. Members of responses are not: the service leaves out
    /// what does not apply, whatever the model says.
    pub(super) fn always(&self, structure: &str, required: bool) -> bool {
        required && self.inputs.contains(structure)
    }

    pub(super) fn error_codes(&self, operation: &Operation) -> Result<Vec<String>> {
        operation
            .errors
            .iter()
            .map(|error| self.shape(error)?.code.clone().context("an exception without a code"))
            .collect()
    }
}
