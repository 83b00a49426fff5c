"""`greenlight check` names the keys that the routing needs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.checks.pagers import look_at_pagers
from bot.core.routing import Route, Routing
from bot.errors import ConfigurationError
from bot.pagers.choose import PagerSecrets
from bot.settings import Configuration, load, read_variables
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


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("PAGERDUTY_URL", "https://joe:SECRET@events.eu.pagerduty.com", "variable PAGERDUTY_ROUTING_KEY"),
        ("PAGERDUTY_URL", "https://SECRET@events.eu.pagerduty.com", "Take out what stands between “//” and “@”"),
        ("PAGERDUTY_URL", "joe:SECRET@events.eu.pagerduty.com", "holds a user"),
        ("PAGERDUTY_URL", "events.eu.pagerduty.com", "Start it with https://"),
        ("PAGERDUTY_URL", "https://", "Start it with https://"),
        ("OPSGENIE_URL", "https://[::1", "Start it with https://"),
        ("OPSGENIE_URL", "https://joe:SECRET@api.eu.opsgenie.com", "variable OPSGENIE_API_KEY"),
        ("SMTP_HOST", "smtp://joe:SECRET@mail.example.com", "SMTP_USER and SMTP_PASSWORD"),
        ("SMTP_HOST", "SECRET@mail.example.com", "Set it to the name alone"),
        ("SMTP_HOST", "mail.example.com:587", "Set it to the name alone"),
        ("SMTP_PORT", "many", "from 1 to 65535"),
        ("SMTP_SECURITY", "ssl", "Allowed: 'starttls', 'tls' or 'none'"),
    ],
)
def test_a_variable_that_cant_be_used_is_named_with_the_remedy_and_its_value_never_shown(
    variable: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check says so, and nothing starts with it. An address that holds a password says where that goes."""
    monkeypatch.setenv(variable, value)
    [found] = look_at_pagers(routed({}))
    assert (found.file, found.key) == ("environment", variable)
    assert told in found.reason + found.remedy
    assert "SECRET" not in str(found)
    with pytest.raises(ConfigurationError) as refused:
        read_variables(PagerSecrets)
    assert refused.value.problems == (found,)
    assert refused.value.__context__ is None
