"""The other ways that environments go, one story each: who does what, and what everybody reads."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playground.player import Player, RefusedError
from playground.seed import BILLING, CHARLIE, INCIDENTS, JANE, PAVEL, RELEASES, TANIA
from tests.stories.test_bad_input import whispered
from tests.stories.test_release_paths import card, last_words, says
from tests.stories.test_reminders import later, private
from tests.stories.the_environment import FINDINGS, ISSUE, PLAN, READY, REPORTED_AT, REQUEST, RESTORED

ALICE = "U0ALICE"


async def reported(player: Player, **changed: Any) -> None:
    await player.command(CHARLIE, "/env issue", "#releases")
    await player.send(CHARLIE, **(ISSUE | changed))


async def restored(player: Player, **changed: Any) -> None:
    await reported(player, **changed)
    await player.step(JANE, RELEASES, "Look into it")
    await player.step(JANE, RELEASES, "Restored", **RESTORED)


async def requested(player: Player, **changed: Any) -> None:
    await player.command(CHARLIE, "/env request", "#releases")
    await player.send(CHARLIE, **(REQUEST | changed))


async def handed_over(player: Player, **changed: Any) -> None:
    await requested(player, **changed)
    await player.step(JANE, RELEASES, "Plan it", **PLAN)
    await player.step(JANE, RELEASES, "Ready", **(READY | {"secrets": ""}))


def until(moment: datetime) -> dict[str, Any]:
    return {"duration": "", "until": moment}


def second_qa(player: Player) -> None:
    """Alice joins QA."""
    groups = player.playground.slack.workspace.groups
    groups["S0QA"] = replace(groups["S0QA"], users=(CHARLIE, ALICE))
    player.playground.application.directory.forget_group("S0QA")


def pings(player: Player, user: str) -> int:
    """How often somebody was called in the latest thread or card."""
    return sum(f"<@{user}>" in str(vars(one)) for one in player.person(CHARLIE).thread(card(player)))


# ── issues ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_is_still_broken_goes_back_to_devops(player: Player) -> None:
    """Charlie verifies and finds the same error; Jane looks again."""
    await restored(player)
    await player.step(CHARLIE, RELEASES, "Still broken", reason="Every third call still returns 503")
    assert "🔴 Staging Environment Issue" in says(player)
    assert "Every third call still returns 503" in says(player)
    assert "@Jane Smith — Please look into it again." in last_words(player)
    await player.step(JANE, RELEASES, "Restored", **RESTORED)
    await player.step(CHARLIE, RELEASES, "Works again")
    assert says(player).startswith("✅ Staging working again")
    assert player.person(CHARLIE).buttons_of(card(player)) == []


async def test_a_false_alarm_is_taken_back_by_whoever_raised_it_alone(player: Player) -> None:
    """Alice of QA may not; Charlie may, with a reason."""
    second_qa(player)
    await reported(player)
    await player.step(ALICE, RELEASES, "False alarm")
    with pytest.raises(RefusedError) as refused:
        await player.send(ALICE, reason="I think it works")
    assert "Charlie Wilson's to withdraw" in str(refused.value.errors)
    await player.person(ALICE).view.close()
    await player.step(CHARLIE, RELEASES, "False alarm", reason="My VPN was off")
    assert says(player).startswith("🚫 False alarm: ENV-1")
    assert "My VPN was off" in last_words(player)


async def test_a_vague_report_comes_back_with_what_is_missing_and_nothing_is_recorded(player: Player) -> None:
    """Communication guidelines: not "Just say 'staging is broken'"."""
    await player.command(CHARLIE, "/env issue", "#releases")
    with pytest.raises(RefusedError) as refused:
        await player.send(CHARLIE, **(ISSUE | {"problem": "staging is broken"}))
    assert "which call or page, which status or message" in refused.value.errors["problem"]
    await player.send(CHARLIE, **ISSUE)
    assert "ENV-1" in says(player)


async def test_an_issue_may_be_typed_whole(player: Player) -> None:
    """All required fields after the command record at once, and the answer says where."""
    await player.command(
        CHARLIE,
        '/env issue staging started="30 minutes ago" problem="API returns 503 on every call" '
        'impact="Cannot test STORY-140" symptoms="503 everywhere; empty pages" urgency=critical',
        "#releases",
    )
    assert "ENV-1" in whispered(player, CHARLIE)
    assert "Critical" in says(player)


async def test_reporting_is_for_qa_and_investigating_for_devops(player: Player) -> None:
    """Whoever may not is told who may, before any form opens."""
    await player.command(PAVEL, "/env issue", "#releases")
    assert "Who may: QA" in whispered(player, PAVEL).replace("*", "")
    assert player.person(PAVEL).views_open == 0
    await reported(player)
    await player.step(CHARLIE, RELEASES, "Look into it")
    assert "Who may: DevOps" in whispered(player, CHARLIE).replace("*", "")
    assert "Waiting for DevOps" in says(player)


async def test_a_double_click_looks_into_it_once(player: Player) -> None:
    await reported(player)
    seen = card(player)
    await asyncio.gather(*(player.person(JANE).click(seen, "Look into it") for _ in range(5)))
    await player.playground.settled()
    jane = player.person(JANE)
    assert len([one for one in jane.thread(card(player)) if jane.text_of(one).startswith("🔎")]) == 1
    assert "earlier moment" in whispered(player, JANE)


async def test_one_form_sent_twice_is_one_issue(player: Player) -> None:
    """Slack delivers the submission twice."""
    await player.command(CHARLIE, "/env issue", "#releases")
    player.playground.slack.faults.duplicate_next()
    await player.send(CHARLIE, **ISSUE)
    assert [text for text in heads(player) if "ENV-" in text] == ["🔴 Staging Environment Issue: ENV-1"]


def heads(player: Player) -> list[str]:
    """The first lines of the channel's cards."""
    me = player.person(CHARLIE)
    roots = [one for one in me.messages("#releases") if one.thread_ts in (None, one.ts)]
    return [me.text_of(one).splitlines()[0] for one in roots]


