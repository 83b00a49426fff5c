"""Deployments and rollbacks that are started through what the team has: told from the people's side, and its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import HttpUrl

from bot.core.deployer_rules import ArgoRule, DeployerRule, WebhookRule, WorkflowRule
from bot.pace import Pace
from bot.service import read_conversation
from bot.settings import Configuration, load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from playground.slack.model import Message
from tests.deployers.fakes import FakeActions, FakeArgo, FakeReceiver
from tests.stories.blocking import nothing_blocks
from tests.stories.test_release_paths import approved, card, deployed, last_words, says, scheduled
from tests.stories.test_reminders import later, private
from tests.stories.test_rollback import deployed as verified
from tests.stories.the_document import DEPLOYED, DEPLOYMENT_AT, PLAN, STARTS_AT
from tests.trackers.fakes import TOKEN, serving

AnyFake = FakeActions | FakeArgo | FakeReceiver
FAKES = {"github": FakeActions, "argo": FakeArgo, "webhook": FakeReceiver}


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "ARGOCD_TOKEN", "DEPLOY_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, TOKEN)


@pytest.fixture(params=list(FAKES))
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[AnyFake]:
    """Each deployer in turn."""
    one: AnyFake = FAKES[request.param]()
    async with serving(one):
        yield one


@pytest.fixture
async def github() -> AsyncIterator[FakeActions]:
    async with serving(one := FakeActions()):
        yield one


@pytest.fixture
async def player(fake: AnyFake, tmp_path: Path) -> AsyncIterator[Player]:
    async with team(fake, tmp_path) as one:
        yield one


@asynccontextmanager
async def team(fake: AnyFake, folder: Path, *, later: timedelta = timedelta(0), **rule: Any) -> AsyncIterator[Player]:
    """The team, whose services deploy with this."""
    configuration = with_deployer(fake, **rule)
    at, unlimited = STARTS_AT + later, Pace.unlimited()
    async with playing(folder / "x.db", pace=unlimited, starts_at=at, configuration=configuration) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield Player(playground)


def with_deployer(fake: AnyFake, **more: Any) -> Configuration:
    loaded = load(CONFIGURATION)
    rule: DeployerRule
    if isinstance(fake, FakeActions):
        given = {"repository": "acme/shop", "workflow": "deploy.yml", "url": HttpUrl(fake.api)} | more
        rule = WorkflowRule(kind="github_actions", **given)
    elif isinstance(fake, FakeArgo):
        rule = ArgoRule(kind="argocd", application="shop", url=HttpUrl(fake.url), **more)
    else:
        rule = WebhookRule(kind="webhook", url=HttpUrl(f"{fake.url}/orders"), **more)
    services = {name: service.model_copy(update={"deployer": rule}) for name, service in loaded.services.items()}
    return replace(loaded, services=services)


async def started(player: Player) -> None:
    await scheduled(player)
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")


def told(fake: AnyFake) -> list[tuple[str, str]]:
    """What was ordered: action and version; Argo CD is told versions alone."""
    if isinstance(fake, FakeActions):
        return [(inputs["action"], inputs["version"]) for inputs in fake.dispatched]
    if isinstance(fake, FakeArgo):
        return [("", revision) for revision in fake.syncs]
    return [(order["kind"], order["version"]) for order in fake.orders.values()]


def thread(player: Player) -> list[str]:
    person = player.person(CHARLIE)
    return [person.text_of(one) for one in person.thread(card(player))]


async def outcomes(player: Player, dialogue: str = "release") -> list[str]:
    """What is recorded of orders."""
    store = player.playground.application.store
    [record] = await store.read(lambda reader: reader.find(dialogue))
    events = await store.read(lambda reader: reader.events(record.id))
    return [event.data["outcome"] for event in events if event.step == "order_told"]


async def link(player: Player) -> str:
    """Where the release's order is seen."""
    store = player.playground.application.store
    [record] = await store.read(lambda reader: reader.find("release"))
    return str(read_conversation(record).order.url)


def heads(player: Player) -> str:
    """What the channel says, without the threads."""
    person = player.person(CHARLIE)
    return "\n".join(person.text_of(one) for one in person.messages("#releases") if one.thread_ts in (None, one.ts))


