"""Plays 1,000 episodes over /ws with openenv-core's generic client and with the typed one.

Each seed is played four times: by both clients, without and with `await`; what they tell of it must
be equal. The generic client knows nothing of OmniGuard but names: what passes with it is what any
OpenEnv client gets. The server's address is the variable OMNIGUARD_URL.
"""

import asyncio
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "clients/python/src"))

from typing import get_args

from omniguard_env import (
    ActionType,
    ObservationField,
    OmniGuardAction,
    OmniGuardEnv,
    OmniGuardObservation,
    OmniGuardState,
    Phase,
    RewardComponents,
    ServerError,
)
from openenv.core.generic_client import GenericAction, GenericEnvClient
from pydantic import BaseModel

N_SEEDS = 250
N_SESSIONS = 32
LONGEST_EPISODE = 12
REWARD_RANGE = (-1.0, 0.86)
ALL_FIELDS = list(get_args(ObservationField))
FEWER_FIELDS = ["step_id", "payload_raw", "anomaly_hints", "last_step"]


class Failed(Exception):
    """A check that did not hold."""


def check(condition, what):
    if not condition:
        raise Failed(what)


class Generic:
    """How the generic client is used: what it tells is JSON already."""

    @staticmethod
    def client(url):
        return GenericEnvClient(base_url=url)

    @staticmethod
    def action(**members):
        return GenericAction(**members, metadata={"client": "openenv-core"})

    @staticmethod
    def observation(result):
        check("reward" not in result.observation, "the reward is beside the observation")
        check("done" not in result.observation, "the end is beside the observation")
        return result.observation

    @staticmethod
    def state(state):
        return state

    @staticmethod
    def check_error(error, code, _reason):
        check(f"(code: {code})" in str(error), f"the error is {code}, not: {error}")


class Typed:
    """How the typed client is used: what it tells is made JSON again, to be compared."""

    @staticmethod
    def client(url):
        return OmniGuardEnv(base_url=url)

    @staticmethod
    def action(**members):
        return OmniGuardAction(**members, metadata={"client": object()})

    @staticmethod
    def observation(result):
        observation = result.observation
        check(isinstance(observation, OmniGuardObservation), "the observation has its type")
        check(observation.reward == result.reward, "the observation holds the reward")
        check(observation.done is result.done, "the observation holds the end")
        check_known(observation)
        return observation.model_dump(exclude_unset=True, exclude={"reward", "done"})

    @staticmethod
    def state(state):
        check(isinstance(state, OmniGuardState), "the state has its type")
        check_known(state)
        return state.model_dump(exclude_unset=True)

    @staticmethod
    def check_error(error, code, reason):
        check(isinstance(error, ServerError), f"the error has its type, not {type(error)}")
        check((error.code, error.reason) == (code, reason), f"the error is {code}, not: {error}")


def check_known(model):
    """The types name every member that the server tells."""
    check(not model.model_extra, f"{type(model).__name__} lacks {list(model.model_extra or ())}")
    for value in vars(model).values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, BaseModel):
                check_known(part)


def check_names(url):
    """The types name what the server says of itself, in its order."""
    with urllib.request.urlopen(f"{url}/info") as response:
        info = json.load(response)
    for what, names in [
        ("action_space", get_args(ActionType)),
        ("observation_space", get_args(ObservationField)),
        ("curriculum_phases", get_args(Phase)),
    ]:
        told = [item["name"] for item in info[what]]
        check(told == list(names), f"{what} is {told}")
    told = info["reward_components"]
    check(told == list(RewardComponents.model_fields), f"the components are {told}")
    check(info["reward_range"] == list(REWARD_RANGE), f"the range is {info['reward_range']}")


def choose(seed, n_steps):
    """An action that depends on nothing seen."""
    kinds = get_args(ActionType)
    return {
        "action_type": kinds[(seed + n_steps) % len(kinds)],
        "confidence": (seed % 11) / 10,
        "rationale": "played by a client of the contract tests",
        "mcp_restrictions": ["execute"],
    }


def check_observation(observation, fields, last_reward, is_done):
    check(set(observation) == set(fields), f"the fields asked for, not {sorted(observation)}")
    check((observation["payload_raw"] == "") == is_done, "a frame until the end")
    last_step = observation["last_step"]
    if last_reward is None:
        check(last_step is None, "a reset has no last step")
    else:
        check(last_step["total"] == last_reward, "the last step earned the reward")
        terms = sum(last_step["components"].values())
        check(abs(terms - last_reward) < 1e-5, f"{terms} is not {last_reward}")
        check(("episode_normalized_score" in last_step) == is_done, "a score at the end only")
        check((last_step["terminated"] or last_step["truncated"]) is is_done, "why it ended")
    if "embedding_vector" in fields:
        check(len(observation["embedding_vector"]) == 64, "the embedding has 64 numbers")
        n_remembered = 0 if last_reward is None else 1
        check(len(observation["memory_trace"]) >= n_remembered, "the agent remembers")


