//! Token buckets: so many requests a second, saved up for one second.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as Reading;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::Clock;

/// Rates from here on are not told apart: the bucket counts whole nanoseconds a request.
const RATE_MAX: f64 = 1e9;
/// The slowest rate that is told apart from none: a request in eleven days.
const RATE_MIN: f64 = 1e-6;

/// The installation's clock, as the buckets read it.
#[derive(Clone)]
pub(super) struct Steady(pub(super) Arc<Clock>);

impl Reading for Steady {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.steady()
    }
}

/// One pool of one account in one Region.
pub(super) struct Bucket(Option<(Limiter, NonZeroU32)>);

type Limiter = RateLimiter<NotKeyed, InMemoryState, Steady, NoOpMiddleware<Duration>>;

impl Bucket {
    /// A full bucket for `rate` requests a second. It holds one second's worth, at least one request.
    pub(super) fn new(rate: f64, clock: &Steady) -> Self {
        if rate < RATE_MIN {
            return Self(None);
        }
        let period = Duration::from_secs_f64(1.0 / rate.min(RATE_MAX)).max(Duration::from_nanos(1));
        let burst = NonZeroU32::new(rate.min(RATE_MAX) as u32).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(period).map(|quota| quota.allow_burst(burst));
        Self(quota.map(|quota| (RateLimiter::direct_with_clock(quota, clock.clone()), burst)))
    }

    /// Takes requests out, all or none; whether they were there. A call that counts for more than a full bucket holds
    /// takes a full one: it must be possible at all.
    pub(super) fn take(&self, requests: NonZeroU32) -> bool {
        let Some((limiter, burst)) = &self.0 else { return false };
        matches!(limiter.check_n(requests.min(*burst)), Ok(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn bucket(rate: f64) -> (Bucket, Arc<Clock>) {
        let clock = Arc::new(Clock::default());
        (Bucket::new(rate, &Steady(Arc::clone(&clock))), clock)
    }

    fn taken(bucket: &Bucket, tries: u32) -> u32 {
        (0..tries).map(|_| u32::from(bucket.take(NonZeroU32::MIN))).sum()
    }

    #[test]
    fn a_bucket_holds_one_second_and_fills_evenly() {
        // So slow that the test's own time does not matter.
        let (slow, clock) = bucket(0.001);
        assert_eq!(taken(&slow, 10), 1);
        clock.advance(SignedDuration::from_secs(999));
        assert_eq!(taken(&slow, 10), 0);
        clock.advance(SignedDuration::from_secs(2));
        assert_eq!(taken(&slow, 10), 1);
        // However long nobody asked, no more than the burst is there.
        clock.advance(SignedDuration::from_hours(24 * 365));
        assert_eq!(taken(&slow, 10), 1);

        let (hundred, clock) = bucket(100.0);
        assert!((100..200).contains(&taken(&hundred, 500)));
        clock.advance(SignedDuration::from_millis(500));
        assert!((50..150).contains(&taken(&hundred, 500)));
    }

    #[test]
    fn none_at_all_is_none_and_no_rate_is_too_great() {
        assert_eq!(taken(&bucket(0.0).0, 3), 0);
        for rate in [1e9, 1e10, 4.3e9] {
            assert_eq!(taken(&bucket(rate).0, 1000), 1000);
        }
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let (slow, clock) = bucket(0.001);
        clock.advance(SignedDuration::from_hours(24 * 365 * 3000));
        assert_eq!(taken(&slow, 1), 1);
        clock.reset();
        clock.advance(SignedDuration::from_secs(1001));
        assert_eq!(taken(&slow, 1), 1);
    }

    #[test]
    fn a_call_can_count_for_several() {
        let two = NonZeroU32::new(2).unwrap();
        let (three, _clock) = bucket(3.0);
        assert!(three.take(two));
        assert!(!three.take(two));
        assert_eq!(taken(&three, 1), 1);
        assert!(bucket(0.001).0.take(two));
    }
}
