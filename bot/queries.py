"""What is asked about conversations: reads beside the writer, put into the shapes that are shown."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Errand, Event, Reminder
from bot.core.policy import Service
from bot.core.reminders import awaited_roles
from bot.core.roles import Role
from bot.directory import Directory
from bot.errors import Refusal
from bot.messages.overview import HomePage, Overview
from bot.service import policy_of, read_conversation
from bot.store.interface import Reader, Record, Store, StoredErrand

RECENT = 5
"""How many finished conversations a home shows."""


@dataclass(frozen=True)
class Found:
    """A record with the reminder that is next for it."""

    record: Record
    reminder: Reminder | None


class Queries:
    """Questions about conversations. Refusal where what is asked for does not exist."""

    def __init__(self, store: Store, policies: Mapping[str, Service], directory: Directory) -> None:
        self._store = store
        self._policies = policies
        self._directory = directory

    async def in_thread(self, channel: str, root_ts: str) -> Record | None:
        """The conversation of a thread."""
        return await self._store.read(lambda reader: reader.in_thread(channel, root_ts)) if root_ts else None

    async def overview(self, conversation_id: str) -> Overview:
        """One conversation as it stands."""
        return self._overview(await self._store.read(partial(_one, conversation_id=conversation_id)))

    async def version(self, dialogue: str, version: str, services: tuple[str, ...]) -> Overview:
        """The conversation about a version in one of the services: the open one, else the latest. Where there are
        several environments, one is named behind the version, such as v1.2.0/staging.
        """
        version, _, environment = version.partition("/")
        look = partial(_version, dialogue=dialogue, version=version, services=services, environment=environment)
        found = await self._store.read(look)
        if not found:
            of = "" if DIALOGUES[dialogue].ticket else "of "
            raise Refusal(
                f"I know no {DIALOGUES[dialogue].noun} {of}{version[:60]} here.",
                remedy=f"`{DIALOGUES[dialogue].command} list` shows those under way.",
            )
        if len({one.record.service for one in found}) > 1:
            names = ", ".join(one.record.service for one in found)
            raise Refusal(f"{version} is a version of several services: {names}.", remedy="Name the service as well.")
        return self._overview(found[0])

    async def open_ones(self, dialogue: str, services: tuple[str, ...]) -> tuple[Overview, ...]:
        """What is under way in some services, the latest opened first."""
        found = await self._store.read(partial(_open_ones, dialogue=dialogue, services=services))
        return tuple(self._overview(one) for one in found)

    async def deployed_last(self, services: tuple[str, ...], version: str = "") -> str:
        """The service that was deployed last, of those that have released a version; empty where none was."""
        return await self._store.read(partial(_deployed_last, services=services, version=version))

    async def events(self, conversation_id: str) -> tuple[Event, ...]:
        """All that happened in a conversation, oldest first."""
        return await self._store.read(lambda reader: reader.events(conversation_id))

    async def next_reminder(self) -> tuple[Reminder, Record] | None:
        """What happens by itself next, anywhere."""
        return await self._store.read(_next_reminder)

    async def home_page(self, user: str) -> HomePage:
        """What a person's App Home shows: what waits for them, what is under way, what ended, what is stuck."""
        every = tuple(self._policies)
        under_way: list[Overview] = []
        ended: list[Overview] = []
        for dialogue in DIALOGUES:
            under_way += await self.open_ones(dialogue, every)
            recent = await self._store.read(partial(_ended, dialogue=dialogue))
            ended += [self._overview(one) for one in recent if one.record.service in self._policies]
        roles = await self._roles(user, under_way)
        mine = tuple(
            sorted(
                (one for one in under_way if _waits_for(user, roles[one.conversation.service], one)),
                key=lambda one: not _is_urgent(one),
            )
        )
        others = tuple(one for one in under_way if one not in mine)
        stuck = await self._store.read(lambda reader: reader.undelivered(RECENT))
        told = tuple((one.message, one.reason) for one in stuck)
        ended.sort(key=lambda one: one.conversation.since, reverse=True)
        return HomePage(mine, others, tuple(ended), told, await self._undone())

    async def _undone(self) -> tuple[tuple[Overview, Errand, str], ...]:
        found = await self._store.read(_undone)
        known = [(one, stored) for one, stored in found if one.record.service in self._policies]
        return tuple((self._overview(one), stored.errand, stored.reason) for one, stored in known)

    async def _roles(self, user: str, overviews: list[Overview]) -> dict[str, frozenset[Role]]:
        services = {one.conversation.service: one.policy for one in overviews}
        actors = await asyncio.gather(*(self._directory.actor(user, policy) for policy in services.values()))
        return {name: actor.roles for name, actor in zip(services, actors, strict=True)}

    def _overview(self, found: Found) -> Overview:
        record = found.record
        conversation: Conversation = read_conversation(record)
        dialogue = DIALOGUES[record.dialogue]
        return Overview(
            dialogue=dialogue,
            conversation=conversation,
            policy=policy_of(record, self._policies),
            awaited=awaited_roles(dialogue, conversation),
            reminder=found.reminder,
            thread=(record.root_channel, record.root_ts) if record.root_channel and record.root_ts else None,
        )


