"""Production is validated after a deployment: one message that is kept up to date, one table, and what it proves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.outside.making import outside
from bot.pace import Pace
from bot.settings import Configuration, load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, PAVEL, TANIA
from playground.slack.model import Message
from tests.stories.blocking import nothing_blocks
from tests.stories.test_release_paths import approved, deployed, scheduled
from tests.stories.the_document import DEPLOYED, DEPLOYMENT_AT, PLAN, STARTS_AT
from tests.validation.a_live_service import LiveService, live
from tests.validation.the_reports import JUNIT, K6_EXPORT, LOCUST_CSV, TRIVY

HEALTHY = {"status": "healthy", "checks": {"database": "healthy"}}


def configured(folder: Path, playbook: dict[str, Any], **more: Any) -> Configuration:
    """The playground's configuration, with a playbook for its service."""
    data = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    data["services"]["admin-logistic"] |= {"playbook": playbook, **more}
    path = folder / "greenlight.yml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load(path)


@asynccontextmanager
async def played(folder: Path, playbook: dict[str, Any], **more: Any) -> AsyncIterator[Player]:
    """A playground whose service has a playbook."""
    configuration = configured(folder, playbook, **more)
    settings: dict[str, Any] = {"pace": Pace.unlimited(), "starts_at": STARTS_AT, "configuration": configuration}
    async with playing(folder / "x.db", **settings) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield Player(playground)


@pytest.fixture
async def service() -> AsyncIterator[LiveService]:
    async with live({"/health": [HEALTHY], "/orders": [[{"id": 7}]]}) as made:
        yield made


def checks(service: LiveService, **more: Any) -> dict[str, Any]:
    health = {"kind": "http", "title": "API health", "url": f"{service.url}/health"}
    return {"checks": {"health": health | {"fields": {"checks.database": "healthy"}}, **more}}


def at(service: LiveService, path: str, **more: Any) -> dict[str, Any]:
    return {"kind": "http", "url": f"{service.url}{path}", **more}


def card(player: Player) -> Message:
    return [one for one in player.person(CHARLIE).messages("#releases") if one.thread_ts in (None, one.ts)][-1]


def thread(player: Player) -> list[str]:
    """What was said below the card."""
    charlie = player.person(CHARLIE)
    return [charlie.text_of(message) for message in charlie.thread(card(player))[1:]]


def that_say(player: Player, words: str) -> list[str]:
    return [text for text in thread(player) if words in text]


async def validate(player: Player, who: str = CHARLIE) -> None:
    await player.command(who, "/release validate admin-logistic v1.2.0", "#releases")


def answered(player: Player, user: str) -> str:
    """What somebody was answered privately last."""
    person = player.person(user)
    return person.text_of(person.ephemerals[-1])


async def pass_time(player: Player, **span: float) -> None:
    await player.playground.advance(player.playground.now() + timedelta(**span))


async def test_a_validation_is_one_message_that_is_kept_up_to_date_and_one_table(
    tmp_path: Path, service: LiveService
) -> None:
    """Two checks that pass; their requests are marked as test traffic, and nobody's session is used."""
    playbook = checks(service, orders=at(service, "/orders", fields={"[0].id": 7}, within=30_000))
    async with played(tmp_path, playbook) as player:
        await deployed(player)
        before = len(thread(player))
        await validate(player)
        assert len(thread(player)) == before + 2
        (progress,) = that_say(player, "2 of 2 checks done")
        assert "✅ API health: 200 in " in progress
        assert "Charlie Wilson" in progress
        (table,) = that_say(player, "Production validated")
        assert "2 pass" in table
        assert "Orders" in table
    assert sorted(service.asked) == ["GET /health", "GET /orders"]
    assert all(headers["x-greenlight-test"] for headers in service.headers)
    assert all(headers["user-agent"] == "Greenlight-Validation" for headers in service.headers)


