"""Which of a service's environments a release or a rollback is for: asked where there are several, and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from bot.core.forms import Ask, Form, OneLine, Widget
from bot.core.roles import Role
from bot.errors import Refusal

if TYPE_CHECKING:
    from bot.core.dialogue import Situation
    from bot.core.policy import Service


def choices_of(service: Service) -> Mapping[str, str]:
    """A service's environments as they are chosen from."""
    return {name: name[:1].upper() + name[1:] for name in service.environments}


Place = Annotated[OneLine | None, Ask("Environment", Widget.CHOICE, choices_of=choices_of, locked=True)]
"""As a form's field: None means the service's first environment."""


def known_environment(situation: Situation[Any]) -> None:
    """As a guard: the service has it; and where the conversation is open, it is its own. What is open, and what follows
    from another conversation, stays where it is, also where the configuration names it otherwise by now.
    """
    it, policy = situation.conversation, situation.policy
    if Role.LINKED in situation.move.actor.roles:
        return
    named = getattr(situation.move.form, "environment", None)
    if named is None or (it.number and named.casefold() == it.environment):
        return
    if named.casefold() not in policy.environments:
        raise _unknown(named, policy.name, policy.environments)
    if it.number:
        why = f"This is {it.version} for {it.environment}, and stays so; begin anew for another environment."
        raise Refusal(why, fields={"environment": why})


def as_chosen(form: type[Form], given: Mapping[str, Any], services: Sequence[Service]) -> dict[str, Any]:
    """What was given before a form opens, its environment spelled as the services spell it. Refusal where none of them
    has it: the form could not show it, and would mean the first one.
    """
    ask, _ = form.asks().get("environment", (None, None))
    named = str(given.get("environment") or "").strip()
    if not named or ask is None or ask.choices_of is not choices_of:
        return dict(given)
    known = tuple(dict.fromkeys(name for one in services for name in one.environments))
    if named.casefold() not in known:
        raise _unknown(named, ", ".join(one.name for one in services), known)
    return {**given, "environment": named.casefold()}


def _unknown(named: str, whose: str, known: Sequence[str]) -> Refusal:
    why = f"{whose} has no environment “{named[:60]}”; there are: {', '.join(known)}."
    return Refusal(why, fields={"environment": why})
