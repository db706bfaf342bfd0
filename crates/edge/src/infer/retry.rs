//! When the upstream is asked again, and when no more.

/// Asking may take so long in all, in milliseconds, waits included.
pub(crate) const DEADLINE: u64 = 30_000;
/// An upstream that is busy or loading is asked so often again.
const MAX_RETRIES: u32 = 3;
/// First wait where the upstream names none, in milliseconds; doubled each time.
const FIRST_WAIT: u64 = 500;
/// A retry that would have less time than this is not made.
const LEAST_TIME: u64 = 1_000;

/// The retries of one request.
#[derive(Debug)]
pub(crate) struct Retries {
    deadline: u64,
    made: u32,
}

impl Retries {
    pub(crate) fn new(now: u64) -> Self {
        Self { deadline: now + DEADLINE, made: 0 }
    }

    /// Milliseconds until the deadline.
    pub(crate) fn left(&self, now: u64) -> u64 {
        self.deadline.saturating_sub(now)
    }

    /// Milliseconds to wait before asking again; none where that is no use. `asked_for` is the wait
    /// in seconds that the upstream named, `drawn` spreads those who were refused together.
    pub(crate) fn next(&mut self, now: u64, asked_for: Option<f64>, drawn: u32) -> Option<u64> {
        if self.made >= MAX_RETRIES {
            return None;
        }
        let backoff = FIRST_WAIT << self.made;
        let jitter = u64::from(drawn) % (backoff / 2);
        let wait = match asked_for {
            // Never before the time it named.
            Some(seconds) => ((seconds.max(0.0) * 1_000.0) as u64).saturating_add(jitter),
            None => backoff / 2 + jitter,
        };
        self.made += 1;
        (wait.saturating_add(LEAST_TIME) <= self.left(now)).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_retries_each_after_a_longer_wait() {
        for drawn in [0, 7, u32::MAX] {
            let mut retries = Retries::new(0);
            for backoff in [500, 1_000, 2_000] {
                let wait = retries.next(0, None, drawn).unwrap();
                assert!((backoff / 2..backoff).contains(&wait), "{wait}");
            }
            assert_eq!(retries.next(0, None, drawn), None);
        }
    }

    #[test]
    fn the_upstream_is_never_asked_before_the_time_it_named() {
        let wait = Retries::new(0).next(0, Some(4.5), 1_234).unwrap();
        assert!((4_500..4_750).contains(&wait), "{wait}");
        for odd in [f64::NAN, -1.0, f64::NEG_INFINITY] {
            assert!(Retries::new(0).next(0, Some(odd), 0).unwrap() < 500);
        }
    }

    #[test]
    fn no_retry_outlasts_the_deadline() {
        assert_eq!(Retries::new(0).next(0, Some(29.5), 0), None);
        assert_eq!(Retries::new(0).next(0, Some(f64::INFINITY), 0), None);
        assert_eq!(Retries::new(0).next(28_900, None, 0), None);
        assert_eq!(Retries::new(5).left(5), DEADLINE);
        assert_eq!(Retries::new(5).left(DEADLINE + 6), 0);
    }
}
