"""What the deployers' own words mean for an order that was taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from bot.deployers.argocd import ArgoCD
from bot.deployers.github_actions import GitHubActions
from bot.deployers.interface import Order, Progress, fill
from bot.outward import DeclinedError
from tests.deployers.conftest import Service
from tests.deployers.test_deployers import ORDER, TOKEN

RUN = "https://github.com/acme/shop/actions/runs/42"


def github(client: httpx.AsyncClient, service: Service, api: str = "", **more: Any) -> GitHubActions:
    return GitHubActions(client, TOKEN, "acme/shop", "deploy.yml", api=api or service.url, **more)


@pytest.mark.parametrize(
    ("status", "conclusion", "state", "words"),
    [
        ("queued", None, "queued", "queued"),
        ("requested", None, "queued", "requested"),
        ("pending", None, "queued", "pending"),
        ("waiting", None, "waiting", "waiting"),
        ("in_progress", None, "running", "in progress"),
        ("completed", "success", "succeeded", "success"),
        ("completed", "failure", "failed", "failure"),
        ("completed", "cancelled", "failed", "cancelled"),
        ("completed", "skipped", "failed", "skipped"),
        ("completed", "timed_out", "failed", "timed out"),
        ("completed", "action_required", "waiting", "action required"),
        ("completed", None, "failed", "completed"),
        ("something new", None, "running", "something new"),
    ],
)
async def test_a_run_says_how_the_order_goes(
    client: httpx.AsyncClient, service: Service, status: str, conclusion: str | None, state: Any, words: str
) -> None:
    """Only “success” is one; what GitHub may add later is never taken for it."""
    service.will(200, {"id": 42, "html_url": RUN, "status": status, "conclusion": conclusion})
    assert await github(client, service).progress(ORDER, RUN) == Progress(state, words, RUN)
    assert service.asked[0].path == "/repos/acme/shop/actions/runs/42"


async def test_a_run_that_is_not_named_is_looked_for_by_the_whole_key(
    client: httpx.AsyncClient, service: Service
) -> None:
    """The key of another order may begin as this one does."""
    run = {"html_url": RUN, "status": "in_progress", "conclusion": None}
    longer = run | {
        "display_title": f"Deploy ({ORDER.key}s)",
        "html_url": "https://github.com/acme/shop/actions/runs/43",
    }
    service.will(200, {"workflow_runs": [longer, run | {"display_title": f"Deploy v1 ({ORDER.key})"}]})
    page = "https://github.com/acme/shop/actions/workflows/deploy.yml"
    assert (await github(client, service).progress(ORDER, page)).url == RUN
    service.answers = [(200, {"workflow_runs": [longer]}, {})]
    assert (await github(client, service).progress(ORDER, page)).state == "unseen"


async def test_an_enterprise_server_is_not_asked_what_an_old_one_refuses(
    client: httpx.AsyncClient, service: Service
) -> None:
    """It names no run then, so its workflow's page is shown."""
    service.will(204)
    started = await github(client, service, f"{service.url}/api/v3").start(ORDER)
    assert b"return_run_details" not in service.asked[0].body
    assert started.url == f"{service.url}/acme/shop/actions/workflows/deploy.yml"


@pytest.mark.parametrize(
    ("phase", "health", "state"),
    [
        ("Running", "Progressing", "running"),
        ("Terminating", "Healthy", "running"),
        ("Failed", "Healthy", "failed"),
        ("Error", "", "failed"),
        ("Succeeded", "Progressing", "running"),
        ("Succeeded", "Missing", "running"),
        ("Succeeded", "", "running"),
        ("Succeeded", "Suspended", "waiting"),
        ("Succeeded", "Degraded", "failed"),
        ("Succeeded", "Healthy", "succeeded"),
    ],
)
async def test_an_application_says_how_the_order_goes(
    client: httpx.AsyncClient, service: Service, phase: str, health: str, state: str
) -> None:
    """Synchronised and healthy, or it is not done."""
    operation = {"phase": phase, "operation": {"info": [{"name": "greenlight", "value": ORDER.key}]}}
    service.will(200, {"status": {"operationState": operation, "health": {"status": health}}})
    assert (await argo(client, service).progress(ORDER, "")).state == state


async def test_another_operation_says_nothing_of_the_order(client: httpx.AsyncClient, service: Service) -> None:
    operation = {"phase": "Succeeded", "operation": {"info": [{"name": "greenlight", "value": "other"}]}}
    service.will(200, {"status": {"operationState": operation, "health": {"status": "Healthy"}}})
    assert (await argo(client, service).progress(ORDER, "")).state == "unseen"
    service.answers = [(200, {"status": None}, {})]
    assert (await argo(client, service).progress(ORDER, "")).state == "unseen"


def argo(client: httpx.AsyncClient, service: Service) -> ArgoCD:
    return ArgoCD(client, TOKEN, service.url, "shop-{environment}")


async def test_a_name_may_depend_on_the_environment(client: httpx.AsyncClient, service: Service) -> None:
    service.will(200, {})
    await argo(client, service).start(ORDER)
    assert service.asked[0].path == "/api/v1/applications/shop-production/sync"


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{version}", "v1.2.0"),
        ("release/{commit}", "release/abc123"),
        ("{service}-{environment}", "admin-logistic-production"),
    ],
)
def test_a_template_is_filled_in(template: str, filled: str) -> None:
    assert fill(template, ORDER, "Argo CD") == filled


def test_a_template_that_needs_what_is_not_known_is_declined() -> None:
    rollback: Order = replace(ORDER, kind="rollback", commit="")
    with pytest.raises(DeclinedError, match="none is known"):
        fill("release/{commit}", rollback, "Argo CD")
