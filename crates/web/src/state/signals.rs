//! The reward as tables: every value is asked of core, none is written here.

use omniguard_core::action::ActionType;
use omniguard_core::frame::Vector;
use omniguard_core::reward::{self, verdict_of};

/// What a frame can be, as far as the security part goes.
pub const TRUTHS: [(&str, Vector); 3] = [
    ("Benign", Vector::Benign),
    ("Attack", Vector::PromptInjection),
    ("STDIO escape", Vector::StdioEscape),
];

/// The security part of an action, by [`TRUTHS`].
pub fn security(action: ActionType) -> [f32; 3] {
    TRUTHS.map(|(_, vector)| reward::security(action, verdict_of(action, vector), None))
}

/// Everything else that a step's reward holds: when, and how much.
pub fn shaping() -> [(&'static str, f32); 11] {
    [
        ("A confident answer is right", reward::CALIBRATION_BASE),
        ("A confident answer is wrong", reward::CALIBRATION_BASE - reward::CALIBRATION_SLOPE),
        ("The answer gives its reason", reward::FORMAT_GOOD),
        ("It gives none", reward::FORMAT_BAD),
        (
            "The reason argues with the judge instead of about the frame",
            reward::SUSPICIOUS_RATIONALE,
        ),
        ("The reason says attack, the action says ALLOW", reward::CONTRADICTORY_ALLOW),
        ("Mediation that restricts nothing of the frame's", reward::MISSING_RESTRICTIONS),
        ("Mediation where more was due, or a block where it was enough", reward::HEAVY_BLOCK),
        ("STDIO severed for an attack of another kind", reward::NEEDLESS_REVOKE),
        ("One answer to everything, many times in a row", reward::MONOTONIC),
        ("Time over the budget, at most", -reward::MAX_LATENCY_PENALTY),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_truth_has_its_best_and_its_worst_answer() {
        let table = ActionType::ALL.map(security);
        for (truth, (name, _)) in TRUTHS.iter().enumerate() {
            let best = table.iter().map(|row| row[truth]).fold(f32::MIN, f32::max);
            let worst = table.iter().map(|row| row[truth]).fold(f32::MAX, f32::min);
            assert!(best > 0.0 && worst < 0.0, "{name}");
        }
        assert_eq!(security(ActionType::Allow)[1], reward::BREACH);
        assert_eq!(security(ActionType::Block)[2], reward::BREACH);
        assert!(security(ActionType::RevokeStdio)[2] > 0.0);
    }

    #[test]
    fn both_kinds_of_wrong_mediation_cost_the_same() {
        // They share a line of the table.
        assert_eq!(reward::HEAVY_BLOCK, reward::LENIENT_MEDIATION);
    }
}
