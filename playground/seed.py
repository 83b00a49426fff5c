"""The team that the playground opens with, and what it did before: one release finished, another in flight.

The names and values are those of the documents. History is played through the same doors that people use.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from playground.player import Player
from playground.slack.workspace import Workspace

if TYPE_CHECKING:
    from playground.run import Playground

STARTS_AT = datetime(2024, 1, 15, 12, 0, tzinfo=UTC)
"""When history begins: the day before the document's release."""

OPENS_AT = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)
"""When the page opens: 40 minutes before the document's deployment, 2024-01-16 16:00 UTC."""

CHARLIE, JANE, TANIA, PAVEL, JOHN = "U0CHARLIE", "U0JANE", "U0TANIA", "U0PAVEL", "U0JOHN"
RELEASES, INCIDENTS, BILLING = "C0RELEASES", "C0INCIDENTS", "C0BILLING"

PEOPLE = (
    (CHARLIE, "charlie.wilson", "Charlie Wilson", "QA Engineer", "Europe/London"),
    (JANE, "jane.smith", "Jane Smith", "DevOps Engineer", "Europe/Berlin"),
    (TANIA, "tania.petrova", "Tania Petrova", "Tech Lead", "Europe/Sofia"),
    (PAVEL, "pavel.novak", "Pavel Novak", "PM", "Europe/Prague"),
    (JOHN, "john.doe", "John Doe", "Release Manager", "Europe/London"),
    ("U0BOB", "bob.johnson", "Bob Johnson", "Backend Developer", "America/New_York"),
    ("U0ALICE", "alice.brown", "Alice Brown", "Frontend Developer", "Europe/London"),
)


def people_and_places(workspace: Workspace) -> None:
    """Put the team, its groups and its channels into an empty workspace."""
    for user_id, name, real_name, title, zone in PEOPLE:
        workspace.add_person(name, real_name, user_id=user_id, title=title, tz=zone)
    everybody = [user_id for user_id, *_ in PEOPLE]
    workspace.add_group("qa", "QA", [CHARLIE], group_id="S0QA")
    workspace.add_group("devops", "DevOps", [JANE], group_id="S0DEVOPS")
    workspace.add_group("team", "Team", everybody, group_id="S0TEAM")
    workspace.add_channel("releases", channel_id=RELEASES, topic="Admin Logistic: what goes to production, and when")
    workspace.add_channel("incidents", channel_id=INCIDENTS, topic="Production trouble", with_bot=False)
    workspace.add_channel("billing-releases", channel_id=BILLING, topic="Billing goes to production")


async def play_history(playground: Playground) -> None:
    """v1.1.0 of admin-logistic from approval to completion yesterday, v2.4.0 of billing waiting for QA's answer."""
    limits, player = playground.slack.limits, Player(playground)
    limits.enabled = False
    try:
        await _release_yesterday(playground, player)
        await playground.advance(OPENS_AT - timedelta(minutes=25))
        await _release_in_flight(playground, player)
    finally:
        limits.enabled = True


async def _release_yesterday(playground: Playground, player: Player) -> None:
    await player.command(
        CHARLIE,
        '/release approve v1.1.0 sprint="Sprint 15" commit=9f8e7d6 stories_tested=4 stories_total=4 bugs_found=3 '
        'bugs_fixed=3 regression=passed smoke=passed changes="STORY-101: Courier map; STORY-117: Order filters; '
        'FIX-212" known_issues="None" rollback_threshold=>5% rollback_endpoint=/api/v1/orders',
        "#releases",
    )
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(
        JANE,
        RELEASES,
        "Plan deployment",
        when=playground.now() + timedelta(hours=1),
        rollback_target="v1.0.4",
    )
    await player.step(CHARLIE, RELEASES, "Time works")
    await playground.advance(playground.now() + timedelta(hours=1))
    await player.step(JANE, RELEASES, "Start deployment", commit="9f8e7d6")
    await playground.advance(playground.now() + timedelta(minutes=11))
    seen: dict[str, list[str]] = {
        "components": ["Backend: Healthy", "Frontend: Healthy"],
        "health_checks": ["API: OK", "Frontend: OK", "Auth: OK"],
    }
    await player.step(JANE, RELEASES, "Deployed", duration="11", **seen)
    await player.step(CHARLIE, RELEASES, "Begin smoke test")
    await playground.advance(playground.now() + timedelta(minutes=7))
    await player.step(CHARLIE, RELEASES, "Smoke passed", duration="7")
    await playground.advance(playground.now() + timedelta(hours=2, minutes=1))


async def _release_in_flight(playground: Playground, player: Player) -> None:
    await player.command(
        CHARLIE,
        '/release approve v2.4.0 sprint="Sprint 16" commit=77aa01c stories_tested=2 stories_total=2 bugs_found=1 '
        'bugs_fixed=1 regression=passed smoke=passed changes="BILL-88: Invoices as PDF; BILL-91: VAT rates 2024" '
        'known_issues="BILL-95 (rounding in the preview): low priority, next sprint" rollback_threshold=>2% '
        "rollback_endpoint=/api/v1/invoices",
        "#billing-releases",
    )
    await playground.advance(playground.now() + timedelta(minutes=6))
    await player.step(TANIA, BILLING, "Sign off")
    await playground.advance(playground.now() + timedelta(minutes=9))
    await player.step(
        JANE,
        BILLING,
        "Plan deployment",
        when=playground.now() + timedelta(hours=3),
        window="after the European working day",
        rollback_target="v2.3.2",
        migrations="Yes (1 migration)",
    )