def _waits_for(user: str, roles: frozenset[Role], one: Overview) -> bool:
    """Whether a person is awaited: in a role that they hold, unless another holder alone is asked in it."""
    return any(role in roles and one.conversation.asked(role) in ("", user) for role in one.awaited)


def _is_urgent(one: Overview) -> bool:
    """Whether people are reminded of it in quiet hours too: it stands first where it waits for them."""
    return any(step.wait and step.wait.urgent for step in one.dialogue.awaited(one.conversation.state))


def _undone(reader: Reader) -> list[tuple[Found, StoredErrand]]:
    return [(_one(reader, one.errand.conversation), one) for one in reader.refused_errands(RECENT)]


def _with_reminder(reader: Reader, record: Record) -> Found:
    stored = reader.next_reminder(record.id)
    return Found(record, stored.reminder if stored else None)


def _one(reader: Reader, conversation_id: str) -> Found:
    record = reader.load(conversation_id)
    if record is None:
        raise Refusal("This conversation is not in my records.", remedy="`/release list` shows those under way.")
    return _with_reminder(reader, record)


def _version(reader: Reader, dialogue: str, version: str, services: tuple[str, ...], environment: str) -> list[Found]:
    place = environment.casefold() or None
    found = (reader.find(dialogue, service=name, version=version, environment=place) for name in services)
    return [_with_reminder(reader, _meant(records)) for records in found if records]


def _meant(records: tuple[Record, ...]) -> Record:
    """Of a version's conversations, the latest first, the one that is asked about. Refusal where it may be several."""
    last = {record.environment: record for record in reversed(records)}
    if len(under_way := [record for record in last.values() if record.is_open]) > 1:
        version, names = under_way[0].version, sorted(record.environment for record in under_way)
        raise Refusal(
            f"{version} is under way in {' and in '.join(names)}.",
            remedy=f"Name the environment behind it, such as `{version}/{names[0]}`.",
        )
    return under_way[0] if under_way else records[0]


def _deployed_last(reader: Reader, services: tuple[str, ...], version: str) -> str:
    deployed = [
        (act.at, name)
        for name in services
        for record in reader.find("release", service=name, version=version or None, limit=RECENT)
        if (act := read_conversation(record).took("deployed"))
    ]
    return max(deployed)[1] if deployed else ""


def _open_ones(reader: Reader, dialogue: str, services: tuple[str, ...]) -> list[Found]:
    found = [record for name in services for record in reader.find(dialogue, service=name, is_open=True)]
    found.sort(key=lambda record: record.opened_at, reverse=True)
    return [_with_reminder(reader, record) for record in found]


def _ended(reader: Reader, dialogue: str) -> list[Found]:
    return [Found(record, None) for record in reader.find(dialogue, is_open=False, limit=RECENT)]


def _next_reminder(reader: Reader) -> tuple[Reminder, Record] | None:
    stored = reader.next_reminder()
    record = reader.load(stored.reminder.conversation) if stored else None
    return (stored.reminder, record) if stored and record else None
