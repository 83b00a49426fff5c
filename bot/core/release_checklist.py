"""What proves and ticks the items of a release's checklist (QA-DevOps dialogue, "Release Checklist Template")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from bot.core.checklist import Entry, Line, Mark, Proof, Standing, Tick
from bot.core.dialogue import Situation
from bot.core.events import Act, Event
from bot.core.forms import Ask, Entries, Form, Moment, SomeEntries, Widget
from bot.core.policy import Service
from bot.core.release_forms import DeployedForm, Outcome, StartForm
from bot.core.release_observation import was_quiet
from bot.core.release_rules import Release
from bot.core.release_rules import deployed_facts as notice_of
from bot.core.release_signing import approval_facts
from bot.core.release_start import start_facts as start_of
from bot.core.release_start import unknown_roles, unless_overridden
from bot.core.release_validation import last_results
from bot.core.roles import CLOCK, GREENLIGHT, Role
from bot.core.validation import passed
from bot.core.words import is_none
from bot.errors import Refusal

STEWARDS = (Role.RELEASE_MANAGER, Role.TECH_LEAD)
"""The roles that may tick any item, whoever owns it."""


class ItemsForm(Form):
    """Items of the checklist, by their texts."""

    items: Annotated[SomeEntries, Ask("Items", Widget.LINES, hint="One per line.", placeholder="Migrations reviewed")]


class ChecklistForm(Form):
    """What somebody changed on the checklist at once: items that are done now, and items that are not after all.

    `seen_at` is when they saw the checklist: what was ticked later they did not mean to untick.
    """

    ticked: Annotated[Entries, Ask("Done", Widget.LINES)] = ()
    unticked: Annotated[Entries, Ask("Open again", Widget.LINES)] = ()
    seen_at: Annotated[Moment | None, Ask("As seen at", Widget.MOMENT, past=True)] = None


# ── how it stands ────────────────────────────────────────────────────────────────────────────────────────────────────
def standing(release: Release, policy: Service) -> Standing:
    """Every item with its tick: what a step proves, unless somebody said otherwise later by hand."""
    lines = policy.checklist.lines(policy.components)
    marks = {mark.item: mark for mark in release.marks}
    entries = tuple(Entry(line, _tick(release, line, marks.get(line.id))) for line in lines)
    return Standing(entries, policy.checklist.gates)


def _tick(release: Release, line: Line, mark: Mark | None) -> Tick | None:
    proved = _proved(release, line)
    if mark is None or not _counts(release, line, mark) or (proved and proved.at > mark.at):
        return proved
    return Tick(mark.person, mark.name, mark.at) if mark.ticked else None


def _counts(release: Release, line: Line, mark: Mark) -> bool:
    """A tick is for the commit it was made for: what was reviewed is not what is released now."""
    return not line.item.for_commit or not mark.ticked or mark.commit == release.approval.commit


def _proved(release: Release, line: Line) -> Tick | None:
    proof = line.item.proved_by
    if proof is None:
        return None
    step = proof.partition(".")[0]
    act = _act(release, step)
    condition = _CONDITIONS.get(proof)
    if act is None or (condition and not condition(release, line)):
        return None
    return _signed(release, act, line)


def _signed(release: Release, act: Act, line: Line) -> Tick:
    """A signature is a person's: where the clock ended the watch, it is whoever deployed."""
    signer = release.took("deployed") if line.item.signature and act.actor == CLOCK.id else None
    return Tick(signer.actor if signer else act.actor, signer.name if signer else act.name, act.at, act.step)


def _act(release: Release, step: str) -> Act | None:
    """Who took the step that proves something, as long as it still holds: a revision puts plan and time aside."""
    if step == "validated":
        return _validation(release)
    if step == "approve":
        acts = [act for act in release.trail if act.step in ("approve", "revise")]
        return acts[-1] if acts else None
    if step in ("plan", "confirm") and release.plan is None:
        return None
    found = release.took(step)
    planned = release.took("plan")
    if step == "confirm" and found and planned and found.stage < planned.stage:
        return None  # another time was agreed to
    return found


# ── what steps prove ─────────────────────────────────────────────────────────────────────────────────────────────────
Condition = Callable[[Release, Line], bool]

