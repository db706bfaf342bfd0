//! The queue: who asks the upstream now, and who comes next. First come, first served.

use std::collections::VecDeque;

/// Requests that ask the upstream at once.
pub(crate) const MAX_IN_FLIGHT: usize = 2;
/// Requests that wait for their turn.
pub(crate) const MAX_WAITING: usize = 20;
/// A turn ends after so many milliseconds, also where nobody ended it: a connection that hangs is
/// not asked to go on, and could keep its place for ever. Longer than asking may take.
const LONGEST_TURN: u64 = 60_000;
/// What asking is thought to take before anybody asked, in milliseconds.
const FIRST_GUESS: u64 = 2_000;

/// Requests by number, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Queue {
    next_id: u64,
    /// With the time when the turn began.
    in_flight: Vec<(u64, u64)>,
    waiting: VecDeque<u64>,
    /// A running mean of how long turns take, in milliseconds.
    typical: u64,
}

impl Default for Queue {
    fn default() -> Self {
        let (in_flight, waiting) = (Vec::new(), VecDeque::new());
        Self { next_id: 0, in_flight, waiting, typical: FIRST_GUESS }
    }
}

impl Queue {
    /// A place at the end, or none where the queue is full; [`Self::advance`] gives the turns.
    pub(crate) fn enter(&mut self) -> Option<u64> {
        if self.in_flight.len() >= MAX_IN_FLIGHT && self.waiting.len() >= MAX_WAITING {
            return None;
        }
        let id = self.next_id;
        self.next_id += 1;
        self.waiting.push_back(id);
        Some(id)
    }

    /// The next one whose turn it is now, if there is room; to be called until there is none.
    pub(crate) fn advance(&mut self, now: u64) -> Option<u64> {
        self.in_flight.retain(|&(_, since)| now < since + LONGEST_TURN);
        if self.in_flight.len() >= MAX_IN_FLIGHT {
            return None;
        }
        let id = self.waiting.pop_front()?;
        self.in_flight.push((id, now));
        Some(id)
    }

    /// Gives the place back, wherever it is.
    pub(crate) fn leave(&mut self, id: u64, now: u64) {
        self.waiting.retain(|&other| other != id);
        if let Some(at) = self.in_flight.iter().position(|&(other, _)| other == id) {
            let (_, since) = self.in_flight.swap_remove(at);
            self.typical = (3 * self.typical + now.saturating_sub(since)) / 4;
        }
    }

    /// Whether it is this one's turn.
    pub(crate) fn has_turn(&self, id: u64) -> bool {
        self.in_flight.iter().any(|&(other, _)| other == id)
    }

    /// How many come first; none where this one does not wait.
    pub(crate) fn ahead(&self, id: u64) -> Option<usize> {
        self.waiting.iter().position(|&other| other == id)
    }

    pub(crate) fn n_waiting(&self) -> u32 {
        self.waiting.len() as u32
    }

    pub(crate) fn n_in_flight(&self) -> u32 {
        self.in_flight.len() as u32
    }

    /// Seconds until half of those who wait now have probably had their turn.
    pub(crate) fn retry_after(&self) -> u32 {
        let turns = (self.waiting.len() / 2 + 1) as u64;
        let millis = turns * self.typical / MAX_IN_FLIGHT as u64;
        millis.div_ceil(1_000).clamp(1, 60) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Queue {
        let mut queue = Queue::default();
        for id in 0..(MAX_IN_FLIGHT + MAX_WAITING) as u64 {
            assert_eq!(queue.enter(), Some(id));
            while queue.advance(0).is_some() {}
        }
        queue
    }

    #[test]
    fn two_ask_twenty_wait_and_nobody_else_gets_in() {
        let mut queue = full();
        assert_eq!(queue.enter(), None);
        assert_eq!((queue.n_in_flight(), queue.n_waiting()), (2, 20));
        assert!(queue.has_turn(1) && !queue.has_turn(2));
        assert_eq!((queue.ahead(1), queue.ahead(2), queue.ahead(21)), (None, Some(0), Some(19)));
    }

    #[test]
    fn turns_come_in_the_order_of_arrival() {
        let mut queue = full();
        let mut order = Vec::new();
        for id in 0..22 {
            queue.leave(id, 10);
            order.extend(queue.advance(10));
            assert_eq!(queue.advance(10), None);
        }
        assert_eq!(order, (2..22).collect::<Vec<_>>());
        assert_eq!((queue.n_in_flight(), queue.n_waiting()), (0, 0));
    }

    #[test]
    fn who_leaves_while_waiting_frees_the_place() {
        let mut queue = full();
        queue.leave(5, 0);
        assert_eq!(queue.advance(0), None);
        assert_eq!(queue.ahead(6), Some(3));
        assert_eq!(queue.enter(), Some(22));
        assert_eq!(queue.enter(), None);
        // Leaving twice changes nothing.
        queue.leave(5, 0);
        assert_eq!(queue.n_waiting(), 20);
    }

    #[test]
    fn a_turn_that_nobody_ends_ends_by_itself() {
        let mut queue = full();
        assert_eq!(queue.advance(LONGEST_TURN - 1), None);
        assert_eq!(queue.advance(LONGEST_TURN), Some(2));
        assert!(!queue.has_turn(0));
    }

    #[test]
    fn the_time_to_come_back_follows_what_turns_take() {
        let mut queue = full();
        assert_eq!(queue.retry_after(), 11);
        for id in 0..22 {
            queue.leave(id, 100);
            queue.advance(0);
        }
        assert_eq!(queue.retry_after(), 1);
    }
}
