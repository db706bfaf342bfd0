"""The typed client without a server, and the example of its README with one (OMNIGUARD_URL)."""

import asyncio
import json
import os
import re
import sys
import unittest
from pathlib import Path
from typing import get_args

PACKAGE = Path(__file__).parents[2] / "clients/python"
sys.path.insert(0, str(PACKAGE / "src"))

from omniguard_env import (
    ActionType,
    Flags,
    LastStep,
    ObservationField,
    OmniGuardAction,
    OmniGuardEnv,
    OmniGuardObservation,
    RewardComponents,
    ServerError,
)
from pydantic import ValidationError
from websockets.asyncio.server import serve

LAST_STEP = {
    "security_score": 0.5,
    "usability_penalty": 0.0,
    "latency_penalty": -0.0,
    "format_compliance_score": -0.05,
    "total": 0.45,
    "verdict": "true_positive",
    "risk_level": "medium",
    "force_done": False,
    "components": {name: 0.0 for name in RewardComponents.model_fields},
    "step_id": 0,
    "terminated": False,
    "truncated": False,
    "flags": {name: False for name in Flags.model_fields},
    "truth": {
        "malicious": True,
        "vector": "tool_poisoning",
        "obfuscated": True,
        "mutations": ["nested", "base64"],
        "campaign": 1,
        "scenario": 1547,
        "split": "test",
        "canonical": "…",
    },
}


def parsed(observation, reward=None, done=False):
    env = OmniGuardEnv(base_url="http://127.0.0.1:1")
    return env._parse_result({"observation": observation, "reward": reward, "done": done})


