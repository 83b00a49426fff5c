"""What is said in an escalation stays within Slack's limits, and hostile words in it ping nobody."""

from __future__ import annotations

import pytest

from bot.core.authority import Emergency
from bot.core.escalation import ESCALATION
from bot.core.escalation_forms import HandledForm, RaiseForm
from bot.core.reminders import reminders_for, tells_of
from bot.messages.limits import fit, violations
from bot.messages.message import Message
from bot.messages.voices import VOICES
from playground.slack.block_rules import check_message_blocks
from tests.core.a_release import PM, START, TECH_LEAD
from tests.core.test_escalation import BOTH, Raised
from tests.messages.a_spoken_release import calls
from tests.messages.test_release_hostile import SORTS, long

VOICE = VOICES["escalation"]


def everything(text: str) -> list[Message]:
    """All that is said of an escalation whose fields are as long as they may be."""
    raised = Raised()
    shown: list[Message] = []
    form = RaiseForm(situation=Emergency.PRODUCTION_DOWN, details=long(text, 3000), about=long(text, 150))
    raised.it = raised.it.model_copy(
        update={"forms": {"raise": raised.it.forms["raise"] | form.model_dump(mode="json")}}
    )
    steps = (("acknowledge", PM, None), ("handle", TECH_LEAD, HandledForm(outcome=long(text, 3000))))
    for step, actor, details in steps:
        raised.take(step, actor, details)
        event = raised.events[-1]
        due = (*reminders_for(ESCALATION, raised.it, BOTH), *tells_of(ESCALATION.step("raise"), raised.it, event, BOTH))
        shown.append(VOICE.card(raised.it, BOTH))
        shown += [said.message for said in VOICE.told(raised.it, event, BOTH)]
        shown += [VOICE.reminder(raised.it, one, BOTH, START, late=None, reminder_id=1) for one in due]
    return shown


@pytest.mark.parametrize("text", SORTS.values(), ids=SORTS)
def test_the_longest_escalation_stays_within_slacks_limits(text: str) -> None:
    for message in everything(text):
        for part in fit(message):
            assert violations(part.blocks) == []
            check_message_blocks(list(part.blocks))


def test_hostile_words_ping_nobody() -> None:
    """Only people who are awaited, and who acknowledged, are named."""
    assert calls(*everything(SORTS["hostile"])) <= {"UANY", PM.id, TECH_LEAD.id}
