"""The API against its own description: requests made up from it never break it, and without a token change nothing."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bot.http.allowance import Allowance
from tests.http.api.conftest import DEPLOYED, RELEASE, Pipeline

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what schemathesis itself uses
    import schemathesis
    from schemathesis import checks
    from schemathesis.openapi import from_dict
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

EXAMPLES = 12
"""Requests of an address; more find the same, and the suite is run often."""

LIMITS = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
CONSTANT = {"service": "admin-logistic", "version": "v1.2.0"}


@pytest.fixture
async def description(pipeline: Pipeline) -> dict[str, Any]:
    """The API's description, of a release that is under way, asked as often as one likes."""
    pipeline.player.playground.application.door._mounted["api"]._allowance = Allowance(burst=1e9)  # type: ignore[attr-defined]  # the one that is there
    await pipeline.scheduled()
    assert (await pipeline.post(f"{RELEASE}/steps/deployed", DEPLOYED)).status_code == 200
    described: dict[str, Any] = (await pipeline.http.get("/api/openapi.json")).json()
    return described


def ask_everything(described: dict[str, Any], url: str, headers: dict[str, str], *found: Any) -> int:
    """Ask every address with requests made up from the description; how many. AssertionError where a check fails."""
    asked = 0

    def ask(case: schemathesis.Case[Any]) -> None:
        nonlocal asked
        if asked % 4:  # made-up names alone would never come far
            case.path_parameters = {name: CONSTANT[name] for name in case.path_parameters or {}}
        case.query = {name: value for name, value in (case.query or {}).items() if name != "wait"}
        response = case.call(base_url=url, headers=headers, timeout=10)
        case.validate_response(response, checks=list(found))
        asked += 1

    operations: Any = from_dict(described).get_all_operations()
    for operation in operations:
        made_up: Any = given(operation.ok().as_strategy())
        LIMITS(made_up(ask))()
    return asked


async def test_what_is_made_up_from_the_description_never_breaks_it(
    pipeline: Pipeline, description: dict[str, Any]
) -> None:
    """No 5xx, and every answer is of a status, a type and a shape that the description names."""
    asked = await asyncio.to_thread(
        ask_everything,
        description,
        pipeline.player.playground.server.url,
        {"Authorization": f"Bearer {pipeline.token}"},
        checks.not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    )
    assert asked > EXAMPLES
    await pipeline.player.playground.settled()


async def test_nothing_is_written_without_a_token(pipeline: Pipeline, description: dict[str, Any]) -> None:
    """Whatever is asked."""
    before = pipeline.rows()
    await asyncio.to_thread(ask_everything, description, pipeline.player.playground.server.url, {})
    assert pipeline.rows() == before
