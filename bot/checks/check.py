"""`greenlight check`: every problem of the configuration at once; with a token, what only Slack knows as well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot import manifest
from bot.checks.hooks import look_at_hooks
from bot.checks.monitors import ask_monitors
from bot.checks.outside import ask_deployers, ask_trackers
from bot.checks.pagers import look_at_pagers
from bot.checks.playbook import ask_playbooks
from bot.clock import SystemClock
from bot.core.policy import Service
from bot.core.release_feedback import question_of
from bot.errors import ConfigurationError, GreenlightError, Problem, TransientError
from bot.settings import Configuration, Environment, Files, load, read_environment
from bot.slack import AuthorizationError, Identity, RateLimitedError, Slack, UndeliverableError

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
Told = tuple[str, str]
"""A reason and a remedy."""

PAUSES = 5
"""How often one question waits as long as Slack asks before it is given up."""

AT_ONCE = 8
"""Questions under way at once; Slack's slowest method here, conversations.info, takes 50 a minute."""


_NOBODY: Told = ("Slack knows no such person.", "Copy the member ID from the person's profile.")
_UNKNOWN: Mapping[str, Told] = {
    "channel_not_found": (
        "Greenlight sees no such channel.",
        "Check the id. If the channel is private, type /invite @Greenlight in it.",
    ),
    "user_not_found": _NOBODY,
    "user_not_visible": _NOBODY,
    "no_such_subteam": ("Slack has no such user group enabled.", "Copy the group's ID, or enable the group again."),
}
"""Slack's codes for an id that leads nowhere."""


@dataclass(frozen=True)
class Report:
    """What was found. `notes` are good news and what was left out; `unreachable` says why Slack could not be asked."""

    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    unreachable: str = ""


async def check(path: Path | None = None, *, offline: bool = False) -> Report:
    """Check the file, the environment where it has a token, and then Slack, unless `offline`."""
    problems: list[Problem] = []
    notes: list[str] = []
    files = Files()
    configuration = _kept(problems, lambda: load(path or files.configuration))
    if configuration is not None:
        notes.append(f"{configuration.file}: {_count(len(configuration.services), 'service')}, nothing to object to.")
        notes.extend(_unwatched_canaries(configuration))
    if configuration is not None and not offline:
        for found, remarks in (
            await ask_monitors(configuration, SystemClock().now()),
            await ask_trackers(configuration),
            await ask_playbooks(configuration, SystemClock()),
            await ask_deployers(configuration),
            look_at_hooks(configuration),
            (look_at_pagers(configuration), ()),
        ):
            problems.extend(found)
            notes.extend(remarks)
    if offline or not files.knows_slack:
        why = "--offline" if offline else "SLACK_BOT_TOKEN is not set"
        return Report(tuple(problems), (*notes, f"Slack was not asked: {why}."))
    environment = _kept(problems, read_environment)
    if environment is None:
        return Report(tuple(problems), tuple(notes))
    problems.extend(_of_the_machine(environment))
    asked = await ask_slack(environment, configuration)
    return Report((*problems, *asked.problems), (*notes, *asked.notes), asked.unreachable)


