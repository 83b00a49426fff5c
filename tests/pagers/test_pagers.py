"""What PagerDuty, Opsgenie and a mail server are sent, and what becomes of their answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from bot.core.routing import Action, Page, Severity
from bot.errors import TransientError
from bot.outward import DeclinedError, UnclearError
from bot.pagers.choose import PagerSecrets, pager_for
from bot.pagers.mail import Mail, Security
from bot.pagers.opsgenie import Opsgenie
from bot.pagers.pagerduty import PagerDuty
from tests.pagers.fakes import TOKEN, FakeOpsgenie, FakePagerDuty, mail_server
from tests.trackers.fakes import serving

AT = datetime(2024, 1, 16, 16, 20, tzinfo=UTC)


def page(action: Action = "trigger", severity: Severity = "P0", summary: str = "P0: Error rate 7%") -> Page:
    return Page(
        action=action,
        key="greenlight-r1-P0",
        severity=severity,
        summary=summary,
        text="Error rate 7% (limit 5%)",
        source="admin-logistic production",
        at=AT,
        link="https://runbooks.example.com/errors",
        to=("oncall@example.com", "devops@example.com"),
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=0.5) as one:
        yield one


def pagerduty(fake: FakePagerDuty, client: httpx.AsyncClient, key: str = TOKEN) -> PagerDuty:
    return PagerDuty(client, fake.url, SecretStr(key))


async def test_pagerduty_makes_one_incident_of_a_page_however_often_it_is_sent(client: httpx.AsyncClient) -> None:
    """Triggered twice, acknowledged, resolved: the same dedup_key, in PagerDuty's own words."""
    fake = FakePagerDuty()
    async with serving(fake):
        pager = pagerduty(fake, client)
        for _ in range(2):
            assert await pager.send(page()) == "PagerDuty accepted it"
        assert fake.open == {"greenlight-r1-P0": "triggered"}
        payload = fake.events[0]["payload"]
        assert (payload["severity"], payload["component"]) == ("critical", "admin-logistic")
        assert fake.events[0]["links"] == [{"href": "https://runbooks.example.com/errors", "text": "Runbook"}]
        await pager.send(page("acknowledge"))
        assert fake.open == {"greenlight-r1-P0": "acknowledged"}
        await pager.send(page("resolve"))
        assert fake.open == {}


@pytest.mark.parametrize(("severity", "word"), [("P0", "critical"), ("critical", "error"), ("warning", "warning")])
async def test_severities_are_told_in_pagerdutys_words(
    severity: Severity, word: str, client: httpx.AsyncClient
) -> None:
    fake = FakePagerDuty()
    async with serving(fake):
        await pagerduty(fake, client).send(page(severity=severity, summary="x" * 5000))
        assert fake.events[0]["payload"]["severity"] == word


async def test_a_refusal_says_why_and_shows_no_key(client: httpx.AsyncClient) -> None:
    fake = FakePagerDuty()
    async with serving(fake):
        with pytest.raises(DeclinedError) as refused:
            await pagerduty(fake, client, key="another-key").send(page())
        assert "Event object is invalid" in str(refused.value)
        assert "another-key" not in str(refused.value)


async def test_a_pause_that_is_asked_for_and_an_answer_that_is_lost_are_no_refusals(client: httpx.AsyncClient) -> None:
    """429 names its time; what was taken and not answered is unclear, and so is trouble of theirs."""
    fake = FakePagerDuty(faults=["limit", "lost", "silence", "trouble"])
    async with serving(fake):
        with pytest.raises(TransientError) as paused:
            await pagerduty(fake, client).send(page())
        assert paused.value.retry_after == 20
        for _ in range(3):
            with pytest.raises(UnclearError):
                await pagerduty(fake, client).send(page())
        assert fake.open == {"greenlight-r1-P0": "triggered"}


