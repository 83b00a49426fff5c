"""`/release`: approve, status, list, history, help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_forms import ApprovalForm
from bot.errors import Refusal
from bot.messages import lists
from bot.messages.message import Message
from bot.messages.references import Reference
from handlers.context import Context
from handlers.incoming import first_word, plain
from handlers.steps import open_form

COMMAND = "/release"


@dataclass(frozen=True)
class Call:
    """One use of the command: who, where, with which words."""

    user: str
    channel: str
    words: str
    trigger: str


@dataclass(frozen=True)
class Subcommand:
    """One word after `/release`: how it is written, what it does."""

    usage: str
    does: str
    answer: Callable[[Context, Call], Awaitable[Message | None]]


def register(app: AsyncApp, context: Context) -> None:
    """The command and the shortcut that approves from anywhere."""

    @app.command(COMMAND)
    async def release(ack: AsyncAck, command: dict[str, Any]) -> None:
        message = await answer(context, command)
        await (ack() if message is None else ack(text=message.text, blocks=list(message.blocks)))

    @app.shortcut("release_approve")
    async def approve_shortcut(ack: AsyncAck, body: dict[str, Any]) -> None:
        await approve(context, Call(body["user"]["id"], "", "", body["trigger_id"]))
        await ack()


async def answer(context: Context, command: dict[str, Any]) -> Message | None:
    """What the person is answered privately; None where a form opens instead."""
    word, words = first_word(plain(command.get("text", "")))
    subcommand = SUBCOMMANDS.get(word.lower() or "help")
    if subcommand is None:
        known = ", ".join(f"`{COMMAND} {name}`" for name in SUBCOMMANDS)
        raise Refusal(f"There is no {COMMAND} {word[:40]}.", remedy=f"There are: {known}.")
    call = Call(command["user_id"], command["channel_id"], words, command["trigger_id"])
    return await subcommand.answer(context, call)


async def approve(context: Context, call: Call) -> Message | None:
    """Record the approval where the words say it all, else open the form with what they say."""
    services = context.configuration.services
    named, version, words = _named(call.words, tuple(services))
    here = context.configuration.service_in(call.channel)
    service = named or _only(here or tuple(services.values()))
    given = ApprovalForm.answers_from_words(words, context.clock.now()) if words else {}
    given |= {"version": version} if version else {}
    if not service:
        _choose(context, call, here or tuple(services.values()), given)
        return None
    reference = Reference(RELEASE.name, "approve", service=service, channel=call.channel)
    if not words or not _is_complete(given):
        await open_form(context, reference, call.user, call.trigger, given)
        return None
    taken = await context.conversations.take(reference, call.user, given, call.trigger)
    return lists.recorded(await context.queries.overview(taken.conversation))


async def status(context: Context, call: Call) -> Message:
    """One release, or, where no version is named, all that are open here."""
    name, version, _ = _named(call.words, tuple(context.configuration.services))
    if not version:
        return await list_open(context, call)
    overview = await context.queries.version(RELEASE.name, version, _services(context, call, name))
    return lists.status(overview, context.clock.now())


async def list_open(context: Context, call: Call) -> Message:
    """The open releases of the channel's services; of all services where the channel has none."""
    name, _, _ = _named(call.words, tuple(context.configuration.services))
    overviews = await context.queries.open_ones(RELEASE.name, _services(context, call, name))
    return lists.listing(overviews, context.clock.now())


async def history(context: Context, call: Call) -> Message:
    """All that happened to a version."""
    name, version, _ = _named(call.words, tuple(context.configuration.services))
    if not version:
        raise Refusal("Whose history?", remedy=f"Write `{COMMAND} history v1.2.0`.")
    overview = await context.queries.version(RELEASE.name, version, _services(context, call, name))
    return lists.history(overview, await context.queries.events(overview.conversation.id))


async def usage(_context: Context, _call: Call) -> Message:
    """What can be typed, here and in a thread."""
    return lists.help_message([(f"{COMMAND} {each.usage}", each.does) for each in SUBCOMMANDS.values()], RELEASE)


SUBCOMMANDS = {
    "approve": Subcommand(
        "approve [service] [version] [field=value …]", "approve a tested version for deployment", approve
    ),
    "status": Subcommand("status [version]", "where a release stands, and who is awaited", status),
    "list": Subcommand("list [service]", "the releases under way", list_open),
    "history": Subcommand("history <version>", "all that happened, with who and when", history),
    "help": Subcommand("help", "this list, and what can be typed in a thread", usage),
}


def _named(words: str, services: tuple[str, ...]) -> tuple[str, str, str]:
    """The service and the version that stand before any field, and the remaining words."""
    service = version = ""
    rest = words
    while rest:
        word, after = first_word(rest)
        if "=" in word:
            break
        if word in services and not service:
            service = word
        elif not version:
            version = word
        else:
            break
        rest = after
    return service, version, rest


def _only(services: tuple[Service, ...]) -> str:
    return services[0].name if len(services) == 1 else ""


def _services(context: Context, call: Call, named: str) -> tuple[str, ...]:
    """The service that was named; else those of the channel; else all."""
    here = tuple(service.name for service in context.configuration.service_in(call.channel))
    return (named,) if named else here or tuple(context.configuration.services)


def _is_complete(given: dict[str, Any]) -> bool:
    required = {name for name, info in ApprovalForm.model_fields.items() if info.is_required()}
    return required <= given.keys()


def _choose(context: Context, call: Call, services: tuple[Service, ...], given: dict[str, Any]) -> None:
    """Open the form with the question for the service first: the channel means more than one, or none."""
    reference = Reference(RELEASE.name, "approve", channel=call.channel)
    view = lists.opening_form(RELEASE.step("approve"), reference, given, services)
    context.background.run(context.slack.offer_view(call.trigger, view, call.user), "open_form")