async def test_starting_a_deployment_orders_it_and_says_no_more_than_that(player: Player, fake: AnyFake) -> None:
    """The thread says who was asked, then that the order was taken, with a link. That deploys no release."""
    await started(player)
    assert [version for _, version in told(fake)] == ["v1.2.0"]
    assert "is asked to deploy v1.2.0 to production" in thread(player)[-2]
    assert "took the order to deploy v1.2.0 to production" in last_words(player)
    assert "says nothing of how it ends" in last_words(player)
    assert "see it there" in last_words(player)
    assert (await link(player)).startswith(("https://", fake.url))
    assert "took the order" in says(player)
    assert "Being deployed" in says(player)


async def test_the_button_says_what_it_starts(player: Player, fake: AnyFake) -> None:
    """Before the form, and in the private message that it is time."""
    await scheduled(player)
    definition = str(card(player).blocks)
    assert "is asked to carry it out." in definition
    await player.playground.advance(DEPLOYMENT_AT)
    assert "is asked to carry it out." in str(player.person(JANE).direct_messages[-1].blocks)
    assert told(fake) == []


async def test_a_rollback_is_ordered_as_well(player: Player, fake: AnyFake) -> None:
    """Back to the version before; of that the thread says when the order was taken."""
    if isinstance(fake, FakeArgo):
        fake.status = {"health": {"status": "Healthy"}}
    await deployed(player)
    if isinstance(fake, FakeArgo):
        fake.goes("Succeeded", "Healthy")
    await player.step(TANIA, RELEASES, "Roll back", severity="P0", issue="500 everywhere", target="v1.1.0")
    await player.step(JANE, RELEASES, "Begin rollback", eta="5")
    assert [version for _, version in told(fake)] == ["v1.2.0", "v1.1.0"]
    if not isinstance(fake, FakeArgo):
        assert told(fake)[-1] == ("rollback", "v1.1.0")
    assert "took the order to bring v1.1.0 back to production" in heads(player)


@pytest.mark.parametrize("fault", ["lost", "trouble"])
async def test_an_answer_that_was_lost_leads_to_one_deployment(player: Player, fake: AnyFake, fault: Any) -> None:
    """Whether it was carried out is looked up, or asking twice does no harm; where neither can be, people are asked."""
    fake.faults = [fault]
    await started(player)
    assert "took the order" not in says(player)
    await later(player, 1)
    if fault == "lost" or not isinstance(fake, FakeActions):
        assert len(told(fake)) == 1
        assert await outcomes(player) == ["accepted"]
    else:
        # The trouble came before anything was done, which nobody can know.
        assert told(fake) == []
        assert await outcomes(player) == ["unknown"]
        assert "Nobody knows whether" in last_words(player)
    await later(player, 30)
    assert len(told(fake)) <= 1


async def test_a_deployer_that_can_not_be_reached_is_asked_for_ten_minutes_and_then_not_any_more(
    github: FakeActions, tmp_path: Path
) -> None:
    """It is told at once, and again when it is given up; DevOps hears of that privately."""
    github.faults = ["limit"] * 40
    async with team(github, tmp_path) as player:
        await started(player)
        assert "is tried for ten minutes" in last_words(player)
        for _ in range(12):
            await later(player, 1)
        assert await outcomes(player) == ["waits", "refused"]
        assert "Nothing was started" in last_words(player)
        assert any("did not take the order to deploy v1.2.0" in text for text in private(player, JANE))
        github.faults = []
        await later(player, 60)
    assert github.dispatched == []


async def test_a_refusal_is_told_with_what_to_do_and_can_be_asked_again(player: Player, fake: AnyFake) -> None:
    """The token is put right, and DevOps types it in the thread; twice asks once."""
    fake.tokens = {"another"}
    await started(player)
    assert "did not take the order" in last_words(player)
    assert "token" in last_words(player)
    assert "Deploy by hand, then press “Deployed”" in last_words(player)
    assert any("did not take the order to deploy" in text for text in private(player, JANE))
    fake.tokens = {TOKEN}
    head = card(player)
    await player.mention(JANE, "ask_again", head, "#releases")
    assert await outcomes(player) == ["refused", "accepted"]
    await player.mention(JANE, "ask_again", head, "#releases")
    assert len(told(fake)) == 1


async def test_nobody_but_devops_asks_again(github: FakeActions, tmp_path: Path) -> None:
    github.tokens = {"another"}
    async with team(github, tmp_path) as player:
        await started(player)
        github.tokens = {TOKEN}
        await player.mention(CHARLIE, "ask_again", card(player), "#releases")
        assert github.dispatched == []


