"""What is said in a rollback: goldens of every state and step, the document's lines, who is called, Slack's limits.

`GREENLIGHT_GOLDEN=write pytest tests/messages` writes the goldens anew; the difference is for the reviewer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.deployer_rules import WorkflowRule
from bot.core.dialogue import SAME
from bot.core.reminders import reminders_for, tells_of
from bot.core.roles import CLOCK, GREENLIGHT, Actor
from bot.core.rollback import ROLLBACK
from bot.core.surroundings import NOWHERE
from bot.messages.limits import fit, violations
from bot.messages.message import Message
from bot.messages.voices import VOICES
from playground.slack.block_rules import check_message_blocks
from tests.messages.a_spoken_release import (
    DEVOPS,
    LINKED,
    MANAGER,
    POLICY,
    QA,
    TECH_LEAD,
    as_json,
    buttons,
    calls,
    read,
    read_all,
    texts,
    words,
)
from tests.messages.a_spoken_rollback import Talk

GOLDEN = Path(__file__).parent / "golden" / "rollback"

BEGUN = {"target": "v1.1.0", "eta": 5}
DONE = {"version": "v1.1.0", "duration": 4, "checks": ["API health: ✅", "Error rate: Dropping"], "verify": "orders"}
SEEN = {"seen": "Order creation works"}
CLOSING = {"investigators": ["UBOB"], "post_mortem_at": "2024-01-17T16:00:00Z", "words": "Which migration?"}
WORKFLOW = WorkflowRule(kind="github_actions", repository="acme/shop", workflow="deploy.yml")
REASON = {"reason": "Orders still fail with 500"}
BARE: dict[str, Any] = {"issue": "", "impact": [], "evidence": []}


def p0() -> Talk:
    return Talk().asked(severity="P0")


def begun() -> Talk:
    return Talk().asked().later(minutes=2).do("decide", TECH_LEAD).later(minutes=1).do("initiate", DEVOPS, BEGUN)


def done() -> Talk:
    return begun().later(minutes=4).do("complete", DEVOPS, DONE)


def verified() -> Talk:
    return done().later(minutes=3).do("verify", QA, SEEN)


def closed() -> Talk:
    return verified().later(minutes=3).do("close", TECH_LEAD, CLOSING)


def ordered(outcome: str = "", **told: str) -> Talk:
    """A rollback that GitHub Actions was asked for, and what became of the order."""
    talk = Talk(POLICY.model_copy(update={"deployer": WORKFLOW})).asked(severity="P0").later(minutes=1)
    talk.do("initiate", DEVOPS, BEGUN)
    if not outcome:
        return talk
    assert talk.it.order is not None
    answers = {"kind": "rollback", "event": talk.it.order.event, "outcome": outcome, "deployer": WORKFLOW.name}
    return talk.later(minutes=1).do("order_told", GREENLIGHT, answers | told)


STORIES: dict[str, Callable[[], Talk]] = {
    "request": lambda: Talk().asked(),
    "request_p0": p0,
    "request_with_nothing_but_a_version": lambda: Talk(around=NOWHERE).asked(severity="P0", **BARE),
    "request_by_its_release": lambda: Talk().asked(LINKED),
    "favour": lambda: Talk().asked().do("oppose", DEVOPS).do("favour", MANAGER),
    "decide": lambda: Talk().asked().later(minutes=2).do("decide", TECH_LEAD),
    "raise_severity": lambda: Talk().asked().later(minutes=2).do("raise_severity", QA),
    "worsened": lambda: Talk().asked().do("decide", TECH_LEAD).do("worsened", LINKED),
    "not_notified": lambda: p0().do("not_notified", LINKED, {"what": "PagerDuty", "reason": "It refused (400)."}),
    "decline": lambda: Talk().asked().do("decline", TECH_LEAD, REASON),
    "withdraw": lambda: p0().do("withdraw", QA, REASON),
    "detail": lambda: Talk().asked(**BARE).do("detail", DEVOPS, {"impact": "Support has 40 calls"}),
    "initiate": begun,
    "overdue": lambda: begun().later(minutes=2).do("overdue", CLOCK, {"occasion": "1:application"}),
    "overdue_late": lambda: begun().later(minutes=30).do("overdue", CLOCK, {"occasion": "1:database"}),
    "complete": done,
    "testing": lambda: done().do("testing", QA),
    "still_broken": lambda: done().do("still_broken", QA, REASON),
    "second_attempt": lambda: (
        done().do("still_broken", QA, REASON).later(minutes=1).do("initiate", DEVOPS, {"target": "v1.0.0", "eta": 3})
    ),
    "verify": verified,
    "close": closed,
    "publish_link": lambda: closed().do("publish", TECH_LEAD, {"link": "https://docs.example.com/post-mortems/1"}),
    "publish_text": lambda: closed().do("publish", DEVOPS, {"text": "A migration dropped a default."}),
    "initiate_through_a_deployer": ordered,
    "order_told_accepted": lambda: ordered("accepted", url="https://github.com/acme/shop/actions/runs/900"),
    "order_told_refused": lambda: ordered("refused", reason="GitHub Actions refused (401: Bad credentials)."),
    "order_told_succeeded": lambda: ordered("succeeded", reason="success"),
    "ask_again": lambda: ordered("failed", reason="timed out").do("ask_again", DEVOPS),
    "note": lambda: begun().do("note", DEVOPS, {"text": "The cache as well"}),
}


def hold(name: str, content: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GREENLIGHT_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    assert content == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STORIES)
def test_what_is_said_stays_as_it_was_reviewed(name: str) -> None:
    """The card after the step, and what the thread hears of it."""
    talk = STORIES[name]()
    hold(name, f"{read(talk.card)}\n{read_all(talk.said)}")


def reminded(talk: Talk) -> Iterator[tuple[str, Message]]:
    tells = tells_of(ROLLBACK.step(talk.events[-1].step), talk.it, talk.events[-1], talk.policy)
    for one in (*reminders_for(ROLLBACK, talk.it, talk.policy), *tells):
        if one.kind != "step":
            message = VOICES["rollback"].reminder(talk.it, one, talk.policy, one.due_at, late=None, reminder_id=1)
            yield f"{one.kind} {one.step} {','.join(one.roles)} {one.due_at:%d %H:%M}", message


REMINDING = [
    *("request", "request_p0", "initiate", "complete", "still_broken", "verify", "close"),
    "order_told_refused",
]


@pytest.mark.parametrize("name", REMINDING)
def test_reminders_stay_as_they_were_reviewed(name: str) -> None:
    told = list(reminded(STORIES[name]()))[:4]
    hold(f"reminders_after_{name}", "\n".join(f"── {key}\n{read(message)}" for key, message in told))


def test_every_state_and_step_has_its_golden() -> None:
    """A new row is read by people before it is sent."""
    assert {talk().it.state for talk in STORIES.values()} == {state.name for state in ROLLBACK.states}
    taken = {event.step for talk in STORIES.values() for event in talk().events}
    assert taken == {step.name for step in ROLLBACK.steps}


# ── the document's own words ─────────────────────────────────────────────────────────────────────────────────────────
def in_order(shown: str, *lines: str) -> None:
    position = 0
    for line in lines:
        assert line in shown[position:], f"{line!r} is not in, or not after the line before it:\n{shown}"
        position = shown.index(line, position)


def test_the_document_s_lines_stand_in_card_and_thread() -> None:
    """QA-DevOps dialogue, section 5."""
    in_order(
        words(Talk().asked().card),
        *("🚨 ROLLBACK NEEDED: v1.2.0", "Severity: P1 — Critical", "Environment: Production", "Issue:"),
        *("Users cannot complete orders", "Impact:", "Core functionality broken", "Evidence:", "Sentry: 50+ errors"),
        *("Recommendation:", "Rollback to v1.1.0 immediately."),
    )
    in_order(
        words(begun().said[0].message),
        *("🔴 INITIATING ROLLBACK", "Rolling back to v1.1.0.", "ETA: 5 minutes.", "Everyone stand by."),
    )
    in_order(
        words(done().said[0].message),
        *("Rollback Complete", "Status: Production now on v1.1.0", "Duration: 4 minutes", "Immediate check:"),
        *("API health: ✅", "Error rate: Dropping", "Please verify orders."),
    )
    in_order(words(verified().said[0].message), "Order creation works on v1.1.0.", "Rollback successful.")
    in_order(
        words(closed().said[0].message),
        *("Rollback verified. Production stable.", "Let's investigate the v1.2.0 issue before re-deploy."),
        "Post-mortem scheduled for 2024-01-17 16:00 UTC",
    )


def test_the_card_names_who_decides_and_until_when() -> None:
    shown = words(Talk().asked().card)
    assert "The Tech Lead decides, within 20 minutes; after that it goes up to the Release Manager." in shown
    quick = POLICY.model_copy(update={"reminders": {"rollback.decide": 3, "decide": 50}})
    assert "The Tech Lead decides, within 6 minutes" in words(Talk(quick).asked().card)


def test_a_missed_target_says_how_long_it_has_been_and_a_late_word_says_that_it_is_late() -> None:
    told = words(STORIES["overdue"]().said[0].message)
    assert "Application (2 min). The rollback has been running for 2 minutes." in told
    assert "Told late" not in told
    late = words(STORIES["overdue_late"]().said[0].message)
    assert "Application and database (5 min). The rollback has been running for 30 minutes." in late
    assert "Told late: it was missed at 15:28 UTC." in late


def test_a_met_and_a_missed_recovery_target_are_told_at_the_end() -> None:
    assert "Duration: 4 minutes (recovery target 2 minutes missed)" in words(done().said[0].message)
    quick = begun().do("complete", DEVOPS, DONE | {"duration": 1})
    assert "Duration: 1 minute (recovery target 2 minutes met)" in words(quick.said[0].message)


# ── who is called ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("request", {"UTANIA"}),
        ("request_p0", {"S0DEVOPS"}),
        ("decide", {"S0DEVOPS"}),
        ("initiate", set()),
        ("complete", {"UCHARLIE"}),
        ("still_broken", {"UJANE"}),
        ("verify", {"UTANIA"}),
        ("close", {"UBOB"}),
        ("decline", set()),
        ("withdraw", set()),
        ("favour", set()),
        ("detail", set()),
        ("overdue", set()),
        ("testing", set()),
    ],
)
def test_only_the_awaited_are_called_and_who_is_to_investigate(name: str, called: set[str]) -> None:
    talk = STORIES[name]()
    where = (talk.card,) if len(talk.events) == 1 else tuple(said.message for said in talk.said)
    assert calls(*where) == called


def test_the_team_is_called_twice_where_it_has_a_group() -> None:
    """Begun and done, as in the document."""
    with_team = POLICY.model_copy(update={"team_group": "S0TEAM"})
    talk = Talk(with_team).asked(severity="P0").do("initiate", DEVOPS, BEGUN)
    assert "S0TEAM" in calls(talk.said[0].message)
    assert "S0TEAM" in calls(talk.do("complete", DEVOPS, DONE).said[0].message)
    assert "S0TEAM" not in calls(*(said.message for said in talk.do("verify", QA, SEEN).said))


def test_the_channel_hears_the_beginning_and_the_end() -> None:
    for name, story in STORIES.items():
        talk = story()
        broadcast = any(said.broadcast for said in talk.said)
        assert broadcast == (talk.events[-1].step in ("initiate", "complete")), name


def test_buttons_carry_the_stage_they_were_made_for() -> None:
    for button in buttons(begun().card):
        assert (button.reference.conversation, button.reference.stage) == ("b1", 3)


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────────
HOSTILE = "<!channel> <@UEVIL> <!subteam^S0EVIL> <https://evil.example|click> *bold* `code` _it_ \u202eevil 😀🚀"
SORTS = {"hostile": HOSTILE, "escaped": "&<>", "emoji": "😀", "one word": "x"}


def long(text: str, length: int) -> str:
    return (text * (length // len(text) + 1))[:length]


def longest(text: str) -> Iterator[tuple[str, Talk]]:
    """Every step with every field at its longest, by people with the longest names, one after the other."""
    qa, devops, lead = (Actor(one.id, long(text, 80), one.roles) for one in (QA, DEVOPS, TECH_LEAD))
    entries = [long(f"{number} {text}", 300) for number in range(100)]
    reason, older = {"reason": long(text, 3000)}, "v" + "0" * 59
    detail = {"issue": long(text, 3000), "impact": entries, "evidence": entries}
    talk = Talk(around=NOWHERE)
    talk.it = talk.it.model_copy(update={"version": "v" + "1" * 59})
    steps: list[tuple[str, Actor, dict[str, Any] | None]] = [
        ("request", qa, detail | {"version": "v" + "1" * 59, "target": older}),
        *(("favour", Actor(f"U{number}", long(text, 80), frozenset()), None) for number in range(60)),
        ("oppose", devops, None),
        ("detail", devops, detail),
        ("note", devops, {"text": long(text, 3000)}),
        ("decide", lead, None),
        ("initiate", devops, {"target": older, "eta": 1440, "scope": "system"}),
        ("overdue", CLOCK, {"occasion": "1:system"}),
        ("complete", devops, {"version": older, "duration": 10080, "checks": entries, "verify": long(text, 150)}),
        ("testing", qa, None),
        ("still_broken", qa, reason),
        ("initiate", devops, {"target": older, "eta": 1440}),
        ("complete", devops, {"version": older, "duration": 10080, "checks": entries, "verify": long(text, 150)}),
        ("verify", qa, {"seen": long(text, 150)}),
        ("close", lead, {"post_mortem_at": "2024-01-17T16:00:00Z", "words": long(text, 3000)}),
        ("publish", lead, {"text": long(text, 3000)}),
    ]
    for step, actor, answers in steps:
        talk.do(step, actor, answers)
        yield step, talk


def everything(talk: Talk) -> list[Message]:
    return [talk.card, *(said.message for said in talk.said), *(message for _, message in reminded(talk))]


@pytest.mark.parametrize("text", SORTS.values(), ids=SORTS)
def test_the_longest_rollback_stays_within_slacks_limits(text: str) -> None:
    for step, talk in longest(text):
        for message in everything(talk):
            assert violations(message.blocks) == [], step
            assert fit(message) == (message,), step
            check_message_blocks(list(message.blocks))


def test_hostile_text_pings_nobody_and_formats_nothing() -> None:
    known = {"UCHARLIE", "UJANE", "UTANIA", "UJOHN", "S0QA", "S0DEVOPS"}
    for step, talk in longest(HOSTILE):
        for message in everything(talk):
            assert calls(message) <= known, step
            assert not any("<https://evil.example|" in text for text in texts(message)), step
            assert "\u202e" not in as_json(message) + message.text, step


def test_what_the_card_has_no_room_for_stands_in_the_thread() -> None:
    entries = [f"Customer {number} can't order" for number in range(60)]
    talk = Talk().asked(impact=entries)
    thread = "".join(read(said.message) for said in talk.said)
    assert "Customer 50" not in read(talk.card)
    assert all(f"• {entry}\n" in thread for entry in entries)


def test_a_step_that_changes_nothing_leaves_the_card_s_buttons_good() -> None:
    same = {step.name for step in ROLLBACK.steps if step.to == SAME}
    assert same == {
        *["favour", "oppose", "overdue", "testing", "detail", "note", "order_told", "ask_again", "worsened"],
        "not_notified",
    }
    talk = Talk().asked()
    before = talk.it.stage
    assert talk.do("favour", QA).it.stage == before
    assert timedelta(0) == talk.now - talk.it.since
