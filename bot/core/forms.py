"""Forms: what a step asks for, as pydantic models.

A field's type and its `Ask` are the only place where it is described. Modals (bot.messages.modals), the JSON of the
HTTP API (`Form.model_json_schema`) and the words typed in a thread (`Form.answers_from_words`) all follow from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    ValidationError,
)
from pydantic.fields import FieldInfo

from bot.core.models import model_of
from bot.core.moments import EARLIEST, LATEST, read_moment
from bot.errors import Refusal

if TYPE_CHECKING:
    from bot.core.policy import Service


class Widget(StrEnum):
    """How a person is asked for a field."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"
    NUMBER = "number"
    LINK = "link"
    CHOICE = "choice"
    CHOICES = "choices"
    MOMENT = "moment"
    PEOPLE = "people"


READ = frozenset({Widget.LINES, Widget.MOMENT, Widget.CHOICE, Widget.CHOICES})
"""The widgets whose answers are read where they are typed; the others are taken as they stand."""


@dataclass(frozen=True)
class Ask:
    """How a field is asked for: the label a person reads, the widget, and what helps to fill it.

    `choices` maps the values of a CHOICE, or of CHOICES of which several may be taken, to their labels; `choices_of`
    gives them where they are a service's own, and a form asks for them where there are two or more. `section` opens a
    new part of a long form. `locked` marks a field that identifies the conversation: shown, not asked, once it is
    open. `past` marks a MOMENT that lies behind: a bare time that is typed means the last one, not the coming one.
    `secret` marks a text that is kept nowhere (bot.core.secrets).
    """

    label: str
    widget: Widget = Widget.LINE
    hint: str = ""
    placeholder: str = ""
    choices: Mapping[str, str] | None = None
    choices_of: Callable[[Service], Mapping[str, str]] | None = None
    section: str = ""
    locked: bool = False
    past: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Expected:
    """Beside a type with a pattern: the sentence that says how it is written, for whoever wrote it otherwise."""

    sentence: str


_BULLET = re.compile(r"^(?:[-•*]\s+|•|[-*]$)")


def _lines(value: object) -> object:
    """A list as people type it: one entry per line, with or without a bullet."""
    if isinstance(value, str):
        stripped = (_BULLET.sub("", line.strip()).strip() for line in value.splitlines())
        return [line for line in stripped if line]
    return value


_UNREADABLE_TIME = "This is not a time I can read; write it as 2024-01-16T16:00:00Z."


def _seconds(value: object) -> object:
    """Slack's picker gives a moment as Unix seconds."""
    if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value)):
        seconds = int(value)
        if not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
            raise ValueError(_UNREADABLE_TIME)
        return datetime.fromtimestamp(seconds, UTC)
    return value


