"""From what a test or a script says to what an element holds: labels to options, names to ids, dates to strings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from playground.slack.elements import HOLDINGS, options_of
from playground.slack.shapes import Json, PersonError

if TYPE_CHECKING:
    from playground.slack.workspace import Workspace


def filled(workspace: Workspace, element: Json, content: Any) -> Json:
    """The element's entry in a state. Selects take labels or values, user selects names or ids; None empties."""
    holding = HOLDINGS[element["type"]]
    if content is None:
        return {"type": element["type"], holding.key: [] if holding.many else None}
    if holding.many:
        entries = [content] if isinstance(content, str) or not isinstance(content, Iterable) else list(content)
        return {"type": element["type"], holding.key: [_one(workspace, element, entry) for entry in entries]}
    return {"type": element["type"], holding.key: _one(workspace, element, content)}


def option_named(element: Json, name: str) -> Json:
    """An option by its label or value. Raises PersonError with those there are."""
    options = options_of(element)
    for option in options:
        if name in (option["text"]["text"], option["value"]):
            return option
    known = ", ".join(repr(option["text"]["text"]) for option in options)
    raise PersonError(f"there is no option {name!r} here; there are: {known}")


def _one(workspace: Workspace, element: Json, content: Any) -> Any:
    kind = element["type"]
    if kind.endswith(("static_select", "checkboxes", "radio_buttons")):
        return content if isinstance(content, dict) else option_named(element, str(content))
    if "users_select" in kind:
        return workspace.person(content).id
    if "channels_select" in kind or "conversations_select" in kind:
        return workspace.channel(content).id
    return _moment(kind, content)


def _moment(kind: str, content: Any) -> Any:
    """Dates and times in the pickers' own forms; anything else as text."""
    if kind == "datetimepicker":
        return int(content.timestamp()) if isinstance(content, datetime) else int(content)
    if kind == "datepicker" and isinstance(content, date):
        return f"{content:%Y-%m-%d}"
    return f"{content:%H:%M}" if kind == "timepicker" and isinstance(content, time) else str(content)
