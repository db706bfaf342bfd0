//! Who is let in, who is told to come back, and what was answered lately. Pure: the clock is an
//! argument, and the object that holds a desk keeps its budget in storage.

use super::bucket::Buckets;
use super::budget::Budget;
use super::cache::Cache;
use super::queue::{MAX_IN_FLIGHT, MAX_WAITING, Queue};
use super::settings::Settings;
use omniguard_core::wire::infer::{
    BudgetBody, InferBody, InferStatus, QueueBody, RateLimitBody, Side,
};
use omniguard_core::wire::live::Structured;
use omniguard_core::wire::problem::Problem;

/// Why a request may not come in now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) problem: Problem,
    /// Seconds after which to come back.
    pub(crate) retry_after: u32,
    /// Requests a minute, where that is what was exceeded.
    pub(crate) limit: Option<u32>,
}

/// What becomes of a request that came in.
#[derive(Debug, PartialEq)]
pub(crate) enum Admission {
    /// It was answered before.
    Cached(InferBody),
    /// It has this place in the queue.
    Place(u64),
    Refused(Refusal),
}

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) queue: Queue,
    pub(crate) budget: Budget,
    buckets: Buckets,
    cache: Cache<InferBody>,
    /// What each model's upstream is known to take.
    structured: [Structured; 2],
}

