//! Typed records over a store: Rust values in, Rust values out, JSON in between.

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Row, Scan, Space, Store, StoreError};

/// A Rust type kept in a space.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// Where records of this type live.
    const SPACE: &'static Space;
    /// The id of this record.
    fn id(&self) -> String;
    /// All index entries of this record: `(index, key)`.
    fn index(&self) -> Vec<(&'static str, String)>;
}

/// A record as it was loaded, with the version to expect when it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<R> {
    /// The record.
    pub record: R,
    /// Its version.
    pub version: u64,
}

impl<R: Record> Stored<R> {
    /// Decodes a row.
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
        match serde_json::from_slice(&row.value) {
            Ok(record) => Ok(Self { record, version: row.version }),
            // serde's own message may quote content; kind and place may not.
            Err(error) => Err(StoreError::Undecodable {
                space: R::SPACE.name,
                id: row.id.to_string(),
                reason: format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()),
            }),
        }
    }
}

/// Typed reading, on every store.
pub trait Records: Store {
    /// The record under an id.
    fn load<R: Record>(&self, id: &str) -> impl Future<Output = Result<Option<Stored<R>>, StoreError>> + Send {
        async move {
            let row = self.get(R::SPACE, id).await?;
            row.as_ref().map(Stored::from_row).transpose()
        }
    }

    /// The records under several ids, in their order.
    fn load_many<R: Record>(
        &self,
        ids: &[String],
    ) -> impl Future<Output = Result<Vec<Option<Stored<R>>>, StoreError>> + Send {
        async move {
            let rows = self.get_many(R::SPACE, ids).await?;
            let decode = |row: &Option<Row>| row.as_ref().map(Stored::from_row).transpose();
            rows.iter().map(decode).collect()
        }
    }

    /// A page of records and the cursor of the next; parameters as in [`Scan`].
    fn list<R: Record>(
        &self,
        index: Option<&'static str>,
        prefix: &str,
        up_to: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<(Vec<Stored<R>>, Option<String>), StoreError>> + Send {
        async move {
            let page = self.scan(Scan { space: R::SPACE, index, prefix, up_to, after, limit }).await?;
            let records: Result<_, _> = page.rows.iter().map(Stored::from_row).collect();
            Ok((records?, page.next))
        }
    }

    /// All records whose key begins with a prefix, page after page. For small sets and start-up;
    /// the result is as large as the set.
    fn all<R: Record>(
        &self,
        index: Option<&'static str>,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<Stored<R>>, StoreError>> + Send {
        async move {
            let mut records = Vec::new();
            let mut after: Option<String> = None;
            loop {
                let (page, next) = self.list::<R>(index, prefix, None, after.as_deref(), crate::MAX_PAGE).await?;
                records.extend(page);
                match next {
                    Some(next) => after = Some(next),
                    None => return Ok(records),
                }
            }
        }
    }
}

impl<S: Store + ?Sized> Records for S {}
