"""Data that is compared, and the monitoring that is looked at: against a live service and a real Prometheus."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.clock import MovableClock
from bot.core.playbook_monitoring import ConsistencyRule, MonitoringRule
from bot.core.validation import Outcome
from bot.monitors.health import HealthEndpoint
from bot.monitors.interface import Monitor
from bot.monitors.prometheus import Prometheus
from bot.validation.interface import CheckError, Context, Finding
from bot.validation.monitoring import ConsistencyCheck, MonitoringCheck, is_same
from tests.monitors.real_prometheus import prometheus, write_past
from tests.validation.a_live_service import LiveService, live

NOW = datetime(2024, 1, 16, 16, 10, tzinfo=UTC)
STEP = timedelta(seconds=15)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as made:
        yield made


@pytest.fixture
async def service() -> AsyncIterator[LiveService]:
    async with live({"/old": [{"orders": {"count": 1000}}], "/new": [{"orders": {"count": 1004}}]}) as made:
        yield made


def context(client: httpx.AsyncClient, **monitors: Monitor) -> Context:
    clock = MovableClock(NOW, running=False)
    mark = ("X-Greenlight-Test", "r1-7")
    return Context(client, lambda _: None, clock, mark, {"version": "v1.2.0"}, monitors)


async def compared(about: Context, left: dict[str, Any], right: dict[str, Any], **rule: float) -> Finding:
    made = ConsistencyRule.model_validate({"kind": "consistency", "left": left, "right": right} | rule)
    return await ConsistencyCheck(made).run(about)


async def looked_at(about: Context, **rule: Any) -> Finding:
    return await MonitoringCheck(MonitoringRule.model_validate({"kind": "monitoring"} | rule)).run(about)


# ── consistency ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("left", "right", "tolerance", "percent", "same"),
    [
        (100, 100, 0, 0, True),
        (100, 101, 0, 0, False),
        (100, 101, 1, 0, True),
        (0.1, 0.3, 0.2, 0, True),
        (100, 110, 0, 10, True),
        (100, 112, 0, 10, False),
        (-100, 100, 0, 50, False),
        (1, True, 0, 0, False),
        ("1", 1, 5, 5, False),
        ("a", "a", 0, 0, True),
        (None, None, 0, 0, True),
        ({"a": 1}, {"a": 1}, 0, 0, True),
        (10**400, 10**400, 0, 0, True),
    ],
)
def test_values_are_the_same_within_a_tolerance(
    left: Any, right: Any, tolerance: float, percent: float, *, same: bool
) -> None:
    """Numbers alone are near each other; all else is equal or not."""
    assert is_same(left, right, tolerance, percent) is same
    assert is_same(right, left, tolerance, percent) is same


async def test_two_endpoints_are_compared(service: LiveService, client: httpx.AsyncClient) -> None:
    """What differs is said; what one side does not have is no finding."""
    about = context(client)
    left, right = ({"url": f"{service.url}/{name}", "field": "orders.count"} for name in ("old", "new"))
    assert await compared(about, left, right) == Finding(Outcome.FAIL, "1000 and 1004")
    assert await compared(about, left, right, percent=1) == Finding(Outcome.PASS, "1000 and 1004")
    found = await compared(about, left, right, tolerance=2)
    assert found.words == "1000 and 1004, which is more than 2 apart"
    assert await compared(about, left, left) == Finding(Outcome.PASS, "both 1000")
    with pytest.raises(CheckError, match=r"there is no orders\.sum in one side's answer"):
        await compared(about, left, right | {"field": "orders.sum"})
    with pytest.raises(CheckError, match="answered 404"):
        await compared(about, left, right | {"url": f"{service.url}/gone"})
    assert all(headers["x-greenlight-test"] == "r1-7" for headers in service.headers)


# ── monitoring, at a real Prometheus ─────────────────────────────────────────────────────────────────────────────────
RULES = {
    "groups": [
        {"name": "shop", "rules": [{"alert": "HighErrorRate", "expr": "errors > 5"}, {"record": "a:b", "expr": "1"}]}
    ]
}


@pytest.fixture
async def real(tmp_path: Path, client: httpx.AsyncClient) -> AsyncIterator[Prometheus]:
    """Ten minutes of orders in two places, and errors until five minutes ago; an alerting rule."""
    moments = [NOW - place * STEP for place in range(40, -1, -1)]
    past = {
        'orders{place="shop"}': [(moment, 500.0) for moment in moments],
        'orders{place="warehouse"}': [(moment, 499.0) for moment in moments],
        "errors": [(moment, 1.0) for moment in moments if moment < NOW - timedelta(minutes=7)],
    }
    write_past(tmp_path, past)
    (tmp_path / "shop.rules.yml").write_text(json.dumps(RULES), encoding="utf-8")
    async with prometheus(tmp_path) as started:
        yield Prometheus(client, started.url)


async def test_queries_are_compared_and_the_monitoring_is_looked_at(
    real: Prometheus, client: httpx.AsyncClient
) -> None:
    """Values that are there, values that ceased, a rule that is loaded, and one that is not."""
    about = context(client, prometheus=real)
    shop, warehouse = ({"query": f'orders{{place="{name}"}}'} for name in ("shop", "warehouse"))
    assert (await compared(about, shop, warehouse, tolerance=1)).outcome is Outcome.PASS
    assert await compared(about, shop, warehouse) == Finding(Outcome.FAIL, "500 and 499")
    with pytest.raises(CheckError, match="gives no values"):
        await compared(about, shop, {"query": "gone"})
    found = await looked_at(about, query=shop["query"], alert_rule="HighErrorRate")
    assert found.outcome is Outcome.PASS
    assert "the last 0 s old; the alerting rule HighErrorRate is loaded" in found.words
    assert await looked_at(about, query="gone") == Finding(Outcome.FAIL, "no values within 15 minutes")
    assert (await looked_at(about, query="errors", minutes=1)).outcome is Outcome.FAIL
    found = await looked_at(about, alert_rule="LowErrorRate")
    assert found == Finding(Outcome.FAIL, "there is no alerting rule LowErrorRate among 1")


async def test_what_cannot_be_asked_is_no_finding(service: LiveService, client: httpx.AsyncClient) -> None:
    """No such monitor, one that has no rules, one that is not there, and one that is something else."""
    away = Prometheus(client, "http://127.0.0.1:9")
    about = context(
        client, away=away, health=HealthEndpoint(client, service.url), other=Prometheus(client, service.url)
    )
    with pytest.raises(CheckError, match="there is no monitor “prometheus”") as refused:
        await looked_at(about, query="up")
    assert refused.value.fault
    with pytest.raises(CheckError, match="can't be reached") as refused:
        await looked_at(about, monitor="away", alert_rule="HighErrorRate")
    assert not refused.value.fault
    with pytest.raises(CheckError, match="does not tell its alerting rules"):
        await looked_at(about, monitor="health", alert_rule="HighErrorRate")
    service.answers["/api/v1/rules"] = [{"status": "success", "data": {"groups": "none"}}]
    with pytest.raises(CheckError, match="something else than was asked for"):
        await looked_at(about, monitor="other", alert_rule="HighErrorRate")
    sick = {"name": "HighErrorRate", "health": "err", "lastError": "many-to-many", "type": "alerting"}
    service.answers["/api/v1/rules"] = [{"status": "success", "data": {"groups": [{"rules": [sick]}]}}]
    found = await looked_at(about, monitor="other", alert_rule="HighErrorRate")
    assert found == Finding(Outcome.FAIL, "the alerting rule HighErrorRate can't be evaluated: many-to-many")
