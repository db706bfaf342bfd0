//! The folder of a run: configuration, metrics, weights, summary.

use super::TrainArgs;
use anyhow::{Context, Result};
use omniguard_core::corpus::Corpus;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::ENVIRONMENT_ID;
use omniguard_core::evaluate::Evaluation;
use omniguard_core::features::FEATURE_VERSION;
use omniguard_core::grpo::Metrics;
use omniguard_core::hash::fnv1a;
use omniguard_core::policy::Policy;
use serde_json::{Map, Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// One line per logged step.
const METRICS: &str = "metrics.jsonl";
/// Where an unfinished run stands.
const CHECKPOINT: &str = "checkpoint.bin";

pub(super) struct RunFolder {
    path: PathBuf,
    metrics: BufWriter<File>,
}

impl RunFolder {
    /// Makes the folder and writes the configuration.
    pub(super) fn open(args: &TrainArgs, corpus: &Corpus) -> Result<Self> {
        let config = args.grpo();
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
            "averaged_share": config.averaged_share,
            "future": format!("{:?}", config.future).to_lowercase(),
            "learns": format!("{:?}", config.learns).to_lowercase(),
            "answer_steps": args.answer_steps,
            "answer_learning_rate": args.answer_learning_rate,
            "answer_beta": args.answer_beta,
            "features": args.features,
            "twins": !args.no_twins,
            "adversary_frozen": args.adversary_frozen,
            "logging_steps": args.logging_steps,
        });
        write_json(&path.join("config.json"), &json)?;
        let metrics = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path.join(METRICS))
            .map(BufWriter::new)
            .with_context(|| format!("cannot write metrics to {}", path.display()))?;
        Ok(Self { path, metrics })
    }

    /// The checkpoint that an interrupted run left, if it is to go on.
    pub(super) fn checkpoint(&self, resume: bool) -> Result<Option<Vec<u8>>> {
        let path = self.path.join(CHECKPOINT);
        if resume {
            let bytes = std::fs::read(&path).with_context(|| {
                format!("there is no checkpoint {} to go on from", path.display())
            })?;
            return Ok(Some(bytes));
        }
        if path.exists() {
            eprintln!("{} is left of an interrupted run; --resume goes on from it", path.display());
        }
        Ok(None)
    }

    /// Forgets the metrics of `n_steps` and later: these steps are still to come.
    pub(super) fn begin(&mut self, n_steps: u32) -> Result<()> {
        let path = self.path.join(METRICS);
        let lines = std::fs::read_to_string(&path)?;
        let step_of = |line: &str| {
            let line: Value = serde_json::from_str(line).ok()?;
            line["step"].as_u64()
        };
        let kept = lines
            .lines()
            .filter(|line| step_of(line).is_some_and(|step| step < u64::from(n_steps)))
            .fold(String::new(), |kept, line| kept + line + "\n");
        std::fs::write(&path, kept)?;
        Ok(())
    }

    /// Keeps a checkpoint in place of the last one.
    pub(super) fn save(&mut self, checkpoint: &[u8]) -> Result<()> {
        self.metrics.flush()?;
        let path = self.path.join(CHECKPOINT);
        let new = path.with_extension("new");
        std::fs::write(&new, checkpoint)
            .and_then(|()| std::fs::rename(&new, &path))
            .with_context(|| format!("cannot write {}", path.display()))
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
                    "p_malicious_auc": evaluation.scores.auc(),
                    "recall_at_3_percent_false_positives": evaluation.scores.within(0.03).recall,
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
        match std::fs::remove_file(self.path.join(CHECKPOINT)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        Ok(weights)
    }
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
