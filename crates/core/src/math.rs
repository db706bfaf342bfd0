//! Floating-point functions that agree to the bit on every target.
//!
//! Native `f32::exp` may use the platform's libm, wasm has none: both go through the `libm` crate.

/// Natural exponential.
pub fn exp(x: f32) -> f32 {
    libm::expf(x)
}

/// Natural logarithm.
pub fn ln(x: f32) -> f32 {
    libm::logf(x)
}

/// Square root (correctly rounded everywhere).
pub fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}

/// Hyperbolic tangent.
pub fn tanh(x: f32) -> f32 {
    libm::tanhf(x)
}

/// Cosine, of radians.
pub fn cos(x: f32) -> f32 {
    libm::cosf(x)
}

/// `base` to the power `exponent`.
pub fn pow(base: f32, exponent: f32) -> f32 {
    libm::powf(base, exponent)
}

/// Logistic function 1 / (1 + e^-x), without overflow for large |x|.
pub fn sigmoid(x: f32) -> f32 {
    if x >= 0.0 {
        1.0 / (1.0 + exp(-x))
    } else {
        let e = exp(x);
        e / (1.0 + e)
    }
}

/// Index of the largest value; the first one among equals. 0 for an empty slice.
pub fn argmax(values: &[f32]) -> usize {
    let mut best_idx = 0;
    let mut best = f32::NEG_INFINITY;
    for (idx, &value) in values.iter().enumerate() {
        if value > best {
            best = value;
            best_idx = idx;
        }
    }
    best_idx
}

/// Softmax of `logits / temperature`, in place; the maximum is subtracted first.
pub fn softmax(logits: &mut [f32], temperature: f32) {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in logits.iter_mut() {
        *value = exp((*value - max) / temperature);
        sum += *value;
    }
    for value in logits.iter_mut() {
        *value /= sum;
    }
}

/// Cosine similarity of two vectors of equal length; 0 if either is zero.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut dot, mut norm_a, mut norm_b) = (0.0f32, 0.0f32, 0.0f32);
    for (x, y) in a.iter().zip(b) {
        dot += x * y;
        norm_a += x * x;
        norm_b += y * y;
    }
    let denominator = sqrt(norm_a) * sqrt(norm_b);
    if denominator > 0.0 { dot / denominator } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_sums_to_one_and_survives_large_logits() {
        let mut logits = [1000.0, 999.0, -1000.0];
        softmax(&mut logits, 1.0);
        assert!((logits.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(logits[0] > logits[1] && logits[2] == 0.0);
    }

    #[test]
    fn sigmoid_is_symmetric() {
        for x in [0.0, 0.5, 3.0, 90.0] {
            assert!((sigmoid(x) + sigmoid(-x) - 1.0).abs() < 1e-6);
        }
    }
}
