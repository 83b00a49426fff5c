"""Named people are asked what they see in production while it is validated (QA Production, action 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground.player import RefusedError
from playground.seed import CHARLIE, JOHN, PAVEL
from tests.stories.test_release_paths import deployed
from tests.stories.test_validation import HEALTHY, answered, card, checks, pass_time, played, that_say, validate
from tests.validation.a_live_service import LiveService, live


@pytest.fixture
async def service() -> AsyncIterator[LiveService]:
    async with live({"/health": [HEALTHY]}) as made:
        yield made


ASKED = {"kind": "feedback", "title": "Support's view", "people": [PAVEL, JOHN], "minutes": 20}


async def test_named_people_are_asked_privately_and_the_table_waits_for_them(
    tmp_path: Path, service: LiveService
) -> None:
    """One click says that all is well; what somebody found is told in the thread and fails the validation."""
    async with played(tmp_path, checks(service, look=ASKED)) as player:
        await deployed(player)
        await validate(player)
        (progress,) = that_say(player, "*Validating Production: v1.2.0* · 1 of 2 checks done")
        assert "💬 Support's view: 0 of 2 answered, until" in progress
        pavel, john = (player.person(name).direct_messages[-1] for name in (PAVEL, JOHN))
        assert "*v1.2.0* of admin-logistic is live in production" in player.person(PAVEL).text_of(pavel)
        await player.click(PAVEL, pavel, "It works as it should")
        assert len(that_say(player, "💬 Support's view: 1 of 2 answered")) == 1
        assert len(that_say(player, "✅ Pavel Novak found nothing")) == 1
        await player.click(JOHN, john, "I found something…")
        with pytest.raises(RefusedError) as refused:
            await player.send(JOHN)
        assert "Say what you found" in refused.value.errors["words"]
        await player.send(JOHN, words="The <!channel> menu is *empty*")
        (told,) = that_say(player, "❌ John Doe found something")
        assert "The <!channel> menu is *empty*" in told.replace("\u2060", "")
        (table,) = that_say(player, "Validation failed")
        assert "John Doe: The <!channel> menu is *empty*" in table
        assert len(that_say(player, "*Checked Production: v1.2.0* · 2 of 2 checks done")) == 1
        await player.click(PAVEL, pavel, "It works as it should")
        assert "No feedback is waited for any more" in player.person(PAVEL).text_of(player.person(PAVEL).ephemerals[-1])
    assert [message for message in player.person(CHARLIE).direct_messages if "is live in" in str(message.blocks)] == []


@pytest.mark.parametrize(("needed", "words"), [(1, "Production validated"), (2, "Validation without a verdict")])
async def test_when_the_time_for_feedback_is_over_the_answers_that_came_count(
    tmp_path: Path, service: LiveService, needed: int, words: str
) -> None:
    """Silence is no consent: too few answers are not known."""
    async with played(tmp_path, checks(service, look=ASKED | {"answers": needed})) as player:
        await deployed(player)
        await validate(player)
        await player.click(PAVEL, player.person(PAVEL).direct_messages[-1], "It works as it should")
        await pass_time(player, minutes=19)
        assert that_say(player, words) == []
        await pass_time(player, minutes=2)
        (table,) = that_say(player, words)
        assert "1 of 2 answered" in table
        assert len(that_say(player, "*Checked Production: v1.2.0* · 2 of 2 checks done")) == 1
        await pass_time(player, minutes=60)
        assert len(that_say(player, words)) == 1


async def test_somebody_who_was_not_asked_is_told_what_to_do(tmp_path: Path, service: LiveService) -> None:
    """In the thread a note is open to everybody."""
    async with played(tmp_path, checks(service, look=ASKED)) as player:
        await deployed(player)
        await validate(player)
        await player.mention(CHARLIE, "feedback seen=ok", card(player), "#releases")
        assert "You were not asked for feedback" in answered(player, CHARLIE)