async def test_opsgenie_makes_one_alert_of_a_page_however_often_it_is_sent(client: httpx.AsyncClient) -> None:
    """By its alias, which the later calls name in the address."""
    fake = FakeOpsgenie()
    async with serving(fake):
        pager = Opsgenie(client, fake.url, SecretStr(TOKEN))
        for _ in range(2):
            await pager.send(page(summary="P0: " + "long " * 100))
        alert = fake.alerts["greenlight-r1-P0"]
        assert (alert["count"], alert["priority"], alert["status"]) == (2, "P1", "open")
        await pager.send(page("acknowledge"))
        assert alert["status"] == "acknowledged"
        await pager.send(page("resolve"))
        assert alert["status"] == "closed"


async def test_opsgenie_refuses_a_key_that_it_does_not_know(client: httpx.AsyncClient) -> None:
    fake = FakeOpsgenie()
    async with serving(fake):
        with pytest.raises(DeclinedError) as refused:
            await Opsgenie(client, fake.url, SecretStr("another-key")).send(page())
        assert "another-key" not in str(refused.value)


def mail(port: int) -> Mail:
    return Mail("127.0.0.1", port, "greenlight@example.com", security="none")


async def test_mail_reaches_everybody_with_one_message_id_however_often_it_is_sent() -> None:
    async with mail_server() as fake:
        for _ in range(2):
            assert await mail(fake.port).send(page()) == "the mail server accepted it"
        first, second = fake.mails
        assert first["Subject"] == "P0: Error rate 7%"
        assert first["To"] == "oncall@example.com, devops@example.com"
        assert first["Message-ID"] == second["Message-ID"]
        assert first["Auto-Submitted"] == "auto-generated"
        text = str(first.get_payload())
        assert "Error rate 7% (limit 5%)" in text
        assert "https://runbooks.example.com/errors" in text


async def test_line_breaks_from_outside_make_no_headers() -> None:
    async with mail_server() as fake:
        await mail(fake.port).send(page(summary="P0: down\r\nBcc: everybody@example.com"))
        assert fake.mails[0]["Bcc"] is None
        assert fake.mails[0]["Subject"] == "P0: down Bcc: everybody@example.com"


async def test_a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not() -> None:
    async with mail_server(faults=["busy", "refused", "lost"]) as fake:
        with pytest.raises(TransientError, match="451"):
            await mail(fake.port).send(page())
        with pytest.raises(DeclinedError, match="554"):
            await mail(fake.port).send(page())
        with pytest.raises(UnclearError):
            await mail(fake.port).send(page())
    with pytest.raises(TransientError, match="can't be reached"):
        await mail(fake.port).send(page())


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_server_without_encryption_is_not_sent_to_in_the_clear(security: Security) -> None:
    """And not asked for ever: whoever runs Greenlight has to say what it speaks."""
    async with mail_server() as fake:
        sealed = Mail("127.0.0.1", fake.port, "greenlight@example.com", security=security)
        with pytest.raises(DeclinedError, match="SMTP_SECURITY"):
            await sealed.send(page())
        assert fake.mails == []


async def test_an_address_that_does_not_exist_is_told() -> None:
    """Whether all of them or one of them: the others have the mail."""
    async with mail_server() as fake:
        for to in (("nobody@example.com",), ("nobody@example.com", "oncall@example.com")):
            with pytest.raises(DeclinedError, match=r"nobody@example\.com"):
                await mail(fake.port).send(page().but(to=to))
        assert len(fake.mails) == 1


@pytest.mark.parametrize(
    ("kind", "variable"),
    [("pagerduty", "PAGERDUTY_ROUTING_KEY"), ("opsgenie", "OPSGENIE_API_KEY"), ("mail", "SMTP_HOST")],
)
async def test_what_is_missing_is_named(kind: str, variable: str, client: httpx.AsyncClient) -> None:
    with pytest.raises(DeclinedError, match=variable):
        pager_for(kind, client, PagerSecrets.model_construct())