def _kept(problems: list[Problem], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except ConfigurationError as error:
        problems.extend(error.problems)
        return None


def _of_the_machine(environment: Environment) -> Iterator[Problem]:
    folder = environment.database.absolute().parent
    if not folder.is_dir():
        remedy = "Create it, or set GREENLIGHT_DATABASE to a path that outlives restarts."
        yield Problem("environment", "GREENLIGHT_DATABASE", f"There is no folder {folder}.", remedy)


async def ask_slack(
    environment: Environment, configuration: Configuration | None, sleep: Sleep = asyncio.sleep
) -> Report:
    """Ask about the token, its scopes and, where there is a configuration, all that it names.

    `sleep` waits as many seconds as Slack asks for.
    """
    slack = Slack(environment.bot_token.get_secret_value(), base_url=environment.slack_api_url)
    try:
        identity = await _patiently(slack.auth_test, sleep)
        problems = [*_missing_scopes(identity)]
        mentions = tuple(_mentions(configuration)) if configuration else ()
        if configuration:
            problems += await _Inquiry(slack, configuration, bool(identity.scopes), sleep).problems(mentions)
    except AuthorizationError as error:
        remedy = "Install the app to the workspace again, and copy its “Bot User OAuth Token”."
        reason = f"Slack does not accept this token ({error.reason})."
        return Report((Problem("environment", "SLACK_BOT_TOKEN", reason, remedy),))
    except TransientError as error:
        return Report(unreachable=f"Slack could not be asked: {error}. This says nothing about the configuration.")
    finally:
        await slack.close()
    found = f"{_count(len(mentions), 'channel, person or group', 'channels, people and groups')} looked up"
    return Report(tuple(problems), (f"Slack: {identity.team}, {_count(len(identity.scopes), 'scope')}, {found}.",))


def _missing_scopes(identity: Identity) -> Iterator[Problem]:
    if not identity.scopes:
        return  # a proxy dropped the header; what is missing shows in the questions that follow
    for scope in sorted(manifest.scopes() - identity.scopes):
        remedy = "Add it under “OAuth & Permissions” of the Slack app, and install the app again."
        yield Problem("manifest.yml", "oauth_config.scopes.bot", f"The token lacks the scope {scope}.", remedy)


@dataclass(frozen=True)
class _Mention:
    """An id that the configuration names, and the first key under which it does."""

    kind: str
    id: str
    key: str


def _mentions(configuration: Configuration) -> Iterable[_Mention]:
    """Every channel, user and group, once."""
    found: dict[str, _Mention] = {}
    for service in configuration.services.values():
        for mention in _mentions_of(service):
            found.setdefault(mention.id, mention)
    return found.values()


def _mentions_of(service: Service) -> Iterator[_Mention]:
    at = f"services.{service.name}"
    for place, channel in enumerate(service.channels):
        yield _Mention("channel", channel, f"{at}.channels[{place}]")
    for role, holders in service.roles.items():
        for place, user in enumerate(holders.users):
            yield _Mention("user", user, f"{at}.roles.{role.value}.users[{place}]")
        for place, group in enumerate(holders.groups):
            yield _Mention("group", group, f"{at}.roles.{role.value}.groups[{place}]")
    for severity, route in service.routing.items():
        if route.channel:
            yield _Mention("channel", route.channel, f"{at}.routing.{severity}.channel")
    if asked := question_of(service.playbook):
        for place, user in enumerate(asked[1].people):
            yield _Mention("user", user, f"{at}.playbook.checks.{asked[0]}.people[{place}]")
    if service.team_group:
        yield _Mention("group", service.team_group, f"{at}.team_group")


@dataclass(frozen=True)
class _Inquiry:
    """Asks Slack about what the configuration mentions. `scopes_told`: what a missing scope hides is no news then."""

    slack: Slack
    configuration: Configuration
    scopes_told: bool
    sleep: Sleep

    async def problems(self, mentions: tuple[_Mention, ...]) -> list[Problem]:
        """In the order of the mentions."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def ask(mention: _Mention) -> Problem | None:
            async with limit:
                told = await self._ask(mention)
            return self.configuration.problem(mention.key, *told) if told else None

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(ask(mention)) for mention in mentions]
        except* GreenlightError as errors:
            raise _first(errors) from None
        answers = (task.result() for task in tasks)
        return [problem for problem in answers if problem is not None]

    async def _ask(self, mention: _Mention) -> Told | None:
        """What is wrong with it, if anything."""
        look = {"channel": self._channel, "user": self._user, "group": self._group}[mention.kind]
        try:
            return await _patiently(lambda: look(mention.id), self.sleep)
        except UndeliverableError as error:
            if error.reason == "missing_scope" and self.scopes_told:
                return None
            return _UNKNOWN.get(error.reason) or (f"Slack does not tell ({error.reason}).", error.remedy)

    async def _channel(self, channel_id: str) -> Told | None:
        channel = await self.slack.channel(channel_id)
        shown = self.configuration.channel_names.get(channel_id, channel.name)
        if channel.is_archived:
            return f"#{channel.name} is archived.", "Unarchive it, or name another channel."
        if shown != channel.name:
            return f"This channel is #{channel.name} in Slack, not #{shown}.", "Check the id, and correct the name."
        if not channel.is_member:
            return f"Greenlight is not in #{channel.name}.", "Type /invite @Greenlight in it."
        return None

    async def _user(self, user_id: str) -> Told | None:
        user = await self.slack.user(user_id)
        if user.may_hold_roles:
            return None
        kind = "deactivated" if user.is_deactivated else "a bot" if user.is_bot else "a guest"
        return f"{user.name} is {kind}, and holds no role.", "Name somebody else, or remove the line."

    async def _group(self, group_id: str) -> Told | None:
        if await self.slack.group_members(group_id):
            return None
        return "This user group is empty.", "Add people to it in Slack, or list users instead."


def _first(errors: BaseExceptionGroup[GreenlightError]) -> GreenlightError:
    """One of a group's errors: when Slack can't be reached, they all say the same."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, GreenlightError)
    return error


async def _patiently(question: Callable[[], Awaitable[T]], sleep: Sleep) -> T:
    """The answer; where Slack asks for a pause, after it."""
    for _ in range(PAUSES):
        try:
            return await question()
        except RateLimitedError as error:
            await sleep(error.retry_after)
    return await question()


def _unwatched_canaries(configuration: Configuration) -> Iterator[str]:
    """Services whose canaries are to be promoted by what stays quiet, and of which nothing is measured."""
    for name, service in configuration.services.items():
        if service.canary.promoted_by == "quiet" and not service.signals and not service.alertmanager:
            yield f"{name}: no monitor is configured, so people promote its canaries, whatever “promoted_by” says."


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
