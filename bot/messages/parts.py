"""The parts that messages are put together from: passages of any length, facts, times, buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from bot.core.dialogue import Step
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation
from bot.core.forms import Form
from bot.core.policy import Service
from bot.core.reminders import is_idle
from bot.messages import blocks
from bot.messages.message import Block, Message, Said
from bot.messages.references import STEP_ACTION, Reference
from bot.messages.text import clip, escape, linked, moment, shorten

F = TypeVar("F", bound=Form)

MOST_ENTRIES = 10
"""A list shows so many entries where others are beside it; the thread has them all."""

PASSAGE, SECTION = 1_300, 2_900
"""Characters of a passage that stands beside others, and of a section (Block Kit: 3,000)."""

LINE, PARAGRAPH, CHUNK = 120, 900, 500
"""Characters of an entry, and of a paragraph, that are shown; and of the pieces of one too long for a section, which
may grow fivefold by escaping."""

NAME = 30
"""Characters of a name that stands beside others."""

SHORT = 250
"""Characters of a text that stands behind its heading."""

ROW = 5
"""Buttons in a row, as Slack's clients show them."""

WIDELY_OPEN = 3
"""A step that is open in more states than this belongs to the card alone."""


@dataclass(frozen=True)
class Passage:
    """A list or text of any length under a heading. A message shows its beginning, the thread has the whole.

    `heading` is mrkdwn; `entries` are outside text as it came, and `dress` makes mrkdwn of one. `width` is how many
    characters are shown of each.
    """

    heading: str
    entries: tuple[str, ...]
    bullet: str = "• "
    width: int = LINE
    dress: Callable[[str], str] = linked

    def shown(self) -> str:
        """The heading and as many entries as may stand beside other passages, with a word about the rest."""
        lines = self._first_lines()
        left = len(self.entries) - len(lines)
        if left and self.bullet:
            lines.append(f"… and {left} more in the thread")
        elif self.is_shortened:
            lines.append("… in full in the thread")
        return "\n".join((*self._heading(), *lines))

    @property
    def is_shortened(self) -> bool:
        return len(self._first_lines()) < len(self.entries) or any(map(self._is_cut, self.entries))

    def whole(self) -> Iterator[str]:
        """All of it, as texts that fit a section each."""
        pieces = [piece for entry in self.entries for piece in self._pieces(entry)]
        yield from packed((*self._heading(), *pieces))

    def _heading(self) -> tuple[str, ...]:
        return (self.heading,) if self.heading else ()

    def _first_lines(self) -> list[str]:
        lines: list[str] = []
        for entry in self.entries[:MOST_ENTRIES]:
            line = shorten(self._dressed(clip(entry, self.width)), PASSAGE)
            if lines and size(*lines, line) > PASSAGE:
                break
            lines.append(line)
        return lines

    def _dressed(self, entry: str) -> str:
        return self.bullet + self.dress(entry)

    def _is_cut(self, entry: str) -> bool:
        return len(entry) > self.width or len(self._dressed(entry)) > PASSAGE

    def _pieces(self, entry: str) -> Iterator[str]:
        if size(line := self._dressed(entry)) <= SECTION:
            yield line
            return
        for start in range(0, len(entry), CHUNK):
            yield escape(entry[start : start + CHUNK])


def size(*texts: str) -> int:
    """Characters as Slack's strictest readers count them: an emoji beyond the first plane is two."""
    return sum(len(text.encode("utf-16-le", "surrogatepass")) // 2 for text in texts)


def paragraph(heading: str, text: str) -> Passage:
    """What a person wrote at length."""
    return Passage(heading, tuple(text.splitlines()) or ("",), bullet="", width=PARAGRAPH)


def named(heading: str, text: str) -> Passage:
    """A text below its heading; behind it, where it is short."""
    if "\n" in text or len(text) > SHORT:
        return paragraph(heading, text)
    return Passage("", (text,), bullet=f"{heading} ", width=SHORT)


def packed(lines: Iterable[str]) -> Iterator[str]:
    """Lines joined to texts that fit a section each; no line may be longer than one."""
    text = ""
    for line in lines:
        if text and size(text, line) >= SECTION:
            yield text
            text = line
        else:
            text = f"{text}\n{line}" if text else line
    if text:
        yield text


@dataclass
class Telling:
    """A message as it grows: blocks in their order, and the passages that may need the thread for their rest."""

    conversation: Conversation
    text: str
    blocks: list[Block] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)

    def say(self, *lines: str) -> None:
        """A section of lines; empty ones are left out, and no section is made of none."""
        if given := [line for line in lines if line]:
            self.blocks.append(blocks.section("\n".join(given)))

    def tell(self, passage: Passage) -> None:
        if passage.entries:
            self.passages.append(passage)
            self.blocks.append(blocks.section(passage.shown()))

    def aside(self, *texts: str) -> None:
        self.blocks.append(blocks.context(*(text for text in texts if text)))

    def offer(self, steps: Iterable[Step], *more: Block, policy: Service | None = None) -> None:
        """Buttons for steps, and others after them."""
        self.blocks.extend(rows(self.conversation, steps, *more, policy=policy))

    def message(self) -> Message:
        return Message(self.text, tuple(self.blocks))

    def said(self, *, broadcast: bool = False) -> tuple[Said, ...]:
        """The message, and after it what it had no room for."""
        return (Said(self.message(), broadcast=broadcast), *self.rest())

    def rest(self) -> tuple[Said, ...]:
        """The whole of every passage that was shortened, for the thread: a few sections a message."""
        texts = [text for passage in self.passages if passage.is_shortened for text in passage.whole()]
        parts = [texts[start : start + 3] for start in range(0, len(texts), 3)]
        title = f"{escape(self.conversation.version)}: in full"
        return tuple(Said(Message(title, tuple(blocks.section(text) for text in part))) for part in parts)


