//! Responses, and the table entry of an operation.

use serde::ser::Serialize;

/// The response of an operation.
pub trait Output: Serialize + Send + Sync {
    /// Whether the operation has no output; its answer then has an empty body. An output without members is one.
    const EMPTY: bool;

    /// The answer as the operation writes it itself, where no protocol of structures does.
    fn content(&self) -> Option<Content> {
        None
    }
}

/// A file or document with its headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// Headers besides the request id, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
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