def episode(kind, seed):
    """Yields what to ask the client, gets its answers (errors too), returns what was told."""
    length = 1 + seed % LONGEST_EPISODE
    fields = FEWER_FIELDS if seed % 5 == 0 else ALL_FIELDS
    name = f"seed-{seed}"
    result = yield "reset", (), {
        "seed": seed,
        "episode_id": name,
        "task_name": "contract",
        "split": ("train", "validation", "test")[seed % 3],
        "phase": "chained_exploitation",
        "episode_length": length,
        "fields": fields,
    }
    check(not isinstance(result, Exception), f"a reset is answered, not: {result}")
    check(result.reward is None and result.done is False, "a reset has no reward and no end")
    told = [kind.observation(result)]
    check_observation(told[0], fields, None, False)
    rewards = []
    while not result.done:
        result = yield "step", (kind.action(**choose(seed, len(rewards))),), {}
        check(not isinstance(result, Exception), f"a step is answered, not: {result}")
        check(isinstance(result.reward, float), "a step has a reward")
        check(REWARD_RANGE[0] <= result.reward <= REWARD_RANGE[1], f"{result.reward} is in range")
        rewards.append(result.reward)
        check(len(rewards) <= length, "an episode ends")
        told.append(kind.observation(result))
        check_observation(told[-1], fields, result.reward, result.done)

    error = yield "step", (kind.action(action_type="BLOCK"),), {}
    check(isinstance(error, RuntimeError), "a step after the end is an error")
    kind.check_error(error, "EXECUTION_ERROR", "episode_over")
    error = yield "reset", (), {"seed": -1}
    check(isinstance(error, RuntimeError), "a bad reset is an error")
    kind.check_error(error, "VALIDATION_ERROR", None)

    state = yield "state", (), {}
    check(not isinstance(state, Exception), f"a state is told, not: {state}")
    state = kind.state(state)
    check(state["episode_id"] == name, "the state names the episode")
    check(state["step_count"] == len(rewards), "the state counts the steps")
    check(state["done"] is True and state["n_episodes"] == 1, "the episode is the first, and over")
    check((state["seed"], state["episode_length"]) == (seed, length), "the state tells the run")
    return rewards, told, state


def drive(env, asked):
    """Plays an episode without `await`."""
    answer = None
    while True:
        try:
            name, args, kwargs = asked.send(answer)
        except StopIteration as over:
            return over.value
        try:
            answer = getattr(env, name)(*args, **kwargs)
        except RuntimeError as error:
            answer = error


async def drive_async(env, asked):
    """Plays an episode with `await`."""
    answer = None
    while True:
        try:
            name, args, kwargs = asked.send(answer)
        except StopIteration as over:
            return over.value
        try:
            answer = await getattr(env, name)(*args, **kwargs)
        except RuntimeError as error:
            answer = error


def play_sync(url, kind):
    with kind.client(url).sync() as env:
        return {seed: drive(env, episode(kind, seed)) for seed in range(N_SEEDS)}


async def play_async(url):
    """All sessions are open before the first of them plays, half of them of each client."""
    kinds = [(Generic, Typed)[idx % 2] for idx in range(N_SESSIONS)]
    envs = [kind.client(url) for kind in kinds]
    seeds = {kind: iter(range(N_SEEDS)) for kind in (Generic, Typed)}
    played = {kind: {} for kind in (Generic, Typed)}

    async def session(env, kind):
        n_played = 0
        for seed in seeds[kind]:
            played[kind][seed] = await drive_async(env, episode(kind, seed))
            n_played += 1
        check(n_played > 0, "every session plays")

    try:
        await asyncio.gather(*(env.connect() for env in envs))
        await asyncio.gather(*map(session, envs, kinds))
    finally:
        await asyncio.gather(*(env.close() for env in envs))
    return played[Generic], played[Typed]


def play(url):
    check_names(url)
    start = time.monotonic()
    runs = [play_sync(url, Generic), play_sync(url, Typed)]
    sync_s = time.monotonic() - start
    runs += asyncio.run(play_async(url))
    async_s = time.monotonic() - start - sync_s

    for seed in range(N_SEEDS):
        for what, parts in zip(
            ("rewards", "observations", "state"), zip(*(run[seed] for run in runs))
        ):
            check(all(part == parts[0] for part in parts), f"seed {seed}: the same {what} always")
    check(all(len(run) == N_SEEDS for run in runs), "every seed is played by all")
    rewards = [reward for run in runs for told in run.values() for reward in told[0]]
    print(
        f"ok: {len(runs) * N_SEEDS} episodes, {len(rewards)} steps, mean reward "
        f"{sum(rewards) / len(rewards):+.3f}; without await {sync_s:.1f} s in one session, "
        f"with {async_s:.1f} s in {N_SESSIONS} at once"
    )


def main():
    url = os.environ.get("OMNIGUARD_URL")
    if not url:
        sys.exit("OMNIGUARD_URL is not set")
    try:
        play(url)
    except Failed as failure:
        sys.exit(f"FAILED: {failure}")


if __name__ == "__main__":
    main()
