"""What happens between dialogues: a release, the rollback of its version, and the freeze that this sets."""

from __future__ import annotations

from playground.player import Player
from playground.seed import CHARLIE, INCIDENTS, JANE, RELEASES, TANIA
from tests.stories.test_rollback import alarm, deployed, heads
from tests.stories.the_document import APPROVAL, DEPLOYED, DEPLOYMENT_AT, PLAN, SMOKE


async def deciding(player: Player) -> None:
    """A release whose smoke test failed, so that the Tech Lead has to decide."""
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **APPROVAL)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"rollback_target": "v1.0.9"}))
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    failed = [line.replace("Create Order: Pass", "Create Order: Fail") for line in SMOKE["results"]]
    await player.step(CHARLIE, RELEASES, "Smoke failed", **(SMOKE | {"results": failed}))


async def test_a_release_goes_on_with_its_smoke_test_although_a_rollback_was_declined_meanwhile(player: Player) -> None:
    """The decision comes back after the rollback is declined, and “Continue” leads to what it was about."""
    await deciding(player)
    for _ in range(2):
        await alarm(player)
        await player.step(TANIA, INCIDENTS, "Decline", reason="One courier's test data was wrong")
        assert "Waiting for a decision" in heads(player, RELEASES)[0].replace("*", "")
    await player.step(TANIA, RELEASES, "Continue", reason="The test data was wrong")
    assert "Being smoke-tested" in heads(player, RELEASES)[0].replace("*", "")
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    assert "Verified, and watched" in heads(player, RELEASES)[0].replace("*", "")


async def test_the_alarm_is_raised_from_the_announcement_of_the_deployment_whatever_happened_since(
    player: Player,
) -> None:
    """Its buttons are those of its moment; the one that matters most counts for as long as it is possible."""
    await deployed(player)
    [announced] = [
        one
        for one in player.person(CHARLIE).messages("#releases")
        if "Deployed to Production" in player.person(CHARLIE).text_of(one) and one.thread_ts not in (None, one.ts)
    ]
    await player.click(CHARLIE, announced, "Roll back")
    await player.send(CHARLIE, issue="Orders fail with 500")
    assert any("ROLLBACK NEEDED: v1.2.0" in one for one in heads(player, RELEASES))
