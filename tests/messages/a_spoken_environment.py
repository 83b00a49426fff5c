"""An environment issue and a request as they are spoken about: what the tests of their words play with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.core.dialogue import Dialogue, Move, Situation, play
from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.core.reminders import reminders_for, tells_of
from bot.core.roles import CLOCK, GREENLIGHT, Actor
from bot.core.secrets import GIVEN
from bot.messages.message import Message, Said
from bot.messages.voices import VOICES
from tests.core.an_environment import REPORT, REQUEST
from tests.messages.a_spoken_release import DEVOPS, POLICY, QA, START

LINKED = POLICY.model_copy(update={"tracker_url": "https://jira.example.com/browse/{key}"})
UPDATE: dict[str, Any] = {
    "findings": ["Server is up", 'Logs show: "Connection pool exhausted"'],
    "cause": "Looks like a runaway query from earlier today",
    "fix": ["Restarting backend service"],
    "eta": 10,
}
RESTORED = {"root_cause": "A background job", "fix": "Killed stuck process", "prevention": "Added a timeout"}
PLAN = {"plan": ["Clone staging config"], "timeline": "2 days", "access": "Will share API URL", "notes": ["Smaller"]}
READY: dict[str, Any] = {
    "name": "Perf Test",
    "urls": ["API URL: https://perf-test.example.com"],
    "secrets": GIVEN,
    "data": ["100 users"],
    "limits": ["Database: 5GB"],
}
TICKET = {"key": "OPS-12", "url": "https://jira.example.com/browse/OPS-12"}

Steps = list[tuple[str, Actor, Mapping[str, Any] | None]]


class Talk:
    """A conversation, and what is said about it."""

    def __init__(self, dialogue: Dialogue[Any], now: datetime = START) -> None:
        self.dialogue, self.policy, self.now = dialogue, LINKED, now
        self.said: tuple[Said, ...] = ()
        self.told: list[Message] = []
        self.it = dialogue.conversation(
            id="c1",
            dialogue=dialogue.name,
            service=LINKED.name,
            environment="staging",
            version=f"{dialogue.ticket}-1",
            channel="C0RELEASES",
            opened_at=now,
            opened_by=QA.id,
            state="",
            since=now,
        )

    def take(self, step: str, actor: Actor, answers: Mapping[str, Any] | None = None) -> Talk:
        form = self.dialogue.step(step).form
        filled = form.from_answers(answers or {}) if form else None
        event, self.it = play(self.dialogue, Situation(self.it, Move(step, actor, filled), self.policy, self.now))
        voice = VOICES[self.dialogue.name]
        self.said = voice.told(self.it, event, self.policy)
        due = (*tells_of(self.dialogue.step(step), self.it, event, self.policy),)
        due += reminders_for(self.dialogue, self.it, self.policy)
        self.told = [
            voice.reminder(self.it, one, self.policy, max(one.due_at, self.now), late=None, reminder_id=1)
            for one in due
            if one.kind != "step"
        ]
        return self

    def go(self, *steps: tuple[str, Actor, Mapping[str, Any] | None]) -> Talk:
        for step, actor, answers in steps:
            self.take(step, actor, answers)
        return self

    def wait(self, **span: float) -> Talk:
        self.now += timedelta(**span)
        return self

    @property
    def card(self) -> Message:
        return VOICES[self.dialogue.name].card(self.it, self.policy)

    def everything(self) -> list[Message]:
        return [self.card, *(said.message for said in self.said), *self.told]


def issue(**changes: Any) -> Talk:
    """An issue that was just reported."""
    return Talk(ENVIRONMENT_ISSUE).take(
        "report", QA, REPORT | {"started": (START - timedelta(minutes=30)).isoformat()} | changes
    )


def request(**changes: Any) -> Talk:
    """A request that was just made."""
    return Talk(ENVIRONMENT_REQUEST).take("request", QA, REQUEST | changes)


def in_use() -> Talk:
    """An environment with an end, in use."""
    until = {"duration": "", "until": (START + timedelta(days=10)).isoformat()}
    steps: Steps = [("plan", DEVOPS, PLAN), ("ready", DEVOPS, READY), ("shared", GREENLIGHT, {"person": QA.id})]
    return request(**until).go(*steps, ("accept", QA, None))


def ending() -> Talk:
    """The same, a day before its end."""
    return in_use().wait(days=9).take("ask_end", CLOCK)
