"""The document's rollback as it is spoken of: a play of its steps, and all that is said of it."""

from __future__ import annotations

from typing import Any

from bot.core.policy import Service
from bot.core.roles import Actor
from bot.core.rollback import ROLLBACK
from bot.core.rollback_rules import Rollback
from bot.core.surroundings import Surroundings
from bot.messages.message import Message, Said
from bot.messages.rollback import card, told
from tests.core.a_rollback import ALARM, AROUND
from tests.core.an_environment import Play
from tests.messages.a_spoken_release import POLICY, QA, START


class Talk(Play[Rollback]):
    """A rollback as it is played, and all that is said of it."""

    def __init__(self, policy: Service = POLICY, around: Surroundings = AROUND) -> None:
        super().__init__(ROLLBACK, policy, START)
        self.surroundings = around
        self.said: tuple[Said, ...] = ()
        changes = {"id": "b1", "environment": "production", "version": "v1.2.0"}
        self.it = self.it.model_copy(update={**changes, "opened_by": QA.id})

    def do(self, step: str, actor: Actor, answers: dict[str, Any] | None = None) -> Talk:
        form = self.dialogue.step(step).form
        self.take(step, actor, form.from_answers(answers or {}) if form else None)
        self.said = told(self.it, self.events[-1], self.policy)
        return self

    def later(self, **span: float) -> Talk:
        self.wait(**span)
        return self

    def asked(self, by: Actor = QA, **changes: Any) -> Talk:
        return self.do("request", by, ALARM | changes)

    @property
    def card(self) -> Message:
        return card(self.it, self.policy)
