"""Which alerts are a service's: matchers are read as Alertmanager reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import HttpUrl, ValidationError

from bot.core.alerts import Alert, AlertRule

AT = datetime(2024, 1, 16, 16, 0, tzinfo=UTC)
FIRING = Alert("a", {"alertname": "PodRestarted", "service": "shop"}, AT)


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        ("service=shop", True),
        ('service="shop"', True),
        ("service!=shop", False),
        ("service=~sh.*", True),
        ("service=~sh", False),
        ("service!~sh", True),
        ("service!~shop|billing", False),
        ("region=", True),
        ("region!=", False),
        ("region=~.+", False),
    ],
)
def test_a_matcher_fits_as_in_alertmanager(matcher: str, fits: bool) -> None:
    """A regular expression fits the whole value; a label that is missing is empty."""
    assert FIRING.matches((matcher,)) is fits


def test_all_matchers_have_to_fit_and_none_fits_all() -> None:
    assert not FIRING.matches(("service=shop", "alertname=Other"))
    assert FIRING.matches(())


def test_an_expression_that_can_not_be_read_is_told_with_the_configuration() -> None:
    """Before it is asked for."""
    with pytest.raises(ValidationError, match="no regular expression"):
        AlertRule(url=HttpUrl("http://localhost:9093"), belongs=("service=~[",))
