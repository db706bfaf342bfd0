"""Errors that the server tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ServerError(RuntimeError):
    """The server refused a message, and nothing was applied; the session lives on.

    A RuntimeError with the text that openenv-core's clients raise, so that code written for them
    catches it too.
    """

    code: str
    """The standard's code, such as `EXECUTION_ERROR`."""
    reason: str | None
    """A stable slug that tells causes of one code apart, such as `episode_over`."""
    errors: list[dict[str, Any]]
    """What is wrong where (`loc`, `msg`), on a `VALIDATION_ERROR`."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.code = data.get("code", "UNKNOWN")
        self.reason = data.get("reason")
        self.errors = data.get("errors", [])
        text = f"Server error: {data.get('message', 'Unknown error')} (code: {self.code})"
        for error in self.errors:
            place = ".".join(str(part) for part in error.get("loc", []))
            text += f"\n  {place}: {error.get('msg', '')}"
        super().__init__(text)
