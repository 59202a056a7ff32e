//! Responses, and the table entry of an operation.

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// The response of an operation.
pub trait Output: Serialize + Send + Sync {
    /// Whether the operation has no output members; its answer then has an empty body.
    const EMPTY: bool;
}

/// What a service's model says about one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationInfo {
    /// The operation's name as in `X-Amz-Target` or `Action`.
    pub name: &'static str,
    /// Whether the response has members.
    pub has_output: bool,
    /// The wire codes of the exceptions the model lists, in its order.
    pub errors: &'static [&'static str],
    /// The wire names of the required members.
    pub required: &'static [&'static str],
}

/// Writes a structure's members that are present, in the order of the calls.
pub(crate) struct Writer<S: Serializer>(S::SerializeStruct);

impl<S: Serializer> Writer<S> {
    /// Starts a structure; `present` says of each member whether it will be written, because
    /// length-prefixed formats need the number first.
    pub(crate) fn start(serializer: S, name: &'static str, present: &[bool]) -> Result<Self, S::Error> {
        let count = present.iter().filter(|&&is| is).count();
        serializer.serialize_struct(name, count).map(Self)
    }

    /// Writes a member that is always there.
    pub(crate) fn required<T: Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), S::Error> {
        self.0.serialize_field(name, value)
    }

    /// Writes a member if it is there.
    pub(crate) fn member<T: Serialize>(&mut self, name: &'static str, value: &Option<T>) -> Result<(), S::Error> {
        match value {
            Some(value) => self.0.serialize_field(name, value),
            None => self.0.skip_field(name),
        }
    }

    pub(crate) fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}
