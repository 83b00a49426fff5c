"""The workspace: who is there, where they talk, what they have read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from playground.slack.conversations import Conversations
from playground.slack.events import EventLog
from playground.slack.identifiers import Identifiers, Timestamps
from playground.slack.model import Channel, Team, User, UserGroup
from playground.slack.shapes import Json

COLORS = ("#e01e5a", "#36c5f0", "#2eb67d", "#ecb22e", "#9b59b6", "#e8743b", "#3f6fd8", "#0f8a7e")
SLACKBOT = "USLACKBOT"
NAMES_OF_OTHERS = {SLACKBOT: "Slackbot"}


class Workspace:
    """A team with its people, groups and channels. Messages are in `conversations`, what happened in `events`."""

    def __init__(self, now: Callable[[], datetime], *, team_name: str, bot_name: str, app_id: str) -> None:
        self.now = now
        self.ids = Identifiers()
        self.timestamps = Timestamps(now)
        self.events = EventLog()
        self.team = Team(self.ids.next("T"), team_name, team_name.lower().replace(" ", "-"))
        self.people: dict[str, User] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.app_id = app_id
        self.bot_id = self.ids.next("B")
        self.bot = User(
            id=self.ids.next("UB"), name=bot_name.lower(), real_name=bot_name, is_bot=True, avatar=bot_name[:1]
        )
        self.conversations = Conversations(self)

    def add_person(self, name: str, real_name: str = "", *, user_id: str = "", **facts: str | bool) -> User:
        """A new person. `facts` are further fields of `User`, such as title, tz (IANA name), email, is_restricted."""
        user_id = user_id or self.ids.next("U")
        offset = self.now().astimezone(_zone(str(facts.get("tz", "UTC")))).utcoffset()
        defaults: Json = {
            "email": f"{name.lower().replace(' ', '.')}@{self.team.domain}.example",
            "color": COLORS[len(self.people) % len(COLORS)],
            "avatar": "".join(word[0] for word in (real_name or name).split()[:2]).upper(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
        }
        person = User(id=user_id, name=name, real_name=real_name or name, **{**defaults, **facts})
        self.people[user_id] = person
        self.events.append("workspace", {})
        return person

    def add_group(self, handle: str, name: str = "", users: Iterable[str] = (), *, group_id: str = "") -> UserGroup:
        """A user group such as @qa-team. `users` are ids or names."""
        members = tuple(self.person(user).id for user in users)
        group = UserGroup(group_id or self.ids.next("S"), handle, name or handle, members)
        self.groups[group.id] = group
        self.events.append("workspace", {})
        return group

    def add_channel(
        self,
        name: str,
        members: Iterable[str] | None = None,
        *,
        channel_id: str = "",
        topic: str = "",
        private: bool = False,
        with_bot: bool = True,
    ) -> Channel:
        """A channel of the given people (ids or names; all when None), with the bot unless told otherwise."""
        users = self.people if members is None else (self.person(user).id for user in members)
        inside = set(users) | ({self.bot.id} if with_bot else set())
        channel = Channel(
            id=channel_id or self.ids.next("C"),
            name=name.removeprefix("#"),
            kind="private" if private else "public",
            members=inside,
            created=int(self.now().timestamp()),
            topic=topic,
        )
        self.channels[channel.id] = channel
        self.events.append("workspace", {})
        return channel

    def direct_channel(self, user_id: str) -> Channel:
        """The direct message channel between a person and the bot, made when it is first needed."""
        for channel in self.channels.values():
            if channel.kind == "im" and channel.user == user_id:
                return channel
        channel = Channel(
            id=self.ids.next("D"),
            name="",
            kind="im",
            members={user_id, self.bot.id},
            created=int(self.now().timestamp()),
            user=user_id,
        )
        self.channels[channel.id] = channel
        return channel

    def person(self, reference: str) -> User:
        """A person by id, handle or full name. Raises LookupError with the names that exist."""
        if reference in self.people:
            return self.people[reference]
        wanted = reference.removeprefix("@").casefold()
        for person in self.people.values():
            if wanted in (person.name.casefold(), person.real_name.casefold()):
                return person
        known = ", ".join(person.name for person in self.people.values())
        raise LookupError(f"nobody here is called {reference!r}; there are: {known}")

    def channel(self, reference: str) -> Channel:
        """A channel by id or #name. Raises LookupError with the names that exist."""
        if reference in self.channels:
            return self.channels[reference]
        wanted = reference.removeprefix("#")
        for channel in self.channels.values():
            if channel.name and channel.name == wanted:
                return channel
        known = ", ".join(f"#{channel.name}" for channel in self.channels.values() if channel.name)
        raise LookupError(f"there is no channel {reference!r}; there are: {known}")

    def user(self, user_id: str) -> User | None:
        """A person or the bot by id."""
        return self.bot if user_id == self.bot.id else self.people.get(user_id)

    def name_of(self, user_id: str) -> str:
        user = self.user(user_id)
        return user.real_name if user else NAMES_OF_OTHERS.get(user_id, user_id)

    def groups_of(self, user_id: str) -> list[str]:
        return [group.id for group in self.groups.values() if user_id in group.users]

    def bot_is_in(self, channel: Channel) -> bool:
        return self.bot.id in channel.members

    def leave(self, channel: Channel, user_id: str) -> None:
        """Take a person or the bot out of a channel and tell its members' pages."""
        before = set(channel.members)
        channel.members.discard(user_id)
        self.events.append("workspace", {}, before)

    def join(self, channel: Channel, user_id: str) -> None:
        """Put a person or the bot into a channel and tell its members' pages."""
        channel.members.add(user_id)
        self.events.append("workspace", {}, channel.members)


def _zone(name: str) -> tzinfo:
    """UTC needs no file; the first use of another zone reads one, so people are best added before anything runs."""
    return UTC if name == "UTC" else ZoneInfo(name)
