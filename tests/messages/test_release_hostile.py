"""The longest and most hostile release: within Slack's limits, and nobody is pinged by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.core.policy import Holders
from bot.core.release import RELEASE
from bot.core.reminders import reminders_for
from bot.core.roles import Actor, Role
from bot.messages.limits import fit, violations
from bot.messages.message import Message
from bot.messages.parts import rows
from bot.messages.voices import VOICES
from playground.slack.block_rules import check_message_blocks
from tests.messages.a_spoken_release import (
    BREACH,
    DEVOPS,
    LINKED,
    MANAGER,
    POLICY,
    QA,
    TECH_LEAD,
    WATCH,
    Talk,
    as_json,
    calls,
    read,
    texts,
)

HOSTILE = "<!channel> <@UEVIL> <!subteam^S0EVIL> <https://evil.example|click> *bold* `code` _it_ ~no~ \u202eevil 😀🚀"
AMPERSANDS = "&<>"
EMOJI = "😀"
SORTS = {"hostile": HOSTILE, "escaped": AMPERSANDS, "emoji": EMOJI, "one word": "x"}


def long(text: str, length: int) -> str:
    return (text * (length // len(text) + 1))[:length]


def line(text: str) -> str:
    return long(text, 150)


def entries(text: str) -> list[str]:
    return [long(f"{number} {text}", 300) for number in range(100)]


def checks(text: str) -> list[str]:
    return [f"{number} {long(text, 250)}: {verdict} ({long(text, 30)})" for number, verdict in _verdicts()]


def _verdicts() -> Iterator[tuple[int, str]]:
    return ((number, "Fail" if number == 50 else "Pass") for number in range(100))


def longest_approval(text: str) -> dict[str, Any]:
    return {
        "version": "v" + "1" * 59,
        "sprint": line(text),
        "branch": line(text),
        "commit": "a" * 64,
        **dict.fromkeys(("stories_tested", "stories_total", "bugs_found", "bugs_fixed"), 9999),
        **dict.fromkeys(("regression", "smoke"), "passed_with_known_issues"),
        "changes": entries(text),
        "known_issues": entries(text),
        "release_notes": "https://example.com/" + "a" * 2000,
        "rollback_signal": "latency_p95",
        "rollback_threshold": ">99999999999 requests/s/and/more",
        "rollback_endpoint": line(text),
        "rollback_minutes": 1440,
        "authors": [f"U0AUTHOR{number}" for number in range(10)],
    }


def longest_plan(text: str) -> dict[str, Any]:
    lines = (
        *("window", "downtime", "migrations", "config_changes", "cache_clear"),
        *("error_monitoring", "performance_monitoring"),
    )
    return {
        "when": "2024-01-16T16:00:00Z",
        "duration": 1439,
        "strategy": "blue_green",
        "rollback_target": "v" + "0" * 59,
        "concerns": entries(text),
        **dict.fromkeys(lines, line(text)),
    }


def longest_notice(text: str) -> dict[str, Any]:
    return {
        "duration": 1439,
        "monitoring": [long(f"Board {number}: https://example.com/{number}", 300) for number in range(100)],
        **dict.fromkeys(("components", "health_checks", "metrics"), entries(text)),
        **dict.fromkeys(("migration", "cache", "issues"), line(text)),
    }


WITH_PM = POLICY.model_copy(update={"roles": {**POLICY.roles, Role.PM: Holders(users=("UPAVEL",))}})

Steps = list[tuple[str, Actor, dict[str, Any] | None]]


def people(text: str) -> tuple[Actor, ...]:
    """QA, DevOps, Tech Lead and Release Manager, with names at their longest."""
    return tuple(Actor(actor.id, long(text, 80), actor.roles) for actor in (QA, DEVOPS, TECH_LEAD, MANAGER))


def way_to_production(text: str) -> Steps:
    qa, devops, lead, manager = people(text)
    pm = Actor("UPAVEL", long(text, 80), frozenset({Role.PM}))
    reason, plan = {"reason": long(text, 3000)}, longest_plan(text)
    return [
        ("approve", qa, longest_approval(text)),
        ("object", lead, reason),
        ("revise", qa, longest_approval(text) | {"commit": "b" * 64}),
        ("cosign", lead, None),
        ("plan", devops, plan | {"decisions": ["cost", "security_policies"]}),
        ("agree", pm, None),
        ("disagree", lead, reason),
        ("plan", devops, plan),
        ("agree", lead, None),
        ("agree", pm, None),
        ("propose_time", qa, {"when": "2024-01-16T18:00:00Z", **reason}),
        ("plan", devops, plan),
        ("agree", lead, None),
        ("agree", pm, None),
        ("confirm", qa, None),
        ("start", manager, {"commit": "b" * 64, "override": long(text, 3000)}),
        ("deploy_failed", devops, reason),
        ("continue", lead, reason),
        ("deployed", devops, longest_notice(text)),
    ]


def way_back(text: str) -> Steps:
    qa, devops, lead, _ = people(text)
    reason, older = {"reason": long(text, 3000)}, "v" + "0" * 59
    smoke = {"results": checks(text), "duration": 1439, "issues": line(text)}
    passed = smoke | {"results": [result.replace(": Fail", ": Pass") for result in checks(text)]}
    breach = BREACH | dict.fromkeys(("signal", "measured", "limit"), line(text))
    alarm = {"issue": long(text, 3000), "impact": entries(text), "evidence": entries(text), "target": older}
    return [
        ("begin_smoke", qa, None),
        ("smoke_failed", qa, smoke),
        ("continue", lead, reason),
        ("smoke_passed", qa, passed),
        ("extend_watch", devops, {"minutes": 10080}),
        ("note", qa, {"text": long(text, 3000)}),
        ("breach", WATCH, breach),
        ("continue", lead, reason),
        ("complete", devops, {"summary": long(text, 3000)}),
        ("roll_back", qa, alarm),
        ("rolled_back", LINKED, {"version": older, "duration": 10080, "checks": entries(text)}),
    ]


def longest(text: str) -> Iterator[tuple[str, Talk]]:
    """Every step of the dialogue with every field at its longest, one after the other."""
    talk = Talk(WITH_PM)
    talk.release = talk.release.model_copy(update={"version": "v" + "1" * 59})
    for step, actor, answers in (*way_to_production(text), *way_back(text)):
        talk.take(step, actor, answers)
        yield step, talk


def everything(talk: Talk) -> list[Message]:
    due = reminders_for(RELEASE, talk.release, talk.policy)
    told = [
        VOICES["release"].reminder(talk.release, one, talk.policy, one.due_at, late=None, reminder_id=1) for one in due
    ]
    return [talk.card, *(said.message for said in talk.said), *told]


@pytest.mark.parametrize("text", SORTS.values(), ids=SORTS)
def test_the_longest_release_stays_within_slacks_limits(text: str) -> None:
    """Whatever is said about a release with every field at its longest breaks no limit, and needs no cutting."""
    for step, talk in longest(text):
        for message in everything(talk):
            assert violations(message.blocks) == [], step
            assert fit(message) == (message,), step
            check_message_blocks(list(message.blocks))
        assert len(talk.card.blocks) <= 25, step


def test_hostile_text_pings_nobody() -> None:
    """Of all that a hostile release says, nothing calls a channel, a group or a person whom it does not await."""
    known = {"UCHARLIE", "UJANE", "UTANIA", "UJOHN", "UPAVEL", "S0QA", "S0DEVOPS"}
    for step, talk in longest(HOSTILE):
        for message in everything(talk):
            assert calls(message) <= known, step
            assert not any("<https://evil.example|" in text for text in texts(message)), step
            assert "\u202e" not in as_json(message) + message.text, step


def test_hostile_text_formats_nothing() -> None:
    """Asterisks and backticks of outside text are shown, not obeyed."""
    talk = Talk().approved(changes=["*bold* `code`"], sprint="*Sprint*")
    shown = "\n".join(texts(talk.card))
    assert "*bold*" not in shown
    assert "`code`" not in shown
    assert "*Sprint:* *Sprint*" not in shown


def test_a_long_list_is_shortened_on_the_card_and_whole_in_the_thread() -> None:
    """Of 100 changes the card shows ten and counts the rest; the thread has every one, once."""
    changes = [f"STORY-{number}: Change number {number}" for number in range(1, 101)]
    talk = Talk().approved(changes=changes)
    card = read(talk.card)
    assert "STORY-10: Change number 10\n" in card
    assert "STORY-11" not in card
    assert "… and 90 more in the thread" in card
    thread = "".join(read(said.message) for said in talk.said)
    for change in changes:
        assert thread.count(f"• {change}\n") == 1
    assert "Known Issues" not in thread


def test_a_long_text_loses_nothing() -> None:
    """A reason of 3,000 characters that grow by escaping is told to its last character, in the thread."""
    reason = long("a & b < c > d ", 2990) + "the end"
    talk = Talk().approved().take("object", TECH_LEAD, {"reason": reason})
    assert "the end" not in read(talk.said[0].message)
    assert "… in full in the thread" in read(talk.said[0].message)
    whole = "".join(text for said in talk.said[1:] for text in texts(said.message)).replace("\n", "")
    assert reason.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in whole


def test_what_failed_comes_first_of_a_hundred_tests() -> None:
    """The table of a long smoke test begins with what failed, and the thread has all rows."""
    results = [f"Test {number}: {verdict}" for number, verdict in _verdicts()]
    talk = Talk().smoke_running().take("smoke_failed", QA, {"results": results, "duration": 8})
    table = next(block for block in talk.said[0].message.blocks if block["type"] == "table")
    assert [cell["text"] for cell in table["rows"][1]] == ["Test 50", "❌ Fail"]
    thread = "".join(read(said.message) for said in talk.said[1:])
    assert all(f"• {result}\n" in thread for result in results)


def test_more_than_five_buttons_take_a_second_row() -> None:
    """Buttons stand five in a row."""
    for _, talk in longest("x"):
        for message in everything(talk):
            assert all(len(block["elements"]) <= 5 for block in message.blocks if block["type"] == "actions")
    release = Talk().approved().release
    blocks = rows(release, RELEASE.steps[:7])
    assert [len(block["elements"]) for block in blocks] == [5, 2]
