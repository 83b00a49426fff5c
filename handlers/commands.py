"""What slash commands have in common: subcommands, the service that is meant, and the questions of every dialogue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.core.dialogue import Dialogue, able
from bot.core.dialogues import DIALOGUES
from bot.core.environments import as_chosen
from bot.core.policy import Service
from bot.core.refusing import meant
from bot.errors import Refusal
from bot.messages import lists
from bot.messages.message import Message
from bot.messages.overview import Overview
from bot.messages.references import Reference
from handlers.context import Context
from handlers.incoming import first_word, plain, typed_answers
from handlers.steps import open_form


class Call(NamedTuple):
    """One use of a command: who, where, with which words after the subcommand."""

    user: str
    channel: str
    words: str
    trigger: str

    @classmethod
    def of_shortcut(cls, body: Mapping[str, Any]) -> Call:
        """A shortcut as if its command had been used without words; a global one has no channel."""
        return cls(body["user"]["id"], body.get("channel", {}).get("id", ""), "", body["trigger_id"])


Guess = Callable[[Context, tuple[str, ...], str], Awaitable[str]]
"""Which of several services is meant, most likely: of their names and the version that was typed; empty: ask."""

Answer = Callable[[Context, Call], Awaitable[Message | None]]


@dataclass(frozen=True)
class Subcommand:
    """One word after a command: how it is written, what it does."""

    usage: str
    does: str
    answer: Answer


async def dispatch(
    context: Context, command: Mapping[str, Any], subcommands: Mapping[str, Subcommand], otherwise: str = ""
) -> Message | None:
    """What the person is answered privately; None where a form opens instead. `otherwise` is the subcommand that is
    meant where none is named.
    """
    text = plain(command.get("text", ""))
    word, words = first_word(text)
    subcommand = subcommands.get(word.lower() or otherwise or "help")
    if subcommand is None and otherwise:
        subcommand, words = subcommands[otherwise], text
    if subcommand is None:
        raise Refusal(
            f"There is no {command['command']} {word[:40]}.", remedy=_those(command["command"], word, subcommands)
        )
    return await subcommand.answer(
        context, Call(command["user_id"], command["channel_id"], words, command["trigger_id"])
    )


def _those(command: str, word: str, subcommands: Mapping[str, Subcommand]) -> str:
    """The subcommand that was meant, most likely, and all there are."""
    every = ", ".join(f"`{command} {name}`" for name in subcommands)
    return f"{meant(word, subcommands, f'{command} ')}There are: {every}."


def opening(dialogue: Dialogue[Any], step_name: str, guess: Guess | None = None) -> Answer:
    """Answers with what was recorded, where the words say it all; else opens the step's form with what they say."""
    step = dialogue.step(step_name)
    form = step.form
    assert form is not None

    async def answer(context: Context, call: Call) -> Message | None:
        services = context.configuration.services
        named, version, words = split(call.words, tuple(services), versioned="version" in form.asks())
        here = context.configuration.service_in(call.channel) or tuple(services.values())
        given = _with_version(version, await typed_answers(context, form, words, call.user), tuple(services))
        service = named or (here[0].name if len(here) == 1 else "")
        # Its name alone opens nothing: whoever typed no more sees in the form what they are about to do.
        if not service or not words or not form.required() <= given.keys():
            await begin(context, dialogue, step_name, call, given, service, guess)
            return None
        reference = Reference(dialogue.name, step.name, service=service, channel=call.channel)
        taken = await context.conversations.take(reference, call.user, given, call.trigger)
        return lists.recorded(Overview(dialogue, taken.conversation, taken.policy))

    return answer


async def begin(
    context: Context,
    dialogue: Dialogue[Any],
    step_name: str,
    call: Call,
    given: dict[str, Any],
    service: str = "",
    guess: Guess | None = None,
) -> None:
    """Open the form of a dialogue's first step, with what was given; the service is asked for where none is meant, and
    none can be guessed.
    """
    every = tuple(context.configuration.services.values())
    here = context.configuration.service_in(call.channel) or every
    service = service or (here[0].name if len(here) == 1 else "")
    hint = ""
    if not service and guess:
        service = await guess(context, tuple(one.name for one in here), str(given.get("version", "")))
        hint = f"for another service type {dialogue.command} and its name" if service else ""
    reference = Reference(dialogue.name, step_name, service=service, channel=call.channel)
    if service:
        await open_form(context, reference, call.user, call.trigger, given, hint)
    else:
        _choose(context, call, dialogue, reference, given, here)


