//! Tests of the crate as a whole; expected values come from the models' JSON and from recorded
//! answers, not from the generated code.

pub(crate) mod filled;
mod iam;
mod model;
mod properties;
mod protocol;
mod secrets;
mod texts;
mod untyped;