async def test_an_order_that_is_not_wanted_any_more_is_not_given(github: FakeActions, tmp_path: Path) -> None:
    """Jane deployed by hand meanwhile: what was to be asked again is left out, and said so."""
    github.faults = ["limit"]
    async with team(github, tmp_path) as player:
        await started(player)
        await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
        await later(player, 5)
        assert await outcomes(player) == ["waits", "void"]
    assert github.dispatched == []


async def test_what_a_process_left_behind_is_not_begun_long_after(github: FakeActions, tmp_path: Path) -> None:
    """Nobody means a deployment that comes an hour late."""
    github.faults = ["limit"]
    async with team(github, tmp_path) as player:
        await started(player)
    async with team(github, tmp_path, later=timedelta(hours=2)) as player:
        await player.playground.settled()
        assert await outcomes(player) == ["waits", "refused"]
    assert github.dispatched == []


async def test_a_process_that_died_over_the_answer_finds_the_run_and_starts_no_other(
    github: FakeActions, tmp_path: Path
) -> None:
    github.faults = ["lost"]
    async with team(github, tmp_path) as player:
        await started(player)
    async with team(github, tmp_path, later=timedelta(minutes=41)) as player:
        await player.playground.settled()
        assert await outcomes(player) == ["accepted"]
        assert await link(player) == "https://github.com/acme/shop/actions/runs/900"
    assert len(github.dispatched) == 1


async def test_where_runs_have_no_key_in_their_name_a_lost_answer_is_left_to_people(
    github: FakeActions, tmp_path: Path
) -> None:
    """It is not repeated by itself."""
    github.faults, github.named = ["lost"], False
    async with team(github, tmp_path) as player:
        await started(player)
        for _ in range(20):
            await later(player, 1)
        assert await outcomes(player) == ["unknown"]
        assert "It is not given again by itself" in last_words(player)
    assert len(github.dispatched) == 1


# ── how it goes ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_run_is_followed_and_each_change_told_once(github: FakeActions, tmp_path: Path) -> None:
    """Queued, waiting for somebody on GitHub, running, done; deployed is still what people say."""
    async with team(github, tmp_path) as player:
        await started(player)
        for status in ("queued", "in_progress", "waiting", "in_progress", "completed"):
            github.goes(status, "success" if status == "completed" else None)
            for _ in range(3):
                await later(player, 0.5)
        assert await outcomes(player) == ["accepted", "running", "waiting", "running", "succeeded"]
        assert "its run succeeded" in last_words(player)
        assert "press “Deployed”" in last_words(player)
        assert "Being deployed" in says(player)
        asked = len(github.asked)
        await later(player, 10)
        assert len(github.asked) == asked


async def test_a_run_that_failed_is_told_to_devops_and_nothing_is_decided_by_it(
    github: FakeActions, tmp_path: Path
) -> None:
    async with team(github, tmp_path) as player:
        await started(player)
        github.goes("completed", "timed_out")
        await later(player, 1)
        assert await outcomes(player) == ["accepted", "failed"]
        assert "timed out" in last_words(player)
        assert "Being deployed" in says(player)
        assert any("its run failed" in text for text in private(player, JANE))


async def test_argo_cd_is_done_when_the_application_is_healthy(tmp_path: Path) -> None:
    """Synchronised is not enough."""
    async with serving(argo := FakeArgo()), team(argo, tmp_path) as player:
        await started(player)
        argo.goes("Succeeded", "Progressing")
        await later(player, 1)
        assert await outcomes(player) == ["accepted", "running"]
        argo.goes("Succeeded", "Healthy")
        await later(player, 1)
        assert await outcomes(player) == ["accepted", "running", "succeeded"]


async def test_a_deployer_whose_word_is_taken_reports_the_deployment_itself(
    github: FakeActions, tmp_path: Path
) -> None:
    """The notice says what it told, and of the rest that it did not tell it; QA is asked for the smoke test."""
    async with team(github, tmp_path, reports=True) as player:
        await started(player)
        await later(player, 4)
        github.goes("completed", "success")
        for _ in range(2):
            await later(player, 1)
        assert "Deployed to Production" in says(player)
        notice = next(text for text in thread(player) if "Deployment Details" in text)
        assert "GitHub Actions: its run succeeded" in notice
        assert "Not told by GitHub Actions" in notice
        assert "5 minutes" in notice
        assert "Begin smoke test" in player.person(CHARLIE).buttons_of(card(player))


