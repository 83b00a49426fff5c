"""Forms: what a step asks for, as pydantic models.

A field's type and its `Ask` are the only place where it is described. Modals (bot.messages.modals), the JSON of the
HTTP API (`Form.model_json_schema`) and the words typed in a thread (`Form.from_words`) all follow from them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

import dateparser
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    ValidationError,
)
from pydantic.fields import FieldInfo

from bot.errors import Refusal


class Widget(StrEnum):
    """How a person is asked for a field."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"
    NUMBER = "number"
    LINK = "link"
    CHOICE = "choice"
    MOMENT = "moment"
    PEOPLE = "people"


@dataclass(frozen=True)
class Ask:
    """How a field is asked for: the label a person reads, the widget, and what helps to fill it.

    `choices` maps the values of a CHOICE to their labels. `section` opens a new part of a long form.
    `locked` marks a field that identifies the conversation: shown, not asked, once it is open.
    """

    label: str
    widget: Widget = Widget.LINE
    hint: str = ""
    placeholder: str = ""
    choices: Mapping[str, str] | None = None
    section: str = ""
    locked: bool = False


def _lines(value: object) -> object:
    """A list as people type it: one entry a line, with or without a bullet."""
    if isinstance(value, str):
        stripped = (line.strip().removeprefix("-").removeprefix("•").strip() for line in value.splitlines())
        return [line for line in stripped if line]
    return value


def _moment(value: object) -> object:
    """A moment as Slack's picker (Unix seconds) or as people type it ("today 16:00", "2024-01-16 16:00 UTC")."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str) and value.isdigit():
        return datetime.fromtimestamp(int(value), UTC)
    return value


def _people(value: object) -> object:
    """Slack user ids from mentions as they arrive in text: "<@U123> <@U456|name>"."""
    if isinstance(value, str):
        words = value.replace(",", " ").split()
        return [word.strip("<>@").partition("|")[0] for word in words]
    return value


OneLine = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150, pattern=r"^[^\r\n]*$")]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=3000)]
Entry = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Entries = Annotated[tuple[Entry, ...], BeforeValidator(_lines), Field(max_length=100)]
SomeEntries = Annotated[tuple[Entry, ...], BeforeValidator(_lines), Field(min_length=1, max_length=100)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
UserIds = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,}$")], ...],
    BeforeValidator(_people),
    Field(max_length=10),
]
WebLink = HttpUrl
Minutes = Annotated[int, Field(ge=0, le=7 * 24 * 60)]


class Form(BaseModel):
    """The base of all forms: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def asks(cls) -> dict[str, tuple[Ask, FieldInfo]]:
        """Every field with how it is asked for, in the order of the form."""
        return {name: (_ask_of(name, info), info) for name, info in cls.model_fields.items()}

    @classmethod
    def from_answers(cls, answers: Mapping[str, Any]) -> Self:
        """The form from plain answers by field name; empty answers count as not given.

        Raises Refusal with one sentence per field, fit for the modal's own field errors.
        """
        given = {name: value for name, value in answers.items() if value not in (None, "", [], ())}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise _as_refusal(cls, error) from error

    @classmethod
    def answers_from_words(cls, words: str, now: datetime, zone: str = "UTC") -> dict[str, Any]:
        """The answers in a typed line: `field=value field="several words"`. Lists are separated by semicolons.

        The form's first open text field also takes all words without a name, so `object the tests are red` works.
        Raises Refusal where a field is unknown or a quote is not closed.
        """
        answers: dict[str, Any] = {}
        loose: list[str] = []
        for word in _split(words):
            name, equals, value = word.partition("=")
            if equals and name in cls.model_fields:
                answers[name] = cls._typed(name, value, now, zone)
            elif equals and name.isidentifier():
                raise Refusal(f"There is no field “{name}”.", remedy=cls.usage())
            else:
                loose.append(word)
        if loose:
            answers.setdefault(cls._loose_field(), " ".join(loose))
        return answers

    @classmethod
    def usage(cls) -> str:
        """How the form is typed: required fields first, optional ones in brackets."""
        required = [f"{name}=…" for name, info in cls.model_fields.items() if info.is_required()]
        optional = [f"[{name}=…]" for name, info in cls.model_fields.items() if not info.is_required()]
        return "Fields: " + " ".join((*required, *optional)) + ". Quote values with spaces, part lists with “;”."

    @classmethod
    def _typed(cls, name: str, value: str, now: datetime, zone: str) -> object:
        widget = _ask_of(name, cls.model_fields[name]).widget
        if widget is Widget.LINES:
            return [part.strip() for part in value.split(";") if part.strip()]
        if widget is Widget.MOMENT:
            return read_moment(value, now, zone)
        return value

    @classmethod
    def _loose_field(cls) -> str:
        for name, (ask, _) in cls.asks().items():
            if ask.widget in (Widget.TEXT, Widget.LINE):
                return name
        raise Refusal("These details need field names.", remedy=cls.usage())


