"""What the API does not take gets a problem that says what was wrong, and nothing is written."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from bot.http.allowance import Allowance
from bot.http.bodies import MAX_BODY
from bot.store.interface import StoreFailedError
from bot.tokens import make
from tests.http.api.conftest import APPROVAL, DEPLOYED, RELEASE, RELEASES, SMOKE, Pipeline

FAILED = SMOKE | {"results": ["Login: Fail"]}


def header(token: str) -> dict[str, str]:
    return {"Authorization": token}


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Basic {token}", "{token}", "Bearer {token}x", "Bearer {other}"],
    ids=["none", "empty", "short", "basic", "bare", "longer", "unknown"],
)
@pytest.mark.parametrize("path", [RELEASES, f"{RELEASE}/steps/start", "/api/nothing"])
async def test_without_a_good_token_nothing_is_reached(pipeline: Pipeline, authorization: str, path: str) -> None:
    """Whatever the address: what is behind the gate is nobody's business."""
    before = pipeline.rows()
    other = make("x", "admin-logistic", ("approve",), pipeline.player.playground.now()).token
    given = authorization.format(token=pipeline.token, other=other)
    for method in ("POST", "GET", "DELETE"):
        answer = await pipeline.http.request(method, path, json=APPROVAL, headers=header(given))
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["status"] == 401
    assert pipeline.rows() == before


async def test_a_token_that_expired_or_was_revoked_is_good_for_nothing(pipeline: Pipeline) -> None:
    """From the moment on, without a restart."""
    playground = pipeline.player.playground
    made = make("short", "admin-logistic", ("approve",), playground.now(), timedelta(hours=1))
    store = playground.application.store
    await store.write(lambda tx: tx.keep_token(made.kept))
    bearer = header(f"Bearer {made.token}")
    await pipeline.post(RELEASES, APPROVAL)
    assert (await pipeline.http.get(RELEASE, headers=bearer)).status_code == 200
    playground.clock.move_to(playground.now() + timedelta(hours=1))
    assert (await pipeline.http.get(RELEASE, headers=bearer)).status_code == 401


@pytest.mark.parametrize(
    ("steps", "service", "path", "body", "says"),
    [
        (("start",), "admin-logistic", RELEASES, APPROVAL, "not good for “approve”, but for: start"),
        (("smoke_passed",), "admin-logistic", f"{RELEASE}/steps/start", {"commit": "abc1234"}, "not good for “start”"),
        (
            ("smoke_passed",),
            "admin-logistic",
            f"{RELEASE}/smoke-results",
            SMOKE | {"results": ["Login: Fail"]},
            "failed",
        ),
        (("approve",), "billing", RELEASES, APPROVAL, "for billing, not admin-logistic"),
    ],
)
async def test_a_token_is_good_for_its_service_and_its_steps_alone(
    pipeline: Pipeline, steps: tuple[str, ...], service: str, path: str, body: Any, says: str
) -> None:
    bearer = await pipeline.token_for(*steps, service=service)
    before = pipeline.rows()
    answer = await pipeline.post(path, body, headers=bearer)
    assert (answer.status_code, says in answer.json()["detail"]) == (403, True), answer.text
    assert pipeline.rows() == before


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/services/nope/releases", 404, "no service “nope”"),
        (f"{RELEASES}/v9/steps/start", 404, "no release “v9” of admin-logistic"),
        (f"{RELEASES}/v9/steps/complete", 404, "nothing at this address"),
        ("/api/nothing", 404, "nothing at this address"),
    ],
)
async def test_what_is_unknown_is_said_to_be_unknown(pipeline: Pipeline, path: str, status: int, says: str) -> None:
    before = pipeline.rows()
    answer = await pipeline.post(path, {"commit": "abc1234"})
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text
    assert pipeline.rows() == before