_MARKS = "✅❌⚠️ \t"
_GOOD = re.compile(r"(?i)^(healthy|applied|up|running|ok|deployed|succeeded|success|done)\b")
_BAD = re.compile(
    r"(?i)\b(unhealthy|not|degraded|down|fail\w*|broken|errors?|timeout|timed out|unavailable|[45]\d\d)\b"
)


def _deployed(release: Release) -> DeployedForm:
    kept = release.forms["deployed"]
    return DeployedForm.model_validate({name: value for name, value in kept.items() if name in DeployedForm.asks()})


def _validation(release: Release) -> Act | None:
    """The end of the last validation. It leaves the state as it was, so that the trail does not have it."""
    _, ended_at = last_results(release)
    if ended_at is None:
        return None
    who = GREENLIGHT
    return Act(step="validated", actor=who.id, name=who.name, at=ended_at, stage=release.stage)


def _is_validated(release: Release, line: Line) -> bool:
    return passed(last_results(release)[0], line.item.checks)


def _state(line: str) -> tuple[str, str]:
    """A reported line as its name and its state: "Backend: ✅ Healthy"."""
    name, _, state = line.partition(":")
    return name.strip().casefold(), state.strip(_MARKS)


def _is_healthy(release: Release, line: Line) -> bool:
    states = dict(map(_state, _deployed(release).components))
    return bool(_GOOD.match(states.get(line.component.casefold(), "")))


def _is_applied(release: Release, _line: Line) -> bool:
    told = _deployed(release).migration.strip(_MARKS)
    return is_none(told) or bool(_GOOD.match(told))


def _checks_passed(release: Release, _line: Line) -> bool:
    return all(map(_is_well, _deployed(release).health_checks))


def _is_well(line: str) -> bool:
    """Whether a check says something, and nothing bad: "API: 200 OK", never "API:" or "Not told by Argo CD"."""
    name, colon, state = line.partition(":")
    told = state if colon else name
    return bool(told.strip()) and not _BAD.search(told) and "❌" not in line


def _is_watched(release: Release, _line: Line) -> bool:
    """Whether the watch ended quiet by itself: who ends it early, or has no monitors, has to say so by hand."""
    ended = release.took("complete")
    return ended is not None and ended.actor == CLOCK.id and was_quiet(release)


_CONDITIONS: Mapping[Proof, Condition] = {
    Proof.STORIES: lambda release, _: release.approval.stories_tested >= release.approval.stories_total,
    Proof.BUGS: lambda release, _: release.approval.bugs_fixed >= release.approval.bugs_found,
    Proof.REGRESSION: lambda release, _: release.approval.regression is Outcome.PASSED,
    Proof.SMOKE: lambda release, _: release.approval.smoke is Outcome.PASSED,
    Proof.RELEASE_NOTES: lambda release, _: release.approval.release_notes is not None,
    Proof.NO_MIGRATIONS: lambda release, _: release.plan is not None and is_none(release.plan.migrations),
    Proof.NO_CONFIG_CHANGES: lambda release, _: release.plan is not None and is_none(release.plan.config_changes),
    Proof.COMPONENT: _is_healthy,
    Proof.MIGRATION: _is_applied,
    Proof.HEALTH: _checks_passed,
    Proof.WATCHED: _is_watched,
    Proof.VALIDATED: _is_validated,
}
"""What must be true beside that the step was taken. Known issues and a rollback target are required by their forms."""


# ── the steps ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _wanted(situation: Situation[Release]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts of a move: of items that are done, and of items that are not."""
    form, step = situation.move.form, situation.move.step
    if isinstance(form, ChecklistForm):
        return form.ticked, form.unticked
    assert isinstance(form, ItemsForm)
    return ((), form.items) if step == "untick" else (form.items, ())


