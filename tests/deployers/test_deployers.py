"""What the clients that start deployments send, and what they make of answers."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from bot.deployers.argocd import ArgoCD
from bot.deployers.github_actions import GitHubActions
from bot.deployers.interface import Order
from bot.deployers.webhook import Webhook
from bot.errors import TransientError
from bot.outward import DeclinedError, UnclearError
from tests.deployers.conftest import Service

ORDER = Order("r1:7:deploy", "deploy", "admin-logistic", "production", "v1.2.0", "abc123", requested_by="Jane Smith")
TOKEN = SecretStr("very-secret-token")
NOW = datetime(2024, 1, 16, 16, 0, tzinfo=UTC)


def github(client: httpx.AsyncClient, service: Service) -> GitHubActions:
    return GitHubActions(client, TOKEN, "acme/admin-logistic", "deploy.yml", api=service.url)


def argo(client: httpx.AsyncClient, service: Service, revision: str = "{version}") -> ArgoCD:
    return ArgoCD(client, TOKEN, service.url, "admin logistic", revision)


def webhook(client: httpx.AsyncClient, service: Service) -> Webhook:
    return Webhook(client, TOKEN, f"{service.url}/deploy", lambda: NOW)


async def test_github_is_asked_to_run_the_workflow_with_what_is_to_go_live(
    client: httpx.AsyncClient, service: Service
) -> None:
    service.will(204)
    started = await github(client, service).start(ORDER)
    [asked] = service.asked
    assert (asked.method, asked.path) == ("POST", "/repos/acme/admin-logistic/actions/workflows/deploy.yml/dispatches")
    assert asked.headers["authorization"] == "Bearer very-secret-token"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    told = json.loads(asked.body)
    assert told["ref"] == "main"
    assert told["inputs"] == {
        "action": "deploy",
        "version": "v1.2.0",
        "environment": "production",
        "commit": "abc123",
        "percentage": "100",
        "greenlight_key": "r1:7:deploy",
    }
    assert started.url == f"{service.url}/acme/admin-logistic/actions/workflows/deploy.yml"


async def test_a_run_is_found_again_by_the_orders_key_in_its_name(client: httpx.AsyncClient, service: Service) -> None:
    runs = [
        {"display_title": "Deploy v1.1.0 (r0:7:deploy)", "html_url": "https://github.com/acme/r/actions/runs/1"},
        {"display_title": "Deploy v1.2.0 (r1:7:deploy)", "html_url": "https://github.com/acme/r/actions/runs/2"},
    ]
    service.will(200, {"workflow_runs": runs})
    found = await github(client, service).find(ORDER)
    assert found is not None
    assert found.url.endswith("/runs/2")
    assert service.asked[0].query["event"] == "workflow_dispatch"
    assert await github(client, service).find(replace(ORDER, key="r9:7:deploy")) is None


async def test_argo_cd_is_asked_to_synchronise_the_application_to_the_version(
    client: httpx.AsyncClient, service: Service
) -> None:
    service.will(200, {})
    started = await argo(client, service).start(ORDER)
    [asked] = service.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/applications/admin%20logistic/sync")
    assert json.loads(asked.body)["revision"] == "v1.2.0"
    assert started.url == f"{service.url}/applications/admin%20logistic"


async def test_an_order_that_argo_cd_took_is_known_by_its_key(client: httpx.AsyncClient, service: Service) -> None:
    state = {"operation": {"info": [{"name": "greenlight", "value": ORDER.key}]}}
    service.will(200, {"status": {"operationState": state}})
    assert await argo(client, service).find(ORDER) is not None
    assert await argo(client, service).find(replace(ORDER, key="other")) is None


async def test_argo_cd_declines_what_it_can_not_do_before_anything_is_sent(
    client: httpx.AsyncClient, service: Service
) -> None:
    with pytest.raises(DeclinedError, match="no share of the traffic"):
        await argo(client, service).start(replace(ORDER, kind="promote", percentage=25))
    with pytest.raises(DeclinedError, match=r"none is known of v1\.2\.0"):
        await argo(client, service, "{commit}").start(replace(ORDER, commit=""))
    assert service.asked == []


async def test_a_webhooks_receiver_can_tell_who_asked_and_when(client: httpx.AsyncClient, service: Service) -> None:
    """The signature is computed here anew, from what README says of it."""
    service.will(202, {"url": "https://deploys.example.com/7"})
    started = await webhook(client, service).start(ORDER)
    [asked] = service.asked
    timestamp = asked.headers["x-greenlight-timestamp"]
    assert timestamp == str(int(NOW.timestamp()))
    expected = hmac.new(b"very-secret-token", f"v1:{timestamp}:".encode() + asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-greenlight-signature"] == f"v1={expected}"
    assert asked.headers["idempotency-key"] == ORDER.key
    assert json.loads(asked.body)["version"] == "v1.2.0"
    assert started.url == "https://deploys.example.com/7"


@pytest.mark.parametrize("body", [None, ["x"], {"url": "javascript:alert(1)"}, {"url": 7}], ids=repr)
async def test_an_answer_that_names_no_page_is_taken_as_one_without(
    client: httpx.AsyncClient, service: Service, body: object
) -> None:
    service.will(200, body)
    assert (await webhook(client, service).start(ORDER)).url == ""


async def test_a_refusal_names_the_reason_and_the_remedy_and_no_secret(
    client: httpx.AsyncClient, service: Service
) -> None:
    service.will(401, {"message": "Bad credentials: very-secret-token"})
    with pytest.raises(DeclinedError) as refused:
        await github(client, service).start(ORDER)
    assert refused.value.reason == "GitHub Actions refused (401: Bad credentials: …)."
    assert "token" in refused.value.remedy
    assert "very-secret-token" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (429, {"retry_after": "7"}, 7.0),
        (403, {"retry_after": "60"}, 60.0),
        (429, {}, 30.0),
        (429, {"retry_after": "soon"}, 30.0),
    ],
)
async def test_a_pause_that_is_asked_for_is_kept(
    client: httpx.AsyncClient, service: Service, status: int, headers: dict[str, str], pause: float
) -> None:
    service.will(status, {"message": "slow down"}, **headers)
    with pytest.raises(TransientError) as told:
        await github(client, service).start(ORDER)
    assert not isinstance(told.value, UnclearError)
    assert told.value.retry_after == pause


async def test_an_answer_that_was_lost_is_unclear_and_one_that_never_left_is_not(
    client: httpx.AsyncClient, service: Service
) -> None:
    service.answers = ["reset"]
    with pytest.raises(UnclearError):
        await webhook(client, service).start(ORDER)
    service.answers = [(502, {"message": "bad gateway"}, {})]
    with pytest.raises(UnclearError, match="502"):
        await webhook(client, service).start(ORDER)
    nowhere = replace(webhook(client, service), url="http://127.0.0.1:9/deploy")
    with pytest.raises(TransientError, match="can't be reached") as told:
        await nowhere.start(ORDER)
    assert not isinstance(told.value, UnclearError)