# ── buttons ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def step_button(conversation: Conversation, step: Step, policy: Service | None = None) -> Block:
    """A step's button: it names its conversation and the stage that it was made for. With the service's policy, its
    dialog says what the step starts.
    """
    reference = Reference(conversation.dialogue, step.name, conversation.id, conversation.stage)
    asked = question(step, policy)
    confirm = blocks.confirm(f"{step.label}?", asked, step.label) if asked else None
    return blocks.button(step.label, STEP_ACTION + step.name, reference.write(), style=step.style, confirm=confirm)


def question(step: Step, policy: Service | None) -> str:
    """What a step's confirm dialog asks; empty where it has none."""
    return " ".join(text for text in (step.confirm, step.warns(policy) if step.warns and policy else "") if text)


def rows(
    conversation: Conversation, steps: Iterable[Step], *more: Block, policy: Service | None = None
) -> tuple[Block, ...]:
    """Buttons in rows; the table's order, so that what is awaited comes first."""
    offered = (step for step in steps if step.name not in conversation.shut)
    buttons = blocks.one_primary([*(step_button(conversation, step, policy) for step in offered), *more])
    return tuple(blocks.actions(*buttons[start : start + ROW]) for start in range(0, len(buttons), ROW))


def answers(conversation: Conversation) -> tuple[Step, ...]:
    """The steps that answer what a state asks for, as buttons; what is open nearly always is left to the card.

    Where a decision is asked for, every way out is an answer.
    """
    dialogue = DIALOGUES[conversation.dialogue]
    under_way = {state.name for state in dialogue.states if not state.final}
    awaited = dialogue.awaited(conversation.state)
    steps = tuple(step for step in dialogue.buttons(conversation.state) if not is_idle(step, conversation))
    if any(step.confirm for step in awaited):
        return steps
    return tuple(
        step
        for step in steps
        if step in awaited or (len(step.sources) <= WIDELY_OPEN and not under_way.issubset(step.sources))
    )


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def utc(when: datetime, *, day: bool = True) -> str:
    """A moment in the documents' form: "2024-01-16 16:00 UTC", or "16:00 UTC"."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if day else f"{when.astimezone(UTC):%H:%M} UTC"


def clock_time(when: datetime, now: datetime) -> str:
    """A moment as people speak of it: "16:00 UTC" on the day it is said, with its day on any other."""
    return utc(when, day=when.astimezone(UTC).date() != now.astimezone(UTC).date())


def both_zones(when: datetime, note: str = "") -> str:
    """A moment in UTC, as logs and plans name it, and in the reader's own zone; a note in brackets after the first."""
    return f"{utc(when)}{f' ({note})' if note else ''} · {moment(when)} your time"


def span(length: timedelta) -> str:
    """A length of time in words: "45 minutes", "2 hours", "1 h 30 min", "2 days"."""
    minutes = round(length.total_seconds() / 60)
    hours, left = divmod(minutes, 60)
    if hours and left:
        return f"{hours} h {left} min"
    if hours >= 48 and hours % 24 == 0:
        return f"{hours // 24} days"
    count, unit = (hours, "hour") if hours else (minutes, "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def minutes(count: int) -> str:
    return span(timedelta(minutes=count))


def told_minutes(count: int | None) -> str:
    return "not told" if count is None else minutes(count)


def in_minutes(count: int | None) -> str:
    """How long something took, as the end of a line about it; nothing where that is not known."""
    return "" if count is None else f" in {minutes(count)}"


def form_of(form: type[F], data: Mapping[str, Any]) -> F:
    """A form of what an event keeps, without the facts that were decided beside it."""
    return form.model_validate({name: value for name, value in data.items() if name in form.model_fields})


def place(conversation: Conversation) -> str:
    """The environment as a title: "Production"."""
    return escape(capital(conversation.environment))


def says_of(step: Step, conversation: Conversation) -> str:
    """A step's own line, with the conversation's environment in the place of production, which is the documents' only
    one.
    """
    where = escape(conversation.environment)
    return step.says.replace("Production", capital(where)).replace("production", where)


def version(conversation: Conversation) -> str:
    """What the conversation is called by: its version, or its number where it is a ticket."""
    return escape(conversation.version)


def begun_by(conversation: Conversation, did: str) -> str:
    """Who began it, as a card's first line ends: “ · raised by Charlie Wilson”."""
    first = conversation.trail[:1]
    return "".join(f" · {did} by {escape(clip(act.name, NAME))}" for act in first)


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]
