"""The feedback that named people give of production while a validation is under way (QA Production, action 7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from bot.core.dialogue import Situation
from bot.core.events import Event, Reminder
from bot.core.forms import Ask, Form, Paragraph, Widget
from bot.core.outside_text import one_line
from bot.core.playbook import Playbook
from bot.core.playbook_feedback import FeedbackRule
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.core.validation import MOST_WORDS, Opinion, Outcome, Result, Run
from bot.core.validation import is_waited_for as is_pending
from bot.errors import Refusal


class Seen(StrEnum):
    OK = "ok"
    FOUND = "found"


SEEN = {Seen.OK.value: "It works as it should", Seen.FOUND.value: "I found something"}


class FeedbackForm(Form):
    """What somebody saw who was asked to look."""

    seen: Annotated[Seen, Ask("How is it?", Widget.CHOICE, choices=SEEN)]
    words: Annotated[Paragraph | None, Ask("What did you see?", Widget.TEXT), Field(validate_default=True)] = None

    @field_validator("words")
    @classmethod
    def _said(cls, words: str | None, info: ValidationInfo) -> str | None:
        if words is None and info.data.get("seen") is Seen.FOUND:
            raise ValueError("Say what you found, so that somebody can look into it.")
        return words


# ── who is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────
def question_of(playbook: Playbook) -> tuple[str, FeedbackRule] | None:
    """The check that asks people, with its name; None where there is none."""
    found = ((name, rule) for name, rule in playbook.checks.items() if isinstance(rule, FeedbackRule))
    return next(found, None)


def asked_facts(playbook: Playbook, now: datetime) -> dict[str, Any]:
    """Who is asked, and until when."""
    asked = question_of(playbook)
    if asked is None:
        return {}
    until = now + timedelta(minutes=asked[1].minutes)
    return {"asked": list(dict.fromkeys(asked[1].people)), "asked_until": until.isoformat()}


def asked_privately(release: Release, event: Event, policy: Service) -> tuple[str, ...]:
    """As `privately` of the step that begins a validation."""
    del event, policy
    return release.validation.asked if release.validation else ()


def timetable(release: Release) -> tuple[Reminder, ...]:
    """The end of the time that people have to answer."""
    run = release.validation
    if run is None or run.ended_at or run.asked_until is None or run.is_answered:
        return ()
    return (
        Reminder(
            conversation=release.id,
            kind="step",
            step="feedback_over",
            stage=0,
            due_at=run.asked_until,
            occasion=f"validation:{run.number}",
        ),
    )


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def is_asked(situation: Situation[Release]) -> None:
    run = _waiting(situation)
    if situation.move.actor.id not in run.asked:
        raise Refusal("You were not asked for feedback.", remedy="Tell it in the thread: `@Greenlight note …`.")


def is_waited_for(situation: Situation[Release]) -> None:
    _waiting(situation)


def _waiting(situation: Situation[Release]) -> Run:
    """The run that waits for answers. Refusal where none does."""
    run = situation.conversation.validation
    if run is None or not is_pending(run, situation.policy.playbook):
        raise Refusal("No feedback is waited for any more.", remedy="Tell it in the thread: `@Greenlight note …`.")
    return run


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def feedback_facts(situation: Situation[Release]) -> dict[str, Any]:
    """What somebody said; and the check's result, where it was the last answer that was waited for."""
    run, form, actor = _waiting(situation), situation.move.form, situation.move.actor
    assert isinstance(form, FeedbackForm)
    words = one_line(form.words, MOST_WORDS)
    opinion = Opinion(person=actor.id, name=actor.name, found=form.seen is Seen.FOUND, words=words, at=situation.now)
    opinions = run.with_opinion(opinion)
    found: dict[str, Any] = {"opinion": opinion.model_dump(mode="json")}
    if len(opinions) == len(run.asked):
        found |= _result(situation, run, opinions)
    return found


def over_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The result when the time is over, of the answers that came."""
    run = _waiting(situation)
    return _result(situation, run, run.opinions)


def _result(situation: Situation[Release], run: Run, opinions: tuple[Opinion, ...]) -> dict[str, Any]:
    asked = question_of(situation.policy.playbook)
    assert asked is not None, "it is waited for"
    name, rule = asked
    outcome, words = judged(rule, run, opinions)
    result = Result(
        name=name,
        title=situation.policy.playbook.title(name),
        outcome=outcome,
        words=one_line(words, MOST_WORDS),
        seconds=max(0.0, (situation.now - run.began_at).total_seconds()),
        at=situation.now,
        required=rule.required,
    )
    return {"result": result.model_dump(mode="json")}


def judged(rule: FeedbackRule, run: Run, opinions: tuple[Opinion, ...]) -> tuple[Outcome, str]:
    """What the answers mean together. Nobody's silence is taken for consent."""
    told = f"{len(opinions)} of {len(run.asked)} answered"
    if found := [opinion for opinion in opinions if opinion.found]:
        return Outcome.FAIL, "; ".join(f"{opinion.name}: {opinion.words}" for opinion in found)
    if len(opinions) < rule.answers:
        return Outcome.UNKNOWN, f"{told} within {rule.minutes} minutes, at least {rule.answers} expected"
    return Outcome.PASS, f"{told}, nobody found anything"


def answered(release: Release, event: Event) -> Release:
    """As `effect` of an answer, and of the end of the time for them."""
    run, told = release.validation, event.data
    if run is None:
        return release
    return release.but(validation=_with(run, told))


def _with(run: Run, told: Mapping[str, Any]) -> Run:
    if "opinion" in told:
        run = run.but(opinions=run.with_opinion(Opinion.model_validate(told["opinion"])))
    if "result" in told:
        result = Result.model_validate(told["result"])
        run = run.but(results=run.with_results((result,)), is_answered=True)
    return run