async def test_what_is_not_possible_now_says_what_is_and_since_when(pipeline: Pipeline) -> None:
    await pipeline.post(RELEASES, APPROVAL)
    before = pipeline.rows()
    answer = await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
    told = answer.json()
    assert (answer.status_code, told["title"]) == (409, "Conflict")
    assert "Sign off" in told["open_steps"]
    assert told["since"].startswith("2024-01-16T15:20")
    again = await pipeline.post(RELEASES, APPROVAL)
    assert (again.status_code, again.json()["since"]) == (409, told["since"])
    assert pipeline.rows() == before


async def test_a_rule_that_stands_against_the_start_is_told_with_who_may_override(pipeline: Pipeline) -> None:
    await pipeline.scheduled()
    before = pipeline.rows()
    answer = await pipeline.post(f"{RELEASE}/steps/start", {"commit": "fff9999"})
    assert answer.status_code == 409
    assert answer.json()["may"] == ["Release Manager", "Tech Lead"]
    assert "abc1234" in answer.json()["fields"]["commit"]
    assert pipeline.rows() == before


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (APPROVAL | {"known_issues": []}, "known_issues", "This is needed."),
        (APPROVAL | {"bugs_fixed": 6}, "bugs_fixed", "More bugs are fixed than were found"),
        (APPROVAL | {"regression": "failed"}, "regression", "can't be approved"),
        (APPROVAL | {"verbal": ["U0TANIA"]}, "verbal", "Only a person can vouch"),
        (APPROVAL | {"nonsense": 1}, "nonsense", "There is no such field."),
        (APPROVAL | {"stories_tested": "many"}, "stories_tested", "whole number"),
    ],
)
async def test_a_wrong_field_is_named(pipeline: Pipeline, body: Any, field: str, says: str) -> None:
    before = pipeline.rows()
    answer = await pipeline.post(RELEASES, body)
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["fields"][field]
    assert pipeline.rows() == before


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"[" * 50_000, "application/json", 422),
        (b'{"version": "\\ud800"}', "application/json", 422),
        (b'{"stories_tested": NaN}', "application/json", 422),
        (b"version=v1", "application/x-www-form-urlencoded", 415),
        (b" " * (MAX_BODY + 1), "application/json", 413),
    ],
    ids=["cut", "list", "deep", "surrogate", "nan", "form", "large"],
)
async def test_a_body_that_can_not_be_read_is_refused(
    pipeline: Pipeline, content: bytes, kind: str, status: int
) -> None:
    before = pipeline.rows()
    answer = await pipeline.post(RELEASES, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert pipeline.rows() == before


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<testsuite><testcase name="&b;"/></testsuite>"""


@pytest.mark.parametrize(
    "report",
    [b"", b"<", b"<html/>", b"<testsuite/>", BOMB, b'<testsuite time="x"><testcase/><oops/>', b"\xff\xfe<"],
    ids=["empty", "cut", "html", "no tests", "entities", "unclosed", "bytes"],
)
async def test_a_report_that_is_none_is_refused(pipeline: Pipeline, report: bytes) -> None:
    """Nothing is expanded, fetched or guessed."""
    await pipeline.scheduled()
    await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
    before = pipeline.rows()
    answer = await pipeline.post(f"{RELEASE}/smoke-results", content=report, headers={"Content-Type": "text/xml"})
    assert (answer.status_code, "results" in answer.json()["fields"]) == (422, True), answer.text
    assert pipeline.rows() == before


CASE = '<testcase name="order {number}" time="0.01"><system-out>{output}</system-out></testcase>'


def large(size: int) -> bytes:
    """A report of one failed test among many that wrote much, of about so many bytes."""
    case = CASE.format(number="{number}", output="words " * 100)
    cases = "".join(case.format(number=number) for number in range(size // len(case)))
    failed = '<testcase name="checkout"><failure message="502 from the gateway"/></testcase>'
    return f"<testsuites><testsuite>{cases}{failed}</testsuite></testsuites>".encode()


async def test_a_report_of_many_megabytes_is_read(pipeline: Pipeline) -> None:
    """Its one failure among thousands of tests decides the step."""
    await pipeline.scheduled()
    await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)
    report = large(9_500_000)
    answer = await pipeline.post(f"{RELEASE}/smoke-results", content=report, headers={"Content-Type": "text/xml"})
    assert (answer.status_code, answer.json()["step"]) == (200, "smoke_failed"), answer.text


@pytest.mark.parametrize(
    ("address", "kind", "most", "remedy"),
    [
        ("smoke-results", "application/xml; charset=utf-8", "10,000,000", "system-out"),
        ("smoke-results", "application/json", "1,000,000", "as JUnit XML"),
        ("steps/deployed", "application/xml", "1,000,000", "goes to …/smoke-results"),
    ],
)
async def test_what_is_larger_than_is_read_is_told_how_much_is_and_what_to_do(
    pipeline: Pipeline, address: str, kind: str, most: str, remedy: str
) -> None:
    await pipeline.scheduled()
    before = pipeline.rows()
    answer = await pipeline.post(f"{RELEASE}/{address}", content=large(10_100_000), headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["detail"]) == (413, f"At most {most} bytes are read here.")
    assert remedy in answer.json()["remedy"]
    assert pipeline.rows() == before


async def test_too_many_requests_are_told_when_to_come_again(pipeline: Pipeline) -> None:
    """Per token: another pipeline is not held back by it."""
    await pipeline.post(RELEASES, APPROVAL)
    other = await pipeline.token_for("start")
    before = pipeline.rows()
    gate: Any = pipeline.player.playground.application.door._mounted["api"]
    gate._allowance = Allowance(seconds=lambda: 0.0)  # however long the requests take here
    answers = [await pipeline.http.get(RELEASES + "/v9") for _ in range(70)]
    assert [answer.status_code for answer in answers].count(404) == 60
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await pipeline.http.get(RELEASES + "/v9", headers=other)).status_code == 404
    assert pipeline.rows() == before


async def test_a_state_nobody_knows_is_not_waited_for(pipeline: Pipeline) -> None:
    await pipeline.post(RELEASES, APPROVAL)
    for query in ({"until": "done"}, {"wait": "61"}, {"wait": "x"}):
        answer = await pipeline.http.get(RELEASE, params=query)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, list(query))


async def test_a_token_is_in_no_log_and_no_row(pipeline: Pipeline, caplog: pytest.LogCaptureFixture) -> None:
    """Its digest is kept, and when it was of use."""
    with caplog.at_level(logging.DEBUG):
        await pipeline.post(RELEASES, APPROVAL)
        await pipeline.http.get(RELEASE, headers=header(f"Bearer {pipeline.token}x"))
    secret = pipeline.token.rsplit("_", 1)[-1]
    assert secret not in caplog.text
    assert secret not in str(pipeline.rows())
    assert pipeline.rows()["tokens"][0][-1] is not None


async def test_a_store_that_can_not_keep_it_is_told_as_such(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline repeats, with the same key."""

    async def full(_: object) -> None:
        raise StoreFailedError("The database's disk is full: make room.")

    before = pipeline.rows()
    with monkeypatch.context() as patched:
        patched.setattr(pipeline.player.playground.application.store, "write", full)
        answer = await pipeline.http.post(RELEASES, json=APPROVAL)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert pipeline.rows() == before
    assert (await pipeline.post(RELEASES, APPROVAL)).status_code == 201


async def test_the_description_is_open_to_everybody(pipeline: Pipeline) -> None:
    """With the forms' own fields, labels and hints."""
    given = await pipeline.http.get("/api/openapi.json", headers=header(""))
    assert given.status_code == 200
    described = given.json()
    approval = described["components"]["schemas"]["ApprovalForm"]
    assert set(approval["required"]) <= set(APPROVAL)
    assert approval["properties"]["commit"]["description"] == "Commit. Sign-offs count for this commit alone."
    assert "/api/services/{service}/rollbacks/{version}/steps/complete" in described["paths"]
