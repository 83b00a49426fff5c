"""The things a workspace is made of."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Literal

from playground.slack.shapes import Json

ChannelKind = Literal["public", "private", "im"]
REVISIONS_KEPT = 10


@dataclass(frozen=True)
class Team:
    id: str
    name: str
    domain: str


@dataclass
class User:
    """A person or the app's bot user. `name` is the handle, `real_name` what clients show."""

    id: str
    name: str
    real_name: str
    title: str = ""
    tz: str = "UTC"
    tz_offset: int = 0
    email: str = ""
    avatar: str = ""
    color: str = "#4a154b"
    deleted: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_bot: bool = False


@dataclass
class UserGroup:
    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()
    is_enabled: bool = True
    updated: int = 0


@dataclass
class Channel:
    """A conversation. `user` is the person at the other end of a direct message."""

    id: str
    name: str
    kind: ChannelKind
    members: set[str]
    created: int = 0
    topic: str = ""
    is_archived: bool = False
    user: str | None = None
    pins: list[str] = field(default_factory=list)
    bookmarks: list[Json] = field(default_factory=list)

    @property
    def scope_family(self) -> str:
        """The word before the colon in the scopes that reach this kind of conversation."""
        return {"public": "channels", "private": "groups", "im": "im"}[self.kind]


@dataclass
class Message:
    """A message as it stands now. `revisions` are the blocks it showed before, newest last; `pings` whom it pings."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    ephemeral_for: str | None = None
    broadcast: bool = False
    revisions: list[list[Json]] = field(default_factory=list)
    pings: frozenset[str] = frozenset()

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def is_in_channel(self) -> bool:
        """Whether the channel itself shows it, not only its thread."""
        return not self.is_reply or self.broadcast

    def snapshot(self) -> Message:
        """The message as a person sees it at this moment; later changes don't reach it."""
        return copy.deepcopy(self)

    def rewrite(self, text: str, blocks: list[Json]) -> None:
        self.revisions = [*self.revisions, self.blocks][-REVISIONS_KEPT:]
        self.text, self.blocks = text, blocks

    def to_json(self, team_id: str, *, with_metadata: bool = False) -> Json:
        """Slack's message object, without the thread's counters."""
        shown: Json = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
            "team": team_id,
        }
        optional = {
            "subtype": self.subtype,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "thread_ts": self.thread_ts,
            "edited": self.edited,
            "blocks": self.blocks or None,
            "metadata": self.metadata if with_metadata else None,
            "is_ephemeral": True if self.ephemeral_for else None,
            "reactions": [
                {"name": name, "users": list(users), "count": len(users)} for name, users in self.reactions.items()
            ]
            or None,
        }
        shown.update((key, value) for key, value in optional.items() if value is not None)
        return copy.deepcopy(shown)
