"""`greenlight check` names the keys that the routing needs."""

from __future__ import annotations

from dataclasses import replace

from pydantic import SecretStr

from bot.check_pagers import look_at_pagers
from bot.core.routing import Route, Routing
from bot.pagers.choose import PagerSecrets
from bot.settings import Configuration, load
from playground.run import CONFIGURATION


def routed(routing: Routing) -> Configuration:
    loaded = load(CONFIGURATION)
    return replace(loaded, services={name: one.but(routing=routing) for name, one in loaded.services.items()})


def test_each_key_that_is_missing_is_told_once() -> None:
    """However many services need it, and with what to set it to."""
    routing: Routing = {
        "P0": Route(pagerduty=True, opsgenie=True, mail=("a@example.com",)),
        "critical": Route(pagerduty=True),
    }
    found = look_at_pagers(routed(routing), PagerSecrets.model_construct())
    assert [problem.key for problem in found] == ["PAGERDUTY_ROUTING_KEY", "OPSGENIE_API_KEY", "SMTP_HOST"]
    assert "Events API v2" in found[0].remedy


def test_nothing_is_missing_that_nobody_needs() -> None:
    given = PagerSecrets.model_construct(pagerduty_key=SecretStr("key"))
    assert look_at_pagers(routed({"P0": Route(channel="C012ALERTS", pagerduty=True)}), given) == ()
