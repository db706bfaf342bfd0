"""Typed OpenEnv client of OmniGuard, an environment for defenders of MCP gateways."""

from .client import OmniGuardEnv, ResetOptions, SyncOmniGuardEnv
from .errors import ServerError
from .models import (
    Baseline,
    Flags,
    LastStep,
    Memory,
    OmniGuardAction,
    OmniGuardObservation,
    OmniGuardState,
    RewardComponents,
    ToolRequest,
    Truth,
)
from .names import (
    ActionType,
    Capability,
    Channel,
    Mutation,
    ObservationField,
    Phase,
    PrivilegeLevel,
    RiskLevel,
    Source,
    Split,
    Vector,
    Verdict,
)

__all__ = [
    "ActionType",
    "Baseline",
    "Capability",
    "Channel",
    "Flags",
    "LastStep",
    "Memory",
    "Mutation",
    "ObservationField",
    "OmniGuardAction",
    "OmniGuardEnv",
    "OmniGuardObservation",
    "OmniGuardState",
    "Phase",
    "PrivilegeLevel",
    "ResetOptions",
    "RewardComponents",
    "RiskLevel",
    "ServerError",
    "Source",
    "Split",
    "SyncOmniGuardEnv",
    "ToolRequest",
    "Truth",
    "Vector",
    "Verdict",
]
