//! Time as the server sees it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// The only source of time in the server.
///
/// Two readings exist on purpose. [`Clock::now`] is the time that business rules see (deletion windows, rotation,
/// expiry); a development server can move it. [`Clock::wall`] is the machine's time, which request signatures are
/// checked against: clients sign with their own clocks, whatever the business time has been set to. A third,
/// [`Clock::steady`], is for rates.
#[derive(Debug)]
pub struct Clock {
    offset_ms: AtomicI64,
    started: Instant,
    skipped_ms: AtomicU64,
}

/// Rates learn of this much of a move ahead: a month, in which everything that fills is full.
const SKIP_MS_MAX: u64 = 30 * 86_400_000;
/// And of this much in all: four centuries, a time that can be counted in nanoseconds.
const SKIPPED_MS_MAX: u64 = 400 * 365 * 86_400_000;

impl Default for Clock {
    fn default() -> Self {
        Self { offset_ms: AtomicI64::new(0), started: Instant::now(), skipped_ms: AtomicU64::new(0) }
    }
}

impl Clock {
    /// The time business rules see.
    pub fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_ms.load(Ordering::Relaxed));
        let wall = self.wall();
        wall.checked_add(offset).unwrap_or(wall)
    }

    /// The machine's time.
    pub fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Time since the clock was made, which never runs backwards, whatever happens to the machine's time. When business
    /// time is moved ahead this goes along, by a month at most; when it is moved back this does not.
    pub fn steady(&self) -> Duration {
        self.started.elapsed() + Duration::from_millis(self.skipped_ms.load(Ordering::Relaxed))
    }

    fn skip(&self, millis: i64) {
        let ahead = u64::try_from(millis).unwrap_or_default().min(SKIP_MS_MAX);
        let add = |skipped: u64| Some(skipped.saturating_add(ahead).min(SKIPPED_MS_MAX));
        let _ = self.skipped_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Moves business time by `by` (milliseconds precision). Used by the development clock only.
    pub fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let _ = self
            .offset_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |offset| Some(offset.saturating_add(millis)));
        self.skip(millis);
    }

    /// Sets business time to `to`; it runs on from there.
    pub fn set(&self, to: Timestamp) {
        let offset = to.as_millisecond().saturating_sub(self.wall().as_millisecond());
        let before = self.offset_ms.swap(offset, Ordering::Relaxed);
        self.skip(offset.saturating_sub(before));
    }

    /// Back to the machine's time.
    pub fn reset(&self) {
        self.offset_ms.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_time_goes_ahead_with_business_time_and_never_back() {
        let clock = Clock::default();
        let day = Duration::from_secs(86_400);
        clock.advance(SignedDuration::from_hours(24));
        assert!(clock.steady() >= day && clock.steady() < day * 2);
        clock.reset();
        clock.advance(SignedDuration::from_hours(-48));
        clock.set(clock.wall());
        // From two days back to now: that is ahead again.
        assert!(clock.steady() >= day * 3 && clock.steady() < day * 4);
        clock.set(Timestamp::MAX);
        clock.set(Timestamp::MIN);
        assert!(clock.steady() < day * 34);
    }

    #[test]
    fn business_time_moves_and_wall_time_does_not() {
        let clock = Clock::default();
        let wall = clock.wall();
        clock.advance(SignedDuration::from_hours(24 * 30));
        assert!(clock.now().duration_since(wall) >= SignedDuration::from_hours(24 * 30));
        assert!(clock.wall().duration_since(wall) < SignedDuration::from_secs(60));
        clock.set(wall);
        assert!(clock.now().duration_since(wall).abs() < SignedDuration::from_secs(60));
    }
}
