"""Text as Slack reads it. Everything that came from outside passes `escape` or `code` before it becomes mrkdwn.

Slack parses mentions, links and formatting in mrkdwn (docs.slack.dev, "Formatting message text"); a commit message
must not be able to ping a channel, nor to break out of the line it stands in.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

WORD_JOINER = "\u2060"
"""Put before a formatting character of outside text, so that Slack does not see it as one. It has no width; text that
is copied out of Slack carries it along, which is why what is meant to be copied stands in `code`."""

_FORMATTING = re.compile(r"(?<![\w])([*_~`])|([*_~`])(?![\w])")
# Overrides of direction turn the rest of a line around; zero-width and control characters hide what is said; halves of
# a surrogate pair are no text and can't be sent.
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\ud800-\udfff]"
)
# Most names and labels are made of these, and a message has dozens of them.
_HARMLESS = re.compile(r"[A-Za-z0-9 .,:;/()#+-]*")
_URL = re.compile(r"https?://[^\s<>|]+")
_END_OF_SENTENCE = ".,;:!?)]}'\"*_~`…"

ELLIPSIS = "…"

DATE_STYLES = {
    "date_time": "{date_short_pretty} {time}",
    "time": "{time}",
    "date": "{date_short_pretty}",
}


def entities(text: str) -> str:
    """Slack's three entities. Nothing else is needed against mentions and links (docs.slack.dev, escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def visible(text: str) -> str:
    """Outside text without the characters that hide or turn around what is said."""
    return _HIDDEN.sub("", text)


def escape(outside: str) -> str:
    """Outside text that is shown as it is: no mention, no link, no formatting."""
    if _HARMLESS.fullmatch(outside):
        return outside
    plain = entities(visible(outside))
    return _FORMATTING.sub(lambda found: WORD_JOINER + found[0] + WORD_JOINER, plain)


def one_line(outside: str) -> str:
    """Outside text on one line, not yet escaped."""
    return " ".join(outside.split())


def code(outside: str) -> str:
    """Outside text in a code span: a commit, a branch, an endpoint. Fit to be copied."""
    bare = entities(one_line(visible(outside)).replace("`", "'"))
    return f"`{bare}`" if bare else ""


def bold(outside: str) -> str:
    """Outside text in bold; its own asterisks are shown."""
    return f"*{escape(one_line(outside))}*"


def mention(user: str) -> str:
    """A person, who is called by it."""
    return f"<@{user}>"


def mention_group(group: str) -> str:
    """A user group, whose members are called by it."""
    return f"<!subteam^{group}>"


def link(url: str, label: str) -> str:
    """A link with a label. An address that is not http(s) is shown and leads nowhere."""
    address = visible(url)
    if not _URL.fullmatch(address):
        return escape(url)
    return f"<{entities(address)}|{escape(one_line(label)).replace('|', '/')}>"


def linked(outside: str) -> str:
    """Outside text in which http(s) addresses, and nothing else, are links; a full stop behind one is no part of it.

    An address that was cut short is no link: it would lead elsewhere.
    """
    plain = visible(outside)
    parts: list[str] = []
    end = 0
    for found in _URL.finditer(plain):
        if found[0].endswith(ELLIPSIS):
            continue
        address = found[0].rstrip(_END_OF_SENTENCE)
        parts += (escape(plain[end : found.start()]), f"<{entities(address)}>")
        end = found.start() + len(address)
    return "".join((*parts, escape(plain[end:])))


def moment(when: datetime, style: str = "date_time") -> str:
    """A moment in each reader's own zone, by Slack's date token; in UTC where tokens aren't understood."""
    aware = when.astimezone(UTC)
    shown = f"{aware:%H:%M} UTC" if style == "time" else f"{aware:%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(aware.timestamp())}^{DATE_STYLES[style]}|{shown}>"


def units(text: str) -> int:
    """The length of a text as Slack counts it: an emoji beyond the basic plane is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, limit: int) -> str:
    """Outside text shortened to a length, before it is escaped. No emoji or accent is cut in half."""
    if units(text) <= limit:
        return text
    end = _prefix(text, limit - len(ELLIPSIS))
    while end > 0 and _continues(text, end):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def _prefix(text: str, limit: int) -> int:
    """How many characters of a text stay within a length."""
    end = min(limit, len(text))
    while (over := units(text[:end]) - limit) > 0:
        end -= (over + 1) // 2
    return end


def _continues(text: str, index: int) -> bool:
    """True if what is seen as one sign goes on at an index: combining marks, joiners, variation selectors, skin tones,
    and the second half of a flag.
    """
    here, before = text[index], text[index - 1]
    if unicodedata.combining(here) or here in "\u200d\ufe0f\ufe0e" or before == "\u200d":
        return True
    if "\U0001f3fb" <= here <= "\U0001f3ff":
        return True
    if not _is_flag_letter(here):
        return False
    # Flags stand side by side without a joint: every second letter begins one.
    letters = 0
    while letters < index and _is_flag_letter(text[index - 1 - letters]):
        letters += 1
    return letters % 2 == 1


def _is_flag_letter(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


_UNIT = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);|`[^`\n]*`|.", re.DOTALL)


def shorten(mrkdwn: str, limit: int) -> str:
    """Finished mrkdwn shortened; no token, entity, code span or emoji is cut. For what outgrew `clip` by escaping."""
    if units(mrkdwn) <= limit:
        return mrkdwn
    return mrkdwn[: _boundary(mrkdwn, limit - len(ELLIPSIS))[0]].rstrip() + ELLIPSIS


def cut(mrkdwn: str, limit: int) -> list[str]:
    """Finished mrkdwn in pieces of a length, parted at a line's end, else between words, else anywhere that `shorten`
    might. What can't be parted and is longer (an address) becomes an ellipsis.
    """
    pieces: list[str] = []
    rest = mrkdwn
    while units(rest) > limit:
        last, after_space = _boundary(rest, limit)
        end = rest.rfind("\n", 0, last) + 1 or after_space or last
        pieces.append(rest[:end] if end else ELLIPSIS)
        rest = rest[end or _first_unit(rest) :]
    return [piece for piece in (*pieces, rest) if piece.strip()]


def _boundary(mrkdwn: str, limit: int) -> tuple[int, int]:
    """The last place within a length where a text may be parted, and the last one behind a space; 0: there is none."""
    length = 0
    ends, spaces = [0], [0]
    for unit in _UNIT.finditer(mrkdwn):
        length += units(unit[0])
        if length > limit:
            break
        ends.append(unit.end())
        if unit[0] == " ":
            spaces.append(unit.end())
    while ends[-1] and ends[-1] < len(mrkdwn) and _continues(mrkdwn, ends[-1]):
        ends.pop()
    return ends[-1], max(space for space in spaces if space <= ends[-1])


def _first_unit(mrkdwn: str) -> int:
    """Where the first thing that can't be parted ends."""
    found = _UNIT.match(mrkdwn)
    end = found.end() if found else len(mrkdwn)
    while end < len(mrkdwn) and _continues(mrkdwn, end):
        end += 1
    return end
