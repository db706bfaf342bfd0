"""Plays 20 episodes over /ws with openenv-core's own generic client.

Nothing here knows OmniGuard but the action's name: what passes is what any OpenEnv client gets.
The server's address is the variable OMNIGUARD_URL.
"""

import asyncio
import os
import sys

from openenv.core.generic_client import GenericAction, GenericEnvClient

N_SYNC = 10
N_ASYNC = 10
LONGEST_EPISODE = 64


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def check_result(result, first):
    observation = result.observation
    check(isinstance(observation, dict), "the observation is an object")
    check("payload_raw" in observation and "last_step" in observation, "its members are there")
    check("reward" not in observation and "done" not in observation, "reward and done sit beside it")
    if first:
        check(result.reward is None and result.done is False, "a reset has no reward and no end")
        check(observation["payload_raw"] != "", "a reset shows a frame")
    else:
        check(isinstance(result.reward, float), "a step has a reward")
        check(-1.0 <= result.reward <= 0.86, "the reward is within its range")


def choose(step_idx):
    kinds = ["REVOKE_STDIO", "BLOCK", "SPOTLIGHT", "SEMANTIC_DIFF", "CAPABILITY_MEDIATION"]
    return GenericAction(
        action_type=kinds[step_idx % len(kinds)],
        confidence=0.7,
        rationale="played by the generic client",
        mcp_restrictions=["execute"],
        metadata={"client": "openenv-core"},
    )


def play_sync(url):
    rewards = []
    with GenericEnvClient(base_url=url).sync() as env:
        for episode in range(N_SYNC):
            result = env.reset(seed=1000 + episode, episode_id=f"sync-{episode}")
            check_result(result, first=True)
            n_steps = 0
            while not result.done:
                result = env.step(choose(n_steps))
                check_result(result, first=False)
                rewards.append(result.reward)
                n_steps += 1
                check(n_steps <= LONGEST_EPISODE, "an episode ends")
            state = env.state()
            check(state["episode_id"] == f"sync-{episode}", "the state names the episode")
            check(state["step_count"] == n_steps, "the state counts the steps")
            try:
                env.step(choose(0))
            except RuntimeError as error:
                check("EXECUTION_ERROR" in str(error), f"a typed error after the end, not {error}")
            else:
                check(False, "a step after the end is an error")
    return rewards


async def play_async(url):
    rewards = []
    async with GenericEnvClient(base_url=url) as env:
        for episode in range(N_ASYNC):
            result = await env.reset(seed=1000 + episode)
            check_result(result, first=True)
            n_steps = 0
            while not result.done:
                result = await env.step(choose(n_steps))
                check_result(result, first=False)
                rewards.append(result.reward)
                n_steps += 1
    return rewards


def main():
    url = os.environ.get("OMNIGUARD_URL")
    check(url, "OMNIGUARD_URL is set")
    synchronous = play_sync(url)
    asynchronous = asyncio.run(play_async(url))
    check(synchronous == asynchronous, "the same seeds and actions give the same rewards")
    n_steps = len(synchronous) + len(asynchronous)
    print(f"ok: {N_SYNC + N_ASYNC} episodes, {n_steps} steps, mean reward "
          f"{sum(synchronous) / len(synchronous):+.3f}")


if __name__ == "__main__":
    main()
