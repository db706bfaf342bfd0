//! Rest between two tries that ends where the whole work does.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Whether the work is over, for those that rest.
#[derive(Debug, Default)]
pub(super) struct Stop {
    told: Mutex<bool>,
    woken: Condvar,
}

impl Stop {
    /// Wakes all that rest; nobody rests any more.
    pub(super) fn tell(&self) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.woken.notify_all();
    }

    /// Whether the work goes on after `time`.
    pub(super) fn rest(&self, time: Duration) -> bool {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = self.woken.wait_timeout_while(told, time, |told| !*told);
        let (told, _) = rested.unwrap_or_else(PoisonError::into_inner);
        !*told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn rest_is_long_until_it_is_ended() {
        let stop = Stop::default();
        assert!(stop.rest(Duration::from_millis(1)));
        thread::scope(|scope| {
            let resting = scope.spawn(|| stop.rest(Duration::from_mins(10)));
            stop.tell();
            assert!(!resting.join().unwrap());
        });
        assert!(!stop.rest(Duration::from_mins(10)));
    }
}
