//! The log as its users see it: records in, failures, damage, and what a check makes of them.

mod basics;
mod common;
mod durability;
mod failures;
mod followed;
mod killed;
mod shape;
mod tampering;
mod torn;
mod watched;
