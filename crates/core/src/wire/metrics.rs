//! `GET /metrics`: what a namespace's environments have been through, as JSON or as text for
//! Prometheus.

use super::feeds::{FeedInfo, FeedsBody};
use super::run::Run;
use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write as _;
use serde::{Deserialize, Serialize};

/// One environment's run so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvMetrics {
    /// Which environment.
    pub env_id: u32,
    /// The client's label.
    pub task_id: String,
    /// Name of the episode.
    pub episode_id: String,
    /// Seed of the run.
    pub seed: u64,
    /// The phase now.
    pub curriculum_phase: String,
    /// Steps taken in this episode.
    pub step_count: u32,
    /// Whether the episode is over.
    pub done: bool,
    /// What the run adds up to.
    #[serde(flatten)]
    pub counts: Counts,
    /// Mean score of the finished episodes; null before the first.
    pub mean_episode_score: Option<f32>,
    /// Mean over attacks of +1 neutralised, −1 not; 0 before the first.
    pub threat_awareness: f32,
    /// False positives plus half the escalations, per 100 benign frames.
    pub alert_fatigue: f32,
}

/// Counts of a run, or of several.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Steps taken.
    pub steps: u64,
    /// Episodes finished.
    pub episodes: u64,
    /// Sum of step rewards.
    pub total_reward: f64,
    /// Attacks that got through.
    pub breaches: u64,
    /// Benign frames that were stopped.
    pub false_positives: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.episodes += other.episodes;
        self.total_reward += other.total_reward;
        self.breaches += other.breaches;
        self.false_positives += other.false_positives;
    }
}