async def test_its_word_that_it_failed_is_taken_as_well(github: FakeActions, tmp_path: Path) -> None:
    async with team(github, tmp_path, reports=True) as player:
        await started(player)
        github.goes("completed", "failure")
        for _ in range(2):
            await later(player, 1)
        assert "Decision Needed" in says(player)
        assert "its run failed" in says(player)


async def test_a_run_is_followed_on_by_the_next_process(github: FakeActions, tmp_path: Path) -> None:
    async with team(github, tmp_path) as player:
        await started(player)
    github.goes("completed", "success")
    async with team(github, tmp_path, later=timedelta(minutes=45)) as player:
        await player.playground.settled()
        assert await outcomes(player) == ["accepted", "succeeded"]


async def test_an_enterprise_server_that_names_no_run_is_followed_by_the_key(tmp_path: Path) -> None:
    async with serving(server := FakeActions(is_server=True)), team(server, tmp_path) as player:
        await started(player)
        server.goes("in_progress")
        await later(player, 1)
        assert await outcomes(player) == ["accepted", "running"]
        assert await link(player) == "https://github.com/acme/shop/actions/runs/900"


# ── what is left alone ───────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_a_service_does_not_start_is_left_to_people(github: FakeActions, tmp_path: Path) -> None:
    """Rollbacks only: the deployment is as it was without."""
    async with team(github, tmp_path, starts=("rollback",)) as player:
        await started(player)
        assert github.asked == []
        assert "is asked" not in last_words(player)
        await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
        await player.step(TANIA, RELEASES, "Roll back", severity="P0", issue="500", target="v1.1.0")
        await player.step(JANE, RELEASES, "Begin rollback", eta="5")
    assert [inputs["action"] for inputs in github.dispatched] == ["rollback"]


async def test_a_double_click_starts_one_deployment(github: FakeActions, tmp_path: Path) -> None:
    """The second is told that it was begun."""
    async with team(github, tmp_path) as player:
        await scheduled(player)
        await player.playground.advance(DEPLOYMENT_AT)
        for _ in range(2):
            await player.mention(JANE, "start commit=abc123", card(player), "#releases")
    assert len(github.dispatched) == 1


async def test_a_deployment_that_failed_and_goes_on_can_be_asked_for_again(github: FakeActions, tmp_path: Path) -> None:
    """Tania decides to go on, and Jane asks for another run; the first is not followed any more."""
    async with team(github, tmp_path) as player:
        await started(player)
        await player.step(JANE, RELEASES, "Deployment failed", reason="The migration timed out")
        await player.step(TANIA, RELEASES, "Continue", reason="It is idempotent")
        await player.mention(JANE, "ask_again", card(player), "#releases")
        assert len(github.dispatched) == 2
        github.goes("completed", "success")
        await later(player, 1)
        assert await outcomes(player) == ["accepted", "accepted", "succeeded"]


async def canary(player: Player) -> None:
    """A canary of which the first share was started."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"strategy": "Canary"}))
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")


async def test_a_canarys_shares_are_ordered_one_by_one(github: FakeActions, tmp_path: Path) -> None:
    """The first with the start, the next with each promotion; the clock's own words start nothing here."""
    async with team(github, tmp_path) as player:
        await canary(player)
        assert "give v1.2.0 5% of the traffic of production" in last_words(player)
        github.goes("completed", "success")
        await later(player, 30)
        await player.step(JANE, RELEASES, "Promote canary", seen="Quiet")
    shares = [(inputs["action"], inputs["percentage"]) for inputs in github.dispatched]
    assert shares == [("deploy", "5"), ("promote", "25")]


