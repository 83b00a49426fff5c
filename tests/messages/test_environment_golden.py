"""Every message about environments, as it is sent: people read golden/environment, this test keeps it.

`GREENLIGHT_GOLDEN=write pytest tests/messages` writes them anew; the difference is for the reviewer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.core.roles import CLOCK, GREENLIGHT, Actor
from bot.core.secrets import Secret
from bot.messages.handover import handover
from bot.messages.limits import fit, violations
from playground.slack.block_rules import check_message_blocks
from tests.messages.a_spoken_environment import (
    PLAN,
    READY,
    RESTORED,
    TICKET,
    UPDATE,
    Steps,
    Talk,
    ending,
    in_use,
    issue,
    request,
)
from tests.messages.a_spoken_release import DEVOPS, QA, START, as_json, calls, read, read_all, texts
from tests.messages.test_release_hostile import HOSTILE, SORTS, entries, line, long

GOLDEN = Path(__file__).parent / "golden" / "environment"
REASON = {"reason": "Every third call still fails"}
REFUSED = (
    "Jira refused (401). The token is missing or no longer valid; whoever runs Greenlight has to put in a new one."
)
PREPARED = [("plan", DEVOPS, PLAN), ("ready", DEVOPS, READY)]

STORIES: dict[str, Callable[[], Talk]] = {
    "report": issue,
    "report_with_work": lambda: issue(blocked=["STORY-140: Order export"], evidence=["API: 503"], urgency="low"),
    "investigate": lambda: issue().wait(minutes=5).take("investigate", DEVOPS),
    "update_at_once": lambda: issue().wait(minutes=5).take("update", DEVOPS, UPDATE),
    "update_later": lambda: (
        issue().take("update", DEVOPS, UPDATE).wait(minutes=9).take("update", DEVOPS, {"workaround": "Use the sandbox"})
    ),
    "restore": lambda: issue().take("investigate", DEVOPS).wait(minutes=12).take("restore", DEVOPS, RESTORED),
    "still_broken": lambda: issue().take("restore", DEVOPS, RESTORED).take("still_broken", QA, REASON),
    "verify": lambda: issue().take("restore", DEVOPS, RESTORED).wait(minutes=20).take("verify", QA),
    "withdraw": lambda: issue().take("withdraw", QA, REASON),
    "ticket_opened": lambda: issue().take("ticket_opened", GREENLIGHT, TICKET),
    "ticket_not_opened": lambda: issue().take("ticket_refused", GREENLIGHT, {"what": "open", "reason": REFUSED}),
    "ticket_not_closed": lambda: (
        issue()
        .take("ticket_opened", GREENLIGHT, TICKET)
        .take("ticket_refused", GREENLIGHT, {"what": "close", "reason": REFUSED})
    ),
    "request": request,
    "request_without_name": lambda: request(environment=""),
    "plan": lambda: request().take("plan", DEVOPS, PLAN),
    "ready": lambda: request().go(*PREPARED),
    "ready_without_credentials": lambda: request().go(
        ("plan", DEVOPS, PLAN), ("ready", DEVOPS, READY | {"secrets": ""})
    ),
    "shared": lambda: request().go(*PREPARED, ("shared", GREENLIGHT, {"person": QA.id})),
    "not_shared": lambda: request().go(*PREPARED, ("not_shared", GREENLIGHT, None)),
    "share": lambda: request().go(*PREPARED, ("share", DEVOPS, {"secrets": READY["secrets"]})),
    "adjust": lambda: request().go(*PREPARED, ("adjust", QA, {"adjustments": ["2 GB of memory"]})),
    "accept": in_use,
    "ask_end": ending,
    "extend": lambda: ending().take("extend", QA, {"until": "2024-02-20T12:00:00Z", "reason": "The tests go on"}),
    "retire_by_devops": lambda: ending().take("retire", DEVOPS),
    "retire_by_qa": lambda: ending().take("retire", QA),
    "decline": lambda: request().take("decline", DEVOPS, {"reason": "The budget is spent"}),
    "withdraw_request": lambda: request().take("withdraw", QA, {"reason": "The story was dropped"}),
    "request_ticket": lambda: request().take("ticket_opened", GREENLIGHT, TICKET),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_is_said_is_as_kept(name: str) -> None:
    """The thread, the card and what is told privately after a step."""
    talk = STORIES[name]()
    parts = (("thread", read_all(talk.said)), ("card", read(talk.card)), ("privately", read(*talk.told)))
    shown = "\n".join(f"════ {part}\n{text}" for part, text in parts if text.strip())
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GREENLIGHT_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


# ── the longest and most hostile ─────────────────────────────────────────────────────────────────────────────────────
def longest_issue(text: str) -> Iterator[tuple[str, Talk]]:
    qa, devops = (Actor(actor.id, long(text, 80), actor.roles) for actor in (QA, DEVOPS))
    lists = dict.fromkeys(("symptoms", "tried", "blocked", "evidence"), entries(text))
    paragraphs = {"problem": f"API {long(text, 2990)}", "impact": long(text, 3000)}
    report = lists | paragraphs | {"started": "2020-01-16T14:50:00Z", "urgency": "critical"}
    update = {"findings": entries(text), "cause": line(text), "fix": entries(text), "workaround": long(text, 3000)}
    restored = dict.fromkeys(("root_cause", "fix", "prevention"), long(text, 3000))
    steps: Steps = [
        ("report", qa, report | {"environment": long(text, 60), "urgency_reason": line(text)}),
        ("update", devops, update | {"eta": 10080}),
        ("ticket_opened", GREENLIGHT, {"key": "O" * 60, "url": "https://example.com/" + "a" * 280}),
        ("ticket_refused", GREENLIGHT, {"what": "open", "reason": long(text, 3000)}),
        ("restore", devops, restored),
        ("still_broken", qa, {"reason": long(text, 3000)}),
        ("restore", devops, restored),
        ("verify", qa, None),
        ("note", qa, {"text": long(text, 3000)}),
    ]
    yield from _played(Talk(ENVIRONMENT_ISSUE), steps)


def longest_request(text: str) -> Iterator[tuple[str, Talk]]:
    qa, devops = (Actor(actor.id, long(text, 80), actor.roles) for actor in (QA, DEVOPS))
    asked: dict[str, Any] = dict.fromkeys(("what", "why"), long(text, 3000))
    asked |= {"needed_by": line(text), "duration": line(text), "requirements": entries(text)}
    asked |= {"environment": long(text, 60), "needed_at": "2024-02-01T12:00:00Z", "until": "2024-03-01T12:00:00Z"}
    urls = [long(f"Board {number}: https://example.com/{number}?", 300) for number in range(100)]
    stands = {"name": long(text, 60), "urls": urls, "secrets": READY["secrets"]}
    steps: Steps = [
        ("request", qa, asked),
        ("plan", devops, {"plan": entries(text), "timeline": line(text), "access": line(text), "notes": entries(text)}),
        ("ready", devops, stands | {"data": entries(text), "limits": entries(text)}),
        ("not_shared", GREENLIGHT, None),
        ("adjust", qa, {"adjustments": entries(text)}),
        ("ready", devops, stands),
        ("shared", GREENLIGHT, {"person": QA.id}),
        ("accept", qa, None),
        ("ask_end", CLOCK, None),
        ("extend", qa, {"until": "2024-04-01T12:00:00Z", "reason": long(text, 3000)}),
        ("retire", qa, None),
    ]
    yield from _played(Talk(ENVIRONMENT_REQUEST), steps)


def _played(talk: Talk, steps: Steps) -> Iterator[tuple[str, Talk]]:
    for step, actor, answers in steps:
        talk.take(step, actor, answers)
        yield step, talk


@pytest.mark.parametrize("text", SORTS.values(), ids=SORTS)
@pytest.mark.parametrize("longest", [longest_issue, longest_request])
def test_the_longest_stays_within_slacks_limits(longest: Callable[[str], Any], text: str) -> None:
    for step, talk in longest(text):
        for message in talk.everything():
            assert violations(message.blocks) == [], step
            assert fit(message) == (message,), step
            check_message_blocks(list(message.blocks))
        assert len(talk.card.blocks) <= 25, step


def test_what_began_when_it_was_reported_is_not_said_to_be_zero_minutes_old() -> None:
    assert "*When started:* just before it was reported (2024-01-16 15:20 UTC" in read(
        issue(started=START.isoformat()).card
    )


@pytest.mark.parametrize("longest", [longest_issue, longest_request])
def test_hostile_text_pings_nobody(longest: Callable[[str], Any]) -> None:
    for step, talk in longest(HOSTILE):
        for message in talk.everything():
            assert calls(message) <= {QA.id, DEVOPS.id, "S0QA", "S0DEVOPS", "UTANIA"}, step
            assert not any("<https://evil.example|" in text for text in texts(message)), step
            assert "\u202e" not in as_json(message) + message.text, step


@pytest.mark.parametrize("text", ["x", HOSTILE, "😀", "```"])
def test_a_handover_of_any_length_fits_a_message_and_shows_what_was_given(text: str) -> None:
    """Nothing of it is parsed, and notifications show nothing of it."""
    secret = long(text, 2999)
    message = handover(in_use().it, HOSTILE, Secret(secret))
    assert fit(message) == (message,)
    check_message_blocks(list(message.blocks))
    [code] = [block for block in message.blocks if block["type"] == "rich_text"]
    assert code["elements"][0]["elements"][0]["text"] == secret
    assert calls(message) == set()
    assert secret[:20] not in message.text or len(text) == 1
