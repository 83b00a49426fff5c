"""What bad input gets: a clear answer, and nothing half done."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest

from bot.store.interface import Reader
from playground.player import Player, RefusedError
from playground.run import Playground
from playground.seed import BILLING, CHARLIE, INCIDENTS, JANE, PAVEL, RELEASES, TANIA
from tests.stories.test_release_paths import approved, card, last_words, says, scheduled
from tests.stories.the_document import APPROVAL, PLAN


def whispered(player: Player, user: str) -> str:
    """The newest message that a person alone can see."""
    return player.person(user).text_of(player.person(user).ephemerals[-1])


async def recorded(playground: Playground) -> int:
    """How many releases there are."""

    def count(reader: Reader) -> int:
        return len(reader.find("release"))

    return await playground.application.store.read(count)


async def test_a_form_with_mistakes_shows_them_all_at_its_fields_and_records_nothing(player: Player) -> None:
    """The form stays open with what was typed; once they are mended it is accepted."""
    await player.command(CHARLIE, "/release approve", "#releases")
    with pytest.raises(RefusedError) as refused:
        await player.send(CHARLIE, **(APPROVAL | {"stories_tested": "4", "regression": "Failed", "version": "v 1"}))
    assert set(refused.value.errors) == {"stories_total", "regression", "version"}
    assert "failed tests" in refused.value.errors["regression"]
    assert await recorded(player.playground) == 0
    await player.send(CHARLIE, **APPROVAL)
    assert await recorded(player.playground) == 1


async def test_silence_about_known_issues_is_not_accepted_and_an_explicit_none_is(player: Player) -> None:
    """Communication guidelines: "Document known issues"."""
    await player.command(CHARLIE, "/release approve", "#releases")
    with pytest.raises(RefusedError) as refused:
        await player.send(CHARLIE, **(APPROVAL | {"known_issues": None}))
    assert set(refused.value.errors) == {"known_issues"}
    await player.send(CHARLIE, **(APPROVAL | {"known_issues": "None"}))


async def test_somebody_without_the_role_is_told_who_may_before_any_form_opens(player: Player) -> None:
    """Pavel is PM."""
    await player.command(PAVEL, "/release approve", "#releases")
    assert "Who may: QA" in whispered(player, PAVEL).replace("*", "")
    assert player.person(PAVEL).views_open == 0
    await player.command(PAVEL, "/release freeze admin-logistic reason=Inventory", "#releases")
    told = whispered(player, PAVEL).replace("*", "")
    assert "Who may: Release Manager, Tech Lead, DevOps @" in told  # and nothing that Greenlight does by itself
    await approved(player)
    await player.step(PAVEL, RELEASES, "Sign off")
    assert "Who may: Tech Lead @Tania Petrova" in whispered(player, PAVEL).replace("*", "")
    assert "⏳ Tech Lead: awaited" in says(player)


async def test_a_stale_click_is_told_what_happened_meanwhile_and_changes_nothing(player: Player) -> None:
    """Two people look at the same card; one is quicker."""
    await approved(player)
    seen = card(player)
    await player.step(TANIA, RELEASES, "Sign off")
    before = last_words(player)
    await player.click(TANIA, seen, "Object")
    told = whispered(player, TANIA)
    assert "earlier moment" in told
    assert "Tania Petrova took “Sign off”" in told
    assert last_words(player) == before


async def test_a_wrong_click_is_answered_where_it_was_made(player: Player) -> None:
    """In the thread, where on a phone nothing else is seen; in the channel for the card."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    pavel = player.person(PAVEL)
    await player.click(PAVEL, pavel.thread(card(player))[-1], "Plan deployment")
    assert pavel.ephemerals[-1].thread_ts == card(player).ts
    await player.click(PAVEL, card(player), "Plan deployment")
    assert pavel.ephemerals[-1].thread_ts is None


