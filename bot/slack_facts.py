"""What Slack tells of its messages, views, people and places."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Posted:
    """A message in Slack: its timestamp, and the id of the channel (of a direct message: D…) that it is in."""

    ts: str
    channel: str


@dataclass(frozen=True)
class User:
    """An account. `is_guest` covers both kinds of guests and people of other workspaces; `zone` is an IANA name."""

    id: str
    name: str
    zone: str = ""
    is_deactivated: bool = False
    is_guest: bool = False
    is_bot: bool = False

    @property
    def may_hold_roles(self) -> bool:
        """Deactivated and guest accounts hold no role (design, section 1), nor do bots."""
        return not (self.is_deactivated or self.is_guest or self.is_bot)


@dataclass(frozen=True)
class Group:
    """A user group; `handle` without the @."""

    id: str
    handle: str
    name: str


@dataclass(frozen=True)
class Channel:
    """A channel; `name` without the #. `is_member` says whether the bot is in it."""

    id: str
    name: str
    is_private: bool
    is_archived: bool
    is_member: bool


@dataclass(frozen=True)
class Identity:
    """Whom the token belongs to, and what it may do."""

    team: str
    team_id: str
    user_id: str
    bot_id: str
    scopes: frozenset[str]
