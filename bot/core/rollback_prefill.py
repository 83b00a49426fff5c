"""What the forms of a rollback already know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.core.forms import Form
from bot.core.prefill import Answers, Filler, Known
from bot.core.rollback_forms import CloseForm, CompleteForm, InitiateForm, RequestForm


def _request(known: Known) -> Answers:
    """What is live is what is broken, most likely; the last version verified before it is the way back."""
    live = known.given.get("version") or known.surroundings.live
    return {"version": live, "environment": known.policy.environments[0], "target": _target(known, live)}


def _target(known: Known, version: str) -> str:
    return known.surroundings.way_back_from(version)


def _initiate(known: Known) -> Answers:
    rollback = known.conversation
    # After an attempt that did not help, an empty target means that no other version was verified.
    return {"target": rollback.target or ("" if rollback.attempts else _target(known, rollback.version))}


def _complete(known: Known) -> Answers:
    rollback = known.conversation
    minutes = max(1, round((known.now - rollback.started_at).total_seconds() / 60)) if rollback.started_at else None
    return {"version": rollback.target, "duration": minutes}


def _close(known: Known) -> dict[str, Any]:
    """The post-mortem is tomorrow, as in the document, at this full hour."""
    return {"post_mortem_at": known.now.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)}


FILLERS: dict[type[Form], Filler] = {
    RequestForm: _request,
    InitiateForm: _initiate,
    CompleteForm: _complete,
    CloseForm: _close,
}
