"""Text that means harm, through every step that the whole release does not take, and through every private answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from playground.player import Player, RefusedError
from playground.seed import CHARLIE, JANE, JOHN, PEOPLE, RELEASES, TANIA
from tests.stories.test_hostile_release import EVIL, LINE, long
from tests.stories.test_release_paths import approved, card, deployed, scheduled
from tests.stories.the_document import DEPLOYMENT_AT, PLAN

LIVE = ("<!channel", "<!here", "<!everyone", "<!subteam^S0TEAM>", "<@U0PAVEL", "<#C0INCIDENTS", "|click>", "\u202e")
TEXT, ENTRIES = long(2900), [long(290)] * 9


def parsed(part: Any) -> Iterator[str]:
    """Every text of what was sent that Slack reads for markup: messages' own, and mrkdwn wherever it stands."""
    if isinstance(part, list):
        for inner in part:
            yield from parsed(inner)
    elif isinstance(part, dict):
        if part.get("type") in ("mrkdwn", "markdown"):
            yield part["text"]
        if "type" not in part and isinstance(part.get("text"), str):
            yield part["text"]
        for inner in part.values():
            yield from parsed(inner)


def attacks_alive(player: Player) -> list[str]:
    """What was said or shown to anybody, by any method, in which hostile markup is still markup."""
    sent = [item for item in player.playground.slack.traffic.after(0) if item["direction"] == "from_app"]
    answered = [item["response"] for item in player.playground.slack.traffic.after(0) if item["direction"] == "to_app"]
    # The announcements name the team's group themselves, and those only.
    texts = [
        text.replace("<!subteam^S0TEAM> *", "").replace("<!subteam^S0TEAM> Perfect", "")
        for part in (*(item["request"] for item in sent), *answered)
        for text in parsed(part)
    ]
    assert len(texts) > 10
    return [text for text in texts if any(token in text for token in LIVE)]


async def undelivered(player: Player) -> list[str]:
    stuck = await player.playground.application.store.read(lambda reader: reader.undelivered())
    return [one.reason for one in stuck]


async def test_reasons_and_proposals_before_the_deployment(player: Player) -> None:
    """Object, propose another time, override, failed deployment, continue."""
    await approved(player, sprint=LINE, rollback_endpoint=LINE)
    await player.step(TANIA, RELEASES, "Object", reason=TEXT)
    await player.step(CHARLIE, RELEASES, "Revise", known_issues=ENTRIES)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Propose another time", when=DEPLOYMENT_AT, reason=TEXT)
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.step(TANIA, RELEASES, "Start deployment", commit="abc123", override=TEXT)
    await player.step(JANE, RELEASES, "Deployment failed", reason=TEXT)
    await player.step(TANIA, RELEASES, "Continue", reason=TEXT)
    assert attacks_alive(player) == []
    assert await undelivered(player) == []


async def test_a_failed_smoke_test_and_the_way_back(player: Player) -> None:
    """Results, impact, evidence and checks, each at its longest."""
    await deployed(player)
    results = [f"{long(100).replace(':', ' ')} {number}: Fail ({long(150)})"[:290] for number in range(9)]
    await player.step(CHARLIE, RELEASES, "Smoke failed", results=results, duration="3", issues=LINE)
    evidence = {"impact": ENTRIES, "evidence": ENTRIES, "target": "v1.1.0"}
    await player.step(TANIA, RELEASES, "Roll back", issue=TEXT, **evidence)
    await player.step(JOHN, RELEASES, "In favour")
    await player.step(TANIA, RELEASES, "Roll back")
    await player.step(JANE, RELEASES, "Add details", issue=TEXT, impact=ENTRIES)
    await player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0")
    await player.step(JANE, RELEASES, "Rollback done", duration="4", checks=ENTRIES, verify=LINE)
    await player.step(CHARLIE, RELEASES, "Still broken", reason=TEXT)
    await player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0")
    await player.step(JANE, RELEASES, "Rollback done", duration="4", checks=ENTRIES)
    await player.step(CHARLIE, RELEASES, "Works again", seen=LINE)
    await player.step(TANIA, RELEASES, "Close", words=TEXT)
    await player.step(TANIA, RELEASES, "Publish post-mortem", text=TEXT)
    assert attacks_alive(player) == []
    assert await undelivered(player) == []


async def test_a_withdrawal_and_a_summary_and_notes(player: Player) -> None:
    """The last words are outside text too."""
    await scheduled(player)
    await player.step(JOHN, RELEASES, "Withdraw", reason=TEXT)
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Smoke passed", results=["Login: Pass"], duration="3")
    written = await player.person(JANE).says(long(2000).replace("@Pavel Novak", ""), thread=card(player))
    await player.person(CHARLIE).shortcut("Keep as release note", written)
    await player.playground.settled()
    await player.step(JANE, RELEASES, "Complete now", summary=TEXT)
    assert attacks_alive(player) == []
    assert await undelivered(player) == []


async def test_private_answers_reminders_and_homes_repeat_nothing_alive(player: Player) -> None:
    """Refusals quote what was typed; reminders, lists, histories and homes what was recorded."""
    await approved(player, sprint=LINE)
    await player.step(TANIA, RELEASES, "Object", reason=TEXT)
    for line in (f"status {EVIL}", f"list {EVIL}", f"history {EVIL}", f"{EVIL}", "history v1.2.0", "status v1.2.0"):
        await player.command(CHARLIE, f"/release {line}", "#releases")
    for line in (f'approve v1.2.0 sprint="{LINE.replace(chr(34), "")}" {EVIL}', f"approve v9 changes={EVIL}"):
        await player.command(CHARLIE, f"/release {line}", "#releases")
    plainly = EVIL.replace("@Pavel Novak", "")
    for text in (plainly, f"revise {plainly}", f"plan when={plainly}", f"revise commit={plainly}"):
        await player.mention(CHARLIE, text, card(player), "#releases")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    for user, *_ in PEOPLE[:5]:
        await player.person(user).open_home()
        await player.playground.settled()
    assert attacks_alive(player) == []


async def test_a_version_and_a_commit_hold_no_markup_at_all(player: Player) -> None:
    """They stand in titles, buttons and code: letters, digits and . _ + - only."""
    for field, value in (
        ("version", "<!channel>"),
        ("version", "v1`2"),
        ("commit", "<@U0PAVEL>"),
        ("commit", "a*b_c~d"),
    ):
        with pytest.raises(RefusedError) as refused:
            await approved(player, **{field: value})
        assert set(refused.value.errors) == {field}
        await player.person(CHARLIE).view.close()