def _in_utc(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError(_UNREADABLE_TIME)
    return moment.astimezone(UTC)


def _people(value: object) -> object:
    """Slack user ids from mentions as they arrive in text: "<@U123> <@U456|name>"."""
    if isinstance(value, str):
        words = value.replace(",", " ").split()
        return [word.strip("<>@").partition("|")[0] for word in words]
    return value


def _address(value: object) -> object:
    """A link as Slack writes it in text: "<https://…>" or "<https://…|label>"."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*<([^<>|]+)(?:\|[^<>]*)?>\s*", value)):
        return match[1]
    return value


QUOTING = "Quote values with spaces, part lists with “;”."
"""How values are typed, whatever the form."""

# Control characters have no place in what people read; a line has no line breaks of any kind either.
_ONE_LINE = r"^[^\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029]*$"
_ANY_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Stripped = StringConstraints(strip_whitespace=True)
# Lengths stand in Field, where modals find them.
OneLine = Annotated[str, Stripped, Field(min_length=1, max_length=150, pattern=_ONE_LINE)]
Paragraph = Annotated[str, Stripped, Field(min_length=1, max_length=3000, pattern=_ANY_TEXT)]
Entry = Annotated[str, Stripped, Field(min_length=1, max_length=300, pattern=_ONE_LINE)]
Entries = Annotated[tuple[Entry, ...], BeforeValidator(_lines), Field(max_length=100)]
SomeEntries = Annotated[tuple[Entry, ...], BeforeValidator(_lines), Field(min_length=1, max_length=100)]
Moment = Annotated[AwareDatetime, BeforeValidator(_seconds), AfterValidator(_in_utc)]
UserIds = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,}$")], ...],
    BeforeValidator(_people),
    Field(max_length=10),
]
WebLink = Annotated[HttpUrl, BeforeValidator(_address)]
Minutes = Annotated[int, Field(ge=0, le=7 * 24 * 60)]


class Form(BaseModel):
    """The base of all forms: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def asks(cls) -> Mapping[str, tuple[Ask, FieldInfo]]:
        """Every field with how it is asked for, in the order of the form."""
        return _asks(cls)

    @classmethod
    def required(cls) -> frozenset[str]:
        """The names of the fields that must be given."""
        return _required(cls)

    @classmethod
    def from_answers(cls, answers: Mapping[str, Any]) -> Self:
        """The form from plain answers by field name; empty answers count as not given.

        Raises Refusal with one sentence per field, fit for the modal's own field errors.
        """
        given = {
            name: value
            for name, value in answers.items()
            if (value.strip() if isinstance(value, str) else value is not None and value not in _EMPTY)
        }
        try:
            return model_of(cls, given)
        except ValidationError as error:
            raise _as_refusal(cls, error) from error

    @classmethod
    def answers_from_words(cls, words: str, now: datetime, zone: str = "UTC") -> dict[str, Any]:
        """The answers in a typed line: `field=value field="several words"`. Lists are separated by semicolons.

        Words before the first `field=` answer the form's first required text, so that `rollback orders fail` works;
        a form of one field takes all that is typed as it stands. Raises Refusal where a field is unknown or given
        twice, a quote is not closed, or a word stands after a value that should have been quoted.
        """
        fields, readers = cls.asks(), _readers(cls)
        sole = next(iter(fields)) if len(fields) == 1 else ""
        if sole and not words.strip().startswith(f"{sole}="):
            return {sole: cls._typed(sole, words.strip(), now, zone)} if words.strip() else {}
        answers: dict[str, Any] = {}
        leading: list[str] = []
        for word in _split(words):
            name, equals, value = word.partition("=")
            if equals and name in fields and name not in answers:
                read = readers.get(name)
                answers[name] = read(value, now, zone) if read else value
            elif equals and name in answers:
                raise Refusal(f"“{name}” is given twice.", remedy="Give it once.")
            elif equals and name.isidentifier():
                raise Refusal(f"There is no field “{name[:60]}”.", remedy=cls.usage())
            elif answers:
                last = next(reversed(answers))
                remedy = f'If it is part of “{last}”, put the whole value in quotes: {last}="several words".'
                raise Refusal(f"“{word[:60]}” belongs to no field.", remedy=remedy)
            else:
                leading.append(word)
        return cls._leading(leading, answers, now, zone) | answers if leading else answers

    @classmethod
    def typed_fields(cls) -> str:
        """The form's fields as they are typed: required ones first, optional ones in brackets."""
        required = [f"{name}=…" for name, info in cls.model_fields.items() if info.is_required()]
        optional = [f"[{name}=…]" for name, info in cls.model_fields.items() if not info.is_required()]
        return " ".join((*required, *optional))

    @classmethod
    def usage(cls) -> str:
        """How the form is typed."""
        return f"Fields: {cls.typed_fields()}. {QUOTING}"

    @classmethod
    def _typed(cls, name: str, value: str, now: datetime, zone: str) -> object:
        read = _readers(cls).get(name)
        return read(value, now, zone) if read else value

    @classmethod
    def _leading(cls, words: list[str], named: Mapping[str, Any], now: datetime, zone: str) -> dict[str, Any]:
        """What words without a field's name answer: the first required text that can be typed without one."""
        for name, (ask, info) in cls.asks().items():
            if info.is_required() and ask.widget in (Widget.TEXT, Widget.LINE, Widget.LINES):
                if name in named:
                    break
                return {name: cls._typed(name, " ".join(words), now, zone)}
        raise Refusal(f"“{' '.join(words)[:60]}” needs a field's name.", remedy=cls.usage())


_EMPTY: tuple[object, ...] = ([], ())


@cache
def _asks(form: type[Form]) -> Mapping[str, tuple[Ask, FieldInfo]]:
    """A class does not change: its fields are looked through once."""
    return {name: (_ask_of(name, info), info) for name, info in form.model_fields.items()}


@cache
def _required(form: type[Form]) -> frozenset[str]:
    return frozenset(name for name, info in form.model_fields.items() if info.is_required())


Read: TypeAlias = Callable[[str, datetime, str], object]
"""Reads what was typed for a field: at a moment, in a time zone (an IANA name)."""


@cache
def _readers(form: type[Form]) -> Mapping[str, Read]:
    """How answers are read where they are typed, by field; those of other fields are taken as they stand."""
    return {name: _reader(ask) for name, (ask, _) in form.asks().items() if ask.widget in READ}


def _reader(ask: Ask) -> Read:
    spellings = {spelling.casefold(): key for key, label in (ask.choices or {}).items() for spelling in (label, key)}

    def moment(value: str, now: datetime, zone: str) -> object:
        return read_moment(value, now, zone, past=ask.past) if value.strip() else ""

    def choice(value: str, _now: datetime, _zone: str) -> object:
        return spellings.get(value.strip().casefold(), value)

    def choices(value: str, _now: datetime, _zone: str) -> object:
        return [spellings.get(part.casefold(), part) for part in re.split(r"\s*[;,]\s*", value.strip()) if part]

    def entries(value: str, _now: datetime, _zone: str) -> object:
        return [stripped for part in value.split(";") if (stripped := part.strip())]

    by_widget = {Widget.MOMENT: moment, Widget.CHOICE: choice, Widget.CHOICES: choices, Widget.LINES: entries}
    return by_widget[ask.widget]


def _ask_of(name: str, info: FieldInfo) -> Ask:
    found = next((extra for extra in info.metadata if isinstance(extra, Ask)), None)
    if found is None:
        raise TypeError(f"the form field {name} has no Ask")
    return found


# A word is a run of pieces without spaces; a piece in quotes may hold them. A quote that is not closed fits neither.
_WORD = re.compile(r'(?:"[^"]*"|[^"\s]++)++')
# Phones type curly quotes, in pairs; within straight ones they are part of what is said.
_QUOTE = re.compile('["“”„‟]')
_QUOTED_ANY = re.compile('"[^"]*"|[“”„‟][^“”„‟]*[“”„‟]')
_WORD_ANY = re.compile(rf'(?:{_QUOTED_ANY.pattern}|[^\s"“”„‟])+')


def _split(words: str) -> list[str]:
    """The words of a typed line. Not a shell's rules: its apostrophe would eat "don't", its backslash a path's."""
    if words.isascii():
        # Straight quotes alone: each second one closes, and what is left without them is what they held.
        _refuse_open_quote(is_open=words.count('"') % 2 == 1)
        return [found.replace('"', "") if '"' in found else found for found in _WORD.findall(words)]
    words = words.replace("\u00a0", " ")
    _refuse_open_quote(is_open=_QUOTE.search(_QUOTED_ANY.sub("", words)) is not None)
    return [_QUOTED_ANY.sub(_content, found) for found in _WORD_ANY.findall(words)]


def _refuse_open_quote(*, is_open: bool) -> None:
    if is_open:
        raise Refusal("A quotation mark is not closed.", remedy='Write field="several words".')


def _content(quoted: re.Match[str]) -> str:
    return quoted[0][1:-1]


_NEEDED = "This is needed."
_SENTENCES = {
    "missing": _NEEDED,
    "string_too_short": _NEEDED,
    "too_short": "At least one entry is needed.",
    "timezone_aware": "This time needs a time zone; write it as 2024-01-16T16:00:00Z.",
    "extra_forbidden": "There is no such field.",
}
_BY_WIDGET = {
    Widget.LINE: "This must be one line of text.",
    Widget.TEXT: "This must be text.",
    Widget.LINES: "This must be text, one entry per line.",
    Widget.NUMBER: "This must be a whole number.",
    Widget.LINK: "This must be a link that starts with https:// or http://.",
    Widget.CHOICE: "This is none of the choices.",
    Widget.CHOICES: "This is none of the choices.",
    Widget.MOMENT: _UNREADABLE_TIME,
    Widget.PEOPLE: "Name people by mention, such as @name.",
}


def _sentence(kind: str, message: str, context: Mapping[str, Any], info: FieldInfo | None) -> str:
    """What is wrong with a field and what is right, in words for people: never the library's own."""
    match kind:
        case "value_error":  # a validator of ours said it in a whole sentence; pydantic puts its own words before it
            return message.removeprefix("Value error, ")
        case "greater_than_equal":
            return f"This must be at least {context['ge']}."
        case "less_than_equal":
            return f"This must be at most {context['le']}."
        case "string_too_long" | "url_too_long":
            return f"This is too long: {context['max_length']} characters at most."
        case "too_long":
            return f"These are too many: {context['max_length']} at most."
        case _:
            return _SENTENCES.get(kind) or _expected(info)


def _expected(info: FieldInfo | None) -> str:
    """How a field is written, by its own words, its choices, or its widget."""
    metadata = info.metadata if info else []
    expected = next((extra.sentence for extra in metadata if isinstance(extra, Expected)), "")
    ask = next((extra for extra in metadata if isinstance(extra, Ask)), Ask(""))
    choices = f"This must be one of: {', '.join(ask.choices)}." if ask.choices else ""
    return expected or choices or _BY_WIDGET[ask.widget]


def _as_refusal(form: type[Form], error: ValidationError) -> Refusal:
    fields: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        name, *within = problem["loc"] or (next(iter(form.model_fields)),)
        info = form.model_fields.get(str(name))
        told = _sentence(problem["type"], problem["msg"], problem.get("ctx", {}), info)
        place = next((f"Entry {index + 1}: " for index in within if isinstance(index, int)), "")
        fields.setdefault(str(name), f"{place}{told}")
    return Refusal(_summary(form, fields), remedy=form.usage(), fields=fields)


def _summary(form: type[Form], fields: Mapping[str, str]) -> str:
    asks = form.asks()
    labels = {name: asks[name][0].label if name in asks else f"“{name[:60]}”" for name in fields}
    return " ".join(("Some details are missing or wrong.", *(f"{labels[name]}: {why}" for name, why in fields.items())))