async def exchange(answers, talk):
    """What the client sent while `talk` ran against a socket that gives these answers."""
    sent = []

    async def handle(socket):
        async for message in socket:
            sent.append(json.loads(message))
            if sent[-1]["type"] != "close":
                await socket.send(json.dumps(answers[len(sent) - 1]))

    async with serve(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with OmniGuardEnv(base_url=f"http://127.0.0.1:{port}") as env:
            await talk(env)
    return [message for message in sent if message["type"] != "close"]


class Actions(unittest.TestCase):
    def test_an_action_has_the_defaults_of_the_server(self):
        action = OmniGuardAction(action_type="BLOCK")
        self.assertEqual(action.confidence, 0.5)
        self.assertEqual((action.rationale, action.mcp_restrictions), ("", []))

    def test_there_are_six_kinds(self):
        self.assertEqual(len(get_args(ActionType)), 6)
        for kind in get_args(ActionType):
            self.assertEqual(OmniGuardAction(action_type=kind).action_type, kind)

    def test_what_the_server_refuses_is_refused_before(self):
        for members in [
            {},
            {"action_type": "allow"},
            {"action_type": "ALLOW", "confidence": 1.01},
            {"action_type": "ALLOW", "confidence": -0.01},
            {"action_type": "ALLOW", "confidence": float("nan")},
            {"action_type": "ALLOW", "confidence": None},
            {"action_type": "ALLOW", "rationale": "é" * 2001},
            {"action_type": "ALLOW", "mcp_restrictions": "execute"},
            {"action_type": "ALLOW", "mcp_restrictions": ["x"] * 33},
            {"action_type": "ALLOW", "step_id": 1},
        ]:
            with self.subTest(members), self.assertRaises(ValidationError):
                OmniGuardAction(**members)
        OmniGuardAction(action_type="ALLOW", rationale="é" * 2000, mcp_restrictions=["x"] * 32)

    def test_an_assignment_is_validated(self):
        action = OmniGuardAction(action_type="ALLOW")
        with self.assertRaises(ValidationError):
            action.confidence = 2


class Observations(unittest.TestCase):
    def test_its_fields_are_those_that_a_reset_can_ask_for(self):
        fields = set(OmniGuardObservation.model_fields) - {"reward", "done"}
        self.assertEqual(fields, set(get_args(ObservationField)))
        self.assertEqual(len(fields), 17)

    def test_a_field_not_asked_for_is_none_and_not_set(self):
        observation = parsed({"step_id": 3, "channel": None}, 0.25, True).observation
        self.assertEqual(observation.model_fields_set, {"step_id", "channel", "reward", "done"})
        self.assertIsNone(observation.payload_raw)
        self.assertIsNone(observation.anomaly_hints)
        self.assertIsNone(observation.last_step)
        self.assertEqual((observation.reward, observation.done), (0.25, True))

    def test_nested_parts_have_their_types(self):
        result = parsed({"last_step": LAST_STEP}, 0.45)
        step = result.observation.last_step
        self.assertIsInstance(step, LastStep)
        self.assertEqual(step.truth.mutations, ["nested", "base64"])
        self.assertIsNone(step.episode_normalized_score)
        self.assertEqual(result.reward, step.total)
        told = result.observation.model_dump(exclude_unset=True)
        self.assertEqual(told["last_step"], LAST_STEP)

    def test_what_a_newer_server_adds_is_kept(self):
        observation = parsed({"last_step": {**LAST_STEP, "mood": "calm"}, "hue": 7}).observation
        self.assertEqual(observation.model_extra, {"hue": 7})
        self.assertEqual(observation.last_step.model_extra, {"mood": "calm"})

    def test_what_is_no_observation_is_an_error(self):
        for observation in [
            {"step_id": "three"},
            {"channel": "mail"},
            {"last_step": {**LAST_STEP, "truth": {}}},
            {"last_step": {key: LAST_STEP[key] for key in LAST_STEP if key != "total"}},
        ]:
            with self.subTest(observation), self.assertRaises(ValidationError):
                parsed(observation)


class Messages(unittest.TestCase):
    def test_options_and_actions_are_sent_as_they_are(self):
        told = {"observation": {}, "reward": None, "done": False}
        observed = {"type": "observation", "data": told}
        options = {
            "seed": 1,
            "episode_id": "e",
            "task_name": "t",
            "split": "test",
            "phase": "bootstrapping",
            "episode_length": 2,
            "fields": ("step_id", "payload_raw"),
        }

        async def talk(env):
            await env.reset(**options)
            await env.step(OmniGuardAction(action_type="ALLOW", metadata={"tensor": object()}))
            state = await env.state()
            self.assertEqual((state.environment, state.seed), ("omniguard", None))

        state = {"episode_id": None, "step_count": 0, "environment": "omniguard"}
        answers = [observed, observed, {"type": "state", "data": state}]
        sent = asyncio.run(exchange(answers, talk))
        wire = {**options, "fields": ["step_id", "payload_raw"]}
        self.assertEqual(sent[0], {"type": "reset", "data": wire})
        self.assertEqual(
            sent[1]["data"],
            {"action_type": "ALLOW", "confidence": 0.5, "rationale": "", "mcp_restrictions": []},
        )
        self.assertEqual(sent[2], {"type": "state"})

    def test_a_mistyped_option_is_not_sent(self):
        async def talk(env):
            with self.assertRaisesRegex(TypeError, "episode_lenght"):
                await env.reset(episode_lenght=3)

        self.assertEqual(asyncio.run(exchange([], talk)), [])

    def test_an_error_has_all_that_the_server_told(self):
        errors = [{"loc": ["data", "seed"], "msg": "must be a whole number"}]
        data = {"message": "refused", "code": "VALIDATION_ERROR", "errors": errors}

        async def talk(env):
            with self.assertRaises(ServerError) as raised:
                await env.reset(seed=-1)
            error = raised.exception
            self.assertIsInstance(error, RuntimeError)
            self.assertEqual((error.code, error.reason), ("VALIDATION_ERROR", None))
            self.assertEqual(error.errors, errors)
            self.assertIn("Server error: refused (code: VALIDATION_ERROR)", str(error))
            self.assertIn("data.seed: must be a whole number", str(error))

        asyncio.run(exchange([{"type": "error", "data": data}], talk))


class Readme(unittest.TestCase):
    @unittest.skipUnless("OMNIGUARD_URL" in os.environ, "OMNIGUARD_URL is not set")
    def test_the_example_plays(self):
        (example,) = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.S)
        exec(compile(example, "README.md", "exec"), {})


if __name__ == "__main__":
    unittest.main()
