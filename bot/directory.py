"""Who somebody is: their roles, name and time zone, as Slack and the configuration say. Fails closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.clock import Clock
from bot.core.policy import Holders, Service
from bot.core.roles import Actor, Role
from bot.errors import GreenlightError, TransientError
from bot.lookups import Lookups
from bot.slack import Slack, User

T = TypeVar("T")

BUDGET = 1.5
"""Seconds that looking somebody up may take: Slack gives a click three in all, and the commit needs some."""

PATIENCE = 10.0
"""Seconds where nobody waits for the answer."""

AT_ONCE = 4
WARMED = 50
"""Lookups at the same time and in all while the cache is warmed. Slack allows some 100 people a minute (tier 4), and
the first clicks must find room."""


@dataclass(frozen=True)
class _Seen:
    """What somebody was found to be to a service, and what that was concluded from."""

    service: Service
    user: User
    members: dict[str, frozenset[str]]
    actor: Actor


class Directory:
    """Roles, names and zones of people. Answers are up to five minutes old, ten while Slack is asked again."""

    def __init__(self, slack: Slack, clock: Clock, *, default_zone: str = "UTC", budget: float = BUDGET) -> None:
        self._users: Lookups[User] = Lookups(slack.user, clock)
        self._groups: Lookups[frozenset[str]] = Lookups(lambda group: _members(slack, group), clock)
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._default_zone = default_zone
        self._budget = budget

    async def actor(self, user_id: str, service: Service) -> Actor:
        """Who somebody is to a service. A role that can't be known is not held; `unknown` says why it is not.

        Never raises and takes at most the budget, however Slack does.
        """
        if (seen := self._seen.get((user_id, service.name))) is not None and self._still_holds(seen, user_id, service):
            return seen.actor
        groups = dict.fromkeys(group for holders in service.roles.values() for group in holders.groups)
        user, members = await self._user_and_members(user_id, tuple(groups))
        roles: set[Role] = set()
        unknown: dict[Role, str] = {}
        for role, holders in service.roles.items():
            holds = _holds(user_id, holders, members)
            if holds is True and isinstance(user, User):
                roles.update({role} if user.may_hold_roles else ())
            elif holds is True:
                unknown[role] = f"the account could not be looked up: {user}"
            elif holds is not False:
                unknown[role] = holds
        if isinstance(user, User):
            actor = Actor(user_id, user.name, frozenset(roles), {} if not user.may_hold_roles else unknown)
            told = {group: found for group, found in members.items() if isinstance(found, frozenset)}
            if len(told) == len(members):
                self._seen[user_id, service.name] = _Seen(service, user, told, actor)
            return actor
        last = self._users.last(user_id)
        return Actor(user_id, last.name if last else user_id, frozenset(), unknown)

    def _still_holds(self, seen: _Seen, user_id: str, service: Service) -> bool:
        """True if the account and the groups are those of before: the roles need not be looked through again."""
        if seen.service is not service or self._users.fresh(user_id) is not seen.user:
            return False
        return all(self._groups.fresh(group) is members for group, members in seen.members.items())

    async def _user_and_members(
        self, user_id: str, groups: tuple[str, ...]
    ) -> tuple[User | GreenlightError, dict[str, frozenset[str] | GreenlightError]]:
        """An account and the members of groups, all asked for at once; an error stands for what can't be known."""
        user, known = self._users.fresh(user_id), {group: self._groups.fresh(group) for group in groups}
        if user is not None and None not in known.values():
            return user, {group: members for group, members in known.items() if members is not None}
        asked, found = await asyncio.gather(
            _or_error(self._users.get(user_id, self._budget)),
            asyncio.gather(*(_or_error(self._groups.get(group, self._budget)) for group in groups)),
        )
        return asked, dict(zip(groups, found, strict=True))

    async def holders(self, role: Role, service: Service) -> tuple[str, ...]:
        """The user ids of those who hold a role: listed people first, then the groups' members, known inactive ones
        left out. For telling people, not for letting them: where Slack does not answer, the last known members count.

        Raises TransientError where nothing at all is known of any of them for now.
        """
        holders = service.roles.get(role, Holders())
        found = await asyncio.gather(*(self._members(group) for group in holders.groups))
        people = tuple(dict.fromkeys([*holders.users, *(user for group in found if group for user in sorted(group))]))
        if not people and None in found:
            raise TransientError(f"who holds {role.label} could not be looked up")
        # Slack itself takes deactivated people out of groups; those who are listed it does not know.
        await asyncio.gather(*(_or_error(self._users.get(user, self._budget)) for user in holders.users))
        accounts = ((user, self._users.last(user)) for user in people)
        return tuple(user for user, account in accounts if account is None or account.may_hold_roles)

    async def zone(self, user_id: str) -> str:
        """A person's time zone, an IANA name; the team's where Slack does not say."""
        if (known := self._users.fresh(user_id)) is not None:
            return known.zone or self._default_zone
        try:
            return (await self._users.get(user_id, self._budget)).zone or self._default_zone
        except GreenlightError:
            return self._default_zone

    async def name(self, user_id: str) -> str:
        """A person's full name; the id where Slack does not say."""
        try:
            return (await self._users.get(user_id, self._budget)).name
        except GreenlightError:
            return user_id

    async def warm(self, services: Iterable[Service]) -> None:
        """Look up everybody who holds a role, a few at a time, so that the first click need not wait. Never raises."""
        holders = [holder for service in services for holder in service.roles.values()]
        groups = dict.fromkeys(group for holder in holders for group in holder.groups)
        await _gently(groups, self._groups)
        members = (user for group in groups for user in sorted(self._groups.last(group) or ()))
        listed = (user for holder in holders for user in holder.users)
        people = dict.fromkeys([*listed, *members])
        await _gently(tuple(people)[:WARMED], self._users)

    def forget_group(self, group_id: str) -> None:
        """A group's members have changed (Slack's event subteam_members_changed)."""
        self._groups.forget(group_id)

    async def close(self) -> None:
        """Give up the lookups that are under way."""
        await self._users.close()
        await self._groups.close()

    async def _members(self, group: str) -> frozenset[str] | None:
        """A group's members to be told something; None where they can't be known for now."""
        try:
            return await self._groups.get(group, self._budget)
        except TransientError:
            return self._groups.last(group)
        except GreenlightError:
            return self._groups.last(group) or frozenset()


def _holds(user_id: str, holders: Holders, members: dict[str, frozenset[str] | GreenlightError]) -> bool | str:
    """Whether the configuration and the groups give somebody a role; a reason where that can't be known."""
    if user_id in holders.users:
        return True
    found = [members[group] for group in holders.groups]
    if any(isinstance(group, frozenset) and user_id in group for group in found):
        return True
    failed = [group for group in found if isinstance(group, GreenlightError)]
    return f"the user group could not be looked up: {failed[0]}" if failed else False


async def _members(slack: Slack, group: str) -> frozenset[str]:
    return frozenset(await slack.group_members(group))


async def _or_error(asked: Awaitable[T]) -> T | GreenlightError:
    try:
        return await asked
    except GreenlightError as error:
        return error


async def _gently(keys: Iterable[str], lookups: Lookups[Any]) -> None:
    """Look all of them up, a few at a time; what fails is looked up again when somebody asks."""
    room = asyncio.Semaphore(AT_ONCE)

    async def look_up(key: str) -> None:
        async with room:
            await _or_error(lookups.get(key, PATIENCE))

    await asyncio.gather(*(look_up(key) for key in keys))
