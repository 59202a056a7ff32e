//! Why a document was refused, in the words AWS uses, and where.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in a policy document. Lines and columns start at 1, columns count characters, `offset` counts bytes from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Byte offset from the start of the document.
    pub offset: usize,
    /// Line, starting at 1.
    pub line: u32,
    /// Column in characters, starting at 1.
    pub column: u32,
}

impl Position {
    /// Walks on to a later byte of `text`. Statements are located in one pass this way, however many there are.
    pub(crate) fn advance(self, text: &str, offset: usize) -> Position {
        let mut at = self;
        for (index, character) in text.get(self.offset..).unwrap_or_default().char_indices() {
            at.offset = self.offset + index;
            if at.offset >= offset {
                return at;
            }
            if character == '\n' {
                at.line = at.line.saturating_add(1);
                at.column = 1;
            } else {
                at.column = at.column.saturating_add(1);
            }
        }
        at.offset = text.len();
        at
    }

    pub(crate) const START: Position = Position { offset: 0, line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {} column {}", self.line, self.column)
    }
}

/// The document is not a policy of the kind it was offered as. Services answer it as `MalformedPolicyDocument`
/// (IAM, STS) or `MalformedPolicyDocumentException` (KMS); the text is the caller's to see, it never quotes more than
/// the offending element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Malformed {
    text: Cow<'static, str>,
    place: Option<Place>,
}

/// Counting lines is left to the one who has the text, once it is known that there is a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Byte(usize),
    Located(Position),
}

impl Malformed {
    /// The message AWS sends.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the fault lies, when it lies in one place.
    pub fn position(&self) -> Option<Position> {
        match self.place {
            Some(Place::Located(position)) => Some(position),
            _ => None,
        }
    }

    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Malformed {
        Malformed { text: text.into(), place: None }
    }

    pub(crate) fn at(mut self, offset: usize) -> Malformed {
        self.place.get_or_insert(Place::Byte(offset));
        self
    }

    pub(crate) fn locate(mut self, text: &str) -> Malformed {
        if let Some(Place::Byte(offset)) = self.place {
            self.place = Some(Place::Located(Position::START.advance(text, offset)));
        }
        self
    }

    pub(crate) fn syntax() -> Malformed {
        Malformed::new("Syntax errors in policy.")
    }
}
