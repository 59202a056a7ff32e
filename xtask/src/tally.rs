//! Counting tests from the closing lines of the runners we use.

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// The counts of a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn from_cargo_test(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
        let mut tally = Self::default();
        for part in counts.split(';') {
            match counted(part) {
                Some((count, "passed")) => tally.passed = count,
                Some((count, "failed")) => tally.failed = count,
                Some((count, "ignored")) => tally.skipped = count,
                _ => {}
            }
        }
        Some(tally)
    }

    /// The count of one of the closing lines of Node's runner, such as `ℹ pass 35`.
    pub(crate) fn from_node_test(line: &str) -> Option<Self> {
        let (word, count) = line.strip_prefix("ℹ ")?.split_once(' ')?;
        let count = count.parse().ok()?;
        match word {
            "pass" => Some(Self { passed: count, ..Self::default() }),
            // A test that was cut off did not pass.
            "fail" | "cancelled" => Some(Self { failed: count, ..Self::default() }),
            "skipped" | "todo" => Some(Self { skipped: count, ..Self::default() }),
            _ => None,
        }
    }

    /// The counts of pytest's last line, such as `=== 1 failed, 7 passed, 2 errors in 3.10s ===`.
    ///
    /// An error (a fixture that broke) is a test that did not pass, so it counts as failed.
    pub(crate) fn from_pytest(line: &str) -> Option<Self> {
        let line = line.trim_matches(['=', ' ']);
        let (counts, time) = line.rsplit_once(" in ")?;
        if !time.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let mut tally = Self::default();
        let mut seen = false;
        for part in counts.split(',') {
            let (count, word) = counted(part)?;
            match word {
                "passed" => tally.passed = count,
                "failed" | "error" | "errors" => tally.failed += count,
                "skipped" => tally.skipped = count,
                "xfailed" | "xpassed" | "deselected" | "warning" | "warnings" => {}
                _ => return None,
            }
            seen = true;
        }
        seen.then_some(tally)
    }
}

fn counted(part: &str) -> Option<(u64, &str)> {
    let (count, word) = part.trim().split_once(' ')?;
    Some((count.parse().ok()?, word.split(' ').next()?))
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn reads_what_cargo_test_prints() {
        let line = "test result: FAILED. 12 passed; 2 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(Tally::from_cargo_test(line), Some(Tally { passed: 12, failed: 2, skipped: 3 }));
        assert_eq!(Tally::from_cargo_test("test tally::tests::x ... ok"), None);
    }

    #[test]
    fn reads_what_node_prints() {
        let lines = ["ℹ tests 38", "ℹ pass 34", "ℹ fail 3", "ℹ cancelled 1", "ℹ skipped 2", "ℹ duration_ms 25230.2"];
        let mut tally = Tally::default();
        lines.iter().filter_map(|line| Tally::from_node_test(line)).for_each(|counts| tally.add(counts));
        assert_eq!(tally, Tally { passed: 34, failed: 4, skipped: 2 });
        assert_eq!(Tally::from_node_test("✔ a key passes 3 (12.5ms)"), None);
    }

    #[test]
    fn reads_what_pytest_prints() {
        let line = "====== 1 failed, 7 passed, 1 skipped, 2 errors in 63.10s (0:01:03) ======";
        assert_eq!(Tally::from_pytest(line), Some(Tally { passed: 7, failed: 3, skipped: 1 }));
        assert_eq!(Tally::from_pytest("5 passed in 0.10s"), Some(Tally { passed: 5, failed: 0, skipped: 0 }));
        assert_eq!(Tally::from_pytest("no tests ran in 0.01s"), None);
        assert_eq!(Tally::from_pytest("the key in use"), None);
    }
}
