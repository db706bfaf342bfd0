"""OpenEnv's reference server on a trivial grid world: what `omniguard loadtest --compare` measures.

Run with openenv-core installed: `python benches/reference_server.py 8000`. One process, as shipped.
"""

import sys

import uvicorn
from openenv.core.env_server import Action, Environment, Observation, State, create_app

SIDE = 8
LONGEST_EPISODE = 64
MOVES = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class Move(Action):
    direction: str


class Cell(Observation):
    x: int
    y: int


class GridWorld(Environment):
    """From one corner to the other; walls stop a move."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        super().__init__()
        self.x = self.y = 0
        self._state = State()

    def reset(self, seed=None, episode_id=None, **_options):
        self.x = self.y = 0
        self._state = State(episode_id=episode_id)
        return Cell(x=0, y=0)

    def step(self, action, timeout_s=None, **_options):
        dx, dy = MOVES[action.direction]
        self.x = min(max(self.x + dx, 0), SIDE - 1)
        self.y = min(max(self.y + dy, 0), SIDE - 1)
        self._state.step_count += 1
        there = self.x == self.y == SIDE - 1
        done = there or self._state.step_count >= LONGEST_EPISODE
        return Cell(x=self.x, y=self.y, reward=float(there), done=done)

    @property
    def state(self):
        return self._state


if __name__ == "__main__":
    app = create_app(GridWorld, Move, Cell, env_name="grid_world", max_concurrent_envs=64)
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
