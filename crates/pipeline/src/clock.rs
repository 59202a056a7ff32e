//! Time as the server sees it.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The only source of time in the server.
///
/// Two readings exist on purpose. [`Clock::now`] is the time that business rules see (deletion windows, rotation,
/// expiry); a development server can move it. [`Clock::wall`] is the machine's time, which request signatures are
/// checked against: clients sign with their own clocks, whatever the business time has been set to.
#[derive(Debug, Default)]
pub struct Clock {
    offset_ms: AtomicI64,
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

    /// Moves business time by `by` (milliseconds precision). Used by the development clock only.
    pub fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let _ = self
            .offset_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |offset| Some(offset.saturating_add(millis)));
    }

    /// Sets business time to `to`; it runs on from there.
    pub fn set(&self, to: Timestamp) {
        let offset = to.as_millisecond().saturating_sub(self.wall().as_millisecond());
        self.offset_ms.store(offset, Ordering::Relaxed);
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
