//! Temperature scaling of the belief head, on frames it did not train on.

use crate::{frame::Vector, math, policy::N_BELIEFS};

/// Belief logits of a frame and what it truly was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Belief logits.
    pub beliefs: [f32; N_BELIEFS],
    /// What it was.
    pub vector: Vector,
}

/// Temperatures that minimise the log-loss of each belief; 1 where there is nothing to learn from.
pub fn temperatures(judgements: &[Judgement]) -> [f32; N_BELIEFS] {
    let mut temperatures = [1.0; N_BELIEFS];
    for (idx, (slot, vector)) in temperatures.iter_mut().zip(Vector::ALL).enumerate() {
        let of_all = *vector == Vector::Benign;
        let asked = || judgements.iter().filter(|j| of_all || j.vector.malicious());
        let truth = |j: &Judgement| if of_all { j.vector.malicious() } else { j.vector == *vector };
        let logit = |j: &Judgement| j.beliefs.get(idx).copied().unwrap_or(0.0);
        *slot = best(|| asked().map(|j| (logit(j), truth(j))));
    }
    temperatures
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
                let vector = match (malicious, stdio) {
                    (false, _) => Vector::Benign,
                    (true, false) => Vector::PromptInjection,
                    (true, true) => Vector::StdioEscape,
                };
                let mut beliefs = [0.0; N_BELIEFS];
                beliefs[0] = 3.0 * honest;
                beliefs[Vector::StdioEscape.index()] = -0.5 * honest;
                Judgement { beliefs, vector }
            })
            .collect();
        let found = temperatures(&judgements);
        let (malicious, stdio) = (found[0], found[Vector::StdioEscape.index()]);
        assert!((malicious - 3.0).abs() < 0.15, "{malicious}");
        assert!((stdio - 0.5).abs() < 0.05, "{stdio}");
    }

    #[test]
    fn one_class_teaches_nothing() {
        let one = Judgement { beliefs: [2.0; N_BELIEFS], vector: Vector::StdioEscape };
        assert_eq!(temperatures(&[one; 8]), [1.0; N_BELIEFS]);
        assert_eq!(temperatures(&[]), [1.0; N_BELIEFS]);
    }
}
