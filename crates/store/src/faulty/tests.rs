use super::*;
use crate::suite::{PLAIN, THINGS, block_on};
use crate::{Change, Expect, MemoryStore, suite};

fn put(id: &str) -> Change {
    Change::Put { space: &THINGS, id: id.into(), value: vec![1], index: vec![], expect: Expect::Absent }
}

#[test]
fn passes_the_suite_when_merely_slow() {
    let faults = Faults { slow: 500, ..Faults::default() };
    block_on(suite::run(|| async move { FaultyStore::new(MemoryStore::new(), 7, faults) as Arc<dyn Store> }));
}

#[test]
fn each_fault_does_what_it_says() {
    let unknown = |result| matches!(result, Err(CommitError::Store(StoreError::OutcomeUnknown(_))));
    let cases = [(Fault::Before, 0), (Fault::Lost, 0), (Fault::After, 3), (Fault::Torn, 2), (Fault::Slow(3), 3)];
    for (fault, applied) in cases {
        let inner = MemoryStore::new();
        let store = FaultyStore::new(inner.clone(), 0, Faults::default());
        store.order(fault);
        let result = block_on(store.commit(vec![put("a"), put("b"), put("c")].into()));
        match fault {
            Fault::Before => assert!(matches!(result, Err(CommitError::Store(StoreError::Unavailable(_))))),
            Fault::Slow(_) => assert_eq!(result, Ok(1)),
            _ => assert!(unknown(result), "{fault:?}"),
        }
        let there = block_on(inner.scan(Scan::all(&THINGS))).unwrap().rows.len();
        assert_eq!(there, applied, "{fault:?}");
        // An order is for one commit.
        block_on(store.commit(vec![put("d")].into())).unwrap();
    }
}

#[test]
fn a_seed_repeats_itself_and_shares_are_kept() {
    let faults = Faults { reads: 300, ..Faults::default() };
    let run = |seed| -> Vec<bool> {
        let store = FaultyStore::new(MemoryStore::new(), seed, faults);
        (0..2000).map(|_| block_on(store.get(&PLAIN, "x")).is_err()).collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let failed = run(3).into_iter().filter(|failed| *failed).count();
    assert!((500..700).contains(&failed), "{failed} of 2000 at 30 %");
}