def _with_version(version: str, typed: dict[str, Any], services: tuple[str, ...]) -> dict[str, Any]:
    """The answers with the version that stood before them. Refusal where the words name another, such as `v 1.2`."""
    if version and "version" in typed:
        both = f"“{version[:60]}” or “{str(typed['version'])[:60]}”"
        remedy = f"Write it once, without spaces, such as v1.2.0. The services are: {', '.join(services)}."
        raise Refusal(f"Which version is meant, {both}?", remedy=remedy)
    return typed | ({"version": version} if version else {})


def _choose(
    context: Context,
    call: Call,
    dialogue: Dialogue[Any],
    reference: Reference,
    given: dict[str, Any],
    services: tuple[Service, ...],
) -> None:
    """Open the form with the question for the service first: the channel means more than one, or none."""
    step = dialogue.step(reference.step)
    services = able(step, services)
    given = as_chosen(step.form, given, services) if step.form else given
    view = lists.opening_form(step, reference, given, services)
    context.background.run(context.slack.offer_view(call.trigger, view, call.user), "open_form")


def questions(dialogue: Dialogue[Any], example: str) -> dict[str, Subcommand]:
    """The subcommands that ask and change nothing: status, list, history."""

    async def status(context: Context, call: Call) -> Message:
        name, subject, _ = split(call.words, tuple(context.configuration.services))
        if not subject:
            return await list_open(context, call)
        overview = await context.queries.version(*_named(dialogue, subject), services_meant(context, call, name))
        return lists.status(overview, context.clock.now())

    async def list_open(context: Context, call: Call) -> Message:
        services = tuple(context.configuration.services)
        name, subject, rest = split(call.words, services)
        if unknown := subject or rest:
            raise Refusal(f"There is no service “{unknown[:60]}”.", remedy=f"The services are: {', '.join(services)}.")
        meant = services_meant(context, call, name)
        beside = [name for name, one in DIALOGUES.items() if one.command == dialogue.command]
        found = [one for name in beside for one in await context.queries.open_ones(name, meant)]
        return lists.listing(found, context.clock.now(), dialogue, meant)

    async def history(context: Context, call: Call) -> Message:
        name, subject, _ = split(call.words, tuple(context.configuration.services))
        if not subject:
            raise Refusal("Whose history?", remedy=f"Name it, such as `{dialogue.command} history {example}`.")
        overview = await context.queries.version(*_named(dialogue, subject), services_meant(context, call, name))
        return lists.history(overview, await context.queries.events(overview.conversation.id))

    return {
        "status": Subcommand(f"status [{example}]", f"where a {dialogue.noun} stands, and who is awaited", status),
        "list": Subcommand("list [service]", f"each {dialogue.noun} under way", list_open),
        "history": Subcommand(f"history <{example}>", "all that happened, with who and when", history),
    }


def _named(dialogue: Dialogue[Any], subject: str) -> tuple[str, str]:
    """The dialogue that is asked about and what in it: a ticket's number, such as ESC-1, names its own."""
    prefix, _, number = subject.upper().partition("-")
    own = next((one for one in DIALOGUES.values() if one.ticket == prefix), None) if number.isdecimal() else None
    return (own.name, f"{prefix}-{int(number)}") if own else (dialogue.name, subject)


def split(words: str, services: tuple[str, ...], *, versioned: bool = True) -> tuple[str, str, str]:
    """The service and the version (or ticket) that stand before any field, and the remaining words."""
    service = version = ""
    rest = words
    while rest:
        word, after = first_word(rest)
        if "=" in word:
            break
        if word in services and not service:
            service = word
        elif versioned and not version:
            version = word
        else:
            break
        rest = after
    return service, version, rest


def services_meant(context: Context, call: Call, named: str) -> tuple[str, ...]:
    """The service that was named; else those of the channel; else all."""
    here = tuple(service.name for service in context.configuration.service_in(call.channel))
    return (named,) if named else here or tuple(context.configuration.services)