async def test_a_paused_canary_says_that_the_deployer_was_not_told_and_devops_hears_of_it(
    github: FakeActions, tmp_path: Path
) -> None:
    """Nothing is ordered by a pause: QA reads it in the thread, DevOps privately; who paused it as DevOps knows."""
    async with team(github, tmp_path) as player:
        await canary(player)
        ordered, before = len(github.dispatched), len(private(player, JANE))
        await player.step(CHARLIE, RELEASES, "Pause canary", reason="The dashboard looks odd")
        assert len(github.dispatched) == ordered
        why = "GitHub Actions (deploy.yml) was not told to pause: Greenlight can't order that."
        assert why in last_words(player).replace("*", "")
        [told] = [text.replace("*", "") for text in private(player, JANE)[before:]]
        assert why in told
        assert "hold it there at 5%" in told
        await player.step(TANIA, RELEASES, "Go on", reason="It was the dashboard")
        assert "was not told to go on" in last_words(player)
        await player.step(JANE, RELEASES, "Pause canary", reason="Lunch")
        assert len(private(player, JANE)) == before + 1


async def test_a_p0_that_the_watch_finds_is_rolled_back_by_itself_where_the_service_says_so(
    github: FakeActions, tmp_path: Path
) -> None:
    """Begun without anybody, ordered, and reported: what is left to people is to verify. The service is frozen."""
    async with team(github, tmp_path, rollback="automatic", starts=("rollback",), reports=True) as player:
        await verified(player, "v1.1.0")
        await player.playground.advance(player.playground.now() + timedelta(hours=3))
        await verified(player, "v1.2.0")
        await breach(player)
        assert [(one["action"], one["version"], one["commit"]) for one in github.dispatched] == [
            ("rollback", "v1.1.0", "abc123")
        ]
        assert "INITIATING ROLLBACK: v1.2.0" in heads(player)
        assert "Freeze FRZ-1" in heads(player)
        github.goes("completed", "success")
        for _ in range(2):
            await later(player, 1)
        assert "Rollback Complete: v1.2.0" in heads(player)
        assert await steps(player, "rollback") == ["request", "initiate", "order_told", "order_told", "complete"]


@pytest.mark.parametrize("rule", [{"rollback": "people"}, {"rollback": "automatic", "severity": "P1"}], ids=str)
async def test_elsewhere_a_rollback_waits_for_people(github: FakeActions, tmp_path: Path, rule: dict[str, Any]) -> None:
    """Where nothing is said of it, and for what the team is asked about."""
    severity = rule.pop("severity", "P0")
    async with team(github, tmp_path, starts=("rollback",), **rule) as player:
        await verified(player, "v1.1.0")
        await player.playground.advance(player.playground.now() + timedelta(hours=3))
        await verified(player, "v1.2.0")
        await breach(player, severity)
        await later(player, 1)
    assert github.dispatched == []


@pytest.mark.parametrize("severity", ["P0", "P1"])
async def test_a_p0_begins_by_itself_although_people_asked_for_the_rollback_a_moment_before(
    github: FakeActions, tmp_path: Path, severity: str
) -> None:
    """Theirs waits for DevOps, or for a decision, until the watch measures the same."""
    async with team(github, tmp_path, rollback="automatic", starts=("rollback",)) as player:
        await verified(player, "v1.1.0")
        await player.playground.advance(player.playground.now() + timedelta(hours=3))
        await verified(player, "v1.2.0")
        await player.command(TANIA, f"/rollback admin-logistic v1.2.0 severity={severity}", "#releases")
        assert github.dispatched == []
        await breach(player)
        await later(player, 1)
        assert [one["action"] for one in github.dispatched] == ["rollback"]
        taken = await steps(player, "rollback")
    assert taken[:-2] == ["request", "detail", *(["raise_severity"] if severity == "P1" else [])]
    assert taken[-2:] == ["initiate", "order_told"]


async def test_without_a_version_to_go_back_to_even_an_automatic_rollback_waits(
    github: FakeActions, tmp_path: Path
) -> None:
    """DevOps is asked to begin, and to name it."""
    async with team(github, tmp_path, rollback="automatic", starts=("rollback",)) as player:
        await verified(player, "v1.2.0")
        await breach(player)
        assert github.dispatched == []
        assert "DevOps names the one to go back to" in heads(player)


async def breach(player: Player, severity: str = "P0") -> None:
    """The watch finds that a limit is exceeded."""
    application = player.playground.application
    found = await application.store.read(lambda reader: reader.find("release"))
    [release] = [one for one in found if one.version == "v1.2.0"]
    told = {
        "severity": severity,
        "signal": "Error rate",
        "measured": "12%",
        "limit": ">5%",
        "started_at": player.playground.now().isoformat(),
    }
    await application.conversations.observe(release.id, "breach", told, "breach:1")
    await player.playground.settled()


