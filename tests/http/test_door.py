"""The one door: what Slack signed goes to Bolt, whoever else comes gets a clear no, and health is told."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterable, MutableMapping
from typing import Any

import httpx
import pytest

from bot.http.bodies import MAX_BODY, Receive, Scope, Send, answer
from bot.http.door import SLACK_PATH, Door, PreparedVerifier
from bot.http.health import Health

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


class Slack:
    """Stands where Bolt's adapter stands, and keeps what it was given."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        assert not message["more_body"]
        self.bodies.append(message["body"])
        assert (await receive())["type"] == "http.disconnect"
        await answer(send, 200, {"heard": True})


@pytest.fixture
def slack() -> Slack:
    return Slack()


async def healthy() -> Health:
    return Health("1.0.0", 12, {"database": True})


@pytest.fixture
async def client(slack: Slack) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Door(slack, SECRET, healthy), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


def signature(timestamp: str, body: bytes, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256).hexdigest()
    return f"v0={digest}"


def headers(body: bytes, *, age: int = 0, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(time.time()) - age)
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature(timestamp, body, secret)}


@pytest.mark.parametrize("body", [b"", b"command=%2Frelease", "{“text”: 🚀}".encode(), b"x" * MAX_BODY])
async def test_what_slack_signed_reaches_bolt_to_the_letter(
    client: httpx.AsyncClient, slack: Slack, body: bytes
) -> None:
    """Also at the size limit, and whatever is in it."""
    given = await client.post(SLACK_PATH, content=body, headers=headers(body))
    assert (given.status_code, given.json()) == (200, {"heard": True})
    assert slack.bodies == [body]


def test_the_prepared_key_signs_as_slacks_documentation_does() -> None:
    """The example of docs.slack.dev, "Verifying requests from Slack", one request after another."""
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    told = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    verifier = PreparedVerifier(SECRET)
    assert [verifier.generate_signature(timestamp="1531420618", body=one) for one in (body, body.encode())] == [
        told
    ] * 2
    assert verifier.generate_signature(timestamp="1531420619", body=body) != told


@pytest.mark.parametrize(
    ("age", "passes"), [(0, True), (299, True), (302, False), (-299, True), (-302, False)], ids=str
)
async def test_a_signature_is_good_for_five_minutes_either_way(
    client: httpx.AsyncClient, age: int, passes: bool
) -> None:
    """Clocks differ a little; a request that was recorded last week is nobody's."""
    given = await client.post(SLACK_PATH, content=b"a=b", headers=headers(b"a=b", age=age))
    assert given.status_code == (200 if passes else 401)


NOW = str(int(time.time()))
GARBAGE = (b"{", b"payload=%7Bx", b"payload=null", b"[1]", b"\xff\xfe", b"a=b", b"")


@pytest.mark.parametrize("body", GARBAGE, ids=repr)
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
async def test_what_slack_did_not_sign_is_401_before_anybody_tries_to_read_it(
    client: httpx.AsyncClient, slack: Slack, body: bytes, kind: str
) -> None:
    """Garbage must not become an error of ours: whoever finds the address could fill the log with it."""
    for signed in ({}, headers(body, secret="another"), headers(body + b" ")):
        given = await client.post(SLACK_PATH, content=body, headers={"content-type": kind, **signed})
        assert given.status_code == 401
        assert given.headers["content-type"] == "application/problem+json"
        assert "not signed by Slack" in given.json()["detail"]
    assert slack.bodies == []


@pytest.mark.parametrize(
    "timestamp", [b"", b"soon", b"1e9", b"-5", b"1.5", "١٧٠٠٠٠٠٠٠٠".encode(), b"9" * 5000, b" "], ids=repr
)
async def test_a_timestamp_that_is_no_number_is_401(client: httpx.AsyncClient, slack: Slack, timestamp: bytes) -> None:
    """Python itself refuses to read a number of thousands of digits."""
    wrong = {b"X-Slack-Request-Timestamp": timestamp, b"X-Slack-Signature": signature(NOW, b"a=b").encode()}
    given = await client.post(SLACK_PATH, content=b"a=b", headers=wrong)
    assert given.status_code == 401
    assert slack.bodies == []


