//! Opening, restarting, damage, snapshots.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::OpenError;
use claviger_store::{Scan, StoreError};

fn refused(place: &Place, spaces: &[&'static Space]) -> OpenError {
    match SqliteStore::open(&place.path(), spaces, quick()) {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    }
}

#[test]
fn everything_is_there_after_a_restart() {
    let place = Place::new();
    let store = place.open();
    write(&store, "a", "1");
    write(&store, "b", "2");
    block_on(store.lease("job", "me", 0, 10)).unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(read(&store, "a").as_deref(), Some("1"));
    assert_eq!(block_on(store.revision()), Ok(2));
    assert_eq!(block_on(store.changes(0, 9)).unwrap().len(), 2);
    assert_eq!(block_on(store.lease("job", "you", 5, 10)), Ok(None));
    assert_eq!(write(&store, "c", "3"), 3);
}

#[test]
fn what_was_acknowledged_survives_without_a_clean_stop() {
    let place = Place::new();
    let store = place.open();
    let copy = Place::new();
    for round in 0..20 {
        write(&store, "a", &round.to_string());
        // What a killed process leaves: the file and its log, wherever they are.
        for (from, to) in [(place.path(), copy.path()), (log(&place), log(&copy))] {
            fs::copy(from, to).unwrap();
        }
        assert_eq!(read(&copy.open(), "a"), Some(round.to_string()));
    }
}

fn log(place: &Place) -> PathBuf {
    crate::open::log_of(&place.path())
}

#[test]
fn only_the_owner_can_read_the_files() {
    let place = Place::new();
    let store = place.open();
    write(&store, "a", "1");
    block_on(store.snapshot(&place.folder.path().join("copy"))).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(place.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert_eq!(seen, 4, "file, log, index of the log, copy");
}

#[test]
fn an_operator_can_look() {
    let place = Place::new();
    let store = place.open();
    write(&store, "a", "1");
    let row: (String, i64, String, Vec<u8>) = place
        .raw()
        .query_row("SELECT id, version, keys, value FROM suite_things", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap();
    assert_eq!(row, ("a".into(), 1, r#"[["by_group","g/a"]]"#.into(), b"1".to_vec()));
}

#[test]
fn spaces_are_compared_with_what_was_declared() {
    static MORE: Space = Space { name: "more", indexes: &["x"], sealed: true };
    static FEWER_INDEXES: Space = Space { name: "suite_things", indexes: &["by_tag"], sealed: true };
    static NEW_INDEX: Space = Space { name: "suite_things", indexes: &["by_tag", "by_size"], sealed: true };
    static UNSEALED: Space = Space { name: "suite_things", indexes: THINGS.indexes, sealed: false };
    let place = Place::new();
    let plain = &suite::PLAIN;
    // While it is empty, a space may get new indexes.
    drop(SqliteStore::open(&place.path(), &[&NEW_INDEX, plain], quick()).unwrap());
    write(&place.open(), "a", "1");

    assert!(matches!(refused(&place, &[plain]), OpenError::UnknownSpace(name) if name == "suite_things"));
    assert!(matches!(refused(&place, &[&UNSEALED, plain]), OpenError::SpaceChanged { name: "suite_things", .. }));
    let new_index = refused(&place, &[&NEW_INDEX, plain]);
    assert!(new_index.to_string().contains("by_size"), "{new_index}");

    // An index that is gone takes its entries along, and does not come back without them.
    drop(SqliteStore::open(&place.path(), &[&FEWER_INDEXES, plain, &MORE], quick()).unwrap());
    let entries: u32 = place.raw().query_row("SELECT count(*) FROM suite_things_index", [], |row| row.get(0)).unwrap();
    assert_eq!(entries, 0);
    assert!(matches!(refused(&place, &[&THINGS, plain, &MORE]), OpenError::SpaceChanged { .. }));
    let store = SqliteStore::open(&place.path(), &[&FEWER_INDEXES, plain, &MORE], quick()).unwrap();
    assert_eq!(read(&store, "a").as_deref(), Some("1"));
}

#[test]
fn undeclared_and_unusable_spaces_are_refused() {
    static STRANGER: Space = Space { name: "stranger", indexes: &["x"], sealed: true };
    static QUOTED: Space = Space { name: "a\"; DROP TABLE b; --", indexes: &[], sealed: true };
    static OWN: Space = Space { name: "claviger_head", indexes: &[], sealed: true };
    static INDEX: Space = Space { name: "suite_things_index", indexes: &[], sealed: true };
    static BAD_INDEX: Space = Space { name: "fine", indexes: &["Not fine"], sealed: true };
    let place = Place::new();
    for bad in [&QUOTED, &OWN, &INDEX, &BAD_INDEX] {
        assert!(matches!(refused(&place, &[bad]), OpenError::BadSpace { .. }));
    }
    assert!(matches!(refused(&place, &[&THINGS, &THINGS]), OpenError::BadSpace { .. }));
    let store = place.open();
    let unknown = StoreError::UnknownSpace("stranger");
    assert_eq!(block_on(store.get(&STRANGER, "a")), Err(unknown.clone()));
    assert_eq!(block_on(store.scan(Scan { index: Some("x"), ..Scan::all(&STRANGER) })), Err(unknown.clone()));
    let commit = block_on(store.commit(batch(vec![put(&STRANGER, "a", "1", Expect::Any)])));
    assert_eq!(commit, Err(unknown.into()));
    // The writer goes on.
    write(&store, "a", "1");
}

#[test]
fn other_files_are_not_touched() {
    let place = Place::new();
    for content in ["hello", &"x".repeat(100_000)] {
        fs::write(place.path(), content).unwrap();
        assert!(matches!(refused(&place, SPACES), OpenError::NotAStore(_)));
        assert_eq!(fs::read_to_string(place.path()).unwrap(), content);
    }
    fs::remove_file(place.path()).unwrap();
    place.raw().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs::read(place.path()).unwrap();
    assert!(matches!(refused(&place, SPACES), OpenError::NotAStore(_)));
    assert_eq!(fs::read(place.path()).unwrap(), before);
    fs::remove_file(place.path()).unwrap();
    fs::create_dir(place.path()).unwrap();
    assert!(matches!(refused(&place, SPACES), OpenError::Io { .. }));
    let nowhere = SqliteStore::open(&place.folder.path().join("missing/store.db"), SPACES, quick());
    assert!(matches!(nowhere.err(), Some(OpenError::Io { .. })));
}

#[test]
fn an_empty_file_becomes_a_store() {
    let place = Place::new();
    fs::write(place.path(), "").unwrap();
    write(&place.open(), "a", "1");
}

#[test]
fn a_newer_layout_is_refused() {
    let place = Place::new();
    write(&place.open(), "a", "1");
    place.raw().execute("INSERT INTO claviger_migrations VALUES (2, 'later', zeroblob(32))", []).unwrap();
    let error = refused(&place, SPACES);
    assert!(matches!(error, OpenError::TooNew { found: 2, known: 1 }), "{error}");
    place
        .raw()
        .execute_batch(
            "DELETE FROM claviger_migrations WHERE number = 2; UPDATE claviger_migrations SET sha256 = zeroblob(32)",
        )
        .unwrap();
    assert!(matches!(refused(&place, SPACES), OpenError::Altered { number: 1 }));
}

#[test]
fn missing_tables_are_damage() {
    for sql in [
        "DROP TABLE suite_things_index",
        "DROP TABLE suite_plain",
        "DROP TABLE claviger_spaces",
        "ALTER TABLE suite_things DROP COLUMN keys",
    ] {
        let place = Place::new();
        write(&place.open(), "a", "1");
        place.raw().execute_batch(sql).unwrap();
        let error = refused(&place, SPACES);
        assert!(matches!(error, OpenError::Damaged { .. }), "{sql}: {error}");
    }
}

#[test]
fn no_damage_to_the_file_panics() {
    let place = Place::new();
    let store = place.open();
    for number in 0..300 {
        write(&store, &format!("{number:03}"), &number.to_string().repeat(40));
    }
    drop(store);
    let good = fs::read(place.path()).unwrap();
    let mut refused = 0;
    for page in 0..good.len() / 4096 {
        for (what, at) in [("head", 0), ("middle", 2000)] {
            let mut bad = good.clone();
            let at = page * 4096 + at;
            bad[at..at + 64].fill(0xa5);
            fs::write(place.path(), &bad).unwrap();
            // As after an unclean stop, so that it is looked at closely.
            fs::write(log(&place), b"not a log").unwrap();
            match SqliteStore::open(&place.path(), SPACES, quick()) {
                Err(OpenError::Damaged { .. } | OpenError::NotAStore(_)) => refused += 1,
                Err(other) => panic!("page {page} {what}: {other}"),
                // Free space or content: the latter is the seal's to notice.
                Ok(store) => drop(block_on(store.scan(Scan::all(&THINGS)))),
            }
            for file in fs::read_dir(place.folder.path()).unwrap() {
                fs::remove_file(file.unwrap().path()).unwrap();
            }
        }
    }
    // Every page has a head, and damage there is always found.
    assert!(refused >= good.len() / 4096, "{refused}");
    // Cut short.
    fs::write(place.path(), &good[..good.len() / 2]).unwrap();
    fs::write(log(&place), b"not a log").unwrap();
    assert!(matches!(SqliteStore::open(&place.path(), SPACES, quick()).err(), Some(OpenError::Damaged { .. })));
}

#[test]
fn a_snapshot_while_writing_is_consistent() {
    let place = Place::new();
    let store = place.open();
    let pair = |value: &str| batch(vec![put(&THINGS, "a", value, Expect::Any), put(&THINGS, "z", value, Expect::Any)]);
    block_on(store.commit(pair("0"))).unwrap();
    for number in 0..500 {
        write(&store, &format!("m{number}"), &"x".repeat(2000));
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut count = 0_u64;
            while !done.load(Ordering::SeqCst) {
                count += 1;
                block_on(store.commit(pair(&count.to_string()))).unwrap();
            }
            count
        });
        let mut last = 0;
        for number in 0..5 {
            let copy = Place::new();
            block_on(store.snapshot(&copy.path())).unwrap();
            let copied = copy.open();
            let values = (read(&copied, "a"), read(&copied, "z"));
            assert_eq!(values.0, values.1, "snapshot {number}");
            let seen: u64 = values.0.unwrap().parse().unwrap();
            assert!(seen >= last);
            last = seen;
            // It is a store like any other: revision, versions and records fit together.
            let revision = block_on(copied.revision()).unwrap();
            let rows = block_on(copied.scan(Scan::all(&THINGS))).unwrap().rows;
            assert!(rows.len() == 502 && rows.iter().all(|row| row.version <= revision));
            assert_eq!(write(&copied, "new", "x"), revision + 1);
        }
        done.store(true, Ordering::SeqCst);
        assert!(writer.join().unwrap() > 0);
    });
}

#[test]
fn a_leftover_of_a_snapshot_is_named() {
    let place = Place::new();
    let store = place.open();
    let draft = place.folder.path().join("copy.partial");
    fs::write(&draft, "").unwrap();
    let error = block_on(store.snapshot(&place.folder.path().join("copy"))).unwrap_err();
    assert!(error.to_string().contains("copy.partial"), "{error}");
    assert!(draft.exists());
}

#[test]
fn the_feed_is_trimmed_and_says_so() {
    let place = Place::new();
    let options = Options { feed_kept: 32, ..quick() };
    let store = SqliteStore::open(&place.path(), SPACES, options.clone()).unwrap();
    for number in 0..100 {
        write(&store, &number.to_string(), "x");
    }
    let oldest = match block_on(store.changes(0, 10)) {
        Err(StoreError::Trimmed { oldest }) => oldest,
        other => panic!("{other:?}"),
    };
    assert!((60..=68).contains(&oldest), "{oldest}");
    let kept = block_on(store.changes(oldest, 1000)).unwrap();
    assert_eq!(kept.first().map(|changed| changed.revision), Some(oldest + 1));
    assert_eq!(kept.last().map(|changed| changed.revision), Some(100));
    drop(store);
    let store = SqliteStore::open(&place.path(), SPACES, options).unwrap();
    write(&store, "a", "x");
    assert!(matches!(block_on(store.changes(0, 10)), Err(StoreError::Trimmed { .. })));
}

#[test]
fn scans_are_answered_by_the_indexes() {
    let place = Place::new();
    drop(place.open());
    let db = place.raw();
    let spaces = crate::spaces::Spaces::new(SPACES).unwrap();
    let sql = spaces.sql(&THINGS).unwrap();
    for statement in [&sql.ids_from, &sql.ids_after, &sql.keys_from, &sql.keys_after, &sql.get] {
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let plan: Vec<String> = plan.raw_query().mapped(|row| row.get(3)).map(Result::unwrap).collect();
        assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{statement}: {plan:?}");
    }
}
