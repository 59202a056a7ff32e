//! Which records were given up.

use std::collections::VecDeque;

use crate::error::WriteError;

/// Separate failures that are remembered. Failures in a row, with no success between them, count as one.
const REMEMBERED: usize = 256;

/// The failures, as ranges of positions.
#[derive(Default)]
pub(crate) struct Failures {
    ranges: VecDeque<Range>,
    /// Positions up to this one failed or not; nobody knows any more.
    forgotten: u64,
}

struct Range {
    after: u64,
    last: u64,
    error: WriteError,
}

impl Failures {
    /// Notes that the records with positions in `after + 1 ..= last` were given up.
    pub(crate) fn add(&mut self, after: u64, last: u64, error: WriteError) {
        if let Some(newest) = self.ranges.back_mut()
            && newest.last >= after
        {
            newest.after = newest.after.min(after);
            newest.last = newest.last.max(last);
            newest.error = error;
            return;
        }
        if self.ranges.len() == REMEMBERED
            && let Some(oldest) = self.ranges.pop_front()
        {
            self.forgotten = oldest.last;
        }
        self.ranges.push_back(Range { after, last, error });
    }

    /// What became of a record whose write was decided.
    pub(crate) fn outcome(&self, position: u64) -> Result<(), WriteError> {
        if position <= self.forgotten {
            return Err(WriteError::Forgotten);
        }
        let range = self.ranges.iter().rev().find(|range| range.after < position && position <= range.last);
        range.map_or(Ok(()), |range| Err(range.error.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(failures: &Failures, positions: std::ops::Range<u64>) -> Vec<u64> {
        positions.filter(|&position| failures.outcome(position).is_err()).collect()
    }

    #[test]
    fn ranges_in_a_row_are_one() {
        let mut failures = Failures::default();
        failures.add(3, 5, WriteError::Io("first".into()));
        failures.add(5, 6, WriteError::Io("second".into()));
        failures.add(8, 9, WriteError::Io("third".into()));
        assert_eq!(failures.ranges.len(), 2);
        assert_eq!(failed(&failures, 1..12), [4, 5, 6, 9]);
        assert_eq!(failures.outcome(4).unwrap_err().to_string(), "audit records cannot be written: second");
    }

    #[test]
    fn what_is_too_old_to_be_known_counts_as_failed() {
        let mut failures = Failures::default();
        for round in 0..REMEMBERED as u64 + 1 {
            failures.add(10 * round, 10 * round + 1, WriteError::Io("no".into()));
        }
        assert!(matches!(failures.outcome(1), Err(WriteError::Forgotten)));
        assert!(failures.outcome(2).is_ok(), "after the forgotten failure, and before the next");
        assert_eq!(failed(&failures, 2..25), [11, 21]);
    }
}