async def test_a_second_report_of_the_same_environment_names_the_first(player: Player) -> None:
    second_qa(player)
    await reported(player)
    await player.command(ALICE, "/env issue", "#releases")
    await player.send(ALICE, **(ISSUE | {"environment": "staging", "problem": "Login page stays empty"}))
    assert "Open for Staging as well: ENV-1" in says(player).replace("_", "")


async def test_a_message_becomes_the_evidence_of_a_report(player: Player) -> None:
    """By shortcut, from any channel the bot is not even in: the service is asked for where the channel means none."""
    seen = await player.person(JANE).says("API: 503 Service Unavailable since 14:50", "#releases")
    await player.person(CHARLIE).shortcut("Report environment issue", seen)
    await player.playground.settled()
    view = await player.person(CHARLIE).opened()
    assert view.value("evidence") == "@Jane Smith: API: 503 Service Unavailable since 14:50"
    await player.send(CHARLIE, **ISSUE)
    assert "@Jane Smith: API: 503 Service Unavailable since 14:50" in says(player)


async def test_the_channel_decides_which_service_is_meant(player: Player) -> None:
    """In billing's channel it is billing's; where no service lives it is asked for."""
    await player.command(CHARLIE, "/env issue", "#billing-releases")
    await player.send(CHARLIE, **ISSUE)
    [root] = [one for one in player.person(CHARLIE).messages("#billing-releases") if one.thread_ts in (None, one.ts)]
    assert "billing" in player.person(CHARLIE).text_of(root)
    assert root.channel == BILLING
    await player.command(CHARLIE, "/env request", "#incidents")
    await player.send(CHARLIE, service="admin-logistic", **REQUEST)
    assert "Environment Request" in says(player)
    assert card(player).channel != INCIDENTS


async def test_an_urgent_issue_reminds_devops_at_night_and_goes_up_to_the_tech_lead(player: Player) -> None:
    """Ten minutes without anybody looking into it, ten more, and Tania hears of it."""
    await reported(player)
    await later(player, 11)
    [nudge] = private(player, JANE)
    assert "ENV-1" in nudge
    assert "Staging API returning 503 errors" in nudge
    assert "[Look into it]" in nudge
    await later(player, 10)
    [raised] = private(player, TANIA)
    assert "Tech Lead" in raised
    [message] = player.person(JANE).direct_messages
    await player.click(JANE, message, "Look into it")
    assert "Being investigated" in says(player)


async def test_an_eta_that_passes_reminds_devops(player: Player) -> None:
    await reported(player)
    await player.step(JANE, RELEASES, "Update", **FINDINGS)
    await later(player, 14)
    assert private(player, JANE) == []
    await later(player, 2)
    [nudge] = private(player, JANE)
    assert "its restoration or a new ETA" in nudge
    assert "The ETA was" in nudge
    await player.step(JANE, RELEASES, "Update", eta="20")
    await later(player, 19)
    assert len(private(player, JANE)) == 1