async def test_a_check_that_fails_and_then_passes_is_tried_again_and_called_flaky(
    tmp_path: Path, service: LiveService
) -> None:
    """It is waited for on the playground's clock; meanwhile the one message says so."""
    service.answers["/login"] = [503, 200]
    playbook = checks(service, login=at(service, "/login", pause=30))
    async with played(tmp_path, playbook) as player:
        await deployed(player)
        await validate(player)
        assert "🧪 Validation under way: 1 of 2 checks done" in player.person(CHARLIE).text_of(card(player))
        (progress,) = [text for text in that_say(player, "1 of 2 checks done") if "Validation under way" not in text]
        assert "🔁 Login: answered 503 instead of 200; it is tried again (1 of 3)" in progress
        assert that_say(player, "Production validated") == []
        await pass_time(player, seconds=31)
        assert [text for text in that_say(player, "1 of 2 checks done") if "🧪 *Validating" in text] == []
        (table,) = that_say(player, "Production validated")
        assert "1 flaky, 1 pass" in table
        assert "passed at try 2; before: answered 503 instead of 200" in table
    assert service.count("/health") == 1


async def test_a_check_that_goes_on_failing_fails_the_validation(tmp_path: Path, service: LiveService) -> None:
    """After two more tries; what is for information does not."""
    service.answers |= {"/login": [500], "/extra": [500]}
    playbook = checks(
        service,
        login=at(service, "/login", pause=1),
        extra=at(service, "/extra", required=False, retries=0),
    )
    async with played(tmp_path, playbook) as player:
        await deployed(player)
        await validate(player)
        for _ in range(3):
            await pass_time(player, seconds=10)
        (table,) = that_say(player, "Validation failed")
        assert "2 fail, 1 pass" in table
        assert "Extra (for information)" in table
        assert "🧪 Validation failed: 2 fail, 1 pass" in player.person(CHARLIE).text_of(card(player))
        for name in (CHARLIE, JANE):
            person = player.person(name)
            told = person.text_of(person.direct_messages[-1])
            assert "❌ Login: answered 500 instead of 200" in told
            assert "Extra" not in told
        jane = player.person(JANE)
        (message,) = [one for one in jane.thread(card(player))[1:] if jane.text_of(one) == table]
        assert "Roll back" in jane.buttons_of(message)
    assert service.count("/login") == 3
    assert service.count("/extra") == 1


async def test_what_cannot_be_reached_is_not_known_and_never_good(tmp_path: Path, service: LiveService) -> None:
    """Nobody listens, the answer breaks off, it is no JSON, or it is endless."""
    service.answers |= {"/half": ["half"], "/page": [b"<html>"], "/endless": [b"x" * 1_500_000]}
    away = {"kind": "http", "url": "http://127.0.0.1:9/", "retries": 0}
    playbook = checks(
        service,
        away=away,
        half=at(service, "/half", retries=0),
        page=at(service, "/page", fields={"status": "ok"}, retries=0),
        endless=at(service, "/endless", retries=0),
        secret=at(service, "/health", secret_headers={"Authorization": "SHOP_TEST_TOKEN"}),
    )
    async with played(tmp_path, playbook) as player:
        await deployed(player)
        await validate(player)
        (table,) = that_say(player, "Validation without a verdict")
        for words in (
            "5 not known, 1 pass",
            "it can't be reached",
            "the answer broke off",
            "the answer is not JSON",
            "larger than 1,000,000 bytes",
            "SHOP_TEST_TOKEN is not set in the environment",
            "neither good nor bad",
        ):
            assert words in table


async def test_a_validation_begins_by_itself_where_the_configuration_says_so(
    tmp_path: Path, service: LiveService
) -> None:
    """After the deployment's notice, once."""
    async with played(tmp_path, checks(service) | {"automatic": True}) as player:
        await deployed(player)
        assert len(that_say(player, "Production validated")) == 1
    assert service.asked == ["GET /health"]


