//! The folder of a run: configuration, metrics, weights, summary.

use super::TrainArgs;
use anyhow::{Context, Result};
use omniguard_core::corpus::Corpus;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::ENVIRONMENT_ID;
use omniguard_core::evaluate::Evaluation;
use omniguard_core::features::FEATURE_VERSION;
use omniguard_core::grpo::{GrpoConfig, Metrics};
use omniguard_core::hash::fnv1a;
use omniguard_core::policy::Policy;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub(super) struct RunFolder {
    path: PathBuf,
    metrics: BufWriter<File>,
}

impl RunFolder {
    /// Makes the folder and writes the configuration.
    pub(super) fn create(args: &TrainArgs, config: &GrpoConfig, corpus: &Corpus) -> Result<Self> {
        let path = args.output.join(&args.run_id);
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make the folder {}", path.display()))?;
        let json = json!({
            "run_id": args.run_id,
            "command": args.command(),
            "environment": ENVIRONMENT_ID,
            "corpus_checksum": format!("{:016x}", corpus.checksum()),
            "feature_version": FEATURE_VERSION,
            "seed": args.seed,
            "num_generations": config.num_generations,
            "groups_per_step": config.groups_per_step,
            "max_steps": config.max_steps,
            "beta": config.beta,
            "epsilon": config.epsilon,
            "epsilon_high": config.epsilon_high,
            "num_iterations": config.num_iterations,
            "scale_rewards": format!("{:?}", config.scale_rewards).to_lowercase(),
            "loss_type": format!("{:?}", config.loss_type).to_lowercase(),
            "learning_rate": config.learning_rate,
            "warmup_ratio": config.warmup_ratio,
            "temperature": config.temperature,
            "weight_decay": config.weight_decay,
            "max_grad_norm": config.max_grad_norm,
            "adam_beta1": config.adam_beta1,
            "adam_beta2": config.adam_beta2,
            "reward_weights": config.reward_weights,
            "belief_weight": config.belief_weight,
            "context_dropout": config.context_dropout,
            "feature_dropout": config.feature_dropout,
            "breach_forfeits_return": config.breach_forfeits_return,
        });
        write_json(&path.join("config.json"), &json)?;
        let metrics = BufWriter::new(File::create(path.join("metrics.jsonl"))?);
        Ok(Self { path, metrics })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line of metrics.
    pub(super) fn log(&mut self, step: u32, metrics: &Metrics) -> Result<()> {
        let mut line = Map::new();
        line.insert("step".into(), step.into());
        for (name, value) in metrics.named() {
            line.insert(name.into(), Value::from(value));
        }
        serde_json::to_writer(&mut self.metrics, &line)?;
        self.metrics.write_all(b"\n")?;
        Ok(())
    }

    /// Writes weights and summary; returns the weights.
    pub(super) fn finish(
        &mut self,
        policy: &Policy,
        validation: &[(Phase, Evaluation)],
    ) -> Result<Vec<u8>> {
        self.metrics.flush()?;
        let weights = policy.to_bytes();
        std::fs::write(self.path.join("weights.bin"), &weights)?;
        let phases: Map<String, Value> = validation
            .iter()
            .map(|(phase, evaluation)| {
                let figures = json!({
                    "step_reward": evaluation.step_reward().mean,
                    "episode_return": evaluation.episode_return().mean,
                    "threat_awareness": evaluation.threat_awareness(),
                    "false_positive_rate": evaluation.false_positive_rate(),
                    "breaches_per_100_episodes": evaluation.breaches(),
                    "p_malicious_calibration_error": evaluation.p_malicious.error(),
                });
                (phase.name().to_owned(), figures)
            })
            .collect();
        let summary = json!({
            "run_id": policy.run_id(),
            "weights_bytes": weights.len(),
            "weights_fnv1a": format!("{:016x}", fnv1a(&weights)),
            "validation": phases,
        });
        write_json(&self.path.join("summary.json"), &summary)?;
        Ok(weights)
    }
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
