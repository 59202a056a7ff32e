//! From an empty or older file to the layout this release works with.

use claviger_crypto::digest;
use claviger_store::Space;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::OpenError;
use crate::spaces::{Spaces, Sql};

/// Applied in order, each in a transaction of its own. Never edited once released.
const MIGRATIONS: &[(&str, &str)] = &[("house", include_str!("../migrations/0001_house.sql"))];

/// Marks the file as ours: "CLVG".
pub(crate) const APPLICATION_ID: i32 = 0x434c_5647;

/// What opening can fail with, before it is known which file it was about.
pub(crate) enum Trouble {
    Open(OpenError),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

/// Brings the engine's own tables up to date.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Trouble> {
    run(connection, MIGRATIONS)
}

fn run(connection: &mut Connection, migrations: &[(&str, &str)]) -> Result<(), Trouble> {
    let begin = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    begin.execute_batch(
        "CREATE TABLE IF NOT EXISTS claviger_migrations \
         (number INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, sha256 BLOB NOT NULL) STRICT",
    )?;
    begin.pragma_update(None, "application_id", APPLICATION_ID)?;
    begin.commit()?;
    let applied: Vec<(u32, [u8; 32])> = connection
        .prepare("SELECT number, sha256 FROM claviger_migrations ORDER BY number")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (at, (number, hash)) in applied.iter().enumerate() {
        let Some((_, sql)) = migrations.get(at) else {
            let (found, known) = (applied.last().map_or(0, |last| last.0), migrations.len() as u32);
            return Err(OpenError::TooNew { found, known }.into());
        };
        if *number != at as u32 + 1 || *hash != digest::sha256(sql.as_bytes()) {
            return Err(OpenError::Altered { number: at as u32 + 1 }.into());
        }
    }
    for (at, (name, sql)) in migrations.iter().enumerate().skip(applied.len()) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(sql)?;
        step.execute(
            "INSERT INTO claviger_migrations (number, name, sha256) VALUES (?1, ?2, ?3)",
            params![at as u32 + 1, name, digest::sha256(sql.as_bytes())],
        )?;
        step.commit()?;
    }
    Ok(())
}

/// Makes the tables of new spaces and compares the others with what was declared before.
pub(crate) fn declare(connection: &mut Connection, spaces: &Spaces) -> Result<(), Trouble> {
    let all = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known: Vec<(String, String, bool)> = all
        .prepare("SELECT name, indexes, sealed FROM claviger_spaces")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (name, indexes, sealed) in &known {
        let Some((space, sql)) = spaces.find(name) else {
            return Err(OpenError::UnknownSpace(name.clone()).into());
        };
        if space.sealed != *sealed {
            let what = format!("its records were written with sealed = {sealed}");
            return Err(OpenError::SpaceChanged { name: space.name, what }.into());
        }
        compare_indexes(&all, space, sql, indexes)?;
    }
    for (space, sql) in spaces.iter().filter(|(space, _)| !known.iter().any(|known| known.0 == space.name)) {
        all.execute_batch(&sql.create)?;
        all.execute(
            "INSERT INTO claviger_spaces (name, indexes, sealed, retired) VALUES (?1, ?2, ?3, 0)",
            params![space.name, encoded(space), space.sealed],
        )?;
    }
    // A table that is gone or misshapen shows here, not in the middle of a request.
    for (_, sql) in spaces.iter() {
        for statement in [&sql.current, &sql.put, &sql.keys_from] {
            all.prepare(statement)?;
        }
    }
    all.commit()?;
    Ok(())
}

fn encoded(space: &Space) -> String {
    serde_json::json!(space.indexes).to_string()
}

fn compare_indexes(connection: &Connection, space: &'static Space, sql: &Sql, before: &str) -> Result<(), Trouble> {
    if before == encoded(space) {
        return Ok(());
    }
    let changed = |what: String| OpenError::SpaceChanged { name: space.name, what };
    let before: Vec<String> =
        serde_json::from_str(before).map_err(|_| changed("its declaration is unreadable".into()))?;
    let empty = !connection.prepare(&sql.any)?.exists([])?;
    if let Some(new) = space.indexes.iter().find(|index| !before.iter().any(|b| b == *index))
        && !empty
    {
        // Only the service can compute the keys of records that are already there.
        return Err(changed(format!("index {new} is new, but there are records without entries in it")).into());
    }
    for gone in before.iter().filter(|index| !space.indexes.contains(&index.as_str())) {
        connection.execute(&sql.drop_index, [gone])?;
    }
    connection
        .execute("UPDATE claviger_spaces SET indexes = ?2 WHERE name = ?1", params![space.name, encoded(space)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: (&str, &str) = ("first", "CREATE TABLE a (x)");
    const SECOND: (&str, &str) = ("second", "CREATE TABLE b (x)");

    fn tables(connection: &Connection) -> Vec<String> {
        let mut all = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1").unwrap();
        all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn migrations_run_once_and_in_order() {
        let mut db = Connection::open_in_memory().unwrap();
        run(&mut db, &[FIRST]).ok().unwrap();
        assert_eq!(tables(&db), ["a", "claviger_migrations"]);
        run(&mut db, &[FIRST, SECOND]).ok().unwrap();
        run(&mut db, &[FIRST, SECOND]).ok().unwrap();
        assert_eq!(tables(&db), ["a", "b", "claviger_migrations"]);
    }

    #[test]
    fn a_newer_or_different_layout_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        run(&mut db, &[FIRST, SECOND]).ok().unwrap();
        assert!(matches!(run(&mut db, &[FIRST]), Err(Trouble::Open(OpenError::TooNew { found: 2, known: 1 }))));
        let edited = ("second", "CREATE TABLE b (x, y)");
        assert!(matches!(run(&mut db, &[FIRST, edited]), Err(Trouble::Open(OpenError::Altered { number: 2 }))));
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing() {
        let mut db = Connection::open_in_memory().unwrap();
        let broken = ("broken", "CREATE TABLE b (x); CREATE TABLE a (x)");
        assert!(run(&mut db, &[FIRST, broken]).is_err());
        assert_eq!(tables(&db), ["a", "claviger_migrations"]);
        run(&mut db, &[FIRST, SECOND]).ok().unwrap();
    }
}
