//! When a request that failed for a time is sent again.

use std::time::{Duration, SystemTime};

/// The first wait, half of it at least; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait but for jitter, whatever a server asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// Doublings beyond which the wait is the longest.
const MOST_DOUBLINGS: u32 = 16;

/// The wait that a `Retry-After` names, in seconds or by a date; none where it is neither.
pub(super) fn named(words: &str, now: SystemTime) -> Option<Duration> {
    let words = words.trim();
    if let Ok(seconds) = words.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(words).ok()?;
    // A date that is past names no wait.
    Some(date.duration_since(now).unwrap_or_default())
}

/// The wait before a request is sent again that was so `n_again` times before; `drawn`, below 1,
/// spreads those who were refused together.
pub(super) fn wait(n_again: u32, named: Option<Duration>, drawn: f32) -> Duration {
    let backoff = (FIRST_WAIT * (1 << n_again.min(MOST_DOUBLINGS))).min(LONGEST_WAIT);
    // Neither before the time that the server named nor at once.
    let least = named.unwrap_or_default().clamp(backoff / 2, LONGEST_WAIT);
    least + backoff.mul_f32(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Duration = Duration::from_millis(250);

    #[test]
    fn seconds_and_dates_name_a_wait_and_nothing_else_does() {
        // The date of RFC 9110.
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let minute = Duration::from_mins(1);
        assert_eq!(named(" 120 ", then), Some(minute * 2));
        assert_eq!(named("0", then), Some(Duration::ZERO));
        assert_eq!(named(date, then - minute), Some(minute));
        assert_eq!(named("Sunday, 06-Nov-94 08:49:37 GMT", then - minute), Some(minute));
        assert_eq!(named(date, then + minute), Some(Duration::ZERO));
        for words in ["", "soon", "-1", "1.5", "Sun, 06 Nov 1994"] {
            assert_eq!(named(words, then), None, "{words}");
        }
    }

    #[test]
    fn each_wait_is_longer_than_the_last_and_drawn() {
        for n_again in 0..4 {
            let least = HALF * (1 << n_again);
            assert_eq!(wait(n_again, None, 0.0), least);
            assert_eq!(wait(n_again, None, 0.5), least * 2);
        }
        assert_eq!(wait(u32::MAX, None, 0.0), LONGEST_WAIT / 2);
    }

    #[test]
    fn a_named_wait_is_kept_with_jitter_on_top() {
        let named = Duration::from_secs(7);
        assert_eq!(wait(0, Some(named), 0.0), named);
        assert_eq!(wait(0, Some(named), 0.5), named + HALF);
        assert_eq!(wait(0, Some(Duration::MAX), 0.0), LONGEST_WAIT);
    }

    #[test]
    fn now_is_no_wait_that_a_server_can_name() {
        assert_eq!(wait(0, Some(Duration::ZERO), 0.0), HALF);
        assert_eq!(wait(3, Some(Duration::ZERO), 0.0), HALF * 8);
    }
}
