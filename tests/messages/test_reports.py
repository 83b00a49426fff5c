"""Post-mortem and review as they are drafted: people read the files under golden/reports, this test keeps them.

`GREENLIGHT_GOLDEN=write pytest tests/messages` writes them anew; the difference is for the reviewer.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.core.events import Event
from bot.core.roles import CLOCK, Actor
from bot.core.rollback_forms import CloseForm, OverdueForm
from bot.core.rollback_rules import Rollback
from bot.core.surroundings import NOWHERE
from bot.messages.limits import fit, violations
from bot.messages.markdown import ZERO_WIDTH_SPACE, inert, to_copy
from bot.messages.message import Message
from bot.messages.reports import deployment_review, drafted, post_mortem
from playground.slack.block_rules import check_message_blocks
from tests.core.a_release import DEVOPS, MANAGER, NOBODY, QA, TECH_LEAD
from tests.core.a_rollback import an_alarm, begun, done, form_for, reason, rollback_in
from tests.core.an_environment import Play
from tests.messages.a_spoken_release import BREACH, SMOKE_FAILED, WATCH, Talk, calls
from tests.messages.a_spoken_release import DEVOPS as SPOKEN_DEVOPS
from tests.messages.a_spoken_release import QA as SPOKEN_QA
from tests.messages.a_spoken_release import TECH_LEAD as SPOKEN_LEAD

GOLDEN = Path(__file__).parent / "golden" / "reports"


def closed() -> Play[Rollback]:
    """The document's rollback with a vote, a missed target, a second attempt, and a closing."""
    it = an_alarm()
    it.wait(minutes=1).take("favour", MANAGER)
    it.wait(minutes=1).take("oppose", NOBODY)
    it.wait(minutes=1).take("decide", TECH_LEAD)
    it.wait(minutes=1).take("initiate", DEVOPS, begun())
    it.wait(minutes=2).take("overdue", CLOCK, OverdueForm(occasion="1:application"))
    it.wait(minutes=2).take("complete", DEVOPS, done())
    it.wait(minutes=1).take("still_broken", QA, reason())
    it.wait(minutes=1).take("initiate", DEVOPS, begun("v1.0.0"))
    it.wait(minutes=2).take("complete", DEVOPS, done("v1.0.0", duration=2))
    it.wait(minutes=2).take("verify", QA, form_for("verify", it.now))
    closing = {
        "investigators": ["UDANA", "UBOB"],
        "post_mortem_at": "2024-01-17T10:00:00Z",
        "words": "Which migration?",
    }
    it.wait(minutes=5).take("close", TECH_LEAD, CloseForm.from_answers(closing))
    return it


