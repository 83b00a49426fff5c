"""The few types that everything here shares."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
"""A JSON object as Slack sends or takes it."""


class ApiError(Exception):
    """A Web API call is refused. `error` is Slack's own word for it, `detail` goes beside it in the answer."""

    def __init__(self, error: str, detail: Json | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.detail = detail or {}

    @classmethod
    def because(cls, error: str, *messages: str) -> ApiError:
        """A refusal that explains itself the way Slack does, in `response_metadata.messages`."""
        return cls(error, {"response_metadata": {"messages": [f"[ERROR] {message}" for message in messages]}})


class PersonError(Exception):
    """What a person tried is not possible in Slack's own client. The text is a plain sentence."""
