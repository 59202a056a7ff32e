use std::sync::atomic::{AtomicU64, Ordering};

use claviger_policy::GrantKind::{Delegated, Exact, Role};
use claviger_shapes::kms::GrantOperation::{
    self, CreateGrant, Decrypt, DescribeKey, Encrypt, GenerateDataKey, GetPublicKey, RetireGrant,
};
use jiff::Timestamp;

use super::*;
use crate::grant::record::{Party, PartyKind};

const OWNER: &str = "111122223333";
const OTHER: &str = "444455556666";
const SOURCE: &str = "arn:aws:s3:us-east-1:111122223333:bucket";

fn context(pairs: &[(&str, &str)]) -> Context {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn grant(issuer: &str, operations: &[GrantOperation], constraints: Constraints) -> GrantRecord {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    GrantRecord {
        key: format!("{OWNER}/us-east-1/1234abcd-12ab-34cd-56ef-1234567890ab"),
        grant_id: format!("{:064x}", NUMBER.fetch_add(1, Ordering::Relaxed)),
        name: None,
        created: Timestamp::UNIX_EPOCH,
        issuer: issuer.to_owned(),
        grantee: Party { kind: PartyKind::Role, account: OWNER.to_owned(), id: "AROAEXAMPLEEXAMPLE12".to_owned() },
        retirer: None,
        operations: operations.iter().map(|operation| operation.as_str().to_owned()).collect(),
        constraints,
    }
}

fn equals(pairs: &[(&str, &str)]) -> Constraints {
    Constraints { equals: Some(context(pairs)), ..Constraints::default() }
}

fn subset(pairs: &[(&str, &str)]) -> Constraints {
    Constraints { subset: Some(context(pairs)), ..Constraints::default() }
}

fn source() -> Constraints {
    Constraints { source_arn: Some(SOURCE.to_owned()), ..Constraints::default() }
}

const HOME: Accounts<'_> = Accounts { caller: OWNER, key: OWNER };

fn allows(granted: &Granted, operation: GrantOperation, pairs: &[(&str, &str)], source_arn: Option<&str>) -> bool {
    let context = context(pairs);
    granted.allows(Use { operation, context: &context, source_arn }, Grantee::Role, HOME).is_some()
}

#[test]
fn constraints_decide_by_the_documented_rules() {
    let dept_it = &[("Department", "IT")][..];
    let both = &[("Department", "IT"), ("Purpose", "Test")][..];
    // Constraints of the grant, context of the request, source of the request, whether it matches.
    let table = [
        (Constraints::default(), &[][..], None, true),
        (Constraints::default(), both, None, true),
        (equals(both), both, None, true),
        (equals(both), dept_it, None, false),
        (equals(dept_it), both, None, false),
        (equals(dept_it), &[("department", "IT")], None, false),
        (equals(dept_it), &[("Department", "it")], None, false),
        (equals(&[]), &[], None, true),
        (equals(&[]), dept_it, None, false),
        (subset(dept_it), dept_it, None, true),
        (subset(dept_it), both, None, true),
        (subset(both), dept_it, None, false),
        (subset(dept_it), &[], None, false),
        (subset(dept_it), &[("Department", "IT "), ("Purpose", "Test")], None, false),
        (subset(dept_it), &[("DEPARTMENT", "IT")], None, false),
        (source(), &[], None, false),
        (source(), &[], Some(SOURCE), true),
        (source(), dept_it, Some("arn:aws:s3:us-east-1:111122223333:other"), false),
        (Constraints { source_arn: source().source_arn, ..subset(dept_it) }, both, None, false),
        (Constraints { source_arn: source().source_arn, ..subset(dept_it) }, both, Some(SOURCE), true),
        (Constraints { source_arn: source().source_arn, ..subset(dept_it) }, &[], Some(SOURCE), false),
        (Constraints { source_arn: source().source_arn, ..equals(both) }, both, Some(SOURCE), true),
        (Constraints { source_arn: source().source_arn, ..equals(both) }, both, None, false),
    ];
    for (constraints, pairs, source_arn, expected) in table {
        let operations = [Encrypt, DescribeKey, GetPublicKey, RetireGrant];
        let granted = Granted::from_iter([grant(OWNER, &operations, constraints.clone())]);
        assert_eq!(allows(&granted, Encrypt, pairs, source_arn), expected, "{constraints:?} {pairs:?} {source_arn:?}");
        assert!(!allows(&granted, Decrypt, pairs, source_arn), "an operation that is not granted");
        // These carry no context, and no constraint restricts them.
        for operation in [DescribeKey, GetPublicKey, RetireGrant] {
            assert!(allows(&granted, operation, &[], None), "{operation} under {constraints:?}");
        }
    }
}

#[test]
fn grants_are_not_added_up_within_one_request() {
    let granted = Granted::from_iter([
        grant(OWNER, &[Encrypt], equals(&[("a", "1")])),
        grant(OWNER, &[Decrypt], equals(&[("b", "2")])),
    ]);
    assert!(allows(&granted, Encrypt, &[("a", "1")], None));
    assert!(!allows(&granted, Encrypt, &[("b", "2")], None));
    assert!(!allows(&granted, Decrypt, &[("a", "1")], None));
}

#[test]
fn the_strongest_matching_grant_counts() {
    let foreign = Accounts { caller: OTHER, key: OWNER };
    let granted = Granted::from_iter([
        grant(OWNER, &[Encrypt, Decrypt], Constraints::default()),
        grant(OTHER, &[Encrypt], subset(&[("a", "1")])),
    ]);
    let strength = |operation, pairs: &[(&str, &str)], grantee, accounts| {
        let context = context(pairs);
        granted.allows(Use { operation, context: &context, source_arn: None }, grantee, accounts)
    };
    // What the owner granted to another account leaves that account its say; what it granted itself does not.
    assert_eq!(strength(Encrypt, &[], Grantee::Role, foreign), Some(Delegated));
    assert_eq!(strength(Encrypt, &[("a", "1")], Grantee::Role, foreign), Some(Role));
    assert_eq!(strength(Encrypt, &[("a", "1")], Grantee::Exact, foreign), Some(Exact));
    assert_eq!(strength(Decrypt, &[("a", "1")], Grantee::Exact, foreign), Some(Delegated));
    assert_eq!(strength(Decrypt, &[], Grantee::Exact, HOME), Some(Exact));
    assert_eq!(strength(Decrypt, &[], Grantee::Role, HOME), Some(Role));
    assert_eq!(strength(Decrypt, &[], Grantee::Account, HOME), Some(Delegated));
    assert_eq!(strength(GenerateDataKey, &[], Grantee::Exact, HOME), None);
}

#[test]
fn a_child_is_within_one_parent_and_as_strict() {
    let delegates = |parents: Vec<GrantRecord>, operations: &[GrantOperation], constraints: &Constraints| {
        let allowed = operations.iter().copied().collect();
        Granted::from_iter(parents).delegates(allowed, constraints, None, Grantee::Role, HOME).is_some()
    };
    let free = Constraints::default;
    let parent = |constraints| vec![grant(OWNER, &[CreateGrant, Encrypt, Decrypt], constraints)];
    assert!(delegates(parent(free()), &[Encrypt], &free()));
    assert!(delegates(parent(free()), &[Encrypt, Decrypt, CreateGrant], &free()));
    assert!(!delegates(parent(free()), &[Encrypt, GenerateDataKey], &free()));
    assert!(!delegates(vec![grant(OWNER, &[Encrypt], free())], &[Encrypt], &free()), "without CreateGrant");
    // Two parents together allow the child, neither does alone.
    let two = vec![grant(OWNER, &[CreateGrant, Encrypt], free()), grant(OWNER, &[CreateGrant, Decrypt], free())];
    assert!(!delegates(two.clone(), &[Encrypt, Decrypt], &free()));
    assert!(delegates(two, &[Decrypt], &free()));
    let (one, both) = (&[("a", "1")][..], &[("a", "1"), ("b", "2")][..]);
    // The parent's constraints, the child's, whether the child is as strict.
    let table = [
        (subset(one), free(), false),
        (subset(one), subset(one), true),
        (subset(one), subset(both), true),
        (subset(one), equals(one), true),
        (subset(one), equals(both), true),
        (subset(both), subset(one), false),
        (subset(both), equals(one), false),
        (equals(one), free(), false),
        (equals(one), subset(one), false),
        (equals(one), equals(one), true),
        (equals(one), equals(both), false),
        (free(), equals(both), true),
    ];
    for (parents, child, expected) in table {
        assert_eq!(delegates(parent(parents.clone()), &[Encrypt], &child), expected, "{parents:?} {child:?}");
    }
    // A source constraint binds the parent's use itself: a direct call cannot pass it on.
    assert!(!delegates(parent(source()), &[Encrypt], &source()));
    let child = [Encrypt].into_iter().collect();
    let granted = Granted::from_iter(parent(source()));
    assert!(granted.delegates(child, &source(), Some(SOURCE), Grantee::Role, HOME).is_some());
    assert!(granted.delegates(child, &free(), Some(SOURCE), Grantee::Role, HOME).is_none());
}

/// Every grant is found through the index exactly as it would be by walking them all.
#[test]
fn the_index_agrees_with_a_walk() {
    let mut seed = 7_u32;
    let mut next = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    let mut random_context = |most: u32| -> Context {
        let pairs = next(most + 1);
        (0..pairs).map(|_| (format!("k{}", next(3)), format!("v{}", next(3)))).collect()
    };
    let mut records = Vec::new();
    for number in 0..200_u32 {
        let pairs = random_context(3);
        let mut constraints = match number % 4 {
            0 => Constraints::default(),
            1 => Constraints { equals: Some(pairs), ..Constraints::default() },
            _ => Constraints { subset: Some(pairs).filter(|pairs| !pairs.is_empty()), ..Constraints::default() },
        };
        constraints.source_arn = number.is_multiple_of(5).then(|| SOURCE.to_owned());
        let operations = [[Encrypt, Decrypt], [Decrypt, DescribeKey]][number as usize % 2];
        records.push(grant(OWNER, &operations, constraints));
    }
    for records in records.chunks(8) {
        // Grants that came and went leave no trace.
        let mut granted = Granted::from_iter(records.to_vec());
        let (gone, left) = records.split_at(3);
        for record in gone {
            granted.remove(&record.grant_id);
            granted.remove(&record.grant_id);
        }
        for (granted, records) in [(&granted, left), (&Granted::from_iter(records.to_vec()), records)] {
            for _ in 0..100 {
                let context = random_context(4);
                for (operation, source_arn) in [(Encrypt, None), (Encrypt, Some(SOURCE)), (Decrypt, None)] {
                    let walked = records
                        .iter()
                        .any(|record| record.allowed().has(operation) && record.constraints.hold(&context, source_arn));
                    let found = granted.allows(Use { operation, context: &context, source_arn }, Grantee::Role, HOME);
                    assert_eq!(found.is_some(), walked, "{operation} {context:?} {source_arn:?} in {records:?}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_left_of_grants_that_are_gone() {
    let same = [(), ()].map(|()| grant(OWNER, &[Encrypt], subset(&[("a", "1")])));
    let mut granted = Granted::from_iter(same.clone());
    granted.insert(grant(OWNER, &[Encrypt], equals(&[("a", "1")])));
    granted.insert(same[0].clone());
    assert_eq!(granted.entries.len(), 2, "grants that say the same are one entry");
    granted.remove(&same[0].grant_id);
    assert!(allows(&granted, Encrypt, &[("a", "1"), ("b", "2")], None), "the other one still says it");
    for id in granted.grants.keys().cloned().collect::<Vec<_>>() {
        granted.remove(&id);
    }
    assert!(granted.grants.is_empty() && granted.entries.is_empty() && granted.free.is_empty());
    assert!(granted.equals.is_empty() && granted.subset.is_empty() && granted.source.is_empty());
}
