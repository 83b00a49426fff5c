"""Why a move is refused before any details are known, in the words that the person reads."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from bot.core.events import Conversation
from bot.errors import Refusal

if TYPE_CHECKING:
    from bot.core.dialogue import Dialogue, Move, Situation, Step
    from bot.core.policy import Service
    from bot.core.roles import Role

C = TypeVar("C", bound=Conversation)

MOST_TOLD = 3
"""So many of the steps that made a button stale are told, the latest; the others are counted."""

MOST_NAMED = 4
"""More holders than this are not all named to somebody who may not take a step: the roles' names say enough."""


def meant(typed: str, names: Iterable[str], before: str = "") -> str:
    """The question whether the nearest of some names was meant, with what is written `before` it; empty where none is
    near.
    """
    near = get_close_matches(typed.lower(), tuple(names), n=1, cutoff=0.7)
    return f"Did you mean `{before}{near[0]}`? " if near else ""


def refuse_stale(dialogue: Dialogue[C], conversation: C, move: Move) -> None:
    """A button of an earlier moment is told what happened since."""
    if move.stage is None or move.stage == conversation.stage:
        return
    since = [act for act in conversation.trail if act.stage > move.stage]
    told = ", then ".join(f"{act.name} took “{dialogue.step(act.step).label}”" for act in since[-MOST_TOLD:])
    if earlier := len(since[:-MOST_TOLD]):
        told = f"{earlier} other step{'s were' if earlier > 1 else ' was'} taken, then {told}"
    raise Refusal(
        f"That button was made for an earlier moment. Meanwhile {told or f'the {dialogue.noun} moved on'}.",
        remedy=_now(dialogue, conversation),
        open_now=_labels(dialogue, conversation),
        since=conversation.since,
    )


def not_open(dialogue: Dialogue[C], conversation: C, step: Step) -> Refusal:
    """Why a step is not possible in the conversation's state."""
    if not conversation.number:
        opening = next(step for step in dialogue.steps if not step.sources)
        return Refusal(f"“{step.label}” needs {dialogue.a_noun} that is open.", open_now=(opening.label,))
    return Refusal(
        f"“{step.label}” is not possible for {conversation.version} now.",
        remedy=_now(dialogue, conversation),
        open_now=_labels(dialogue, conversation),
        since=conversation.since,
    )


def _now(dialogue: Dialogue[C], conversation: C) -> str:
    return f"The {dialogue.noun} is {dialogue.state(conversation.state).words}."


def _labels(dialogue: Dialogue[C], conversation: C) -> tuple[str, ...]:
    return tuple(step.label for step in dialogue.buttons(conversation.state) if step.name not in conversation.shut)


def refuse_wrong_role(dialogue: Dialogue[C], step: Step, situation: Situation[C]) -> None:
    """Who may not take a step is told who may; who has taken it already, that it counts."""
    opened = situation.conversation if situation.conversation.number else None
    allowed = dialogue.allowed(step, opened)
    actor = situation.move.actor
    if not step.by or actor.roles & set(allowed):
        return
    unknown = [f"{role.label}: {why}" for role, why in actor.unknown.items() if role in allowed]
    if unknown:
        raise Refusal(
            f"Your role could not be checked, so “{step.label}” is refused ({'; '.join(unknown)}).",
            remedy="Try again in a minute, or ask somebody who is listed by name in the configuration.",
            may=tuple(role.label for role in allowed),
        )
    if opened and any((act.step, act.actor) == (step.name, actor.id) for act in opened.trail):
        why = f"You have taken “{step.label}” already; it is kept."
    else:
        why = f"“{step.label}” is not yours to take for {situation.policy.name}."
    raise Refusal(
        why,
        remedy=_now(dialogue, opened) if opened else "",
        may=tuple(role.label for role in allowed),
        people=_holders(allowed, situation.policy),
        open_now=tuple(label for label in _labels(dialogue, opened) if label != step.label) if opened else (),
        since=opened.since if opened else None,
    )


def _holders(roles: tuple[Role, ...], policy: Service) -> tuple[str, ...]:
    """The configured people and groups of a few roles, so that whoever may not knows whom to ask; of many, nobody."""
    configured = [policy.roles[role] for role in roles if role in policy.roles]
    found = dict.fromkeys(one for holders in configured for one in (*holders.groups, *holders.users))
    return tuple(found) if len(found) <= MOST_NAMED else ()