async def test_only_the_reporter_is_asked_to_verify_and_another_of_qa_may(player: Player) -> None:
    """Alice is of QA as well, and acted last: her word counts, and she is neither called nor reminded."""
    second_qa(player)
    await restored(player)
    await player.step(ALICE, RELEASES, "Still broken", reason="Not for me")
    await player.step(JANE, RELEASES, "Restored", **RESTORED)
    assert "@Charlie Wilson — Please verify" in last_words(player)
    await later(player, 16)
    assert len(private(player, CHARLIE)) == 1
    assert private(player, ALICE) == []
    assert pings(player, ALICE) == 0
    await player.step(ALICE, RELEASES, "Works again")
    assert "working again" in says(player)


async def test_a_home_shows_what_waits_for_the_reporter_to_the_reporter_alone(player: Player) -> None:
    """Charlie's home asks for the verification; Alice's lists the issue among others."""
    second_qa(player)
    await restored(player)
    for user, waits in ((CHARLIE, True), (ALICE, False)):
        await player.person(user).open_home()
        await player.playground.settled()
        home = player.person(user).home
        assert home is not None
        assert ("Works again" in home.text) == waits
        assert "ENV-1" in home.text


async def test_everything_can_be_typed_in_the_thread(player: Player) -> None:
    """The same steps as mentions."""
    await reported(player)
    await player.mention(JANE, "investigate", card(player), "#releases")
    await player.mention(JANE, 'update findings="Server is up; Pool exhausted" eta=10', card(player), "#releases")
    await player.mention(
        JANE, 'restore root_cause="A stuck job" fix="Killed it" prevention="A timeout"', card(player), "#releases"
    )
    await player.mention(CHARLIE, "still broken: every third call fails", card(player), "#releases")
    await player.mention(
        JANE, 'restore root_cause="Two stuck jobs" fix="Killed both" prevention="A timeout"', card(player), "#releases"
    )
    await player.mention(CHARLIE, "verify", card(player), "#releases")
    assert "✅ Staging working again" in says(player)


async def test_status_list_and_history_know_both_kinds_of_tickets(player: Player) -> None:
    await reported(player)
    await requested(player)
    await player.command(CHARLIE, "/env list", "#releases")
    told = whispered(player, CHARLIE)
    assert "ENV-1" in told
    assert "REQ-1" in told
    await player.command(CHARLIE, "/env status env-1", "#releases")
    assert "ENV-1" in whispered(player, CHARLIE)
    assert "opened by Charlie Wilson" in whispered(player, CHARLIE)
    await player.command(CHARLIE, "/env history REQ-1", "#releases")
    assert "Request environment" in whispered(player, CHARLIE)
    await player.command(CHARLIE, "/env status v1.2.0", "#releases")
    assert "such as ENV-1 or REQ-1" in whispered(player, CHARLIE)
    await player.command(CHARLIE, "/env help", "#releases")
    assert "/env request" in whispered(player, CHARLIE)
    await player.command(CHARLIE, "/env", "#billing-releases")
    await player.command(CHARLIE, "/env list", "#billing-releases")
    assert "No environment issue or request of billing is under way" in whispered(player, CHARLIE)


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_request_can_be_declined_with_a_reason(player: Player) -> None:
    await requested(player)
    await player.step(JANE, RELEASES, "Decline", reason="The budget for this quarter is spent")
    assert says(player).startswith("🚫 Declined: Load Testing Environment")
    assert "The budget for this quarter is spent" in last_words(player)
    assert player.person(CHARLIE).buttons_of(card(player)) == []


async def test_a_request_can_be_withdrawn_while_it_is_prepared(player: Player) -> None:
    await requested(player)
    await player.step(JANE, RELEASES, "Plan it", **PLAN)
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="The story was dropped")
    assert says(player).startswith("🚫 Withdrawn: Load Testing Environment")


async def test_what_needs_adjusting_is_prepared_again_and_the_form_knows_what_stood(player: Player) -> None:
    await handed_over(player)
    await player.step(CHARLIE, RELEASES, "Adjust", adjustments=["2 GB of memory", "A second test user"])
    assert "• 2 GB of memory" in last_words(player)
    assert "@Jane Smith — Please adjust it" in last_words(player)
    await player.step(JANE, RELEASES, "Ready")
    view = await player.person(JANE).opened()
    assert view.value("urls") == "\n".join(READY["urls"])
    assert view.value("secrets") in (None, "")
    assert (await view.submit()).result == "closed"
    await player.playground.settled()
    assert says(player).startswith("✅ Perf Test Environment Ready")


