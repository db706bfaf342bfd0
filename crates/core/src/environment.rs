//! The environment: a seeded stream of frames, answered one at a time.
//!
//! A frame is a recipe until somebody asks for its text, so a step that nobody looks at costs well
//! under a microsecond. Invariant: same config, seed and actions, same trajectory hash everywhere.

mod config;

pub use self::config::{
    DEFAULT_EPISODE_LENGTH, EnvConfig, MAX_EPISODE_LENGTH, MAX_SEED, check_seed,
};
use crate::action::Action;
use crate::adversary::{Adversary, Draw, Malleability};
use crate::corpus::Corpus;
use crate::critic::critic;
use crate::curriculum::{Curriculum, Phase};
use crate::decode::decode;
pub use crate::error::{ConfigError, StepError};
use crate::frame::{Channel, Frame, Mutations, N_MUTATIONS, Split, Vector};
use crate::hash::mix;
use crate::history::Verdict;
use crate::judge::{Judge, Judged, Metrics};
use crate::policy::Context;
use crate::render;
use crate::reward::Reward;
use crate::rng::Rng;
use crate::verifier::{Flags, RiskLevel, Subject};
use alloc::{string::String, sync::Arc};

/// Version of the rules: the number rises when results would change.
pub const ENVIRONMENT_ID: &str = "omniguard-v2.1";
/// Probability that a neutralised attack comes back, mutated afresh.
pub const TRAP_PROBABILITY: f32 = 0.35;

/// The hidden truth of a frame, told with the step that answered it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Whether it was an attack.
    pub malicious: bool,
    /// What it was.
    pub vector: Vector,
    /// What the adversary did to it.
    pub mutations: Mutations,
    /// Shared with its re-injected variants.
    pub campaign: u32,
    /// Index of the scenario in the corpus.
    pub scenario: u32,
    /// Which part of the corpus it came from.
    pub split: Split,
    /// Drove the slot picks.
    pub slot_seed: u64,
    /// Drove the style.
    pub render_seed: u64,
}

impl Truth {
    /// The frame's text before mutation, in the same style.
    pub fn canonical(&self, corpus: &Corpus) -> String {
        let frame = Frame {
            scenario: self.scenario,
            slot_seed: self.slot_seed,
            render_seed: self.render_seed,
            mutations: Mutations::NONE,
            semantic_noise: 0.0,
            campaign: self.campaign,
            vector: self.vector,
        };
        render::canonical(corpus, &frame)
    }
}

/// The result of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepOutcome {
    /// Position of the answered frame in its episode.
    pub step_idx: u32,
    /// What it earned.
    pub reward: Reward,
    /// How it turned out.
    pub verdict: Verdict,
    /// What the verifier found.
    pub flags: Flags,
    /// How dangerous the answer was.
    pub risk_level: RiskLevel,
    /// Whether a breach ended the episode.
    pub terminated: bool,
    /// Whether the frames are used up.
    pub truncated: bool,
    /// What the answered frame truly was.
    pub truth: Truth,
    /// The episode's score, when this step ended it.
    pub episode_score: Option<f32>,
}

/// The frame in hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct InHand {
    pub(crate) frame: Frame,
    pub(crate) draw: Draw,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stage {
    /// Never reset.
    Fresh,
    /// A frame waits for an answer.
    Playing(InHand),
    /// The episode has ended after so many steps.
    Over { n_steps: u32 },
}

/// One environment: a stream of frames and the agent that answers them.
#[derive(Debug, Clone)]
pub struct Environment {
    pub(crate) config: EnvConfig,
    pub(crate) corpus: Arc<Corpus>,
    pub(crate) seed: u64,
    pub(crate) rng: Rng,
    pub(crate) adversary: Adversary,
    pub(crate) curriculum: Curriculum,
    pub(crate) judge: Judge,
    pub(crate) stage: Stage,
    /// An attack that was just neutralised and may come back.
    pub(crate) trap: Option<Frame>,
    pub(crate) n_campaigns: u32,
    pub(crate) n_episodes_begun: u32,
    pub(crate) trajectory_hash: u64,
}

impl Environment {
    /// An environment that waits for its first reset.
    pub fn new(config: EnvConfig, corpus: Arc<Corpus>, seed: u64) -> Result<Self, ConfigError> {
        config.check(&corpus)?;
        check_seed(seed)?;
        Ok(Self {
            config,
            corpus,
            seed,
            rng: Rng::new(seed),
            adversary: Adversary::with_log_weights(
                config.adversary_log_weights,
                config.adversary_frozen,
            ),
            curriculum: Curriculum::new(config.phase, config.min_episodes_per_phase),
            judge: Judge::default(),
            stage: Stage::Fresh,
            trap: None,
            n_campaigns: 0,
            n_episodes_begun: 0,
            trajectory_hash: mix(seed),
        })
    }