async def test_two_releases_pending_at_once_are_never_confused(player: Player) -> None:
    """A click on the older card moves the older release."""
    await approved(player)
    first = card(player)
    await approved(player, version="v1.3.0", commit="fff9999")
    await player.click(TANIA, first, "Sign off")
    tania = player.person(TANIA)
    assert "✅ Tech Lead" in tania.text_of(tania.message(first.ts))
    assert "⏳ Tech Lead" in says(player)


async def test_the_same_version_cannot_be_approved_twice_while_it_is_open(player: Player) -> None:
    """The second is told where the first stands."""
    await approved(player)
    with pytest.raises(RefusedError) as refused:
        await approved(player)
    assert "open release already" in refused.value.errors["version"]


async def test_who_approved_does_not_sign_and_an_author_does_neither(player: Player) -> None:
    """Self-approval and the same person twice are refused."""
    await player.command(CHARLIE, "/release approve", "#releases")
    with pytest.raises(RefusedError) as refused:
        await player.send(CHARLIE, **(APPROVAL | {"authors": ["Charlie Wilson"]}))
    assert "author" in " ".join(refused.value.errors.values())
    await player.send(CHARLIE, **(APPROVAL | {"authors": ["Tania Petrova"]}))
    await player.step(TANIA, RELEASES, "Sign off")
    assert "author of this change" in whispered(player, TANIA)


async def test_a_verbal_agreement_is_marked_as_such_with_who_vouches_for_it(player: Player) -> None:
    """QA-DevOps dialogue, section 1: "Tech Lead: @tech-lead (verbal)"."""
    await approved(player, verbal=["Tania Petrova"])
    assert "✅ Tech Lead: @Tania Petrova (verbal, vouched for by @Charlie Wilson)" in says(player)
    assert "Plan deployment" in player.person(JANE).buttons_of(card(player))


async def test_an_unknown_version_subcommand_and_step_are_answered_with_what_there_is(player: Player) -> None:
    """Nobody is left alone with a typing mistake."""
    await player.command(CHARLIE, "/release status v9.9.9", "#releases")
    assert "I know no release of v9.9.9" in whispered(player, CHARLIE)
    await player.command(CHARLIE, "/release aprove", "#releases")
    assert "Did you mean `/release approve`? There are: `/release approve`, " in whispered(player, CHARLIE)
    await player.command(CHARLIE, "/release everything", "#releases")
    assert "Did you mean" not in whispered(player, CHARLIE)
    await approved(player)
    await player.mention(CHARLIE, "confrim", card(player), "#releases")
    assert "Did you mean `confirm`? `help` lists those possible now. The steps are: " in whispered(player, CHARLIE)


async def test_a_plan_for_a_time_that_has_passed_is_refused_at_its_field(player: Player) -> None:
    """And so is a rollback to the version that is being released."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    with pytest.raises(RefusedError) as refused:
        await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": player.playground.now()}))
    assert "passed" in refused.value.errors["when"]
    with pytest.raises(RefusedError) as refused:
        await player.send(JANE, **(PLAN | {"rollback_target": "v1.2.0"}))
    assert set(refused.value.errors) == {"rollback_target"}


async def test_another_commit_or_an_early_start_needs_an_override_by_who_may(player: Player) -> None:
    """Tania may, with a reason that everybody reads."""
    await scheduled(player)
    with pytest.raises(RefusedError) as refused:
        await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    assert "40 min away" in " ".join(refused.value.errors.values())
    await player.person(JANE).view.close()
    await player.step(TANIA, RELEASES, "Start deployment", commit="def4567", override="Hotfix on top, reviewed by me")
    assert "Hotfix on top, reviewed by me" in last_words(player)


async def test_a_bot_that_is_not_in_the_channel_asks_to_be_invited_and_loses_nothing(player: Player) -> None:
    """Billing's channel, from which the bot was removed."""
    playground = player.playground
    workspace = playground.slack.workspace
    workspace.leave(workspace.channel(BILLING), workspace.bot.id)
    await player.command(CHARLIE, "/release approve", "#billing-releases")
    await player.send(CHARLIE, **APPROVAL)
    [told] = player.person(CHARLIE).direct_messages
    assert "/invite" in player.person(CHARLIE).text_of(told)
    assert player.person(CHARLIE).messages("#billing-releases") == []
    await player.person(CHARLIE).invite_app("#billing-releases")
    await playground.settled()
    [posted] = player.person(CHARLIE).messages("#billing-releases")
    assert "Release Approved: v1.2.0" in player.person(CHARLIE).text_of(posted)