impl EnvMetrics {
    /// What `run` has been through.
    pub fn new(env_id: u32, run: &Run) -> Self {
        let (env, metrics) = (run.env(), run.env().metrics());
        Self {
            env_id,
            task_id: run.task().into(),
            episode_id: run.episode_id().into(),
            seed: env.seed(),
            curriculum_phase: env.phase().name().into(),
            step_count: env.step_idx(),
            done: env.episode_over(),
            counts: Counts {
                steps: metrics.n_steps.into(),
                episodes: metrics.n_episodes.into(),
                total_reward: metrics.total_reward.into(),
                breaches: metrics.n_breaches.into(),
                false_positives: metrics.tally.false_positives.into(),
            },
            mean_episode_score: metrics.mean_score(),
            threat_awareness: metrics.threat_awareness(),
            alert_fatigue: metrics.alert_fatigue(),
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricsBody {
    /// One per environment of the caller's namespace, by id.
    pub items: Vec<EnvMetrics>,
    /// Number of items.
    pub env_instances: u32,
    /// Live sessions of `/ws` over the whole deployment.
    pub sessions: u32,
    /// Sums over the items.
    pub totals: Counts,
    /// What the next unseeded episodes draw from: `embedded` or `feeds`.
    pub source: &'static str,
    /// Corpus feeds, by name; none where they are off.
    pub feeds: BTreeMap<String, FeedInfo>,
}

impl MetricsBody {
    /// Adds up `items`.
    pub fn new(items: Vec<EnvMetrics>, sessions: u32, feeds: FeedsBody) -> Self {
        let mut totals = Counts::default();
        for item in &items {
            totals.add(&item.counts);
        }
        let FeedsBody { source, feeds } = feeds;
        Self { env_instances: items.len() as u32, items, sessions, totals, source, feeds }
    }

    /// The same in Prometheus' text format (version 0.0.4).
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        let mut series = |name: &str, kind: &str, help: &str, samples: &[(String, String)]| {
            // Writing to memory cannot fail.
            let _ =
                write!(text, "# HELP omniguard_{name} {help}\n# TYPE omniguard_{name} {kind}\n");
            for (labels, value) in samples {
                let _ = writeln!(text, "omniguard_{name}{labels} {value}");
            }
        };
        let plain = |value: &dyn ToString| [(String::new(), value.to_string())];
        series("sessions", "gauge", "Live sessions of /ws.", &plain(&self.sessions));
        series("env_instances", "gauge", "Environments.", &plain(&self.env_instances));
        let of_each = |value: &dyn Fn(&EnvMetrics) -> String| -> Vec<_> {
            self.items.iter().map(|m| (format!("{{env_id=\"{}\"}}", m.env_id), value(m))).collect()
        };
        series("steps_total", "counter", "Steps taken.", &of_each(&|m| m.counts.steps.to_string()));
        series(
            "episodes_total",
            "counter",
            "Episodes finished.",
            &of_each(&|m| m.counts.episodes.to_string()),
        );
        series(
            "reward_sum",
            "gauge",
            "Sum of step rewards.",
            &of_each(&|m| m.counts.total_reward.to_string()),
        );
        series(
            "breaches_total",
            "counter",
            "Attacks that got through.",
            &of_each(&|m| m.counts.breaches.to_string()),
        );
        series(
            "false_positives_total",
            "counter",
            "Benign frames that were stopped.",
            &of_each(&|m| m.counts.false_positives.to_string()),
        );
        series(
            "threat_awareness",
            "gauge",
            "Mean over attacks of +1 neutralised, -1 not.",
            &of_each(&|m| m.threat_awareness.to_string()),
        );
        let source = [(format!("{{source=\"{}\"}}", self.source), "1".into())];
        series("corpus_source", "gauge", "What unseeded episodes draw from.", &source);
        let of_feeds = |value: &dyn Fn(&FeedInfo) -> String| -> Vec<_> {
            let labels = |name| format!("{{feed=\"{name}\"}}");
            self.feeds.iter().map(|(name, feed)| (labels(name), value(feed))).collect()
        };
        for (name, kind, help, value) in FEED_SERIES {
            series(name, kind, help, &of_feeds(&|feed| value(feed).to_string()));
        }
        // Where nothing failed, nothing is told.
        let failures = self.feeds.iter().filter_map(|(name, feed)| {
            let kind = feed.last_error.as_ref()?;
            Some((format!("{{feed=\"{name}\",kind=\"{kind}\"}}"), "1".into()))
        });
        let failures: Vec<_> = failures.collect();
        series("feed_last_error", "gauge", "Kind of the last failure.", &failures);
        text
    }
}

/// A feed's figure: name, type, help and value.
type FeedSeries = (&'static str, &'static str, &'static str, fn(&FeedInfo) -> u64);

const FEED_SERIES: [FeedSeries; 7] = [
    ("feed_queued", "gauge", "Rows that wait.", |feed| feed.queued.into()),
    ("feed_rows_fetched_total", "counter", "Rows from the hub.", |feed| feed.rows_fetched),
    ("feed_rows_drawn_total", "counter", "Rows that episodes drew.", |feed| feed.rows_drawn),
    ("feed_rows_dropped_total", "counter", "Rows without room.", |feed| feed.rows_dropped),
    ("feed_rows_unfit_total", "counter", "Rows that make no frames.", |feed| feed.rows_unfit),
    ("feed_shortages_total", "counter", "Draws that found too few.", |feed| feed.shortages),
    ("feed_errors_total", "counter", "Requests that failed.", |feed| feed.errors),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn item(env_id: u32, steps: u64) -> EnvMetrics {
        EnvMetrics {
            env_id,
            task_id: "t".into(),
            episode_id: "e".into(),
            seed: 1,
            curriculum_phase: "BOOT".into(),
            step_count: 0,
            done: false,
            counts: Counts { steps, total_reward: 0.5, ..Counts::default() },
            mean_episode_score: None,
            threat_awareness: 0.0,
            alert_fatigue: 0.0,
        }
    }

    #[test]
    fn items_add_up_and_are_labelled() {
        let feed = FeedInfo {
            queued: 5,
            queued_by_split: [("train".into(), 5)].into(),
            last_error: Some("timeout".into()),
            ..FeedInfo::default()
        };
        let feeds = FeedsBody::new([("witfoo".into(), feed)].into());
        let body = MetricsBody::new(alloc::vec![item(0, 3), item(7, 4)], 2, feeds);
        assert_eq!((body.totals.steps, body.totals.total_reward), (7, 1.0));
        let text = body.prometheus();
        assert!(text.contains("# TYPE omniguard_steps_total counter\n"), "{text}");
        assert!(text.contains("omniguard_steps_total{env_id=\"7\"} 4\n"), "{text}");
        assert!(text.contains("omniguard_sessions 2\n"), "{text}");
        assert!(text.contains("omniguard_corpus_source{source=\"feeds\"} 1\n"), "{text}");
        assert!(text.contains("omniguard_feed_queued{feed=\"witfoo\"} 5\n"), "{text}");
        assert!(text.contains("{feed=\"witfoo\",kind=\"timeout\"} 1\n"), "{text}");
    }

    #[test]
    fn items_survive_the_way_from_a_shard() {
        let text = serde_json::to_string(&item(3, 9)).unwrap();
        assert_eq!(serde_json::from_str::<EnvMetrics>(&text).unwrap(), item(3, 9));
    }
}
