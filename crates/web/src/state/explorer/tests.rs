use super::*;
use crate::state::engine::tests::assets;

fn case(vector: Vector, p_malicious: f32, p_stdio: f32) -> Case {
    Case { vector, p_malicious, p_stdio, answers: [ActionType::Allow; N_AGENTS] }
}

fn few() -> Cases {
    Cases::of(vec![
        case(Vector::Benign, 0.1, 0.0),
        case(Vector::Benign, 0.4, 0.0),
        case(Vector::PromptInjection, 0.3, 0.0),
        case(Vector::StdioEscape, 0.9, 0.8),
    ])
}

#[test]
fn the_threshold_is_where_both_mistakes_cost_the_same() {
    for breach in [0.1, 1.0, 2.5, 1000.0] {
        let prices = Prices { breach };
        let p = prices.threshold();
        assert!(((1.0 - p) - p * breach).abs() < 1e-3, "{breach}");
        assert_eq!(prices.decide(p * 0.99, 0.0), ActionType::Allow);
        assert_eq!(prices.decide((p * 1.01).min(1.0), 0.0), ActionType::Block);
    }
    assert!(
        (Prices::of_exponent(Prices::ENVIRONMENT.exponent()).breach - Prices::ENVIRONMENT.breach)
            .abs()
            < 1e-4
    );
}

#[test]
fn costs_are_counted_by_hand() {
    let cases = few();
    // Threshold 1/3: the injection at 0.3 gets through, the benign frame at 0.4 is stopped.
    let dear = Prices { breach: 2.0 };
    let standing = cases.at(dear);
    assert_eq!((standing.recall, standing.false_positives), (0.5, 0.5));
    assert!((standing.cost - 100.0 * (1.0 + 2.0) / 4.0).abs() < 1e-4, "{standing:?}");
    // Everybody allows: both attacks are breaches, nothing else costs.
    let (_, allow) = cases.agents(dear)[0];
    assert!((allow.cost - 100.0).abs() < 1e-4 && allow.recall == 0.0);
}

#[test]
fn a_dearer_breach_never_lets_more_through() {
    let cases = few();
    let recalls: Vec<f32> =
        (-4..=12).map(|n| cases.at(Prices::of_exponent(n as f32 / 4.0)).recall).collect();
    assert!(recalls.windows(2).all(|pair| pair[0] <= pair[1]), "{recalls:?}");
    assert_eq!(recalls.last(), Some(&1.0));
}

#[test]
fn hindsight_never_costs_more() {
    let cases = few();
    for n in -4..=12 {
        let prices = Prices::of_exponent(n as f32 / 4.0);
        let (threshold, cost) = cases.best(prices);
        assert!(cost <= cases.at(prices).cost + 1e-4);
        assert!(threshold > 0.0);
    }
}

#[test]
fn frames_are_drawn_in_chunks_and_alike_each_time() {
    let assets = assets();
    let drawn = |chunk: u32| {
        let mut sampler = Sampler::new(&assets).expect("the corpus serves the test split");
        while sampler.n_drawn() < 48 && sampler.draw(chunk).expect("frames are answered") {}
        sampler.into_cases()
    };
    let cases = drawn(3);
    assert_eq!(cases, drawn(48));
    assert_eq!(cases.len(), 48);
    let (n_attacks, n_benign) = cases.scores.counts();
    assert!(n_attacks > 5 && n_benign > 5, "{n_attacks} {n_benign}");
    let prices = Prices::ENVIRONMENT;
    let blocks = cases.agents(prices)[3];
    assert_eq!((blocks.0, blocks.1.false_positives), ("Always block", 1.0));
    assert!(cases.plot(prices).stops.windows(2).all(|pair| pair[0].x <= pair[1].x));
    assert!(cases.conclusion(prices).contains(&format!("{n_benign} benign frames")));
}
