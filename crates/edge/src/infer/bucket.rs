//! How often one address may ask: a token bucket each, kept as the time when it is full again.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Addresses that are remembered. Above, the newest are let through: queue and budget hold.
const MAX_ADDRESSES: usize = 10_000;
const MINUTE: u64 = 60_000;

/// What one address may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) per_minute: u32,
    pub(crate) burst: u32,
}

impl Rate {
    /// Milliseconds in which a bucket gains one token.
    fn interval(self) -> u64 {
        MINUTE / u64::from(self.per_minute.max(1))
    }
}

/// The buckets that are not full.
#[derive(Debug, Default)]
pub(crate) struct Buckets(BTreeMap<String, u64>);

impl Buckets {
    /// Takes a token; an error tells after how many seconds there is one.
    pub(crate) fn take(&mut self, address: &str, rate: Rate, now: u64) -> Result<(), u32> {
        if self.0.len() >= MAX_ADDRESSES {
            self.0.retain(|_, full_at| *full_at > now);
        }
        let owner = owner(address);
        let full_at = self.0.get(&owner).copied().unwrap_or(now).max(now);
        let latest = now + u64::from(rate.burst.saturating_sub(1)) * rate.interval();
        if full_at > latest {
            return Err((full_at - latest).div_ceil(1_000) as u32);
        }
        if self.0.len() < MAX_ADDRESSES || self.0.contains_key(&owner) {
            self.0.insert(owner, full_at + rate.interval());
        }
        Ok(())
    }

    /// Gives a token back that bought nothing.
    pub(crate) fn give_back(&mut self, address: &str, rate: Rate) {
        if let Some(full_at) = self.0.get_mut(&owner(address)) {
            *full_at = full_at.saturating_sub(rate.interval());
        }
    }
}

/// Who has the address: of IPv6, one line has a whole /64.
fn owner(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) => format!("{:x}", u128::from(v6) >> 64),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_minute: 10, burst: 5 };

    #[test]
    fn five_at_once_then_one_every_six_seconds() {
        let mut buckets = Buckets::default();
        for _ in 0..5 {
            assert_eq!(buckets.take("a", RATE, 1_000), Ok(()));
        }
        assert_eq!(buckets.take("a", RATE, 1_000), Err(6));
        assert_eq!(buckets.take("a", RATE, 6_001), Err(1));
        assert_eq!(buckets.take("a", RATE, 7_000), Ok(()));
        assert_eq!(buckets.take("a", RATE, 7_000), Err(6));
        assert_eq!(buckets.take("b", RATE, 7_000), Ok(()));
    }

    #[test]
    fn over_time_no_more_than_the_rate_gets_through() {
        let mut buckets = Buckets::default();
        let n = (0..600).filter(|n| buckets.take("a", RATE, n * 1_000).is_ok()).count();
        assert_eq!(n, 5 + 99);
    }

    #[test]
    fn a_token_given_back_can_be_taken_again() {
        let mut buckets = Buckets::default();
        let one = Rate { per_minute: 1, burst: 1 };
        assert_eq!(buckets.take("a", one, 0), Ok(()));
        buckets.give_back("a", one);
        assert_eq!(buckets.take("a", one, 0), Ok(()));
        assert_eq!(buckets.take("a", one, 0), Err(60));
    }

    #[test]
    fn a_line_is_one_owner_of_all_its_addresses() {
        assert_eq!(owner("2001:db8::1"), owner("2001:db8::2:3"));
        assert_ne!(owner("2001:db8::1"), owner("2001:db8:0:1::1"));
        assert_ne!(owner("192.0.2.1"), owner("192.0.2.2"));
    }

    #[test]
    fn what_is_remembered_stays_small() {
        let mut buckets = Buckets::default();
        for n in 0..2 * MAX_ADDRESSES {
            assert_eq!(buckets.take(&n.to_string(), RATE, 0), Ok(()));
        }
        assert_eq!(buckets.0.len(), MAX_ADDRESSES);
        assert_eq!(buckets.take("late", RATE, MINUTE), Ok(()));
        assert_eq!(buckets.0.len(), 1);
    }
}