def hold(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.md"
    if os.environ.get("GREENLIGHT_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


class Reviewed(Talk):
    """A release as it is spoken of, with its events."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []

    def take(self, step: str, actor: Actor, answers: object = None, **move: object) -> Reviewed:
        super().take(step, actor, answers, **move)  # type: ignore[arg-type]  # as the play of the release has them
        self.events.append(self.event)
        return self


def test_the_post_mortem_is_drafted_from_what_was_recorded() -> None:
    it = closed()
    hold("post_mortem", post_mortem(it.it, it.events, it.policy, {"UBOB": "Bob Johnson"}))


def test_a_rollback_that_was_called_off_has_its_own_post_mortem() -> None:
    it = rollback_in("withdrawn", around=NOWHERE, issue="", impact=[], evidence=[], severity="P0")
    hold("post_mortem_of_a_false_alarm", post_mortem(it.it, it.events, it.policy))


def test_a_release_is_reviewed_from_what_was_recorded() -> None:
    talk = Reviewed()
    talk.smoke_running().take("smoke_failed", SPOKEN_QA, SMOKE_FAILED)
    talk.wait(minutes=5).take("continue", SPOKEN_LEAD, {"reason": "A flaky test"})
    talk.wait(minutes=5).take("smoke_passed", SPOKEN_QA, {"results": ["Login: Pass", "Orders: Pass"], "duration": 5})
    talk.wait(minutes=9).take("breach", WATCH, BREACH)
    talk.wait(minutes=1).take("continue", SPOKEN_LEAD, {"reason": "A load test"})
    talk.wait(hours=2).take("complete", CLOCK, {})
    hold("review", deployment_review(talk.release, talk.events, talk.policy))


def test_a_release_that_was_never_deployed_is_reviewed_as_such() -> None:
    talk = Reviewed()
    talk.signed().take("withdraw", SPOKEN_QA, {"reason": "A customer asked for it"})
    hold("review_of_a_withdrawn_release", deployment_review(talk.release, talk.events, talk.policy))


def test_a_canary_that_never_got_all_of_the_traffic_is_not_said_to_be_undeployed() -> None:
    """Its users were on it: the review says how many, and why it was paused."""
    talk = Reviewed()
    talk.canary(promoted=1).take("pause_canary", SPOKEN_DEVOPS, {"reason": "p99 doubled"})
    told = deployment_review(talk.release, talk.events, talk.policy)
    assert "It was begun 2024-01-16 15:53 UTC, and its end was not told. 25% of the traffic went to it." in told
    assert "Jane Smith (DevOps): Pause canary (p99 doubled)" in told


def test_what_people_must_find_out_is_headed_and_blank() -> None:
    """After a failed deployment: root cause, preventive measures, runbooks, learnings."""
    it = closed()
    text = post_mortem(it.it, it.events, it.policy)
    for heading in ("Root cause", "Preventive measures", "Runbooks to update", "Learnings to share with the team"):
        assert f"\n## {heading}\n" in text


# ── outside text ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("1. first", r"1\. first"),
        ("7.2% of all", "7.2% of all"),
        ("v1.2.0 is 2.5 s", "v1.2.0 is 2.5 s"),
        ("*bold* `code` | cell", r"\*bold\* \`code\` \| cell"),
        ("snake_case stays, _this_ not", r"snake_case stays, \_this\_ not"),
        ("<b>html</b> [a](b)", r"\<b\>html\</b\> \[a\](b)"),
        ("@channel", f"@{ZERO_WIDTH_SPACE}channel"),
        ("see https://a.example/x_y_z*a", "see https://a.example/x_y_z*a"),
        ("two\nlines", "two lines"),
        ("a\u202eb", "ab"),
        ("", ""),
    ],
)
def test_outside_text_stands_as_it_is(outside: str, shown: str) -> None:
    """A copied draft shows what was said, and calls nobody where it is pasted."""
    assert inert(outside) == shown


HOSTILE = "<!channel> <@UEVIL> | [x](https://evil.example) `code` @everyone "


def long(text: str, length: int) -> str:
    return (text * (length // len(text) + 1))[:length]


def longest(text: str) -> Play[Rollback]:
    """Every field at its longest, and many notes."""
    entries = [long(f"{number} {text}", 300) for number in range(100)]
    it = an_alarm(issue=long(text, 3000), impact=entries, evidence=entries)
    for number in range(40):
        note = form_for("note", it.now)
        assert note is not None
        loud = Actor(f"U{number}", long(text, 80), frozenset())
        it.take("note", loud, note.model_copy(update={"text": long(text, 3000)}))
    it.take("decide", TECH_LEAD)
    it.take("initiate", DEVOPS, begun())
    it.take("complete", DEVOPS, done(checks=entries))
    it.take("verify", QA, form_for("verify", it.now))
    closing = {"post_mortem_at": "2024-01-17T10:00:00Z", "words": long(text, 3000)}
    it.take("close", TECH_LEAD, CloseForm.from_answers(closing))
    return it


@pytest.mark.parametrize("text", [HOSTILE, "x", "😀", "&<>"], ids=["hostile", "one word", "emoji", "escaped"])
def test_the_longest_draft_stays_within_slacks_limits_and_loses_nothing(text: str) -> None:
    it = longest(text)
    whole = post_mortem(it.it, it.events, it.policy)
    parts: list[Message] = [said.message for said in drafted(it.it, it.events, it.policy)]
    for part in parts:
        assert violations(part.blocks) == []
        assert fit(part) == (part,)
        check_message_blocks(list(part.blocks))
    pasted = "".join(
        block["elements"][0]["elements"][0]["text"]
        for part in parts
        for block in part.blocks
        if block["type"] == "rich_text"
    )
    assert pasted.replace("\n", "") == whole.replace("\n", "")


def test_a_draft_calls_nobody() -> None:
    it = longest(HOSTILE)
    assert calls(*(said.message for said in drafted(it.it, it.events, it.policy))) == set()


def test_a_short_text_is_one_message() -> None:
    assert len(to_copy("📄 *Draft*", "# A\n\nb\n")) == 1
