"""Every outside system fails and throws back what it was sent: no token of any of them is to be found anywhere then."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from aiohttp import web

from bot.checks.monitors import ask_monitors
from bot.checks.outside import ask_deployers, ask_trackers
from bot.outward import DeclinedError, call
from bot.pace import Pace
from bot.settings import Configuration, load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, PEOPLE, RELEASES
from tests.stories.test_release_paths import scheduled
from tests.stories.the_document import DEPLOYED, DEPLOYMENT_AT, STARTS_AT
from tests.stories.the_environment import ISSUE

WORD = "Hush4711"
"""What is looked for: a part of every token, and of nothing else."""

TOKENS = (
    *("JIRA_TOKEN", "GITHUB_TOKEN", "ARGOCD_TOKEN", "DEPLOY_WEBHOOK_SECRET", "PROMETHEUS_TOKEN", "ALERTMANAGER_TOKEN"),
    *("SENTRY_TOKEN", "DATADOG_API_KEY", "DATADOG_APP_KEY", "PAGERDUTY_ROUTING_KEY", "OPSGENIE_API_KEY"),
    *("SMTP_PASSWORD", "SHOP_TEST_TOKEN", "SHOP_LOGIN"),
)


@dataclass
class Mirror:
    """Answers everything with one fault, and with all that it was sent, in the places where services say why."""

    status: int
    url: str = ""
    asked: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.add(request.path)
        sent = " ".join(f"{name}: {value}" for name, value in request.headers.items())
        said = f"{'x' * 120} {await request.text()} {sent}"
        if self.status == 0:
            assert request.transport is not None
            request.transport.abort()
            raise ConnectionResetError
        told = {"message": said, "error": said, "errors": [said], "errorMessages": [said], "status": "error"}
        where = {"Location": f"{self.url}/login"} if self.status == 302 else {}
        return web.json_response(told, status=self.status, headers=where)


@asynccontextmanager
async def mirror(status: int) -> AsyncIterator[Mirror]:
    one, app = Mirror(status), web.Application()
    app.router.add_route("*", "/{path:.*}", one.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield one
    finally:
        await runner.cleanup()


def configured(folder: Path, url: str, deployer: dict[str, Any]) -> Configuration:
    """A service that has all there is, at one address."""
    data = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    checks: dict[str, Any] = {
        "login": {"kind": "http", "url": f"{url}/login", "secret_headers": {"Authorization": "SHOP_TEST_TOKEN"}},
        "report": {"kind": "junit", "url": f"{url}/junit.xml", "basic_auth": "SHOP_LOGIN"},
        "load": {
            "kind": "k6",
            "url": f"{url}/k6.json",
            "secret_headers": {"X-Key": "SHOP_TEST_TOKEN"},
            "most": {"x": 1},
        },
        "rules": {"kind": "monitoring", "monitor": "prometheus", "query": "up", "alert_rule": "Down"},
    }
    signals: dict[str, dict[str, Any]] = {
        name: {"query": "x", "monitor": name, "unit": "percent", "p0": 5}
        for name in ("prometheus", "sentry", "datadog")
    }
    data["services"]["admin-logistic"] |= {
        "tracker": {"kind": "jira", "url": url, "project": "OPS", "issue_type": "Task"},
        "deployer": deployer,
        "monitors": {name: {"kind": name, "url": url} for name in ("prometheus", "sentry", "datadog")},
        "signals": signals,
        "measuring": {"every": 30},
        "alertmanager": {"url": url, "belongs": ["service=shop"], "expected": [["alertname=X"]]},
        "routing": {"P0": {"pagerduty": True, "opsgenie": True, "mail": ["a@example.com"]}},
        "playbook": {
            "automatic": True,
            "checks": checks,
        },
    }
    path = folder / "greenlight.yml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load(path)


DEPLOYERS = {
    "github_actions": {"repository": "acme/shop", "workflow": "deploy.yml"},
    "argocd": {"application": "shop"},
    "webhook": {},
}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (0, "webhook"),
        (200, "argocd"),
        (302, "github_actions"),
        (401, "github_actions"),
        (403, "argocd"),
        (503, "webhook"),
    ],
)
async def test_no_token_is_found_anywhere(
    status: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the database, the log of every library, any message, App Home, /metrics, nor in `greenlight check`."""
    for logger in (None, "slack_bolt"):
        caplog.set_level(logging.DEBUG, logger)
    for name in TOKENS:
        monkeypatch.setenv(name, f"{WORD}-{name.casefold()}")
    async with mirror(status) as broken:
        places = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9", "SMTP_FROM": "g@example.com", "SMTP_USER": "g"}
        for name, value in {**places, "PAGERDUTY_URL": broken.url, "OPSGENIE_URL": broken.url}.items():
            monkeypatch.setenv(name, value)
        configuration = configured(tmp_path, broken.url, {"kind": kind, "url": broken.url} | DEPLOYERS[kind])
        checked = [await ask_trackers(configuration), await ask_deployers(configuration)]
        checked.append(await ask_monitors(configuration, STARTS_AT))
        settings: dict[str, Any] = {"pace": Pace.unlimited(), "starts_at": STARTS_AT, "configuration": configuration}
        async with playing(tmp_path / "x.db", **settings) as playground:
            playground.slack.limits.enabled = False
            player = Player(playground)
            await everything_fails(player)
            seen = [str(vars(message)) for user, *_ in PEOPLE for message in player.person(user).everything()]
            seen.append(str(playground.slack.traffic.after(0)))
            async with httpx.AsyncClient(base_url=playground.server.url, trust_env=False) as client:
                seen.append((await client.get("/metrics")).text)
            with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
                rows = "\n".join(connection.iterdump())
    formatter = logging.Formatter()
    seen += [f"{formatter.format(record)} {vars(record)}" for record in caplog.records]
    assert [one for one in (*seen, str(checked)) if WORD in one] == []
    assert [line for line in rows.splitlines() if WORD in line] == []
    assert len(broken.asked) > 6


