//! Where a scan goes on. Opaque to callers, who hand it through to clients and back.

use crate::StoreError;

/// A position in a scan: the index key and the id of the last row that was delivered.
///
/// Written as `<length of the key>:<key><id>`, so that any key and id survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor<'a> {
    /// The index key; the id again when the scan is by id.
    pub key: &'a str,
    /// The id.
    pub id: &'a str,
}

impl<'a> Cursor<'a> {
    /// Writes the position down.
    pub fn encode(self) -> String {
        format!("{}:{}{}", self.key.len(), self.key, self.id)
    }

    /// Reads what [`Cursor::encode`] wrote; anything else is [`StoreError::BadCursor`].
    pub fn decode(text: &'a str) -> Result<Self, StoreError> {
        let parse = || {
            let (length, rest) = text.split_once(':')?;
            if !length.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let (key, id) = rest.split_at_checked(length.parse().ok()?)?;
            Some(Self { key, id })
        };
        parse().ok_or(StoreError::BadCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_position_survives(key: String, id: String) {
            let written = Cursor { key: &key, id: &id }.encode();
            prop_assert_eq!(Cursor::decode(&written), Ok(Cursor { key: &key, id: &id }));
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = Cursor::decode(&text);
        }
    }

    #[test]
    fn foreign_text_is_refused() {
        for text in ["", "abc", ":", "x:abc", "5:abc", "+1:abc", "-1:abc", "1:äb", "99999999999999999999:a"] {
            assert_eq!(Cursor::decode(text), Err(StoreError::BadCursor), "{text}");
        }
    }
}
