//! AWS's wire protocols, without any AWS service: which operation a request names, who signed it, how an answer or a
//! fault is written.
//!
//! Everything here is pure: bytes in, verdict out. There is no I/O, no clock (time is an argument) and no knowledge of
//! which operations exist. A request passes through in this order:
//!
//! 1. [`route()`] names the service, the operation and the [`Protocol`]; [`dialect`] names the protocol alone, for faults
//!    about requests that have no route;
//! 2. [`sigv4::parse`] reads the signature, [`sigv4::Presented::verify`] checks it;
//! 3. the body is decoded elsewhere, from JSON, through [`query::deserializer`] or from [`s3::input`];
//! 4. [`respond_ok`] or [`respond_fault`] writes the answer.

pub mod arn;

pub mod query;
mod request;
mod respond;
mod response;
mod route;
pub mod s3;
pub mod sigv4;
pub mod xml;

pub use claviger_shapes::Fault;
pub use request::{Request, Tls};
pub use respond::{respond_content, respond_fault, respond_ok};
pub use response::Response;
pub use route::{Protocol, Target, dialect, route};
