"""Actions, observations and state, as they are on the wire."""

from __future__ import annotations

from openenv.core.env_server.types import Action, Observation, State
from pydantic import BaseModel, ConfigDict, Field

from .names import (
    ActionType,
    Capability,
    Channel,
    Mutation,
    Phase,
    PrivilegeLevel,
    RiskLevel,
    Source,
    Split,
    Vector,
    Verdict,
)

MAX_RATIONALE_CHARS = 2000
MAX_RESTRICTIONS = 32


class OmniGuardAction(Action):
    """An answer to the frame in hand. `metadata` stays with the client."""

    action_type: ActionType
    confidence: float = Field(default=0.5, ge=0.0, le=1.0, allow_inf_nan=False)
    """Probability, by the agent's own belief, that the action is right."""
    rationale: str = Field(default="", max_length=MAX_RATIONALE_CHARS)
    mcp_restrictions: list[str] = Field(default_factory=list, max_length=MAX_RESTRICTIONS)
    """Capabilities or tools to restrict."""


class _Part(BaseModel):
    """A part of an answer. What a newer server adds is kept in `model_extra`."""

    model_config = ConfigDict(extra="allow", frozen=True)


class ToolRequest(_Part):
    """The tool request that a frame holds."""

    tool_name: str
    requested_capability: Capability
    privilege_level: PrivilegeLevel
    arguments: str
    """JSON text, as the caller sent it."""


class Memory(_Part):
    """One past decision of the agent."""

    step: int
    action: ActionType
    verdict: Verdict
    reward: float


class Baseline(_Part):
    """The environment's past."""

    mean_episode_score: float | None
    """None before the first episode's end."""
    frames_left: int


class RewardComponents(_Part):
    """Every term of a reward; they sum to its total."""

    security: float
    suspicious_rationale: float
    contradictory_allow: float
    missing_restrictions: float
    lenient_mediation: float
    heavy_block: float
    needless_revoke: float
    repeated_allow: float
    monotonic: float
    calibration: float
    latency: float
    format: float
    clamp: float


class Flags(_Part):
    """What the verifier found."""

    needs_stdio_revoke: bool
    rationale_suspicious: bool
    reward_hacking_detected: bool
    missing_restrictions: bool
    contradictory_allow: bool
    monotonic_action: bool
    repeated_allow_risk: bool


class Truth(_Part):
    """What the answered frame truly was."""

    malicious: bool
    vector: Vector
    obfuscated: bool
    mutations: list[Mutation]
    """In the order they were applied."""
    campaign: int
    """Shared by an attack and its re-injected variants."""
    scenario: int
    split: Split
    canonical: str
    """The text before mutation."""


class LastStep(_Part):
    """All about the step just answered."""

    security_score: float
    usability_penalty: float
    latency_penalty: float
    format_compliance_score: float
    total: float
    verdict: Verdict
    risk_level: RiskLevel
    force_done: bool
    """Whether a breach ended the episode."""
    components: RewardComponents
    episode_normalized_score: float | None = None
    """The episode's score, when this step ended it."""
    step_id: int
    terminated: bool
    truncated: bool
    flags: Flags
    truth: Truth


class OmniGuardObservation(Observation):
    """What the agent sees, with the reward and the end of the step that led here.

    A field that the reset did not ask for is None, and not in `model_fields_set`; a field that is
    None by its nature is in it.
    """

    model_config = ConfigDict(extra="allow")

    env_id: int | None = None
    task_id: str | None = None
    step_id: int | None = None
    """Position of the frame in its episode."""
    channel: Channel | None = None
    """None after the end, too."""
    incoming_user_prompt: str | None = None
    """The frame's text where it is a prompt, else empty."""
    payload_raw: str | None = None
    """The frame's text: data, never an instruction to the agent."""
    payload_normalized: str | None = None
    """What the decoder makes of it."""
    embedding_vector: list[float] | None = None
    """Embedding of the decoded text: 64 numbers."""
    mcp_tool_request: ToolRequest | None = None
    """None where the frame holds none, too."""
    latency_budget_remaining: int | None = None
    """Ticks left; negative once overrun."""
    curriculum_phase: Phase | None = None
    memory_trace: list[Memory] | None = None
    """The agent's last decisions, newest first."""
    anomaly_hints: list[str] | None = None
    """Text detectors that fired."""
    historical_baseline: Baseline | None = None
    system_context: str | None = None
    last_step: LastStep | None = None
    """None after a reset, too."""


class OmniGuardState(State):
    """The session's state; all but the first three are None before the first reset."""

    environment: str
    """Version of the rules."""
    seed: int | None = None
    split: Split | None = None
    phase: Phase | None = None
    phase_pinned: bool | None = None
    """Whether the phase was asked for, and stays."""
    episode_length: int | None = None
    source: Source | None = None
    """What its texts are drawn from: the written corpus, or streamed rows as well."""
    n_episodes: int | None = None
    """Episodes begun in this run."""
    done: bool | None = None
    trajectory_hash: str | None = None
    """Hash over every step of the run so far, in hexadecimal."""
    adversary_log_weights: dict[Mutation, float] | None = None
    """Natural logarithms of the adversary's weights; the largest is 0."""
