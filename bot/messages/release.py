"""What is said in a release: the head of its thread, and a message per step (design, section 2; QA-DevOps dialogue)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.core.events import Event
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.messages import checklist, escalation, freeze, orders, release_clock, validation, watch
from bot.messages import release_lines as lines
from bot.messages import release_outcomes as outcomes
from bot.messages.generic import generic
from bot.messages.message import Said
from bot.messages.release_card import card

__all__ = ["card", "told"]

Teller = Callable[[Release, Event, Service], tuple[Said, ...]]

TELLERS: Mapping[str, Teller] = {
    "approve": lines.approve,
    "cosign": lines.cosign,
    "object": lines.objection,
    "revise": lines.revise,
    "plan": lines.plan,
    "agree": lines.agree,
    "disagree": lines.disagree,
    "propose_time": lines.propose_time,
    "confirm": lines.confirm,
    "start": lines.start,
    "promote": lines.promote,
    "pause_canary": lines.pause_canary,
    "resume_canary": lines.resume_canary,
    "withdraw": lines.withdraw,
    "deployed": outcomes.deployed,
    "smoke_passed": outcomes.smoke_passed,
    "smoke_failed": outcomes.smoke_failed,
    "breach": watch.breach,
    "first_metrics": watch.first_metrics,
    "checked": watch.checked,
    "regressed": watch.regressed,
    "recovered": watch.recovered,
    "blind": watch.blind,
    "sees": watch.sees,
    "alerted": watch.alerted,
    "not_silenced": watch.not_silenced,
    "not_lifted": watch.not_lifted,
    "validate": validation.progress,
    "validation_progress": validation.progress,
    "validated": validation.validated,
    "feedback": validation.feedback,
    "feedback_over": validation.progress,
    "extend_watch": outcomes.extend_watch,
    "complete": outcomes.complete,
    "roll_back": outcomes.roll_back,
    "found_live": outcomes.roll_back,
    "rolled_back": outcomes.rolled_back,
    "checklist": checklist.told,
    "escalate": escalation.escalated,
    "tick": checklist.told,
    "untick": checklist.told,
    "reschedule": release_clock.reschedule,
    "entry_done": release_clock.entry_done,
    "entry_skipped": release_clock.entry_skipped,
    "frozen": freeze.frozen,
    "thawed": freeze.thawed,
    "freed": freeze.freed,
    "order_told": orders.order_told,
    "ask_again": orders.ask_again,
}
"""The steps that the documents give words of their own; every other step is told from its row."""


def told(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """What is said in the thread about a step; `release` is the conversation after it.

    The first message may be an announcement (`broadcast`); what it had no room for follows in the thread alone.
    """
    return TELLERS.get(event.step, generic)(release, event, policy)