impl Desk {
    /// Opens with the budget that was kept.
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            queue: Queue::default(),
            budget,
            buckets: Buckets::default(),
            cache: Cache::default(),
            structured: Default::default(),
        }
    }

    /// Lets a request in, or not. Answers that are told again cost nothing; a refusal costs its
    /// address nothing either.
    pub(crate) fn admit(
        &mut self,
        key: &str,
        address: &str,
        settings: &Settings,
        now: u64,
    ) -> Admission {
        if let Some(body) = self.cached(key, now) {
            return Admission::Cached(body);
        }
        let rate = settings.rate;
        if let Err(retry_after) = self.buckets.take(address, rate, now) {
            let detail = format!(
                "at most {} requests a minute from one address, {} at once",
                rate.per_minute, rate.burst
            );
            let problem = Problem::too_many_requests(detail);
            let limit = Some(rate.per_minute);
            return Admission::Refused(Refusal { problem, retry_after, limit });
        }
        let refusal = if self.budget.left(settings.daily_calls, now) == 0 {
            self.spent(now)
        } else if let Some(place) = self.queue.enter() {
            return Admission::Place(place);
        } else {
            let detail = format!("{MAX_IN_FLIGHT} are being answered and {MAX_WAITING} wait");
            let retry_after = self.queue.retry_after();
            Refusal { problem: Problem::queue_full(detail), retry_after, limit: None }
        };
        self.buckets.give_back(address, rate);
        Admission::Refused(refusal)
    }

    /// The refusal of a budget that is spent.
    pub(crate) fn spent(&self, now: u64) -> Refusal {
        let at = self.budget.resets_at(now);
        let detail = format!("the day's calls are used up; there are new ones at {at}");
        let retry_after = self.budget.resets_in(now).max(1);
        Refusal { problem: Problem::budget_spent(detail), retry_after, limit: None }
    }

    /// An answer that is told again.
    pub(crate) fn cached(&mut self, key: &str, now: u64) -> Option<InferBody> {
        let body = self.cache.get(key, now)?;
        Some(InferBody { cached: true, queue_delay_ms: 0, ..body })
    }

    /// Keeps an answer; words without one are not kept, so that a retry asks again.
    pub(crate) fn keep(&mut self, key: String, body: &InferBody, now: u64) {
        if body.action.is_some() {
            self.cache.put(key, body.clone(), now);
        }
    }

    /// What the model's upstream is asked for.
    pub(crate) fn structured(&self, side: Side) -> Structured {
        self.structured.get(side.index()).copied().unwrap_or_default()
    }

    /// The upstream refused `asked`: less is asked for from now on; false where there is no less.
    pub(crate) fn ask_plainer(&mut self, side: Side, asked: Structured) -> bool {
        let less = match asked {
            Structured::Schema => Structured::Object,
            Structured::Object => Structured::Prompt,
            Structured::Prompt => return false,
        };
        if let Some(structured) = self.structured.get_mut(side.index()) {
            *structured = less;
        }
        true
    }

    pub(crate) fn status(&self, settings: &Settings, now: u64) -> InferStatus {
        InferStatus {
            models: settings.models(),
            queue: QueueBody {
                waiting: self.queue.n_waiting(),
                in_flight: self.queue.n_in_flight(),
                max_waiting: MAX_WAITING as u32,
                max_in_flight: MAX_IN_FLIGHT as u32,
            },
            budget: BudgetBody {
                limit: settings.daily_calls,
                left: self.budget.left(settings.daily_calls, now),
                resets_at: self.budget.resets_at(now),
                resets_in_seconds: self.budget.resets_in(now),
            },
            rate_limit: RateLimitBody {
                per_minute: settings.rate.per_minute,
                burst: settings.rate.burst,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omniguard_core::wire::infer::Infer;
    use omniguard_core::wire::live::Completion;

    fn body(words: &str) -> InferBody {
        let asked = Infer { side: Side::Base, text: "x".into(), channel: None };
        let completion = serde_json::json!({"choices": [{"message": {"content": words}}]});
        let completion = Completion::read(completion.to_string().as_bytes()).unwrap();
        InferBody { queue_delay_ms: 9, ..InferBody::new(&asked, "m", &completion) }
    }

    fn refused(admission: Admission) -> Refusal {
        match admission {
            Admission::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn answers_are_told_again_for_nothing_and_failures_are_not() {
        let (mut desk, settings) = (Desk::new(Budget::default()), Settings::of_token("t"));
        desk.keep("a".into(), &body(r#"{"action_type":"BLOCK"}"#), 0);
        desk.keep("b".into(), &body("no idea"), 0);
        for _ in 0..20 {
            let Admission::Cached(body) = desk.admit("a", "x", &settings, 0) else { panic!() };
            assert!(body.cached && body.queue_delay_ms == 0);
        }
        assert_eq!(desk.admit("b", "x", &settings, 0), Admission::Place(0));
    }

    #[test]
    fn each_limit_has_its_own_refusal() {
        let (mut desk, mut settings) = (Desk::new(Budget::default()), Settings::of_token("t"));
        for n in 0..5 {
            assert_eq!(desk.admit("k", "x", &settings, 0), Admission::Place(n));
            desk.queue.advance(0);
        }
        let refusal = refused(desk.admit("k", "x", &settings, 0));
        assert_eq!((refusal.problem.r#type, refusal.limit), ("too_many_requests", Some(10)));
        assert_eq!(refusal.retry_after, 6);
        for n in 5..22 {
            assert_eq!(desk.admit("k", &n.to_string(), &settings, 0), Admission::Place(n));
        }
        // Refused for the queue's sake, an address keeps its tokens.
        for _ in 0..20 {
            let refusal = refused(desk.admit("k", "y", &settings, 0));
            assert_eq!((refusal.problem.r#type, refusal.limit), ("queue_full", None));
            assert!(refusal.retry_after >= 1);
        }
        settings.daily_calls = 0;
        let refusal = refused(desk.admit("k", "y", &settings, 1));
        assert_eq!(refusal.problem.r#type, "budget_spent");
        assert_eq!(refusal.retry_after, 24 * 60 * 60);
        assert!(refusal.problem.detail.contains("1970-01-02T00:00:00Z"));
    }

    #[test]
    fn less_structure_is_asked_for_step_by_step() {
        let mut desk = Desk::new(Budget::default());
        for expected in [Structured::Schema, Structured::Object] {
            assert_eq!(desk.structured(Side::Base), expected);
            assert!(desk.ask_plainer(Side::Base, expected));
        }
        assert_eq!(desk.structured(Side::Base), Structured::Prompt);
        assert!(!desk.ask_plainer(Side::Base, Structured::Prompt));
        assert_eq!(desk.structured(Side::Trained), Structured::Schema);
    }
}