def known_items(situation: Situation[Release]) -> None:
    """Every item must be on the service's checklist, and be the actor's to tick."""
    now = standing(situation.conversation, situation.policy)
    ticked, unticked = _wanted(situation)
    field = {"tick": "items", "untick": "items"}.get(situation.move.step, "ticked" if ticked else "unticked")
    for words in (*ticked, *unticked):
        entry = now.called(words)
        if entry is None:
            names = ", ".join(one.line.text for one in now.entries)
            why = f"There is no item “{words[:60]}” on this checklist."
            raise Refusal(why, remedy=f"The items are: {names}." if names else "", fields={field: why})
        if not may_tick(situation.move.actor.roles, entry.line):
            titles = tuple(role.label for role in _tickers(entry.line))
            why = f"“{entry.line.text}” is {entry.line.owner.label}'s to tick."
            why += unknown_roles(situation, _tickers(entry.line))
            raise Refusal(why, may=titles, fields={field: why})
    if not _changed(situation):
        why = "Nothing would change: that is how the checklist stands already."
        raise Refusal(why, fields={field: why})


def may_tick(roles: frozenset[Role], line: Line) -> bool:
    """Whether holders of these roles may tick an item."""
    return not roles.isdisjoint(_tickers(line))


def _tickers(line: Line) -> tuple[Role, ...]:
    """An item's owner, and the stewards of the whole release; but nobody signs for another."""
    return (line.owner,) if line.item.signature else tuple(dict.fromkeys((line.owner, *STEWARDS)))


def _changed(situation: Situation[Release]) -> list[Mark]:
    """The marks that a move makes: what stands as wanted already, by whomever, stays as it is."""
    release, actor = situation.conversation, situation.move.actor
    now = standing(release, situation.policy)
    ticked, unticked = _wanted(situation)
    seen_at = getattr(situation.move.form, "seen_at", None)
    wanted = [(now.called(words), True) for words in ticked] + [(now.called(words), False) for words in unticked]
    return [
        Mark(
            item=entry.line.id,
            text=entry.line.text,
            ticked=done,
            person=actor.id,
            name=actor.name,
            at=situation.now,
            commit=release.approval.commit,
        )
        for entry, done in wanted
        if entry is not None and entry.is_open is done and not _is_newer(entry, seen_at)
    ]


def _is_newer(entry: Entry, seen_at: datetime | None) -> bool:
    """Whether an item was ticked after the actor looked."""
    return entry.tick is not None and seen_at is not None and entry.tick.at > seen_at


def mark_facts(situation: Situation[Release]) -> dict[str, Any]:
    return {"marks": [mark.model_dump(mode="json") for mark in _changed(situation)]}


def marked(release: Release, event: Event) -> Release:
    """The marks with the new ones in place of the old ones of the same items."""
    new = {mark.item: mark for mark in map(Mark.model_validate, event.data["marks"])}
    kept = tuple(mark for mark in release.marks if mark.item not in new)
    return release.model_copy(update={"marks": (*kept, *new.values())})


def checklist_is_done(situation: Situation[Release]) -> None:
    """A deployment waits for the items that gate it (release plan, "Pre-deployment Checklist")."""
    assert isinstance(situation.move.form, StartForm)
    if open_items := standing(situation.conversation, situation.policy).open_before("start"):
        told = ", ".join(f"{entry.line.text} ({entry.line.owner.label})" for entry in open_items)
        those = "it" if len(open_items) == 1 else "them"
        why = f"Open on the checklist: {told}. Tick {those} with the button “Checklist” on the card."
        unless_overridden(situation, "override", why)


def start_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The facts of a start, and what was still open where it was overridden."""
    waiting = standing(situation.conversation, situation.policy).open_before("start")
    return start_of(situation) | ({"open_items": [entry.line.text for entry in waiting]} if waiting else {})


def deployed_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The facts of a notice; and what was open where it is the first that is heard of a deployment, which no rule of
    its start has seen.
    """
    started = situation.conversation.state != "scheduled"
    waiting = () if started else standing(situation.conversation, situation.policy).open_before("start")
    return notice_of(situation) | ({"open_items": [entry.line.text for entry in waiting]} if waiting else {})


def revision_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The facts of an approval, and which items of the checklist a revision opens again."""
    facts, release = approval_facts(situation), situation.conversation
    assert situation.move.form is not None
    kept = situation.move.form.model_dump(mode="json") | facts
    revised = release.model_copy(update={"forms": {**release.forms, "approve": kept}, "planned_at": None})
    after = {entry.line.id for entry in standing(revised, situation.policy).entries if entry.is_open}
    before = standing(release, situation.policy).entries
    return facts | {"unticked": [entry.line.text for entry in before if not entry.is_open and entry.line.id in after]}
