"""Names on the wire. `typing.get_args` lists those of each type."""

from typing import Literal

ActionType = Literal[
    "ALLOW",
    "BLOCK",
    "SPOTLIGHT",
    "SEMANTIC_DIFF",
    "CAPABILITY_MEDIATION",
    "REVOKE_STDIO",
]
Channel = Literal["user_prompt", "tool_description", "tool_call", "tool_result", "log"]
Split = Literal["train", "validation", "test"]
Source = Literal["embedded", "feeds"]
Phase = Literal["bootstrapping", "evasion_obfuscation", "chained_exploitation"]
Verdict = Literal["true_negative", "true_positive", "false_positive", "escalated", "breach"]
RiskLevel = Literal["low", "medium", "high", "critical"]
Capability = Literal[
    "execute",
    "administer",
    "secrets",
    "pay",
    "delete",
    "send",
    "network",
    "write",
    "read",
]
PrivilegeLevel = Literal["user", "elevated", "admin"]
Vector = Literal[
    "benign",
    "prompt_injection",
    "tool_poisoning",
    "credential_exfiltration",
    "privilege_escalation",
    "command_injection",
    "stdio_escape",
    "generic_anomaly",
]
Mutation = Literal[
    "base64",
    "url",
    "hex",
    "rot13",
    "homoglyph",
    "zero_width",
    "leetspeak",
    "json_escape",
    "semantic_drift",
    "split",
    "nested",
]
# Fields that `fields` of a reset can ask for.
ObservationField = Literal[
    "env_id",
    "task_id",
    "step_id",
    "channel",
    "incoming_user_prompt",
    "payload_raw",
    "payload_normalized",
    "embedding_vector",
    "mcp_tool_request",
    "latency_budget_remaining",
    "curriculum_phase",
    "memory_trace",
    "anomaly_hints",
    "historical_baseline",
    "system_context",
    "metadata",
    "last_step",
]
