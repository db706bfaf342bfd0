//! Temperature scaling of the belief head, on frames it did not train on.

use crate::{math, policy::N_BELIEFS};

/// Belief logits of a frame and what it truly was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Belief logits.
    pub beliefs: [f32; N_BELIEFS],
    /// Whether it was an attack.
    pub malicious: bool,
    /// Whether it was an escape from the STDIO sandbox.
    pub stdio: bool,
}

/// Temperatures that minimise the log-loss of each belief; 1 where there is nothing to learn from.
pub fn temperatures(judgements: &[Judgement]) -> [f32; N_BELIEFS] {
    let malicious = |j: &Judgement| {
        let [logit, _] = j.beliefs;
        (logit, j.malicious)
    };
    let stdio = |j: &Judgement| {
        let [_, logit] = j.beliefs;
        (logit, j.stdio)
    };
    [
        best(|| judgements.iter().map(malicious)),
        best(|| judgements.iter().filter(|j| j.malicious).map(stdio)),
    ]
}

/// The golden ratio's inverse.
const RATIO: f32 = 0.618_034;

/// Golden-section search over ln T in [−3, 3]: the loss has one minimum in 1/T.
fn best<I: Iterator<Item = (f32, bool)>>(pairs: impl Fn() -> I) -> f32 {
    let (n_true, n) =
        pairs().fold((0u32, 0u32), |(t, n), (_, truth)| (t + u32::from(truth), n + 1));
    if n_true == 0 || n_true == n {
        return 1.0;
    }
    let loss = |log_t: f32| -> f64 {
        let t = math::exp(log_t);
        let terms = pairs().map(|(logit, truth)| {
            let p = math::sigmoid(if truth { logit } else { -logit } / t).max(1e-12);
            -f64::from(math::ln(p))
        });
        terms.sum()
    };
    let (mut low, mut high) = (-3.0f32, 3.0f32);
    for _ in 0..40 {
        let width = high - low;
        let (a, b) = (high - RATIO * width, low + RATIO * width);
        if loss(a) < loss(b) { high = b } else { low = a }
    }
    math::exp(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use alloc::vec::Vec;

    #[test]
    fn overconfidence_is_found_and_undone() {
        let mut rng = Rng::new(5);
        let judgements: Vec<Judgement> = (0..20_000)
            .map(|_| {
                let honest = 2.0 * rng.normal();
                let malicious = rng.chance(math::sigmoid(honest));
                let stdio = malicious && rng.chance(math::sigmoid(-honest));
                Judgement { beliefs: [3.0 * honest, -0.5 * honest], malicious, stdio }
            })
            .collect();
        let [malicious, stdio] = temperatures(&judgements);
        assert!((malicious - 3.0).abs() < 0.15, "{malicious}");
        assert!((stdio - 0.5).abs() < 0.05, "{stdio}");
    }

    #[test]
    fn one_class_teaches_nothing() {
        let one = Judgement { beliefs: [2.0, 1.0], malicious: true, stdio: true };
        assert_eq!(temperatures(&[one; 8]), [1.0, 1.0]);
        assert_eq!(temperatures(&[]), [1.0, 1.0]);
    }
}
