"""The same P0 from three sides at the same moment: the watch, Alertmanager's hook and a person see it. One way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl

from bot.core.alerts import AlertRule
from bot.core.observation import Finding
from bot.store.interface import Reader
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from tests.http.hooks.conftest import SECRET
from tests.http.hooks.test_alertmanager_hook import alert, group
from tests.stories.test_routing import LOUD, ROUTING, Told, team, watching
from tests.stories.the_document import STARTS_AT

NOWHERE = HttpUrl("http://127.0.0.1:9")
RULE = AlertRule(url=NOWHERE, belongs=("service=admin-logistic",), hook=True)


@pytest.fixture
async def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Told]:
    monkeypatch.setenv("GREENLIGHT_ALERTMANAGER_TOKEN", SECRET)
    async with team(tmp_path, monkeypatch, ROUTING, RULE, STARTS_AT) as one:
        yield one


async def watch(told: Told) -> None:
    """The watch measures it."""
    application = told.player.playground.application
    (release,) = await application.store.read(lambda reader: reader.find("release"))
    since = told.player.playground.now() - timedelta(minutes=2)
    answers = {"severity": "P0", "signal": "Error rate", "measured": "7.2%", "limit": "5%", "name": "errors"}
    answers["started_at"] = since.isoformat()
    await told.player.playground.application.watch.take(release.id, Finding("breach", "P0:errors", answers))


async def hook(told: Told) -> None:
    """Alertmanager tells of it."""
    at = told.player.playground.now() - timedelta(minutes=2)
    body = group(alert(at=at.isoformat(), labels={"severity": "P0"}))
    bearer = {"authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(base_url=told.player.playground.server.url) as client:
        (await client.post("/hooks/alertmanager", json=body, headers=bearer)).raise_for_status()


async def person(told: Told, severity: str = "P0") -> None:
    """Tania raises the alarm."""
    await told.player.person(TANIA).command(f"/rollback admin-logistic v1.2.0 severity={severity}", "#releases")


SIDES = {"watch": watch, "hook": hook, "person": person}


async def found(told: Told, dialogue: str) -> list[tuple[str, list[str]]]:
    """State and steps of each conversation of a dialogue."""

    def read(reader: Reader) -> list[tuple[str, list[str]]]:
        return [(one.state, [event.step for event in reader.events(one.id)]) for one in reader.find(dialogue)]

    return await told.player.playground.application.store.read(read)


def whispered(told: Told) -> str:
    person = told.player.person(TANIA)
    return "\n".join(person.text_of(message) for message in person.ephemerals)


def rollback_thread(told: Told) -> str:
    """The rollback's card and what is told below it."""
    reader = told.player.person(TANIA)
    [head] = [one for one in reader.messages(RELEASES) if "ROLLBACK NEEDED" in reader.text_of(one)]
    return "\n".join(reader.text_of(one) for one in reader.thread(head))


@pytest.mark.parametrize("severity", ["P0", "P1"])
@pytest.mark.parametrize(
    ("order", "together"),
    [*((order, False) for order in permutations(SIDES)), (tuple(SIDES), True)],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else "together" if it else "in turn",
)
async def test_whoever_is_first_there_is_one_way_back_that_waits_for_no_decision(
    told: Told, order: tuple[str, ...], severity: str, *, together: bool
) -> None:
    """What the others saw is not lost: it is told, and wakes people, until it is over. Tania, if she is too late, reads
    who began it.
    """
    await watching(told.player)
    sides = [person(told, severity) if name == "person" else SIDES[name](told) for name in order]
    if together:
        await asyncio.gather(*sides)
    else:
        for one in sides:
            await one
    await told.player.playground.settled()
    [(state, steps)] = await found(told, "rollback")
    assert state == "awaiting_start"
    if "raise_severity" in steps or steps == ["request", "detail"]:
        assert "P1" not in rollback_thread(told)
    else:
        assert "is being rolled back already; Greenlight began it" in whispered(told)
    assert "Error rate: 7.2% (limit 5%)" in rollback_thread(told)
    assert [told.states(), len(told.opsgenie.alerts)] == [{"P0": "triggered"}, 1]
    assert sum("Error rate" in text for text in told.heard(LOUD)) == 1
    assert sum("HighErrorRate" in text for text in told.heard(LOUD)) == 1
    await told.player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="2")
    assert told.states() == {"P0": "acknowledged"}
    await told.player.step(JANE, RELEASES, "Rollback done", duration="4", checks=["API health: OK"])
    await told.player.step(CHARLIE, RELEASES, "Works again", seen="Orders work")
    assert (told.states(), [one["status"] for one in told.opsgenie.alerts.values()]) == ({}, ["closed"])
    [(state, _)] = await found(told, "release")
    assert state == "rolled_back"


async def test_what_is_measured_once_the_way_back_has_begun_wakes_nobody(told: Told) -> None:
    """Pods restart, and the version that comes back is another."""
    await watching(told.player)
    await person(told)
    await told.player.playground.settled()
    await told.player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="2")
    sent = len(told.pagerduty.events)
    await watch(told)
    await hook(told)
    await told.player.playground.settled()
    assert told.states() == {"P0": "acknowledged"}
    assert len(told.pagerduty.events) == sent
    assert not {"breach", "alerted"}.intersection((await found(told, "release"))[0][1])


async def test_what_was_found_while_people_decided_against_the_way_back_stands_until_it_is_over(told: Told) -> None:
    """Also where the release was complete before somebody doubted it: then nobody looks any more."""
    await watching(told.player)
    await told.player.step(JANE, RELEASES, "Complete now", summary="All quiet")
    await person(told, "P1")
    await told.player.playground.settled()
    await told.breach("P1")
    assert told.states() == {"critical": "triggered"}
    assert "Error rate: 7.2% (limit 1%)" in rollback_thread(told)
    await told.player.step(TANIA, RELEASES, "Decline", reason="A courier's test data")
    assert told.states() == {}
    assert [state for state, _ in await found(told, "release")] == ["completed"]
