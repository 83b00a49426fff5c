"""/metrics says how Greenlight fares: what waits, what is late, what was recorded, how requests were answered."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bot.core.events import Outgoing
from bot.http.metrics import Metrics, MetricsSecrets
from tests.http.api.conftest import APPROVAL, RELEASE, RELEASES, Pipeline
from tests.http.api.conftest import pipeline as pipeline  # noqa: PLC0414 - a fixture, by its name

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(page: str) -> Values:
    """Every sample by its name and labels, as Prometheus' own parser reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


async def scraped(pipeline: Pipeline) -> Values:
    answer = await pipeline.http.get("/metrics", headers={"Authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return read(answer.text)


async def test_a_quiet_bot_has_nothing_waiting(pipeline: Pipeline) -> None:
    told = await scraped(pipeline)
    for kind in ("messages", "errands", "reminders"):
        assert told["greenlight_waiting", (("kind", kind),)] == 0
        assert told["greenlight_oldest_waiting_seconds", (("kind", kind),)] == 0


async def test_it_counts_what_was_recorded_and_what_was_refused(pipeline: Pipeline) -> None:
    """A counter goes on from scrape to scrape."""
    before = (await scraped(pipeline))["greenlight_intents_total", (("outcome", "committed"),)]
    assert (await pipeline.post(RELEASES, APPROVAL)).status_code == 201
    assert (await pipeline.post(f"{RELEASE}/steps/start", {"commit": "abc1234"})).status_code == 409
    told = await scraped(pipeline)
    assert told["greenlight_intents_total", (("outcome", "committed"),)] > before
    assert told["greenlight_intents_total", (("outcome", "refused"),)] == 1
    state = (("dialogue", "release"), ("state", "awaiting_signoffs"))
    assert told["greenlight_conversations_open", state] == 1
    answered = (("place", "api"), ("status", "409"))
    assert told["greenlight_http_request_seconds_count", answered] == 1


async def test_what_waits_is_told_with_its_age(pipeline: Pipeline) -> None:
    playground = pipeline.player.playground
    await playground.application.outbox.stop(1)
    message = Outgoing("late", "direct", "U0JANE", "Hello")
    since = playground.now() - timedelta(minutes=10)
    await playground.application.store.write(lambda tx: tx.enqueue(message, since))
    told = await scraped(pipeline)
    assert told["greenlight_waiting", (("kind", "messages"),)] == 1
    assert told["greenlight_oldest_waiting_seconds", (("kind", "messages"),)] == pytest.approx(600, abs=5)


async def test_nobody_makes_up_places(pipeline: Pipeline) -> None:
    """Whatever is asked for, there are few series."""
    for path in ("/wp-admin", "/.env", "/metrics/all", "/x" * 50):
        assert (await pipeline.http.get(path)).status_code == 404
    places = {dict(labels).get("place") for _, labels in await scraped(pipeline)} - {None}
    assert places <= {"slack", "api", "hooks", "health", "metrics", "other"}


async def test_with_a_token_set_it_asks_for_it(pipeline: Pipeline) -> None:
    playground = pipeline.player.playground
    secrets = MetricsSecrets.model_construct(token=SecretStr("for-prometheus"))
    metrics = Metrics(playground.application.store, playground.clock, CollectorRegistry(), secrets)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(metrics), base_url="http://door") as client:
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/metrics", headers={"Authorization": "Bearer wrong"})).status_code == 401
        assert (await client.get("/metrics", headers={"Authorization": "Bearer for-prometheus"})).status_code == 200
        assert (await client.post("/metrics", headers={"Authorization": "Bearer for-prometheus"})).status_code == 405