async def test_a_request_without_an_end_says_that_it_is_permanent(player: Player) -> None:
    await player.command(CHARLIE, "/env request", "#releases")
    with pytest.raises(RefusedError) as refused:
        await player.send(CHARLIE, **(REQUEST | {"duration": "a while"}))
    assert set(refused.value.errors) == {"until"}
    await player.send(CHARLIE, **(REQUEST | {"duration": "Permanent"}))
    assert "Duration: Permanent" in says(player).replace("*", "")


async def test_before_its_end_the_requester_and_devops_are_asked_and_it_is_extended(player: Player) -> None:
    """A day before: both have the buttons in a private message; nobody else hears of it."""
    second_qa(player)
    end = REPORTED_AT + timedelta(days=7)
    await handed_over(player, **until(end))
    await player.step(CHARLIE, RELEASES, "Accept")
    before = (pings(player, CHARLIE), pings(player, JANE))
    await player.playground.advance(end - timedelta(days=1, minutes=1))
    asked_before = (len(private(player, CHARLIE)), len(private(player, JANE)))
    await player.playground.advance(end - timedelta(days=1))
    assert (len(private(player, CHARLIE)), len(private(player, JANE))) == tuple(one + 1 for one in asked_before)
    assert private(player, ALICE) == []
    assert "nears its end" in says(player)
    assert before == (pings(player, CHARLIE), pings(player, JANE)), "the card and the thread call nobody anew"
    message = player.person(CHARLIE).direct_messages[-1]
    assert player.person(CHARLIE).buttons_of(message) == ["Extend", "Retire"]
    assert "Perf Test Environment" in player.person(CHARLIE).text_of(message)
    later_end = end + timedelta(days=14)
    await player.click(CHARLIE, message, "Extend")
    await player.send(CHARLIE, until=later_end, reason="The tests go on")
    assert "in use" in says(player)
    assert "Extended until 2024-02-06" in last_words(player).replace("*", "")
    await player.playground.advance(later_end - timedelta(days=1))
    assert "nears its end" in says(player)


async def test_what_nobody_extends_is_asked_for_at_its_end_and_retired(player: Player) -> None:
    end = REPORTED_AT + timedelta(days=7)
    await handed_over(player, **until(end))
    await player.step(CHARLIE, RELEASES, "Accept")
    await player.playground.advance(end - timedelta(hours=1))
    charlie, jane = len(private(player, CHARLIE)), len(private(player, JANE))
    await player.playground.advance(end)
    assert len(private(player, CHARLIE)) == charlie + 1
    await player.playground.advance(end + timedelta(hours=4))
    assert len(private(player, JANE)) == jane + 1
    await player.playground.advance(end + timedelta(hours=8))
    assert "REQ-1" in private(player, TANIA)[-1]
    await player.step(JANE, RELEASES, "Retire")
    assert says(player).startswith("🏁 Retired: Perf Test Environment")
    await player.playground.advance(end + timedelta(days=30))
    assert len(private(player, JANE)) == jane + 1


async def test_the_requester_may_let_it_go_and_devops_is_asked_to_take_it_down(player: Player) -> None:
    await handed_over(player)
    await player.step(CHARLIE, RELEASES, "Accept")
    await player.step(CHARLIE, RELEASES, "Retire")
    assert "@Jane Smith — Please take it down." in last_words(player)


async def test_devops_is_reminded_when_it_was_to_be_ready(player: Player) -> None:
    """The plan said two days."""
    await requested(player)
    await player.step(JANE, RELEASES, "Plan it", **PLAN)
    await player.playground.advance(REPORTED_AT + timedelta(days=2, hours=4, minutes=1))
    assert "your word that it is ready" in private(player, JANE)[-1]
    assert datetime(2024, 1, 18, 15, 20, tzinfo=UTC) == REPORTED_AT + timedelta(days=2)


async def test_what_is_permanent_has_no_end_to_move(player: Player) -> None:
    await handed_over(player)
    await player.step(CHARLIE, RELEASES, "Accept")
    assert player.person(CHARLIE).buttons_of(card(player)) == ["Share credentials", "Retire"]
    await player.mention(CHARLIE, "extend until=2024-03-01T12:00:00Z", card(player), "#releases")
    assert "permanent" in whispered(player, CHARLIE)