def read_moment(words: str, now: datetime, zone: str) -> datetime:
    """A moment as people type it, in their zone unless they name one; the coming one where a bare time has passed.

    Raises Refusal where it can't be read.
    """
    local = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    read = dateparser.parse(
        words,
        languages=["en"],
        settings={
            "RELATIVE_BASE": local,
            "TIMEZONE": zone,
            "RETURN_AS_TIMEZONE_AWARE": True,
            "PREFER_DATES_FROM": "future",
        },
    )
    if read is None:
        raise Refusal(
            f"“{words}” is not a time I can read.",
            remedy="Write it as 16:00, tomorrow 09:30 or 2024-01-16 16:00 UTC.",
        )
    return read.astimezone(UTC)


def _ask_of(name: str, info: FieldInfo) -> Ask:
    found = next((extra for extra in info.metadata if isinstance(extra, Ask)), None)
    if found is None:
        raise TypeError(f"the form field {name} has no Ask")
    return found


def _split(words: str) -> list[str]:
    # Phones type curly quotes; a shell's apostrophe would otherwise eat "don't".
    plain = words.replace("“", '"').replace("”", '"').replace("„", '"')
    lexer = shlex.shlex(plain, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.quotes = '"'
    try:
        return list(lexer)
    except ValueError as error:
        raise Refusal("A quotation mark is not closed.", remedy='Write field="several words".') from error


_SENTENCES = {
    "missing": "This is needed.",
    "too_short": "At least one entry is needed.",
    "string_too_short": "This is needed.",
    "int_parsing": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "url_parsing": "This must be a link that starts with https:// or http://.",
    "url_scheme": "This must be a link that starts with https:// or http://.",
    "timezone_aware": "This time needs a time zone.",
    "datetime_parsing": "This is not a time I can read; write it as 2024-01-16 16:00 UTC.",
    "datetime_from_date_parsing": "This is not a time I can read; write it as 2024-01-16 16:00 UTC.",
    "extra_forbidden": "There is no such field.",
}


def _sentence(kind: str, message: str, context: Mapping[str, Any], info: FieldInfo | None) -> str:
    match kind:
        case "greater_than_equal":
            told = f"This must be at least {context['ge']}."
        case "less_than_equal":
            told = f"This must be at most {context['le']}."
        case "string_too_long":
            told = f"This is too long: {context['max_length']} characters at most."
        case "too_long":
            told = f"These are too many: {context['max_length']} at most."
        case "enum" | "literal_error" | "string_pattern_mismatch":
            told = (
                f"This must be one of: {allowed}."
                if (allowed := _choices(info))
                else "This is not written as expected."
            )
        case _:
            # A validator of ours raised ValueError with a whole sentence; pydantic puts its own words before it.
            told = _SENTENCES.get(kind, message.removeprefix("Value error, "))
    return told


def _choices(info: FieldInfo | None) -> str:
    ask = next((extra for extra in info.metadata if isinstance(extra, Ask)), None) if info else None
    return ", ".join(ask.choices) if ask and ask.choices else ""


def _as_refusal(form: type[Form], error: ValidationError) -> Refusal:
    fields: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0]) if problem["loc"] else next(iter(form.model_fields))
        info = form.model_fields.get(name)
        fields.setdefault(name, _sentence(problem["type"], problem["msg"], problem.get("ctx", {}), info))
    return Refusal(_summary(form, fields), remedy=form.usage(), fields=fields)


def _summary(form: type[Form], fields: Mapping[str, str]) -> str:
    asks = form.asks()
    told: Iterable[str] = (f"{asks[name][0].label if name in asks else name}: {why}" for name, why in fields.items())
    return "Some details are missing or wrong. " + " ".join(told)