async def test_a_validation_is_refused_where_there_is_nothing_to_check_or_one_is_under_way(
    tmp_path: Path, service: LiveService
) -> None:
    """Privately, with what to do; before the deployment as well."""
    service.answers["/login"] = [500]
    async with played(tmp_path, checks(service, login=at(service, "/login", pause=600))) as player:
        await scheduled(player)
        await validate(player)
        assert "not possible for v1.2.0 now" in answered(player, CHARLIE)
        await player.command(CHARLIE, "/release validate", "#releases")
        assert "No release that is deployed is under way here" in answered(player, CHARLIE)
        await player.command(JANE, "/release validate admin-logistic v1.2.0 quickly", "#releases")
        assert "“quickly” is not understood" in answered(player, JANE)
        await player.playground.advance(DEPLOYMENT_AT)
        await player.step(JANE, "#releases", "Start deployment", commit="abc123")
        await player.step(JANE, "#releases", "Deployed", **DEPLOYED)
        await player.command(CHARLIE, "/release validate", "#releases")
        assert "🧪 The validation of *v1.2.0* of Admin Logistic (production) has begun." in answered(player, CHARLIE)
        await validate(player, JANE)
        assert "A validation is under way" in answered(player, JANE)
        await validate(player, PAVEL)
        assert "not yours to take" in answered(player, PAVEL)


async def test_a_service_without_a_playbook_has_nothing_to_check(tmp_path: Path) -> None:
    """It says where a playbook is written."""
    async with played(tmp_path, {}) as player:
        await deployed(player)
        await validate(player)
        assert "admin-logistic has no playbook" in answered(player, CHARLIE)


async def test_hostile_words_of_a_service_reach_nobody(tmp_path: Path, service: LiveService) -> None:
    """What it answers is shown as it is, and calls nobody."""
    service.answers["/evil"] = [{"status": "<!channel> *bold* <https://evil.example|here>\u202e"}]
    playbook = checks(service, evil=at(service, "/evil", fields={"status": "ok"}, retries=0))
    async with played(tmp_path, playbook) as player:
        await deployed(player)
        await validate(player)
        messages = player.person(CHARLIE).thread(card(player))
        (progress,) = [message for message in messages if "checks done" in player.person(CHARLIE).text_of(message)]
        section = "".join(block["text"]["text"] for block in progress.blocks if block["type"] == "section")
        assert "&lt;!channel&gt;" in section
        assert "<!channel>" not in section


async def test_reports_of_other_tools_are_fetched_for_the_version_and_judged(
    tmp_path: Path, service: LiveService
) -> None:
    """From an address and from a file, both named by the version; one that is not there is not known."""
    (tmp_path / "v1.2.0").mkdir()
    (tmp_path / "v1.2.0" / "stats.csv").write_text(LOCUST_CSV, encoding="utf-8")
    service.answers |= {
        "/ci/v1.2.0/k6.json": [K6_EXPORT],
        "/ci/v1.2.0/junit.xml": [JUNIT.replace("{search}", "<failure>500</failure>").encode()],
        "/ci/abc123/trivy.json": [TRIVY],
    }
    here = f"{service.url}/ci"
    once = {"retries": 0}
    playbook = {
        "checks": {
            "load": {"kind": "k6", "url": f"{here}/{{version}}/k6.json", "most": {"http_req_duration.p(95)": 500}},
            "traffic": {"kind": "locust", "path": f"{tmp_path}/{{version}}/stats.csv", "most": {"p95": 250}},
            "tests": {"kind": "junit", "url": f"{here}/{{version}}/junit.xml", **once},
            "image": {"kind": "trivy", "url": f"{here}/{{commit}}/trivy.json", "most": {"critical": 2, "high": 1}},
            "code": {"kind": "sarif", "url": f"{here}/{{commit}}/scan.sarif", **once},
            "packages": {"kind": "snyk", "path": f"{tmp_path}/snyk.json", **once},
        }
    }
    async with played(tmp_path, playbook) as player:
        await deployed(player)
        await validate(player)
        (table,) = that_say(player, "Validation failed")
        for words in (
            "1 fail, 2 not known, 3 pass",
            "http_req_duration.p(95) 215.95",
            "p95 230",
            "1 of 3 tests failed: search",
            "2 critical, 1 high",
            "there is no report yet (404)",
            "there is no file",
        ):
            assert words in table


