//! The contract of a store in executable form. Every engine and every stack of wrappers passes it.