@pytest.mark.parametrize("before", range(150, 205, 5))
async def test_no_part_of_a_token_is_left_where_a_refusal_is_shortened(before: int) -> None:
    """Wherever the token stands in what a service says; a control character is none of its words either."""
    token = f"{WORD}-token"
    said = {"message": f"{'x' * before}\x00{token}"}
    transport = httpx.MockTransport(lambda _: httpx.Response(401, json=said))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(DeclinedError) as refused:
            await call(client, client.build_request("GET", "http://x/"), "X", secrets=(token,))
    assert WORD[:2] not in str(refused.value)
    assert "\x00" not in str(refused.value)


async def everything_fails(player: Player) -> None:
    """A ticket, an order, the watch, alerts, a validation, pages, and a rollback."""
    playground = player.playground
    await player.command(CHARLIE, "/env issue", "#releases")
    await player.send(CHARLIE, **ISSUE)
    await scheduled(player)
    await playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    await playground.advance(DEPLOYMENT_AT + timedelta(minutes=2))
    await player.step(JANE, RELEASES, "Deployed", **DEPLOYED)
    for minutes in (4, 6, 8):
        await playground.advance(DEPLOYMENT_AT + timedelta(minutes=minutes))
    application = playground.application
    [release] = await application.store.read(lambda reader: reader.find("release"))
    told = {"severity": "P0", "signal": "Error rate", "measured": "12%", "limit": ">5%"}
    told["started_at"] = playground.now().isoformat()
    await application.conversations.observe(release.id, "breach", told, "breach:1")
    await playground.advance(DEPLOYMENT_AT + timedelta(minutes=9))
    await player.step(JANE, RELEASES, "Begin rollback", eta="5", target="v1.1.0")
    await playground.advance(DEPLOYMENT_AT + timedelta(minutes=12))
