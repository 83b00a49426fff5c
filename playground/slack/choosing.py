"""Finding what a person means by a label, and asking for what a click needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground.slack.elements import ACTION_KEYS, Placed, options_of, placed_elements
from playground.slack.filling import filled, option_named
from playground.slack.interaction import Outcome
from playground.slack.shapes import Json, PersonError

if TYPE_CHECKING:
    from playground.slack.state import Slack


class AppFailedError(AssertionError):
    """The app did not answer a person as it must; the text is what Slack shows them."""


def named_element(blocks: list[Json], name: str) -> Placed:
    """An element by its label, action_id or placeholder. Raises PersonError with those there are, or if two fit."""
    everything = list(placed_elements(blocks))
    fitting = [placed for placed in everything if name in names_of(placed)]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(repr(names_of(placed)[0]) for placed in everything) or "none"
    problem = "several elements are" if fitting else "no element is"
    raise PersonError(f"{problem} called {name!r} here; there are: {known}")


def names_of(placed: Placed) -> list[str]:
    """What people may call an element: its label or placeholder, its options where it's a menu, its action_id."""
    element = placed.element
    labels = [element.get("text"), element.get("placeholder"), placed.block.get("label")]
    names = [label["text"] for label in labels if isinstance(label, dict)]
    return (
        [*names, placed.action_id, placed.block_id] if placed.block["type"] == "input" else [*names, placed.action_id]
    )


def require_confirmation(placed: Placed, *, confirm: bool) -> None:
    """Raises PersonError where a confirm dialog would show and nobody said that it is accepted, or the reverse."""
    dialog = placed.element.get("confirm")
    if dialog and not confirm:
        raise PersonError(f"a dialog asks “{dialog['title']['text']}”; pass confirm=True to accept it")
    if confirm and not dialog:
        raise PersonError(f"{names_of(placed)[0]!r} has no confirm dialog to accept")


def action_fields(slack: Slack, placed: Placed, choose: Any) -> Json:
    """What the page would send for an element."""
    given: Json = {"block_id": placed.block_id, "action_id": placed.action_id}
    kind = placed.element["type"]
    if kind == "button":
        return given
    if kind == "overflow":
        return {**given, "selected_option": option_named(placed.element, str(choose))}
    if options_of(placed.element) and choose is None:
        raise PersonError(f"say what to choose in {names_of(placed)[0]!r}")
    key = ACTION_KEYS[kind]
    return {**given, key: filled(slack.workspace, placed.element, choose)[key]}


def require_success(outcome: Outcome) -> None:
    """Raises AppFailedError when the app left the person with an error."""
    if outcome.error:
        raise AppFailedError(outcome.error)
