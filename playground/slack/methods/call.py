"""What a method is and what it is called with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from playground.slack.model import Channel, User
from playground.slack.rate_limits import Tier
from playground.slack.shapes import ApiError, Json
from playground.slack.state import Slack

Item = TypeVar("Item")
TRUE = frozenset({"1", "true", "True"})


@dataclass
class Call:
    """One call: the workspace, and the arguments as they came (strings from forms, values from JSON)."""

    slack: Slack
    arguments: Json

    def text(self, name: str) -> str:
        """A required string. Raises ApiError invalid_arguments."""
        value = self.arguments.get(name)
        if value in (None, ""):
            raise ApiError.because("invalid_arguments", f"missing required field: {name} [json-pointer:/{name}]")
        if not isinstance(value, str):
            raise ApiError.because("invalid_arguments", f"must be a string [json-pointer:/{name}]")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.arguments.get(name) not in (None, "") else None

    def flag(self, name: str) -> bool:
        return str(self.arguments.get(name)) in TRUE

    def whole(self, name: str, default: int, *, highest: int) -> int:
        """A whole number from 1 up to `highest`. Raises ApiError invalid_limit."""
        given = self.arguments.get(name, default)
        try:
            number = int(given)
        except (TypeError, ValueError):
            raise ApiError("invalid_limit") from None
        if not 1 <= number <= highest:
            raise ApiError("invalid_limit")
        return number

    def parsed(self, name: str, error: str) -> Any:
        """A JSON argument, given as JSON or as its text; None where it is missing. Raises ApiError `error`."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiError(error) from None

    def blocks(self) -> list[Json] | None:
        blocks = self.parsed("blocks", "invalid_blocks_format")
        if blocks is not None and not isinstance(blocks, list):
            raise ApiError("invalid_blocks_format")
        return blocks

    def metadata(self) -> Json | None:
        metadata = self.parsed("metadata", "invalid_metadata_format")
        if metadata is not None and not isinstance(metadata, dict):
            raise ApiError("invalid_metadata_format")
        return metadata

    # What the arguments point at -------------------------------------------------------------------------------

    def channel(self, name: str = "channel") -> Channel:
        """A conversation the bot can see, by id. Raises ApiError channel_not_found."""
        channel = self.slack.workspace.channels.get(self.text(name))
        hidden = channel is not None and channel.kind != "public" and not self.slack.workspace.bot_is_in(channel)
        if channel is None or hidden:
            raise ApiError("channel_not_found")
        return channel

    def person(self, name: str = "user", error: str = "user_not_found") -> User:
        user = self.slack.workspace.user(self.text(name))
        if user is None:
            raise ApiError(error)
        return user

    def require_scope(self, scope: str) -> None:
        """Raises ApiError missing_scope with what is needed and what is there."""
        if scope not in self.slack.manifest.scopes:
            raise missing_scope(self.slack, scope)

    # Paging ----------------------------------------------------------------------------------------------------

    def page(self, items: Sequence[Item], *, default: int = 100, highest: int = 1000) -> tuple[list[Item], Json]:
        """A page of the items, and the rest of the answer that leads to the next. Raises ApiError invalid_cursor."""
        limit = self.whole("limit", default, highest=highest)
        start = _position(self.arguments.get("cursor") or "")
        following = start + limit
        cursor = base64.b64encode(f"next:{following}".encode()).decode() if following < len(items) else ""
        return list(items[start:following]), {"response_metadata": {"next_cursor": cursor}}


def missing_scope(slack: Slack, needed: str) -> ApiError:
    return ApiError("missing_scope", {"needed": needed, "provided": ",".join(sorted(slack.manifest.scopes))})


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, number = base64.b64decode(cursor, validate=True).decode().split(":")
        position = int(number)
    except ValueError:
        raise ApiError("invalid_cursor") from None
    if word != "next" or position < 0:
        raise ApiError("invalid_cursor")
    return position


@dataclass(frozen=True)
class Method:
    """`scopes`: any of them lets the call in. `caller`: whose token may call it."""

    name: str
    run: Callable[[Call], Json]
    tier: Tier
    scopes: tuple[str, ...] = ()
    caller: Literal["bot", "app"] = "bot"
