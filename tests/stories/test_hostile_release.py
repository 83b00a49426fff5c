"""A release with everything at its longest and text that means harm: within the limits, and nobody is pinged."""

from __future__ import annotations

from typing import Any

import pytest

from playground.player import Player
from playground.seed import CHARLIE, JANE, PEOPLE, RELEASES, TANIA
from tests.stories.test_release_paths import card
from tests.stories.the_document import DEPLOYED, DEPLOYMENT_AT, PLAN, SMOKE

ATTACKS = (
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S0TEAM>",
    "<@U0PAVEL>",
    "@Pavel Novak",
    "<#C0INCIDENTS>",
    "<https://evil.example.com|click>",
    "*bold* _it_ ~no~ `code`",
    "```",
    "🚀🧨👩‍💻",
    "\u202eright to left",
    "&lt;!channel&gt;",
)
EVIL = " ".join(ATTACKS)


def long(length: int) -> str:
    """Hostile text of a length, as Slack counts it."""
    text = EVIL * (length // len(EVIL) + 1)
    while len(text[:length].encode("utf-16-le")) // 2 > length:
        length -= 1
    return text[:length].strip()


# A typed mention becomes the person's name, which is a little longer.
LINE, ENTRY = long(146), long(290)


async def play(player: Player) -> None:
    """All steps, each field hostile and as long as it may be."""
    changes = "; ".join(f"CHANGE-{number:03d} {long(250)}".replace(";", ",").replace('"', "'") for number in range(100))
    playground = player.playground
    line, entry = LINE.replace('"', "'"), ENTRY.replace('"', "'").replace(";", ",")
    await player.command(
        CHARLIE,
        f'/release approve v1.2.0 sprint="{line}" branch="{line}" commit=abc123 stories_tested=9999 stories_total=9999 '
        f'bugs_found=9999 bugs_fixed=9998 regression=passed smoke=passed_with_known_issues changes="{changes}" '
        f'known_issues="{"; ".join([entry] * 100)}" release_notes=https://docs.example.com/{"x" * 1000} '
        f'rollback_threshold=>5% rollback_endpoint="{line}" authors=<@U0BOB>',
        "#releases",
    )
    await player.step(TANIA, RELEASES, "Object", reason=long(2900))
    await player.step(CHARLIE, RELEASES, "Revise", sprint=LINE)
    await player.step(TANIA, RELEASES, "Sign off")
    texts = dict.fromkeys(("window", "downtime", "migrations", "config_changes", "cache_clear"), LINE)
    texts["downtime"] = f"None {LINE[:140]}"  # any other downtime would be asked about first
    watching = {"error_monitoring": LINE, "performance_monitoring": LINE, "concerns": [ENTRY] * 9}
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | texts | watching))
    await player.step(CHARLIE, RELEASES, "Time works")
    # Jane's own client would turn a typed name into a mention: that ping is hers and not the bot's.
    await player.mention(JANE, f"note {long(2000)}".replace("@Pavel Novak", ""), card(player), "#releases")
    await playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    told = {"components": [ENTRY] * 9, "health_checks": [ENTRY] * 9, "metrics": [ENTRY] * 9, "issues": LINE}
    links = {"monitoring": [f"{LINE[:50]} https://dash.example.com/{'y' * 200}"] * 9}
    await player.step(JANE, RELEASES, "Deployed", **(DEPLOYED | told | links))
    results = [f"{long(200).replace(':', ' ')} {number}: Pass" for number in range(12)]
    await player.step(CHARLIE, RELEASES, "Smoke passed", **(SMOKE | {"results": results, "issues": LINE}))


def leaves(part: Any) -> list[str]:
    """All texts of a message that Slack parses."""
    if isinstance(part, dict):
        own = [part["text"]] if part.get("type") == "mrkdwn" else []
        return own + [text for inner in part.values() for text in leaves(inner)]
    return [text for inner in part for text in leaves(inner)] if isinstance(part, list) else []


@pytest.fixture
async def played(player: Player) -> Player:
    await play(player)
    return player


async def test_all_of_it_is_posted_and_nothing_is_refused(played: Player) -> None:
    """The playground's Slack refuses what is over a limit; what it refuses would be undelivered."""
    stuck = await played.playground.application.store.read(lambda reader: reader.undelivered())
    assert stuck == ()
    qa = played.person(CHARLIE)
    said = "\n".join(qa.text_of(message) for message in qa.thread(card(played)))
    assert [number for number in range(100) if f"CHANGE-{number:03d}" not in said] == []


async def test_nobody_is_pinged_by_it(played: Player) -> None:
    """Pavel, Bob and the others are mentioned by the team's announcement alone, and no attack is live markup."""
    for user, *_ in PEOPLE[3:]:
        assert played.person(user).unread("#releases")[1] <= 1
    qa = played.person(CHARLIE)
    bot = played.playground.slack.workspace.bot.id
    for message in [one for one in [*qa.thread(card(played)), *qa.direct_messages] if one.user == bot]:
        for text in [message.text, *leaves(message.blocks)]:
            for attack in ("<!channel", "<!here", "<!everyone", "<@U0PAVEL", "<#C0INCIDENTS", "|click>"):
                assert attack not in text
            assert "\u202e" not in text