async def steps(player: Player, dialogue: str) -> list[str]:
    store = player.playground.application.store
    [record] = await store.read(lambda reader: reader.find(dialogue))
    return [event.step for event in await store.read(lambda reader: reader.events(record.id))]


async def test_a_run_that_goes_on_although_people_have_stopped_is_followed_and_told(
    github: FakeActions, tmp_path: Path
) -> None:
    """A rollback beside a deployment that still runs: the card says so, and DevOps hears when it came through."""
    async with team(github, tmp_path, starts=("deploy",), reports=True) as player:
        await started(player)
        release = card(player)
        github.goes("in_progress")
        await later(player, 1)
        await player.step(TANIA, RELEASES, "Roll back", severity="P0", issue="500 everywhere", target="v1.1.0")
        assert "says that its run goes on" in text(player, release)
        github.goes("completed", "success")
        await later(player, 1)
        assert await outcomes(player) == ["accepted", "running", "succeeded"]
        thread_of_release = [player.person(CHARLIE).text_of(one) for one in player.person(CHARLIE).thread(release)]
        assert "please look at what is live now" in thread_of_release[-1]
        assert any("its run succeeded" in one for one in private(player, JANE))
        assert "In Rollback" in text(player, release)
        assert "run goes on" not in text(player, release)


def text(player: Player, message: Message) -> str:
    """What a message says now."""
    person = player.person(CHARLIE)
    return person.text_of(person.message(message.ts))


async def test_a_rollback_goes_to_the_commit_that_was_verified_under_its_version(
    github: FakeActions, tmp_path: Path
) -> None:
    """The version was approved anew with another commit, and withdrawn."""
    async with team(github, tmp_path, rollback="automatic", starts=("rollback",)) as player:
        await verified(player, "v1.1.0")
        await player.playground.advance(player.playground.now() + timedelta(hours=3))
        await approved(player, version="v1.1.0", commit="def4567")
        await player.step(CHARLIE, RELEASES, "Withdraw", reason="Not needed")
        await verified(player, "v1.2.0")
        await breach(player)
    assert [(one["version"], one["commit"]) for one in github.dispatched] == [("v1.1.0", "abc123")]


async def said_deployed_before(player: Player, github: FakeActions, conclusion: str) -> None:
    """Jane says that it is deployed while its run goes on; then that ends."""
    await started(player)
    github.goes("in_progress")
    await later(player, 1)
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    github.goes("completed", conclusion)
    await later(player, 1)


async def test_a_run_that_people_did_not_wait_for_is_followed_to_its_end(github: FakeActions, tmp_path: Path) -> None:
    """Jane says that it is deployed while its run goes on, and it fails then: DevOps hears of it at once."""
    async with team(github, tmp_path, starts=("deploy",)) as player:
        await said_deployed_before(player, github, "failure")
        assert await outcomes(player) == ["accepted", "running", "failed"]
        assert any("its run failed" in one for one in private(player, JANE))
        assert "Deployed to Production" in says(player)


async def test_a_run_that_ends_well_after_people_said_so_needs_nobody(github: FakeActions, tmp_path: Path) -> None:
    """It is told in the thread, and nobody is asked to look; no later card says that it goes on."""
    async with team(github, tmp_path, starts=("deploy",)) as player:
        await said_deployed_before(player, github, "success")
        assert "its run succeeded" in last_words(player)
        assert "please look at what is live now" not in last_words(player)
        assert not any("its run succeeded" in one for one in private(player, JANE))
        release = card(player)
        await player.step(TANIA, RELEASES, "Roll back", severity="P0", issue="500 everywhere", target="v1.1.0")
        assert "run goes on" not in text(player, release)


@pytest.mark.parametrize("page", ["https://a b/x", "https://[", f"https://x.example.com/{'y' * 3000}", "https://x|y>"])
async def test_an_order_that_was_taken_is_told_wherever_it_is_said_to_be_seen(page: str, tmp_path: Path) -> None:
    """A webhook answers with something that is no address: it is told without, and nothing is asked again."""
    async with serving(receiver := FakeReceiver(page=page)), team(receiver, tmp_path) as player:
        await started(player)
        assert await outcomes(player) == ["accepted"]
        await later(player, 5)
    assert len(receiver.asked) == 1
