"""What pydantic finds wrong with the configuration, in words an operator can act on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from bot.core import playbook_reports, playbook_rules
from bot.core.addresses import HOLDS_USER, without_user
from bot.core.deployer_rules import INPUT_PATTERN, WORKFLOW_PATTERN
from bot.core.release_day import NAME_PATTERN
from bot.core.tickets import LABEL_PATTERN, PROJECT_PATTERN, REPOSITORY_PATTERN

Told = tuple[str, str]
"""A reason and a remedy."""

_USER = "Copy it in Slack from the person's profile, ⋮, “Copy member ID”: it looks like U012AB3CD."
_GROUP = "Copy it in Slack from the user group's ⋮ menu, “Copy group ID”: it looks like S012AB3CD."
_CHANNEL = "Copy it in Slack from the foot of the channel's “About” tab: it looks like C012AB3CD."

_BY_PATTERN: Mapping[str, Told] = {
    r"^[UW][A-Z0-9]{2,}$": ("is not the id of a Slack user.", _USER),
    r"^S[A-Z0-9]{2,}$": ("is not the id of a Slack user group.", _GROUP),
    r"^[CG][A-Z0-9]{2,}$": ("is not the id of a Slack channel.", _CHANNEL),
    r"^[a-z0-9][a-z0-9_-]{0,39}$": (
        "is not a short name.",
        "Use at most 40 lowercase letters, digits, “-” and “_”, such as admin-logistic.",
    ),
    playbook_rules.ADDRESS_PATTERN: ("is not a link.", "Start it with https:// or http://, and write no blanks in it."),
    playbook_reports.PATH_PATTERN: ("is not a path.", "Write it from the root on, such as /reports/{version}/k6.json."),
    playbook_rules.HEADER_PATTERN: ("is not the name of a header.", "Write it as X-Greenlight-Test."),
    playbook_rules.VALUE_PATTERN: ("can't stand in a header.", "Use plain letters, digits and signs, in one line."),
    playbook_rules.VARIABLE_PATTERN: (
        "is not the name of an environment variable.",
        "Write the name alone, such as SHOP_TEST_TOKEN; the secret itself never stands here.",
    ),
    PROJECT_PATTERN: (
        "is not the key of a Jira project.",
        "Write what its issues begin with, such as OPS.",
    ),
    REPOSITORY_PATTERN: ("is not a repository.", "Write its owner and its name, such as acme/shop."),
    WORKFLOW_PATTERN: ("is not a workflow.", "Write the name of its file, such as deploy.yml."),
    INPUT_PATTERN: ("is not the name of an input.", "Use letters, digits, “-” and “_”, such as version."),
    LABEL_PATTERN: ("is not a label of Jira.", "Write it without blanks, such as test-environment."),
    NAME_PATTERN: (
        "is not the name of an entry.",
        "Write T-0, or T and the minutes, hours or days before or after it, such as T-2h or T+10m.",
    ),
}

_TYPES: Mapping[str, Told] = {
    "string_type": ("must be text.", "Write text here; put numbers and true or false in quotes."),
    "int_type": ("must be a whole number.", "Write digits without quotes."),
    "int_from_float": ("must be a whole number.", "Write digits without quotes and without a point."),
    "bool_type": ("must be true or false.", "Write true or false without quotes."),
    "tuple_type": ("must be a list.", "Write it as [one, two], or with “- ” before each entry."),
    "dict_type": ("must be a mapping.", "Write “name: value” lines under it."),
    "model_type": ("must be a mapping.", "Write “name: value” lines under it."),
    "model_attributes_type": ("must be a mapping.", "Write “name: value” lines under it."),
    "time_type": ("is not a time of day.", 'Write it as "20:00".'),
    "time_parsing": ("is not a time of day.", 'Write it as "20:00".'),
    "date_type": ("is not a day.", "Write it as 2024-12-24."),
    "date_parsing": ("is not a day.", "Write it as 2024-12-24."),
    "date_from_datetime_parsing": ("is not a day.", "Write it as 2024-12-24."),
    "date_from_datetime_inexact": ("is not a day.", "Write it as 2024-12-24."),
    "url_type": ("is not a link.", "Start it with https:// or http://."),
    "url_parsing": ("is not a link.", "Start it with https:// or http://."),
    "url_scheme": ("is not a link.", "Start it with https:// or http://."),
    "string_too_short": ("is empty.", "Write something here, or leave the line out."),
}


def explain(error: ErrorDetails, allowed: Iterable[str], purpose: str = "") -> Told:
    """The reason and the remedy.

    `allowed` are the keys that may stand beside an unknown one, or the known values; `purpose` says what a missing
    key is for.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return "There is no such key.", suggest(str(error["loc"][-1]), allowed)
    if kind in ("enum", "literal_error", "union_tag_invalid"):
        given = context.get("tag", error["input"])
        return f"{_shown(given)} is not allowed here.", suggest(str(given), allowed)
    if error["input"] is None:
        return "Nothing is written here.", "Give a value, or remove the line. A “#” starts a comment unless quoted."
    if kind in ("missing", "union_tag_not_found"):
        return "It is missing.", f"Add it. {purpose}".strip()
    if kind == HOLDS_USER:
        why = f"{_shown(error['input'])} holds a user or a password, and secrets never stand here."
        return why, without_user(context["instead"])
    return _measured(kind, context) or _shaped(error, context)


def _measured(kind: str, context: Mapping[str, Any]) -> Told | None:
    match kind:
        case "greater_than_equal":
            return "It is too small.", f"Use at least {context['ge']}."
        case "less_than_equal":
            return "It is too large.", f"Use at most {context['le']}."
        case "string_too_long":
            return "It is too long.", f"Use at most {context['max_length']} characters."
        case "too_short":
            return "It has too few entries.", f"Give at least {context['min_length']}."
    return None


def _shaped(error: ErrorDetails, context: Mapping[str, Any]) -> Told:
    kind, shown = error["type"], _shown(error["input"])
    if kind == "string_pattern_mismatch":
        reason, remedy = _BY_PATTERN[context["pattern"]]
        return f"{shown} {reason}", remedy
    if kind in _TYPES:
        reason, remedy = _TYPES[kind]
        return f"{shown} {reason}", remedy
    # A validator of ours raised ValueError; pydantic puts its own words before it.
    return f"{shown} {error['msg'].removeprefix('Value error, ')}.", ""


def suggest(word: str, allowed: Iterable[str]) -> str:
    """What was probably meant, or all that is allowed."""
    names = tuple(allowed)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"Did you mean “{close[0]}”?"
    return f"Allowed: {', '.join(names)}." if names else ""


_BEFORE_HOST = re.compile(r"(:[/\\]*)[^\s/?#\\][^\s]*@")
"""What may be a user and a password in an address, also in one that can't be read: it is not shown."""


def _shown(value: object) -> str:
    """A value from the file, short enough for one line; a collection only by its kind."""
    if isinstance(value, Mapping):
        return "A mapping"
    if isinstance(value, (list, tuple)):
        return "A list"
    if isinstance(value, bool):
        return f"“{str(value).lower()}”"
    text = _BEFORE_HOST.sub(r"\1…@", " ".join(str(value).split()))
    return f"“{text[:57]}…”" if len(text) > 60 else f"“{text}”"
