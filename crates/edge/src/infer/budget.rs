//! The day's budget of upstream calls. Days begin at midnight, UTC.

const DAY: u64 = 24 * 60 * 60 * 1_000;

/// Calls made on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Budget {
    /// Days since 1970.
    pub(crate) day: u64,
    pub(crate) used: u32,
}

impl Budget {
    /// Calls left today.
    pub(crate) fn left(&self, limit: u32, now: u64) -> u32 {
        limit.saturating_sub(self.on(now / DAY).used)
    }

    /// Counts a call; false where none is left.
    pub(crate) fn take(&mut self, limit: u32, now: u64) -> bool {
        *self = self.on(now / DAY);
        let left = self.used < limit;
        self.used += u32::from(left);
        left
    }

    /// On a later day nothing is used; a clock that goes back changes nothing.
    fn on(self, day: u64) -> Self {
        if day > self.day { Self { day, used: 0 } } else { self }
    }

    /// Seconds until the next day.
    pub(crate) fn resets_in(&self, now: u64) -> u32 {
        let next = (self.on(now / DAY).day + 1) * DAY;
        next.saturating_sub(now).div_ceil(1_000) as u32
    }

    /// The beginning of the next day, as RFC 3339.
    pub(crate) fn resets_at(&self, now: u64) -> String {
        let (year, month, day) = date(self.on(now / DAY).day + 1);
        format!("{year:04}-{month:02}-{day:02}T00:00:00Z")
    }
}

/// Year, month and day of the Gregorian calendar, from days since 1970.
fn date(days: u64) -> (u64, u64, u64) {
    // Years that begin in March: the odd day of leap years then comes last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 20_780 * DAY + DAY / 2;

    #[test]
    fn calls_are_counted_to_the_limit_and_anew_on_the_next_day() {
        let mut budget = Budget::default();
        assert_eq!(budget.left(2, NOON), 2);
        assert!(budget.take(2, NOON) && budget.take(2, NOON));
        assert!(!budget.take(2, NOON));
        assert_eq!((budget.left(2, NOON), budget.used), (0, 2));
        // A limit that was raised counts at once.
        assert_eq!(budget.left(3, NOON), 1);
        assert_eq!(budget.left(2, NOON + DAY), 2);
        assert!(budget.take(2, NOON + DAY));
        assert_eq!(budget.left(2, NOON + DAY), 1);
        // The clock went back.
        assert_eq!(budget.left(2, NOON), 1);
    }

    #[test]
    fn the_reset_is_the_next_midnight() {
        let budget = Budget::default();
        assert_eq!(budget.resets_in(NOON), 12 * 60 * 60);
        assert_eq!(budget.resets_in(NOON + 1), 12 * 60 * 60);
        assert_eq!(budget.resets_in(20_780 * DAY - 1), 1);
        assert_eq!(budget.resets_at(NOON), "2026-11-24T00:00:00Z");
    }

    #[test]
    fn days_have_their_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(11_017), (2000, 3, 1));
        assert_eq!(date(20_453), (2025, 12, 31));
        assert_eq!(date(20_454), (2026, 1, 1));
    }
}
