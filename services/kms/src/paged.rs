//! A subject together with the position its page starts from.

use std::ops::Deref;

use claviger_pipeline::{Permission, Subject};
use claviger_policy::Values;

/// Markers are opened before anything is looked up (a bad one is reported first), so the position travels with the
/// subject.
pub(crate) struct Paged<S> {
    subject: S,
    /// Where the page starts; `None` for the first.
    pub after: Option<String>,
}

impl<S> Paged<S> {
    /// `subject`, from position `after`.
    pub(crate) fn new(subject: S, after: Option<String>) -> Self {
        Self { subject, after }
    }
}

impl<S> Deref for Paged<S> {
    type Target = S;
    fn deref(&self) -> &S {
        &self.subject
    }
}

impl<S: Subject> Subject for Paged<S> {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.subject.permissions(action)
    }
    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        self.subject.condition(side, key)
    }
    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        self.subject.resources()
    }
}
