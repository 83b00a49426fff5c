"""A release that everything happens to at once: what a person needs now stands on its card, within Slack's limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.canary import Canary
from bot.core.checklist import Checklist, Item, Section
from bot.core.deployer_rules import WorkflowRule
from bot.core.events import Event
from bot.core.observation import Observation, Standing
from bot.core.orders import OrderState
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_day import DayEntry
from bot.core.release_rules import Release
from bot.core.reminders import reminders_for
from bot.core.roles import MACHINES, Role
from bot.core.validation import Outcome, Result, Run
from bot.core.windows import FreezeMark
from bot.messages.limits import fit, violations
from bot.messages.message import Message
from bot.messages.release import card, told
from bot.messages.voices import VOICES
from playground.slack.block_rules import check_message_blocks
from tests.messages.a_spoken_release import CHART, buttons, read
from tests.messages.test_release_hostile import SORTS, line, long, longest

STATES = [state.name for state in RELEASE.states]
BUTTONS_IN_A_MESSAGE = 25


def crowded(text: str) -> tuple[Release, Service]:
    """Every step taken with its fields at their longest; and beside it all that a release can carry at a time."""
    *_, (_, talk) = longest(text)
    it, now = talk.release, talk.now
    results = tuple(
        Result(name=f"c{number}", title=long(text, 60), outcome=[*Outcome][number % 5], words=long(text, 300))
        for number in range(60)
    )
    standing = {f"s{number}": Standing(severity="P1", since=now) for number in range(30)}
    changes: dict[str, Any] = {
        "planned_at": now,
        "planned_end": now + timedelta(hours=1),
        "watch_until": now + timedelta(hours=2),
        "exception_at": now,
        "freezes": tuple(
            FreezeMark(ticket=f"FRZ-{number}", reason=long(text, 3000), starts=now) for number in range(9)
        ),
        "day": tuple(
            DayEntry(name=f"T+{number + 1}m", what=line(text), owner=Role.QA, at=now + timedelta(minutes=number))
            for number in range(20)
        ),
        "validation": Run(
            number=1, began_at=now, begun_by=line(text), checks=tuple(one.name for one in results), results=results
        ),
        "canary": Canary(shares=(5, 25, 50, 100), share=5, since=now, until=now),
        "order": OrderState(
            kind="deploy",
            event=1,
            outcome="running",
            deployer=line(text),
            asked_at=now,
            at=now,
            url=f"https://ci.example.com/{'x' * 1900}",
        ),
        "required": tuple(role for role in Role if role not in MACHINES),
        "decisions": {"cost": (Role.PM, Role.TECH_LEAD), "security_policies": (Role.SECURITY, Role.RELEASE_MANAGER)},
        "forms": it.forms | {"allow": {"reason": long(text, 3000)}},
        "observation": Observation(
            breached=standing,
            blind=dict.fromkeys(standing, long(text, 500)),
            alerts={long(f"{number} {text}", 100): "critical" for number in range(120)},
            regressed=tuple(standing),
        ),
    }
    sections = tuple(
        Section(
            title=long(f"{place} {text}", 70),
            items=tuple(
                Item(id=f"i-{place}-{number}", text=long(f"{place} {number} {text}", 75)) for number in range(50)
            ),
        )
        for place in range(6)
    )
    rule = WorkflowRule(kind="github_actions", repository=f"acme/{'x' * 80}", workflow="deploy.yml")
    return it.but(**changes), talk.policy.but(checklist=Checklist(sections=sections), deployer=rule)


@pytest.fixture(scope="module")
def crowds() -> dict[str, tuple[Release, Service]]:
    return {name: crowded(text) for name, text in SORTS.items()}


def is_within_the_limits(message: Message) -> bool:
    check_message_blocks(list(message.blocks))
    return violations(message.blocks) == [] and len(buttons(message)) <= BUTTONS_IN_A_MESSAGE


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("sort", SORTS)
def test_where_it_stands_whom_it_waits_for_and_the_buttons_are_on_the_card(
    crowds: dict[str, tuple[Release, Service]], sort: str, state: str
) -> None:
    """The first lines say it; what is done about it is below, and nothing of that is lost."""
    release, policy = crowds[sort]
    whole = card(release.but(state=state), policy)
    shown = fit(whole)[0]
    assert is_within_the_limits(shown)
    top = read(Message("", shown.blocks[:4]))
    assert RELEASE.state(state).words.casefold()[1:] in top.casefold()
    if RELEASE.state(state).asks:
        assert "👉 Awaited:" in top
    assert buttons(shown) == buttons(whole)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("sort", SORTS)
def test_lists_make_room_for_what_happened_since(
    crowds: dict[str, tuple[Release, Service]], sort: str, state: str
) -> None:
    """A hundred changes are in the thread; who signed, the plan, the day, the validation and the checklist stay. What
    becomes four and five times as long by escaping loses the ends of its lines, and no line is lost.
    """
    release, policy = crowds[sort]
    whole = card(release.but(state=state), policy)
    [shown] = fit(whole)
    assert "Sign-off" in read(shown)
    assert "Validation under way: " in read(shown)
    assert "Checklist" in read(shown)
    if state in ("scheduled", "deploying", "watching"):
        assert "Deployment Plan" in read(shown)
        assert "Release day" in read(shown)


ROW = {"name": "errors", "value": "0.1%", "before": "0.09%", "limit": ">1%", "state": "blind"}


@pytest.mark.parametrize("sort", SORTS)
def test_all_that_the_watch_can_tell_at_once_is_told_within_the_limits(
    crowds: dict[str, tuple[Release, Service]], sort: str
) -> None:
    """A hundred signals, fifty alerts."""
    (release, policy), text = crowds[sort], SORTS[sort]
    rows = [ROW | {"title": long(f"{number} {text}", 60), "note": long(text, 500)} for number in range(100)]
    groups = [
        {"name": long(f"{number} {text}", 100), "severity": long(text, 30), "since": "2024-01-16T16:00:00Z", "count": 9}
        | {"summary": long(text, 300), "runbook": f"https://x.example.com/{'r' * 470}"}
        for number in range(50)
    ]
    said = {
        "checked": {"occasion": "T+10m", "rows": rows},
        "blind": {"rows": rows, "since": "2024-01-16T16:00:00Z"},
        "sees": {"rows": rows},
        "alerted": {"groups": groups},
        "alerts_over": {"names": [group["name"] for group in groups], "quiet": []},
        "regressed": {"name": "errors", **dict.fromkeys(("signal", "before", "after", "certainty"), line(text))}
        | {"chart": CHART},
    }
    for step, data in said.items():
        it = release.but(state="watching", number=40)
        event = Event(
            conversation=it.id, number=40, dialogue="release", step=step, state="watching", stage=it.stage,
            at=it.since, actor="watch", name="Greenlight", roles=("watch",), data=data,
        )  # fmt: skip
        parts = [part for one in told(it, event, policy) for part in fit(one.message)]
        assert all(map(is_within_the_limits, parts)), step
        if step == "alerted":
            shown = "\n".join(map(read, parts))
            assert [number for number in range(50) if f"{number} " not in shown] == []


@pytest.mark.parametrize("state", STATES)
def test_reminders_of_it_are_within_the_limits(crowds: dict[str, tuple[Release, Service]], state: str) -> None:
    for sort in SORTS:
        release, policy = crowds[sort]
        it = release.but(state=state)
        for one in reminders_for(RELEASE, it, policy):
            message = VOICES["release"].reminder(it, one, policy, one.due_at, late=timedelta(hours=1), reminder_id=1)
            assert all(map(is_within_the_limits, fit(message)))
