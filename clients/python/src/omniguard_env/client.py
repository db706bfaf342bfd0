"""The client: one WebSocket, one session, one environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from openenv.core.client_types import StepResult
from openenv.core.env_client import EnvClient
from openenv.core.sync_client import SyncEnvClient
from typing_extensions import Self, TypedDict, Unpack, override

from .errors import ServerError
from .models import OmniGuardAction, OmniGuardObservation, OmniGuardState
from .names import ObservationField, Phase, Split


class ResetOptions(TypedDict, total=False):
    """What a reset can ask for; None is the same as nothing.

    A seed, a split, a phase or an episode length starts a new run. Without one the next episode of
    the run at hand starts: the curriculum, the adversary and the scores go on.
    """

    seed: int | None
    """From 0 to 2**53 - 1; one is drawn where it is missing."""
    episode_id: str | None
    """Name of the episode, at most 255 characters."""
    task_name: str | None
    """A label, at most 64 characters; it comes back as `task_id`."""
    split: Split | None
    """Which part of the corpus the frames come from; `train` where it is missing."""
    phase: Phase | None
    """Stays in this phase of the curriculum."""
    episode_length: int | None
    """Frames of an episode, from 1 to 64."""
    fields: Sequence[ObservationField] | None
    """Which fields of an observation are told from now on: fewer are faster."""


class OmniGuardEnv(EnvClient[OmniGuardAction, OmniGuardObservation, OmniGuardState]):
    """Plays OmniGuard over `/ws`; `sync()` gives the same without `await`.

    What the server refuses is raised as a `ServerError`.
    """

    @override
    async def connect(self) -> Self:
        await super().connect()
        return self

    @override
    async def __aenter__(self) -> Self:
        return await self.connect()

    # Narrower than any keyword, on purpose.
    @override
    async def reset(  # type: ignore[override]
        self, **options: Unpack[ResetOptions]
    ) -> StepResult[OmniGuardObservation]:
        """Starts an episode."""
        # The standard has the server ignore what it does not know: a mistyped name would go unseen.
        unknown = options.keys() - ResetOptions.__annotations__.keys()
        if unknown:
            raise TypeError(f"reset() takes no {', '.join(sorted(unknown))}")
        return await super().reset(**options)

    @override
    def sync(self) -> SyncOmniGuardEnv:
        return SyncOmniGuardEnv(self)

    @override
    async def _send_and_receive(self, message: dict[str, Any]) -> dict[str, Any]:
        await self._send(message)
        response = await self._receive()
        if response.get("type") == "error":
            raise ServerError(response.get("data", {}))
        return response

    @override
    def _step_payload(self, action: OmniGuardAction) -> dict[str, Any]:
        # The server has no use for metadata, which may hold what is no JSON.
        return action.model_dump(exclude={"metadata"})

    @override
    def _parse_result(self, payload: dict[str, Any]) -> StepResult[OmniGuardObservation]:
        beside = {"reward": payload["reward"], "done": payload["done"]}
        observation = OmniGuardObservation.model_validate({**payload["observation"], **beside})
        return StepResult(observation=observation, **beside)

    @override
    def _parse_state(self, payload: dict[str, Any]) -> OmniGuardState:
        return OmniGuardState.model_validate(payload)


class SyncOmniGuardEnv(SyncEnvClient[OmniGuardAction, OmniGuardObservation, OmniGuardState]):
    """`OmniGuardEnv` without `await`: made by its `sync()`."""

    @override
    def connect(self) -> Self:
        super().connect()
        return self

    @override
    def __enter__(self) -> Self:
        return self.connect()

    @override
    def reset(  # type: ignore[override]
        self, **options: Unpack[ResetOptions]
    ) -> StepResult[OmniGuardObservation]:
        """Starts an episode."""
        return cast("StepResult[OmniGuardObservation]", self._run(self._async.reset(**options)))