    /// Rebuilds everything from `seed` and starts the first episode.
    pub fn reset_seeded(&mut self, seed: u64) -> Result<(), ConfigError> {
        *self = Self::new(self.config, Arc::clone(&self.corpus), seed)?;
        self.reset();
        Ok(())
    }

    /// Starts the next episode of the run; randomness, history, adversary and curriculum go on.
    /// An episode that was left in the middle does not count.
    pub fn reset(&mut self) {
        self.judge.begin_episode(self.config.episode_length);
        self.trap = None;
        self.n_episodes_begun += 1;
        self.stage = Stage::Playing(self.draw_frame());
    }

    /// The same over other texts: between two episodes nothing refers to a scenario.
    pub fn reset_on(&mut self, corpus: Arc<Corpus>) -> Result<(), ConfigError> {
        self.config.check(&corpus)?;
        self.corpus = corpus;
        self.reset();
        Ok(())
    }

    /// Answers the frame in hand.
    pub fn step(&mut self, action: &Action) -> Result<StepOutcome, StepError> {
        let in_hand = match self.stage {
            Stage::Fresh => return Err(StepError::ResetNeeded),
            Stage::Over { n_steps } => return Err(StepError::EpisodeOver { n_steps }),
            Stage::Playing(in_hand) => in_hand,
        };
        let frame = in_hand.frame;
        let step_idx = self.judge.step_idx();
        let judged = judge_frame(&mut self.judge, action, &self.corpus, &frame);
        let neutralised = judged.verdict == Verdict::TruePositive;
        if frame.malicious() {
            self.adversary.learn(&in_hand.draw, neutralised);
        }
        self.trap = neutralised.then_some(frame);

        let terminated = judged.verdict == Verdict::Breach;
        let truncated = !terminated && step_idx + 1 >= self.config.episode_length;
        let episode_score = (terminated || truncated).then(|| {
            let score = self.judge.finish_episode();
            self.curriculum.finish_episode(score);
            score
        });
        self.record(action, &frame, &judged, episode_score);
        self.stage = if episode_score.is_some() {
            Stage::Over { n_steps: step_idx + 1 }
        } else {
            Stage::Playing(self.draw_frame())
        };
        Ok(StepOutcome {
            step_idx,
            reward: judged.reward,
            verdict: judged.verdict,
            flags: judged.verification.flags,
            risk_level: judged.verification.risk_level,
            terminated,
            truncated,
            truth: self.truth_of(&frame),
            episode_score,
        })
    }

    fn draw_frame(&mut self) -> InHand {
        let rates = self.curriculum.phase().rates();
        let rng = &mut self.rng;
        let returning = self.trap.take().filter(|_| rng.chance(TRAP_PROBABILITY));
        let (scenario, slot_seed, campaign, mutated) = if let Some(attack) = returning {
            (attack.scenario, attack.slot_seed, attack.campaign, true)
        } else {
            let malicious = rng.chance(rates.malicious);
            // A benign frame is drawn where such an attack might have stood, so that neither
            // domain nor channel tells the label.
            let vector = if rng.chance(rates.stdio) {
                Vector::StdioEscape
            } else {
                Vector::PLAIN_ATTACKS[rng.below(Vector::PLAIN_ATTACKS.len() as u32) as usize]
            };
            let split = self.config.split;
            let (scenario, share) = if malicious {
                (self.corpus.draw_attack(split, vector, rng), rates.obfuscated)
            } else {
                let twins = self.config.twins;
                (self.corpus.draw_benign(split, vector, twins, rng), 0.5 * rates.obfuscated)
            };
            self.n_campaigns += 1;
            (scenario, rng.u64(), self.n_campaigns, rng.chance(share))
        };
        let facts = self.corpus.facts(scenario);
        let draw = if mutated {
            let text = Malleability {
                envelope_bytes: facts.envelope_bytes,
                payload_bytes: facts.payload_bytes,
                drifts: facts.drifts,
                splits: facts.splits,
            };
            self.adversary.draw(&text, rng)
        } else {
            Draw::NONE
        };
        let frame = Frame {
            scenario,
            slot_seed,
            render_seed: rng.u64(),
            mutations: draw.mutations,
            semantic_noise: rates.semantic_noise,
            campaign,
            vector: facts.vector,
        };
        InHand { frame, draw }
    }

