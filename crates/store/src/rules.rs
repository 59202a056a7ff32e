//! The rules every engine applies in the same way: limits, conditions, versions.

use crate::{Change, CommitError, Expect, Space, Step, StoreError};

/// The longest id or index key, in bytes.
pub const MAX_KEY: usize = 4096;
/// The longest space or index name, in bytes.
pub const MAX_NAME: usize = 48;
/// The largest value, in bytes.
pub const MAX_VALUE: usize = 64 << 20;

/// Whether a space or index name is usable; see [`Space::name`].
pub fn valid_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Refuses an index the space does not declare.
pub fn check_index(space: &Space, index: &str) -> Result<(), StoreError> {
    if space.indexes.contains(&index) {
        return Ok(());
    }
    Err(StoreError::Invalid(format!("space {} declares no index {index}", space.name)))
}

/// Refuses ids, keys and values over the limits, and undeclared indexes.
pub fn check_change(change: &Change) -> Result<(), StoreError> {
    let space = change.space();
    let too_long = |what: &str, limit: usize| {
        StoreError::Invalid(format!("{what} of a record in space {} is over {limit} bytes", space.name))
    };
    if change.id().len() > MAX_KEY {
        return Err(too_long("the id", MAX_KEY));
    }
    if let Change::Put { value, index, .. } = change {
        if value.len() > MAX_VALUE {
            return Err(too_long("the value", MAX_VALUE));
        }
        for (name, key) in index {
            check_index(space, name)?;
            if key.len() > MAX_KEY {
                return Err(too_long("an index key", MAX_KEY));
            }
        }
    }
    Ok(())
}

/// Whether a record that has version `current` (or is not there) is as expected.
pub fn expected(change: &Change, current: Option<u64>) -> Result<(), CommitError> {
    let holds = match change.expect() {
        Expect::Any => true,
        Expect::Absent => current.is_none(),
        Expect::Version(version) => current == Some(version),
    };
    if holds {
        return Ok(());
    }
    Err(CommitError::Conflict { space: change.space().name, id: change.id().to_owned() })
}

/// The version a put gives its record.
///
/// `current`: the version it replaces. `retired`: the highest version any deleted record of the
/// space had. `revision`: the revision the commit will have.
///
/// As no version is above the revision of its commit, the revision itself is new for every id;
/// and one number per space is enough to keep a re-created id from getting an old version.
pub fn next_version(step: &Step, current: Option<u64>, retired: u64, revision: u64) -> Result<u64, StoreError> {
    match step.version {
        None => Ok(current.map_or(revision, |version| version + 1)),
        Some(stated) if stated > revision => {
            Err(StoreError::Invalid(format!("version {stated} is above revision {revision}")))
        }
        Some(stated) if stated > current.unwrap_or(retired) => Ok(stated),
        Some(_) => Err(StoreError::StaleVersion {
            space: step.change.space().name,
            id: step.change.id().to_owned(),
            revision: revision - 1,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SPACE: Space = Space { name: "things", indexes: &["by"], sealed: true };

    fn put(version: Option<u64>) -> Step {
        Step {
            change: Change::Put { space: &SPACE, id: "a".into(), value: vec![], index: vec![], expect: Expect::Any },
            version,
        }
    }

    #[test]
    fn names_fit_table_names() {
        for good in ["a", "kms_keys", "k2"] {
            assert!(valid_name(good), "{good}");
        }
        for bad in ["", "2k", "_a", "A", "a-b", "a b", "a\"", "ä", &"a".repeat(49)] {
            assert!(!valid_name(bad), "{bad}");
        }
    }

    #[test]
    fn versions_are_new_for_the_id() {
        // Chosen by the engine: the next one, or the revision for a new record.
        assert_eq!(next_version(&put(None), Some(4), 9, 20), Ok(5));
        assert_eq!(next_version(&put(None), None, 9, 20), Ok(20));
        // Stated: above what it replaces, or above everything deleted.
        assert_eq!(next_version(&put(Some(5)), Some(4), 9, 20), Ok(5));
        assert_eq!(next_version(&put(Some(10)), None, 9, 20), Ok(10));
        for (stated, current, retired) in [(4, Some(4), 0), (3, Some(4), 0), (9, None, 9)] {
            assert!(matches!(
                next_version(&put(Some(stated)), current, retired, 20),
                Err(StoreError::StaleVersion { revision: 19, .. })
            ));
        }
        assert!(matches!(next_version(&put(Some(21)), None, 9, 20), Err(StoreError::Invalid(_))));
    }
}
