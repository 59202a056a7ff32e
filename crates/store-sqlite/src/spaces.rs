//! Declared spaces and the SQL of their tables.

use std::collections::HashMap;

use claviger_store::{Space, StoreError, rules};

use crate::OpenError;

/// Prefix of the engine's own tables.
const OWN: &str = "claviger_";
/// Suffix of index tables.
const INDEX: &str = "_index";

/// The statements of one space, written once so that the statement caches find them again.
pub(crate) struct Sql {
    pub(crate) create: String,
    pub(crate) get: String,
    pub(crate) current: String,
    pub(crate) put: String,
    pub(crate) delete: String,
    pub(crate) index: String,
    pub(crate) unindex: String,
    pub(crate) drop_index: String,
    pub(crate) any: String,
    pub(crate) count_from: String,
    pub(crate) count_below: String,
    pub(crate) ids_from: String,
    pub(crate) ids_after: String,
    pub(crate) keys_from: String,
    pub(crate) keys_after: String,
}

impl Sql {
    // Names were checked against `rules::valid_name`, so they need no escaping.
    fn new(name: &str) -> Self {
        let table = format!("\"{name}\"");
        let index = format!("\"{name}{INDEX}\"");
        let joined = format!(
            "SELECT i.key, r.id, r.version, r.value FROM {index} AS i CROSS JOIN {table} AS r ON r.id = i.id \
             WHERE i.name = ?1"
        );
        Self {
            create: format!(
                "CREATE TABLE {table} (id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, \
                 keys TEXT NOT NULL, value BLOB NOT NULL) STRICT; \
                 CREATE TABLE {index} (name TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, \
                 PRIMARY KEY (name, key, id)) STRICT, WITHOUT ROWID;"
            ),
            get: format!("SELECT id, version, value FROM {table} WHERE id = ?1"),
            current: format!("SELECT version, keys FROM {table} WHERE id = ?1"),
            put: format!(
                "INSERT INTO {table} (id, version, keys, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE \
                 SET version = excluded.version, keys = excluded.keys, value = excluded.value"
            ),
            delete: format!("DELETE FROM {table} WHERE id = ?1"),
            index: format!("INSERT OR IGNORE INTO {index} (name, key, id) VALUES (?1, ?2, ?3)"),
            unindex: format!("DELETE FROM {index} WHERE name = ?1 AND key = ?2 AND id = ?3"),
            drop_index: format!("DELETE FROM {index} WHERE name = ?1"),
            any: format!("SELECT 1 FROM {table} LIMIT 1"),
            count_from: format!("SELECT count(*) FROM {table} WHERE id >= ?1"),
            count_below: format!("SELECT count(*) FROM {table} WHERE id >= ?1 AND id < ?2"),
            ids_from: format!("SELECT id, id, version, value FROM {table} WHERE id >= ?1 ORDER BY id LIMIT ?2"),
            ids_after: format!("SELECT id, id, version, value FROM {table} WHERE id > ?1 ORDER BY id LIMIT ?2"),
            keys_from: format!("{joined} AND i.key >= ?2 ORDER BY i.key, i.id LIMIT ?3"),
            keys_after: format!("{joined} AND (i.key, i.id) > (?2, ?3) ORDER BY i.key, i.id LIMIT ?4"),
        }
    }
}

/// The spaces a store was opened with.
pub(crate) struct Spaces(HashMap<&'static str, (&'static Space, Sql)>);

impl Spaces {
    pub(crate) fn new(declared: &[&'static Space]) -> Result<Self, OpenError> {
        let mut spaces = HashMap::with_capacity(declared.len());
        for space in declared {
            let name = space.name;
            let bad = |reason| OpenError::BadSpace { name, reason };
            if !rules::valid_name(name) || !space.indexes.iter().all(|index| rules::valid_name(index)) {
                return Err(bad("names are lower-case letters, digits and _, starting with a letter"));
            }
            if name.starts_with(OWN) || name.starts_with("sqlite_") || name.ends_with(INDEX) {
                return Err(bad("the name is reserved for the engine's own tables"));
            }
            if spaces.insert(name, (*space, Sql::new(name))).is_some() {
                return Err(bad("it is declared twice"));
            }
        }
        Ok(Self(spaces))
    }

    pub(crate) fn sql(&self, space: &'static Space) -> Result<&Sql, StoreError> {
        let found = self.0.get(space.name);
        found.map(|(_, sql)| sql).ok_or(StoreError::UnknownSpace(space.name))
    }

    pub(crate) fn find(&self, name: &str) -> Option<(&'static Space, &Sql)> {
        self.0.get(name).map(|(space, sql)| (*space, sql))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Space, &Sql)> {
        self.0.values().map(|(space, sql)| (*space, sql))
    }

    /// Room for every statement of every space, so that a statement is compiled once.
    pub(crate) fn statements(&self) -> usize {
        16 + 16 * self.0.len()
    }
}