async def test_a_validation_ticks_the_items_of_the_checklist_that_it_proves(
    tmp_path: Path, service: LiveService
) -> None:
    """By the checks that an item names, or by all of them; another run that fails opens them again."""
    items = [
        {"text": "API Health Check", "proved_by": "validated", "checks": ["health"]},
        {"text": "Production validated", "proved_by": "validated"},
    ]
    checklist = {"sections": [{"title": "Verification", "items": items}]}
    service.answers["/login"] = [500]
    playbook = checks(service, login=at(service, "/login", retries=0))
    async with played(tmp_path, playbook, checklist=checklist) as player:
        await deployed(player)
        await validate(player)
        assert "1/2" in player.person(CHARLIE).text_of(card(player))
        service.answers["/login"] = [200]
        await validate(player)
        assert "2/2" in player.person(CHARLIE).text_of(card(player))
        service.answers["/health"] = [503]
        await validate(player)
        for _ in range(3):
            await pass_time(player, seconds=10)
        assert "0/2" in player.person(CHARLIE).text_of(card(player))


async def test_a_validation_that_is_cut_off_begins_again_and_says_so(tmp_path: Path, service: LiveService) -> None:
    """What was recorded is not done again; what may have changed something is not sent again, and not known."""
    service.answers |= {"/slow": ["hang", 200], "/create": ["hang"]}
    order = at(service, "/create", method="POST", synthetic=True, body="{}", timeout=30)
    fast = {f"fast-{number}": at(service, "/health") for number in range(4)}
    playbook = {"checks": {**fast, "slow": at(service, "/slow", timeout=30), "order": order}}
    configuration = configured(tmp_path, playbook)
    settings: dict[str, Any] = {"pace": Pace.unlimited(), "starts_at": STARTS_AT, "configuration": configuration}
    async with playing(tmp_path / "x.db", **settings) as playground:
        player = Player(playground)
        await deployed(player)
        await player.person(CHARLIE).command("/release validate admin-logistic v1.2.0", "#releases")
        async with asyncio.timeout(10):
            assert {await service.hanging.get(), await service.hanging.get()} == {"/slow", "/create"}
        application = playground.application
        await application.outside.errands.stop(0.01)
        await application.outside.clients[1].aclose()
        again = outside(configuration, application.store, playground.clock)
        again.start()
        try:
            await again.errands.idle()
            await playground.slack.settled()
            await application.outbox.idle()
            (table,) = that_say(player, "Validation without a verdict")
            assert "1 not known, 5 pass" in table
            assert "may have been sent, so it is not sent again" in table
            assert "It was interrupted" in table
        finally:
            await again.stop(0.1)
    assert service.count("/health") == 4
    assert service.count("/slow") == 2
    assert service.count("/create") == 1


async def test_the_deployment_to_all_is_validated_anew_although_the_canary_was_not_done(
    tmp_path: Path, service: LiveService
) -> None:
    """What was begun for a share of the traffic ends where the deployment begins for all of it."""
    service.answers["/login"] = [500, 200]
    playbook = checks(service, login=at(service, "/login", pause=600)) | {"automatic": True}
    async with played(tmp_path, playbook) as player:
        await approved(player)
        await player.step(TANIA, "#releases", "Sign off")
        await player.step(JANE, "#releases", "Plan deployment", **PLAN | {"strategy": "canary"})
        await player.step(CHARLIE, "#releases", "Time works")
        await player.playground.advance(DEPLOYMENT_AT)
        await player.step(JANE, "#releases", "Start deployment", commit="abc123")
        await validate(player)
        assert len(that_say(player, "1 of 2 checks done")) == 1
        for _ in range(3):
            await player.step(JANE, "#releases", "Promote canary", seen="Nothing")
        await player.step(JANE, "#releases", "Deployed", **DEPLOYED)
        (table,) = that_say(player, "Production validated")
        assert "2 pass" in table
        await pass_time(player, minutes=11)
        assert len(that_say(player, "Production validated")) == 1
    assert service.count("/login") == 2