async def test_a_channel_that_means_no_service_is_asked_which_one(player: Player) -> None:
    """Incidents belong to several services, so the form begins with that question."""
    await player.command(CHARLIE, "/release approve v1.2.0", "#incidents")
    view = await player.person(CHARLIE).opened()
    assert view.labels[0] == "Service"
    assert INCIDENTS
    await view.close()


# ── what reaches the door without being Slack ────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def door(player: Player) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the bot's own HTTP port."""
    address = player.playground.server.url
    async with httpx.AsyncClient(base_url=address) as client:
        yield client


def signed(player: Player, body: str, timestamp: str) -> dict[str, str]:
    """Slack's headers for a body (docs.slack.dev, "Verifying requests from Slack")."""
    secret = player.playground.slack.signing_secret
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest}",
        "content-type": "application/x-www-form-urlencoded",
    }


def command(text: str) -> str:
    """The body of a slash command."""
    facts = {
        "command": "/release",
        "text": text,
        "user_id": CHARLIE,
        "user_name": "charlie",
        "channel_id": RELEASES,
        "team_id": "T1",
        "trigger_id": "1.2.abc",
        "response_url": "http://127.0.0.1:9/",
    }
    return urlencode(facts)


TYPED = (
    'approve v1.2.0 sprint="Sprint 16" commit=abc123 stories_tested=3 stories_total=3 bugs_found=5 bugs_fixed=5 '
    'regression=passed smoke=passed changes="STORY-123" known_issues=None rollback_threshold=>5%'
)


@pytest.mark.parametrize(
    ("timestamp", "spoilt"),
    [(0, True), (-301, False), (360, False), ("soon", False), ("", False), ("1e9", False)],
    ids=["wrong signature", "too old", "from the future", "a word", "empty", "a float"],
)
async def test_a_request_that_slack_did_not_sign_now_is_401_and_writes_nothing(
    player: Player, door: httpx.AsyncClient, timestamp: int | str, spoilt: bool
) -> None:
    """Whatever is wrong with the signature or its time."""
    shown = str(int(time.time()) + timestamp) if isinstance(timestamp, int) else timestamp
    body = command(TYPED)
    headers = signed(player, body, shown)
    answer = await door.post("/slack/events", content=body + ("&x=1" if spoilt else ""), headers=headers)
    assert answer.status_code == 401
    assert await recorded(player.playground) == 0


async def test_a_replayed_request_has_one_effect(player: Player, door: httpx.AsyncClient) -> None:
    """The same signed bytes twice within Slack's five minutes."""
    body = command(TYPED)
    headers = signed(player, body, str(int(time.time())))
    answers = [await door.post("/slack/events", content=body, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert await recorded(player.playground) == 1
    await player.playground.settled()
    assert len(player.person(JANE).messages("#releases")) == 1


async def test_anything_else_at_the_door_is_a_problem_with_a_sentence(player: Player, door: httpx.AsyncClient) -> None:
    """Unknown paths, wrong methods, bodies that are too large; and health, for whoever watches."""
    unknown = await door.get("/admin")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")
    assert "/slack/events" in unknown.json()["detail"]
    assert (await door.get("/slack/events")).status_code == 405
    large = await door.post(
        "/slack/events", content=b"x" * 1_000_001, headers=signed(player, "", str(int(time.time())))
    )
    assert large.status_code == 413
    health = await door.get("/health")
    assert health.status_code == 200
    parts = ("database", "outbox", "errands", "scheduler", "watch", "silences")
    assert health.json()["checks"] == dict.fromkeys(parts, "healthy")