    /// Folds a step into the trajectory hash: the action, the frame's recipe and the bits of every
    /// reward component.
    fn record(
        &mut self,
        action: &Action,
        frame: &Frame,
        judged: &Judged,
        episode_score: Option<f32>,
    ) {
        let mut hash = self.trajectory_hash;
        let mut fold = |word: u64| hash = mix(hash ^ word);
        let pair = |a: u32, b: u32| u64::from(a) | (u64::from(b) << 32);
        fold(pair(action.action_type() as u32, action.confidence().to_bits()));
        fold(pair(frame.scenario, frame.campaign));
        fold(frame.slot_seed);
        fold(frame.render_seed);
        let applied = frame.mutations.iter().fold(0, |code, m| code * 16 + m as u32 + 1);
        fold(pair(applied, frame.semantic_noise.to_bits()));
        for parts in judged.reward.components.chunks(2) {
            fold(pair(parts[0].to_bits(), parts.get(1).map_or(0, |part| part.to_bits())));
        }
        fold(pair(judged.reward.total.to_bits(), judged.verdict as u32));
        fold(pair(episode_score.map_or(u32::MAX, f32::to_bits), self.curriculum.phase() as u32));
        self.trajectory_hash = hash;
    }

    fn truth_of(&self, frame: &Frame) -> Truth {
        Truth {
            malicious: frame.malicious(),
            vector: frame.vector,
            mutations: frame.mutations,
            campaign: frame.campaign,
            scenario: frame.scenario,
            split: self.config.split,
            slot_seed: frame.slot_seed,
            render_seed: frame.render_seed,
        }
    }

    /// The configuration.
    pub fn config(&self) -> &EnvConfig {
        &self.config
    }

    /// The corpus that frames come from.
    pub fn corpus(&self) -> &Arc<Corpus> {
        &self.corpus
    }

    /// The seed of the run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Recipe of the frame in hand; `None` before a reset and after the end. It holds the truth:
    /// for evaluation and the oracle, never for an observation.
    pub fn frame(&self) -> Option<&Frame> {
        match &self.stage {
            Stage::Playing(in_hand) => Some(&in_hand.frame),
            _ => None,
        }
    }

    /// Text of the frame in hand, as a gateway sees it; empty when there is none.
    pub fn frame_text(&self) -> String {
        self.frame().map(|frame| render::render(&self.corpus, frame)).unwrap_or_default()
    }

    /// Channel of the frame in hand.
    pub fn channel(&self) -> Option<Channel> {
        self.frame().map(|frame| self.corpus.facts(frame.scenario).channel)
    }

    /// What a policy may know besides the text.
    pub fn context(&self) -> Context {
        context_of(&self.judge, self.channel())
    }

    /// Whether the episode has ended.
    pub fn episode_over(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    /// The phase of the curriculum.
    pub fn phase(&self) -> Phase {
        self.curriculum.phase()
    }

    /// The curriculum.
    pub fn curriculum(&self) -> &Curriculum {
        &self.curriculum
    }

    /// The agent's record.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Counts of the run.
    pub fn metrics(&self) -> &Metrics {
        self.judge.metrics()
    }

    /// Steps taken in this episode.
    pub fn step_idx(&self) -> u32 {
        self.judge.step_idx()
    }

    /// Frames of this episode that are still to be answered.
    pub fn frames_left(&self) -> u32 {
        if self.frame().is_some() { self.config.episode_length - self.step_idx() } else { 0 }
    }

    /// Ticks left in the latency budget; negative once overrun.
    pub fn ticks_left(&self) -> i32 {
        self.judge.ticks_left()
    }

    /// Episodes begun in this run.
    pub fn n_episodes_begun(&self) -> u32 {
        self.n_episodes_begun
    }

    /// Probability of each mutation, as the adversary would draw it now.
    pub fn mutation_probabilities(&self) -> [f32; N_MUTATIONS] {
        *self.adversary.probabilities()
    }

    /// The adversary.
    pub fn adversary(&self) -> &Adversary {
        &self.adversary
    }

    /// Hash over every step of the run so far.
    pub fn trajectory_hash(&self) -> u64 {
        self.trajectory_hash
    }
}

/// Lets `judge` score an answer to `frame`.
pub(crate) fn judge_frame(
    judge: &mut Judge,
    action: &Action,
    corpus: &Corpus,
    frame: &Frame,
) -> Judged {
    let facts = corpus.facts(frame.scenario);
    let subject = Subject {
        vector: frame.vector,
        obfuscated: frame.obfuscated(),
        tool_name: corpus.named_tool(frame.scenario),
        capability: facts.capability,
    };
    judge.answer(action, &subject, || critic_value(corpus, frame))
}

/// What `SEMANTIC_DIFF` finds on a frame.
pub fn critic_value(corpus: &Corpus, frame: &Frame) -> f32 {
    let decoded = decode(&render::render(corpus, frame));
    critic(corpus.table(), &render::canonical(corpus, frame), &decoded.text)
}

pub(crate) fn context_of(judge: &Judge, channel: Option<Channel>) -> Context {
    Context {
        channel,
        ticks_left: Some(judge.ticks_left().max(0) as f32 / judge.budget().max(1) as f32),
        last_actions: judge.last_actions(),
    }
}
