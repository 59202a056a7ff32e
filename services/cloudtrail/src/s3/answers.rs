//! Answers that are files or documents.

use claviger_shapes::{Audited, Content, Output};
use serde::{Serialize, Serializer};

/// An answer with its headers.
pub(super) struct Answer(Content);

impl Answer {
    /// A document.
    pub(super) fn xml(body: Vec<u8>) -> Self {
        Self(Content { headers: vec![("content-type", "application/xml".to_owned())], body })
    }

    /// Anything else.
    pub(super) fn file(headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        Self(Content { headers, body })
    }
}

impl Output for Answer {
    const EMPTY: bool = false;

    fn content(&self) -> Option<Content> {
        Some(self.0.clone())
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // It has no members: what is answered is the content.
        serializer.serialize_unit()
    }
}

impl Audited for Answer {
    fn audit<S: Serializer>(&self, _hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}
