"""What only an environment issue can tell: its conversation, and the rules, facts and effects of its steps.

The table that uses them is bot.core.environment_issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.core.dialogue import Situation
from bot.core.environment_issue_forms import PRESSING, ReportForm, TicketForm, UpdateForm
from bot.core.events import Conversation, Event
from bot.core.roles import Role
from bot.errors import Refusal

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far ahead of ours the clock may be that the beginning was read from."""

WORD_WITHIN = {
    "critical": timedelta(minutes=15),
    "high": timedelta(minutes=30),
    "medium": timedelta(hours=2),
    "low": timedelta(hours=8),
}
"""How long DevOps has until a word is expected, where no ETA was given."""

_KEY = re.compile(r"\b[A-Z][A-Z0-9]{1,19}-[0-9]{1,9}\b")


class OpenedByQA(Conversation):
    """A conversation about which its opener is asked, and of QA nobody else; any of QA may answer."""

    def asked(self, role: Role) -> str:
        return self.opened_by if role is Role.QA else ""


class EnvironmentIssue(OpenedByQA):
    """Trouble with one environment of one service, until QA can work again. At `expected_at` a word is due from DevOps;
    `is_promised`: it is the ETA that they gave.
    """

    expected_at: datetime | None = None
    is_promised: bool = False
    ticket_url: str = ""
    ticket_key: str = ""

    @property
    def report(self) -> ReportForm:
        return ReportForm.model_validate(
            {name: value for name, value in self.forms["report"].items() if name in ReportForm.model_fields}
        )

    @property
    def urgency(self) -> str:
        return str(self.forms["report"]["urgency"])

    @property
    def is_pressing(self) -> bool:
        """True if nobody waits for the morning."""
        return self.urgency in PRESSING

    @property
    def blocked(self) -> tuple[str, ...]:
        """The work that is blocked: as it was named, else the keys that the impact speaks of."""
        return self.report.blocked or keys_in((self.report.impact, self.report.problem))


def keys_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The keys of stories and tickets in texts, such as STORY-140, each once."""
    return tuple(dict.fromkeys(key for text in texts for key in _KEY.findall(text)))


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def began_already(situation: Situation[EnvironmentIssue]) -> None:
    form = situation.move.form
    assert isinstance(form, ReportForm)
    if form.started > situation.now + CLOCKS_DIFFER:
        why = "This time has not come yet; say when the trouble began."
        raise Refusal(why, fields={"started": why})


def only_the_opener(situation: Situation[Any]) -> None:
    """What somebody asked for is taken back by nobody else."""
    it, actor = situation.conversation, situation.move.actor
    if actor.id != it.opened_by:
        opener = it.trail[0].name if it.trail else "whoever opened it"
        raise Refusal(
            f"{it.version} is {opener}'s to withdraw.",
            remedy="Where they are away, the others can go on with it.",
            people=(it.opened_by,),
            may=(opener,),
        )


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def report_facts(situation: Situation[EnvironmentIssue]) -> dict[str, Any]:
    """The other issues of the same environment that are open: the reader is spared to look for them."""
    form = situation.move.form
    assert isinstance(form, ReportForm)
    like = [
        other.version
        for other in situation.surroundings.others
        if other.dialogue == situation.conversation.dialogue
        and other.environment.casefold() == form.environment.casefold()
    ]
    return {"also_open": like}


def begun_facts(situation: Situation[EnvironmentIssue]) -> dict[str, Any]:
    """When a word is expected: at the ETA, else as the urgency has it. An ETA that was given before still counts."""
    form, it, now = situation.move.form, situation.conversation, situation.now
    expected, is_promised = now + WORD_WITHIN[it.urgency], False
    if isinstance(form, UpdateForm) and form.eta is not None:
        expected, is_promised = now + timedelta(minutes=form.eta), True
    elif it.state == "investigating" and it.expected_at and it.expected_at > now:
        expected, is_promised = it.expected_at, it.is_promised
    return {"expected_at": expected.isoformat(), "is_promised": is_promised}


def begun(issue: EnvironmentIssue, event: Event) -> EnvironmentIssue:
    expected = datetime.fromisoformat(event.data["expected_at"])
    return issue.model_copy(update={"expected_at": expected, "is_promised": event.data["is_promised"]})


def ticket_facts(situation: Situation[Any]) -> dict[str, Any]:
    form = situation.move.form
    assert isinstance(form, TicketForm)
    return {"ticket_url": str(form.url)}


def ticket_opened(conversation: Any, event: Event) -> Any:
    return conversation.model_copy(update={"ticket_key": event.data["key"], "ticket_url": event.data["ticket_url"]})
