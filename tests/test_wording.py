"""What an event makes be said is found when it is sent, as of the event's own moment."""

from __future__ import annotations

from pathlib import Path

from bot.core.events import Outgoing
from bot.pace import Pace
from bot.wording import Wording
from playground.player import Player
from playground.run import playing
from playground.seed import CHARLIE, RELEASES, TANIA
from tests.stories.the_document import APPROVAL, STARTS_AT


async def test_what_happened_is_told_as_of_its_own_moment_and_the_card_as_of_now(tmp_path: Path) -> None:
    """A thread that is behind says in order what happened; its head is true at once."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT) as playground:
        player = Player(playground)
        await player.command(CHARLIE, "/release approve", "#releases")
        await player.send(CHARLIE, **APPROVAL)
        await player.step(TANIA, RELEASES, "Sign off")
        await player.step(CHARLIE, RELEASES, "Withdraw", reason="Not today")
        application = playground.application
        [record] = await application.store.read(lambda reader: reader.find("release"))
        wording = Wording(application.store, application.configuration.services)

        async def words(kind: str, event: int) -> str:
            outgoing = Outgoing("key", kind, record.channel, "", (), record.id, event=event)  # type: ignore[arg-type]  # one of the kinds
            return str([said.message for said in await wording(outgoing)])

        assert "Release Approved" in await words("root", 1)
        signed = await words("reply", 2)
        assert "Signed off" in signed
        assert '"step": "plan"' in signed  # the button of that moment
        assert "Not today" in await words("reply", 3)
        assert "Withdrawn" in await words("card", 2)
        nameless = Wording(application.store, {})
        assert "Signed off" in str(
            [
                said.message
                for said in await nameless(Outgoing("key", "reply", record.channel, "", (), record.id, event=2))
            ]
        )
