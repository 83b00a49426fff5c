"""Private sentences: why something is not possible now, and what is."""

from __future__ import annotations

from bot.core.roles import MACHINES, Role
from bot.errors import Refusal
from bot.messages import blocks
from bot.messages.limits import in_one
from bot.messages.message import Message
from bot.messages.text import bold, escape, mention, mention_group, moment

A_FEW_LINES = 1_000
"""Characters, of four bytes at most: a fallback text may have 4,000 bytes, a section 3,000 characters."""


ITS_OWN = frozenset(role.label for role in MACHINES - {Role.CI})


def refusal(told: Refusal) -> Message:
    """What a refused person reads: the reason, the way out, who may, what is open, and since when."""
    lines = [f"✋ {escape(told.reason)}"]
    if told.remedy:
        lines.append(_remedy(told.remedy))
    if may := who_may(told):
        people = "".join(f" {_named(person)}" for person in told.people)
        lines.append(f"*Who may:* {escape(', '.join(may))}{people}")
    if told.open_now:
        lines.append(f"*Possible now:* {escape(', '.join(told.open_now))}")
    if told.since:
        lines.append(f"*Since:* {moment(told.since)}")
    return in_one(Message(lines[0], (blocks.section("\n".join(lines)),)))


def who_may(told: Refusal) -> list[str]:
    """The roles that somebody can be asked in. What Greenlight does by itself asks nobody."""
    return [name for name in told.may if name not in ITS_OWN]


def _named(holder: str) -> str:
    """A person or a group. In a private message nobody is called by it."""
    return mention_group(holder) if holder.startswith("S") else mention(holder)


def _remedy(remedy: str) -> str:
    """A remedy is our own sentence, in which backticks mark what is to be typed; the rest may hold outside text."""
    pieces = remedy.split("`")
    if len(pieces) % 2 == 0:
        return escape(remedy)
    return "".join(f"`{escape(piece)}`" if index % 2 else escape(piece) for index, piece in enumerate(pieces))


def notice(text: str) -> Message:
    """One private sentence. `text` is mrkdwn: what comes from outside in it is escaped."""
    told = Message(text, (blocks.section(text),))
    # A few lines are within every limit, however each character is counted.
    return told if 0 < len(text) < A_FEW_LINES else in_one(told)


def raised_elsewhere(card: Message, channel: str) -> Message:
    """The head of a thread that its own channel would not take, for the service's channel."""
    why = (
        f"⚠️ This was raised in <#{channel}>, where I am not a member or may not post. Invite me there (`/invite "
        "@Greenlight`), and its thread begins. Until then it stands here, and its buttons work."
    )
    return Message(card.text, (blocks.section(why), *card.blocks))


def begun_there(noun: str, version: str, service: str, channel: str) -> Message:
    """What becomes of that once the thread has begun: nobody goes on here."""
    what = f"The {noun} of {bold(version)} of {escape(service)}"
    return notice(f"➡️ {what} has its thread in <#{channel}> now, with its buttons.")


def undelivered(noun: str, version: str, channel: str, remedy: str, instead: str = "") -> Message:
    """The private word to whoever opened a conversation that Slack would not take one of its messages, and in which
    channel (`instead`) it stands until then.
    """
    what = f"Something about the {noun} {bold(version)}"
    meanwhile = f" Until then it stands in <#{instead}>." if instead else ""
    return notice(
        f"⚠️ {what} could not be posted in <#{channel}>. {_remedy(remedy)} Nothing is lost: it goes out once that is "
        f"done.{meanwhile}"
    )