@pytest.mark.parametrize(
    "wrong", [b"", b"v0=", "v0=ü".encode("latin-1"), b"v1=" + b"0" * 64, b"v0=" + b"0" * 64], ids=repr
)
async def test_a_signature_of_any_other_shape_is_401(client: httpx.AsyncClient, wrong: bytes) -> None:
    signed = {b"X-Slack-Request-Timestamp": NOW.encode(), b"X-Slack-Signature": wrong}
    assert (await client.post(SLACK_PATH, content=b"a=b", headers=signed)).status_code == 401


async def test_slacks_check_of_the_certificate_is_answered_and_goes_no_further(
    client: httpx.AsyncClient, slack: Slack
) -> None:
    """It may come unsigned (docs.slack.dev, slash commands, "Validating the command"); nothing is done for it."""
    given = await client.post(SLACK_PATH, content=b"token=abc&ssl_check=1")
    assert given.status_code == 200
    smuggled = b"ssl_check=1&command=%2Frelease" + b"&x=" + b"x" * 1000
    assert (await client.post(SLACK_PATH, content=smuggled)).status_code == 401
    assert slack.bodies == []


async def pieces(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def test_a_body_in_pieces_is_put_together(client: httpx.AsyncClient, slack: Slack) -> None:
    body = b"payload=%7B%7D"
    given = await client.post(SLACK_PATH, content=pieces([body[:5], body[5:]]), headers=headers(body))
    assert given.status_code == 200
    assert slack.bodies == [body]


async def test_a_body_beyond_the_limit_is_413_also_where_its_length_was_not_told(slack: Slack) -> None:
    """It is not read to its end: nobody fills the memory with an endless one."""
    read = 0

    async def endless() -> MutableMapping[str, Any]:
        nonlocal read
        read += 1
        assert read < 20
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    said: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    scope = {"type": "http", "path": SLACK_PATH, "method": "POST", "headers": []}
    await Door(slack, SECRET, healthy)(scope, endless, send)
    assert said[0]["status"] == 413
    assert f"{MAX_BODY:,}" in json.loads(said[1]["body"])["detail"]


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "9" * 5000, "-1", "much"])
async def test_a_length_beyond_the_limit_is_413_unread(slack: Slack, length: str) -> None:
    async def never() -> MutableMapping[str, Any]:
        raise AssertionError("the body was read")

    statuses: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    scope = {
        "type": "http",
        "path": SLACK_PATH,
        "method": "POST",
        "headers": [(b"content-length", length.encode())],
    }
    await Door(slack, SECRET, healthy)(scope, never, send)
    assert statuses == [413]
    assert slack.bodies == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", SLACK_PATH, 405),
        ("PUT", SLACK_PATH, 405),
        ("POST", "/health", 405),
        ("GET", "/", 404),
        ("POST", "/slack/events/", 404),
        ("GET", "/slack/install", 404),
    ],
)
async def test_any_other_path_or_method_is_a_problem_with_a_sentence(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    given = await client.request(method, path)
    assert given.status_code == status
    problem = given.json()
    assert problem["status"] == status
    assert problem["detail"].endswith(".")


async def test_in_socket_mode_nothing_is_heard_over_http(slack: Slack) -> None:
    """Slack comes by the connection that the bot opened; the port answers health alone."""
    transport = httpx.ASGITransport(Door(None, None, healthy))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        assert (await client.post(SLACK_PATH, content=b"a=b", headers=headers(b"a=b"))).status_code == 404
        assert (await client.get("/health")).status_code == 200
    assert slack.bodies == []


async def test_health_tells_each_part_and_is_503_when_one_is_down() -> None:
    """The deployment document's "Health Checks": status, version, uptime, checks."""

    async def ill() -> Health:
        return Health("1.2.0", 3600, {"database": True, "scheduler": False})

    for probe, status, word in ((healthy, 200, "healthy"), (ill, 503, "unhealthy")):
        transport = httpx.ASGITransport(Door(None, None, probe))
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            given = await client.get("/health")
            assert (given.status_code, given.json()["status"]) == (status, word)
            assert (await client.head("/health")).status_code == status
    assert (await ill()).body() == {
        "status": "unhealthy",
        "version": "1.2.0",
        "uptime": 3600,
        "checks": {"database": "healthy", "scheduler": "unhealthy"},
    }
