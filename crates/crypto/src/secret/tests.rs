use super::*;

/// The flags (`VmFlags`) and permissions of the mapping that holds `address`, and the permissions of its neighbours.
#[cfg(target_os = "linux")]
fn mapping_of(address: usize) -> (Vec<String>, [String; 3]) {
    let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut mappings: Vec<(std::ops::Range<usize>, String, Vec<String>)> = Vec::new();
    for line in smaps.lines() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap();
        if first == "VmFlags:" {
            mappings.last_mut().unwrap().2 = words.map(str::to_owned).collect();
        } else if let Some((start, end)) = first.split_once('-') {
            let range = usize::from_str_radix(start, 16).unwrap()..usize::from_str_radix(end, 16).unwrap();
            mappings.push((range, words.next().unwrap().to_owned(), Vec::new()));
        }
    }
    let at = mappings.iter().position(|(range, ..)| range.contains(&address)).unwrap();
    let permissions = [at - 1, at, at + 1].map(|index| mappings[index].1.clone());
    assert_eq!(mappings[at - 1].0.end, mappings[at].0.start);
    assert_eq!(mappings[at].0.end, mappings[at + 1].0.start);
    (mappings[at].2.clone(), permissions)
}

#[cfg(target_os = "linux")]
#[test]
fn pages_are_guarded_locked_and_left_out_of_dumps_and_children() {
    for len in [1, 32, 33, 64, 128, 129, 4096, 70_000] {
        let secret = Secret::random(len);
        let (flags, permissions) = mapping_of(secret.expose().as_ptr().addr());
        assert_eq!(permissions, ["---p", "rw-p", "---p"], "{len} bytes");
        for flag in ["dd", "dc"] {
            assert!(flags.iter().any(|known| known == flag), "{len} bytes: {flag} missing in {flags:?}");
        }
        if locked_pages_ok() {
            assert!(flags.iter().any(|known| known == "lo"), "{len} bytes: not locked");
        }
    }
}

#[test]
fn taking_moves_the_bytes() {
    for len in [0, 1, 31, 32, 33, 64, 65, 128, 129, 5000] {
        let bytes: Vec<u8> = (0..len).map(|index| index as u8 | 1).collect();
        let mut source = bytes.clone();
        let secret = Secret::take(&mut source);
        assert_eq!(secret.expose(), bytes);
        assert_eq!((secret.len(), secret.is_empty()), (len, len == 0));
        assert_eq!(source, vec![0; len]);
    }
}

#[test]
fn random_fills_the_whole_length_only() {
    let (one, other) = (Secret::random(48), Secret::random(48));
    assert_ne!(one.expose(), other.expose());
    assert_ne!(one.expose()[40..], [0; 8]);
    assert_eq!(one.slot.bytes()[48..], [0; 16]);
}

#[test]
fn thousands_live_side_by_side_and_apart() {
    let fill = |number: u32| number.to_be_bytes().repeat(8);
    let secrets: Vec<_> = (0..5000).map(|number| Secret::take(&mut fill(number))).collect();
    std::thread::scope(|scope| {
        for part in 0..4 {
            scope.spawn(move || {
                for number in 0..2000 {
                    let secret = Secret::take(&mut fill(part * 10_000 + number));
                    assert_eq!(secret.expose(), fill(part * 10_000 + number));
                }
            });
        }
    });
    for (number, secret) in (0..).zip(&secrets) {
        assert_eq!(secret.expose(), fill(number));
    }
}
