//! Every way of tampering with a log, and what a check says to it.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::common::*;
use crate::chain::{HexHash, Line, Linker, write_line};
use crate::files;
use crate::*;

type Contents = Vec<(String, Vec<u8>)>;

/// A log of some files, with anchors of its middle and its end.
fn original() -> &'static (Contents, Vec<Anchor>) {
    static ORIGINAL: OnceLock<(Contents, Vec<Anchor>)> = OnceLock::new();
    ORIGINAL.get_or_init(|| {
        let dir = folder();
        let log = open(dir.path(), options(2500));
        append(&log, 1..=23);
        let middle = log.anchor();
        append(&log, 24..=40);
        let anchors = vec![middle, log.close().unwrap()];
        assert_eq!(intact(dir.path(), &anchors).anchors_checked, 2);
        (contents(dir.path()), anchors)
    })
}

fn laid_out(contents: &Contents) -> tempfile::TempDir {
    let dir = folder();
    for (name, content) in contents {
        fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

fn fault_of(contents: &Contents, anchors: &[Anchor]) -> Option<Fault> {
    checked(laid_out(contents).path(), anchors).fault
}

fn lines(content: &[u8]) -> Vec<&[u8]> {
    content.split_inclusive(|&byte| byte == b'\n').collect()
}

fn first_of(name: &str) -> u64 {
    name["audit-".len()..][..20].parse().unwrap()
}

/// File, line and record of the first line that differs, found by comparing with the original and by nothing else.
fn first_difference(changed: &Contents) -> Option<(String, u64, u64)> {
    for (name, content) in &original().0 {
        let Some((_, other)) = changed.iter().find(|(other, _)| other == name) else {
            return Some((name.clone(), 1, first_of(name)));
        };
        let (lines, others) = (lines(content), lines(other));
        for at in 0..lines.len().max(others.len()) {
            if lines.get(at) != others.get(at) {
                // Line 1 is the header; a fault in it concerns the first record.
                return Some((name.clone(), at as u64 + 1, first_of(name) + (at as u64).saturating_sub(1)));
            }
        }
    }
    None
}

#[derive(Clone, Debug)]
enum Tampering {
    SetByte(usize, usize, u8),
    InsertByte(usize, usize, u8),
    DeleteByte(usize, usize),
    DeleteBytes(usize, usize, usize),
    DeleteLines(usize, usize, usize),
    SwapLines(usize, usize, usize),
    RepeatLine(usize, usize),
    MoveLine(usize, usize, usize),
    CutAt(usize, usize),
    DeleteFile(usize),
    SwapFiles(usize, usize),
    CopyLineElsewhere(usize, usize, usize, usize),
    AppendBytes(usize, Vec<u8>),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    use Tampering::*;
    let any = || any::<usize>();
    prop_oneof![
        6 => (any(), any(), proptest::num::u8::ANY).prop_map(|(f, at, byte)| SetByte(f, at, byte)),
        2 => (any(), any(), proptest::num::u8::ANY).prop_map(|(f, at, byte)| InsertByte(f, at, byte)),
        2 => (any(), any()).prop_map(|(f, at)| DeleteByte(f, at)),
        1 => (any(), any(), 1..2000_usize).prop_map(|(f, at, n)| DeleteBytes(f, at, n)),
        2 => (any(), any(), 1..5_usize).prop_map(|(f, at, n)| DeleteLines(f, at, n)),
        2 => (any(), any(), any()).prop_map(|(f, a, b)| SwapLines(f, a, b)),
        1 => (any(), any()).prop_map(|(f, at)| RepeatLine(f, at)),
        2 => (any(), any(), any()).prop_map(|(f, a, b)| MoveLine(f, a, b)),
        2 => (any(), any()).prop_map(|(f, at)| CutAt(f, at)),
        1 => any().prop_map(DeleteFile),
        1 => (any(), any()).prop_map(|(a, b)| SwapFiles(a, b)),
        1 => (any(), any(), any(), any()).prop_map(|(a, b, c, d)| CopyLineElsewhere(a, b, c, d)),
        1 => (any(), proptest::collection::vec(proptest::num::u8::ANY, 1..40)).prop_map(|(f, b)| AppendBytes(f, b)),
    ]
}

fn tampered(how: &Tampering) -> Contents {
    use Tampering::*;
    let mut contents = original().0.clone();
    let count = contents.len();
    let edit_lines = |contents: &mut Contents, file: usize, edit: &mut dyn FnMut(&mut Vec<Vec<u8>>)| {
        let content = &mut contents[file % count].1;
        let mut all: Vec<Vec<u8>> = lines(content).into_iter().map(<[u8]>::to_vec).collect();
        edit(&mut all);
        *content = all.concat();
    };
    match how {
        SetByte(file, at, byte) => {
            let content = &mut contents[file % count].1;
            let at = at % content.len();
            content[at] = *byte;
        }
        InsertByte(file, at, byte) => {
            let content = &mut contents[file % count].1;
            content.insert(at % (content.len() + 1), *byte);
        }
        DeleteByte(file, at) => {
            let content = &mut contents[file % count].1;
            content.remove(at % content.len());
        }
        DeleteBytes(file, at, bytes) => {
            let content = &mut contents[file % count].1;
            let at = at % content.len();
            content.drain(at..(at + bytes).min(content.len()));
        }
        DeleteLines(file, at, number) => edit_lines(&mut contents, *file, &mut |lines| {
            let at = at % lines.len();
            lines.drain(at..(at + number).min(lines.len()));
        }),
        SwapLines(file, a, b) => edit_lines(&mut contents, *file, &mut |lines| {
            let (a, b) = (a % lines.len(), b % lines.len());
            lines.swap(a, b);
        }),
        RepeatLine(file, at) => edit_lines(&mut contents, *file, &mut |lines| {
            let at = at % lines.len();
            lines.insert(at, lines[at].clone());
        }),
        MoveLine(file, from, to) => edit_lines(&mut contents, *file, &mut |lines| {
            let line = lines.remove(from % lines.len());
            lines.insert(to % (lines.len() + 1), line);
        }),
        CutAt(file, at) => {
            let content = &mut contents[file % count].1;
            content.truncate(at % content.len());
        }
        DeleteFile(file) => drop(contents.remove(file % count)),
        SwapFiles(a, b) => {
            let (a, b) = (a % count, b % count);
            let (first, second) = (contents[a].1.clone(), contents[b].1.clone());
            contents[a].1 = second;
            contents[b].1 = first;
        }
        CopyLineElsewhere(from, line, to, at) => {
            let source = lines(&contents[from % count].1).into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>();
            let copy = source[line % source.len()].clone();
            edit_lines(&mut contents, *to, &mut |lines| lines.insert(at % (lines.len() + 1), copy.clone()));
        }
        AppendBytes(file, bytes) => contents[file % count].1.extend_from_slice(bytes),
    }
    contents
}

/// Line breaks at the very end of the last file are room made in advance, and say nothing.
fn is_room_only(changed: &Contents) -> bool {
    let original = &original().0;
    let (last, before) = original.split_last().unwrap();
    changed.len() == original.len()
        && changed[..before.len()] == *before
        && changed[before.len()].1.strip_prefix(&last.1[..]).is_some_and(|more| more.iter().all(|&byte| byte == b'\n'))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_single_change_is_found_where_it_was_made(how in tampering()) {
        let changed = tampered(&how);
        let (_, anchors) = original();
        let difference = first_difference(&changed).filter(|_| !is_room_only(&changed));
        let Some((file, line, sequence)) = difference else {
            prop_assert_eq!(fault_of(&changed, anchors), None);
            return Ok(());
        };
        let fault = fault_of(&changed, anchors);
        prop_assert!(fault.is_some(), "not found: {:?}", how);
        let fault = fault.unwrap();
        prop_assert_eq!(fault.sequence, sequence, "{:?} reported as {}", how, fault);
        // A missing end shows at the beginning of the next file, and a missing file in the one after it; the first
        // record of a file, put at the end of the file before as well, shows as there twice in its own.
        let elsewhere = matches!(fault.kind, FaultKind::FileMissing | FaultKind::Truncated)
            || (fault.kind == FaultKind::Reordered && fault.line == 1);
        if !elsewhere {
            prop_assert_eq!((&fault.file, fault.line), (&file, line), "{:?} reported as {}", how, fault);
        }
    }
}

/// Edits one record's line.
fn with_line(contents: &Contents, sequence: u64, edit: &dyn Fn(&Line<'_>) -> Vec<u8>) -> Contents {
    let mut contents = contents.clone();
    for (_, content) in &mut contents {
        let edited = lines(content).into_iter().map(|raw| match Line::parse(raw.strip_suffix(b"\n").unwrap()) {
            Some(line) if line.sequence == sequence => edit(&line),
            _ => raw.to_vec(),
        });
        *content = edited.collect::<Vec<_>>().concat();
    }
    contents
}

fn line_with(sequence: u64, previous: &[u8; 32], record: &[u8]) -> (Vec<u8>, Head) {
    let hash = Linker::default().link(previous, sequence, record);
    let mut out = Vec::new();
    write_line(&mut out, sequence, &HexHash::new(previous), &HexHash::new(&hash), record);
    (out, Head { sequence, hash })
}

#[test]
fn a_record_exchanged_with_its_hash_is_told_from_its_follower() {
    let (contents, anchors) = original();
    for sequence in 1..40 {
        let forged = with_line(contents, sequence, &|line| line_with(line.sequence, &line.previous, b"{}").0);
        let fault = fault_of(&forged, &[]).unwrap();
        assert_eq!((fault.kind, fault.sequence), (FaultKind::Replaced, sequence), "{fault}");
        assert_eq!((fault.file.clone(), fault.line, sequence), first_difference(&forged).unwrap(), "{fault}");
    }
    // Nothing follows the last one; only the anchor knows it.
    let forged = with_line(contents, 40, &|line| line_with(line.sequence, &line.previous, b"{}").0);
    assert_eq!(fault_of(&forged, &[]), None);
    let fault = fault_of(&forged, anchors).unwrap();
    assert_eq!((fault.kind, fault.sequence), (FaultKind::Rewritten, 40));
}

/// Replaces a record and computes everything after it anew, headers too, as somebody would who knows the format.
fn rewritten_from(sequence: u64) -> Contents {
    let mut head = None;
    let mut contents = original().0.clone();
    for (_, content) in &mut contents {
        let mut out = Vec::new();
        for raw in lines(content) {
            let line = Line::parse(raw.strip_suffix(b"\n").unwrap());
            match (line, head) {
                (Some(line), Some(Head { hash, .. })) => {
                    let (bytes, now) = line_with(line.sequence, &hash, line.record);
                    out.extend(bytes);
                    head = Some(now);
                }
                (Some(line), None) if line.sequence == sequence => {
                    let (bytes, now) = line_with(sequence, &line.previous, b"{\"forged\":true}");
                    out.extend(bytes);
                    head = Some(now);
                }
                (None, Some(before)) => out.extend(crate::chain::Header::new("node-1", "store-1", &before).line()),
                _ => out.extend(raw),
            }
        }
        *content = out;
    }
    contents
}

#[test]
fn a_chain_computed_anew_is_found_by_the_next_anchor() {
    let anchors = &original().1;
    for (sequence, found_at) in [(1, 23), (7, 23), (23, 23), (24, 40), (40, 40)] {
        let forged = rewritten_from(sequence);
        assert_eq!(fault_of(&forged, &[]), None, "without anchors nobody can tell");
        let fault = fault_of(&forged, anchors).unwrap();
        assert_eq!((fault.kind, fault.sequence), (FaultKind::Rewritten, found_at), "{fault}");
        assert!(fault.why.contains(if found_at == 23 { "between 1 and" } else { "between 24 and" }), "{fault}");
    }
}

#[test]
fn a_tail_cut_off_between_records_needs_an_anchor() {
    let (contents, anchors) = original();
    for keep in 1..40 {
        let mut cut: Contents = contents.iter().filter(|(name, _)| first_of(name) <= keep).cloned().collect();
        let last = cut.last_mut().unwrap();
        let lines = lines(&last.1)[..(keep - first_of(&last.0) + 2) as usize].concat();
        last.1 = lines;
        let report = checked(laid_out(&cut).path(), &[]);
        assert_eq!((report.fault, report.head.sequence), (None, keep));
        let fault = fault_of(&cut, anchors).unwrap();
        assert_eq!((fault.kind, fault.sequence), (FaultKind::Truncated, keep + 1), "{fault}");
        assert_eq!((&fault.file, fault.line), (&cut.last().unwrap().0, keep - first_of(&fault.file) + 3));
    }
    let none: Contents = Vec::new();
    assert_eq!(fault_of(&none, anchors).map(|fault| (fault.kind, fault.sequence)), Some((FaultKind::Truncated, 1)));
    assert!(matches!(verify(folder().path(), &[], &mut |_| {}), Err(VerifyError::NoLog(_))));
}

#[test]
fn files_lost_at_the_beginning_need_an_anchor_for_what_follows() {
    let (contents, anchors) = original();
    let cut = contents[2..].to_vec();
    let first = first_of(&cut[0].0);
    let fault = fault_of(&cut, anchors).unwrap();
    assert_eq!((fault.kind, fault.sequence), (FaultKind::FileMissing, 1));

    // Older files may be taken away on purpose: then the place of the cut is anchored.
    let header: serde_json::Value = serde_json::from_slice(lines(&cut[0].1)[0]).unwrap();
    let mut hash = [0; 32];
    hex::decode_to_slice(header["prev"].as_str().unwrap(), &mut hash).unwrap();
    let vouching = Anchor { sequence: first - 1, hash, closed: false, ..anchors[0].clone() };
    let report = checked(laid_out(&cut).path(), &[vouching, anchors[0].clone(), anchors[1].clone()]);
    assert_eq!((report.fault, report.first_sequence, report.anchors_checked), (None, first, 3));
    assert_eq!(report.records, 40 - (first - 1));
}

#[test]
fn records_forged_onto_a_closed_log_show_when_it_is_opened() {
    let (contents, anchors) = original();
    let mut forged = contents.clone();
    let closed = &anchors[1];
    let (line, head) = line_with(41, &closed.hash, b"{\"forged\":true}");
    forged.last_mut().unwrap().1.extend_from_slice(&line);
    let dir = laid_out(&forged);
    let report = checked(dir.path(), anchors);
    assert_eq!((report.fault, report.records_after_close), (None, 1));

    let log = open(dir.path(), Options { last_anchor: Some(closed.clone()), ..options(2500) });
    let expected = Mismatch {
        anchored_sequence: 40,
        anchored_hash: hex::encode(closed.hash),
        closed: true,
        found_sequence: 41,
        found_hash: hex::encode(head.hash),
    };
    assert_eq!(log.mismatch(), Some(&expected));
    assert_eq!(intact(dir.path(), &[]).notes, [Noted { sequence: 42, note: Note::NotAsAnchored(expected) }]);
    assert_eq!(checked(dir.path(), &[anchors[0].clone(), closed.clone(), log.anchor()]).records_after_close, 0);
}

#[test]
fn opening_compares_the_end_with_the_last_anchor() {
    let (contents, anchors) = original();
    let [middle, closed] = &anchors[..] else { unreachable!() };
    let kept = |keep: usize| laid_out(&contents[..keep].to_vec());
    let all = contents.len();
    let running = Anchor { closed: false, ..closed.clone() };
    let other_hash = Anchor { hash: [1; 32], ..running.clone() };
    let other_node = Anchor { node: "node-2".into(), ..closed.clone() };
    for (files, anchor, agrees) in [
        (all, closed, true),
        (all, middle, true),
        (all, &running, true),
        (all, &other_hash, false),
        (all - 1, closed, false),
        (all - 1, &running, false),
        (all - 1, &other_node, true),
        (all - 1, middle, true),
        (1, middle, false),
        (0, middle, false),
    ] {
        let dir = kept(files);
        let log = open(dir.path(), Options { last_anchor: Some(anchor.clone()), ..options(2500) });
        assert_eq!(log.mismatch().is_none(), agrees, "{files} files, {anchor:?}");
        assert_eq!(intact(dir.path(), &[]).notes.is_empty(), agrees);
    }
}

#[test]
fn another_logs_file_or_anchor_is_foreign() {
    let (contents, anchors) = original();
    let other = folder();
    let log = Log::open(other.path(), "node-2", options(2500)).unwrap();
    append(&log, 1..=40);
    drop(log);
    let others = super::common::contents(other.path());
    let mut mixed = contents.clone();
    mixed[1] = others[1].clone();
    assert_eq!(fault_of(&mixed, &[]).map(|fault| fault.kind), Some(FaultKind::Foreign));
    assert_eq!(fault_of(&others, anchors).map(|fault| fault.kind), Some(FaultKind::Foreign));
}

#[test]
fn progress_reaches_the_size() {
    let dir = folder();
    let log = open(dir.path(), options(500_000));
    let big = format!("{{\"a\":\"{}\"}}", "x".repeat(100_000));
    for _ in 0..30 {
        log.flush(log.append(big.as_bytes())).unwrap();
    }
    let mut told = Vec::new();
    verify(dir.path(), &[], &mut |bytes| told.push(bytes)).unwrap();
    assert!(told.len() >= 3 && told.is_sorted());
    assert_eq!(told.last(), Some(&size(dir.path()).unwrap()));
}

#[test]
fn the_chain_is_what_its_description_says() {
    // Computed with Python's hashlib from the description in the documentation.
    let dir = Path::new("x");
    assert_eq!(files::LogFile::new(dir, 1).path, dir.join("audit-00000000000000000001.jsonl"));
    let genesis = crate::chain::genesis("node-1", "store-1");
    assert_eq!(hex::encode(genesis.hash), "ac060afcf151661d5d3cf64fa472b498d4eab4c9ff3adab41cc3728c5092a730");
    let one = Linker::default().link(&genesis.hash, 1, b"{\"a\":1}");
    assert_eq!(hex::encode(one), "cc7900f412d078c1da044e69b34a8f602911d128cfda6ae5e65d39943e4501f3");
    let two = Linker::default().link(&one, 2, b"{}");
    assert_eq!(hex::encode(two), "a61f219b91709b9bae7eb935db05f537776d0029ec9c3670dfcb9c5598e3ae10");
}
