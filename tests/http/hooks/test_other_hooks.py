"""Argo CD, and whoever can sign, tell of deployments; what is not theirs, too large or too much is not taken."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from bot.alerts import Alerts
from bot.clock import MovableClock
from bot.http.allowance import Allowance
from bot.http.bodies import MAX_BODY
from bot.http.hooks.interface import HookSecrets
from bot.http.hooks.making import hooks_of
from bot.store.interface import StoreFailedError
from tests.http.hooks.conftest import Told, deployment, status
from tests.stories.the_document import STARTS_AT


def application(phase: str, health: str = "Progressing", image: str = "v1.2.0") -> dict[str, Any]:
    """What README's template sends of an application (argo-cd.readthedocs.io, "Application Specification")."""
    operation: dict[str, Any] = {
        "phase": phase,
        "startedAt": "2024-01-16T15:59:00Z",
        "message": f"sync is {phase.casefold()}",
        "operation": {"initiatedBy": {"automated": True}},
        "syncResult": {"revision": "9" * 40},
    }
    if phase != "Running":
        operation["finishedAt"] = "2024-01-16T16:00:00Z"
    state = {
        "operationState": operation,
        "health": {"status": health},
        "summary": {"images": ["redis:7.2", f"registry.example.com:5000/shop/api:{image}@sha256:{'0' * 64}"]},
        "resources": [
            {"kind": "Deployment", "name": "api", "health": {"status": health}},
            {"kind": "Service", "name": "api"},
        ],
    }
    return {"application": {"metadata": {"name": "shop"}, "status": state}, "url": "https://argocd.example.com/shop"}


def notice(told_phase: str, **more: Any) -> dict[str, Any]:
    """A deployment in Greenlight's own words."""
    told = {"service": "admin-logistic", "deployment": "run 7", "phase": told_phase, "link": "https://ci.example.com/7"}
    return {**told, "version": "v1.2.0", "commit": "abc1234", **more}


async def test_argo_cd_carries_a_release_by_the_tag_of_its_image(told: Told) -> None:
    """A sync that is done is a deployment once the application is healthy; its health is told as Argo CD tells it."""
    await told.scheduled()
    await told.argocd(application("Running"))
    assert await told.states() == ["deploying"]
    assert "Argo CD told of v1.2.0, and not which commit that is." in told.said()
    assert (await told.argocd(application("Succeeded"))).json() == {"taken": []}
    for _ in range(5):
        await told.argocd(application("Succeeded", "Healthy"))
    assert await told.states() == ["awaiting_smoke"]
    assert (await told.steps()).count("deployed") == 1
    said = told.said()
    assert "api: ✅ Healthy" in said
    assert "*Duration:* 1 minute" in said
    assert "https://argocd.example.com/shop" in said


async def test_an_application_that_degrades_after_its_deployment_is_told(told: Told) -> None:
    """By when its health changed; one that was degraded before its sync ended is not news."""
    await told.scheduled()
    await told.argocd(application("Succeeded", "Healthy"))
    degraded = application("Succeeded", "Degraded")
    degraded["application"]["status"]["health"]["lastTransitionTime"] = "2024-01-16T16:07:00Z"
    await told.argocd(degraded)
    assert (await told.steps())[-2:] == ["deployed", "note"]
    assert "has failed, at 16:07 UTC." in told.said()


async def test_a_sync_that_leaves_the_application_degraded_has_failed(told: Told) -> None:
    await told.scheduled()
    await told.argocd(application("Succeeded", "Degraded"))
    assert await told.states() == ["awaiting_decision"]
    assert (await told.steps())[-3:] == ["start", "note", "deploy_failed"]
    assert "Its health is Degraded." in told.said()


async def test_what_argo_cd_tells_of_an_unannounced_deployment_is_shown(told: Told) -> None:
    """Components and health as it tells them; and in whatever order it comes, one thread."""
    for payload in (application("Succeeded", "Healthy"), application("Running"), application("Succeeded", "Healthy")):
        await told.argocd(payload)
    assert await told.states("unannounced") == ["awaiting_owner"]
    assert await told.steps("unannounced") == ["appear"]
    said = told.said()
    assert "• api: Healthy" in said
    assert "• shop: Healthy" in said
    assert "7.2, v1.2.0" in said
    assert "automated sync" in said


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=lambda order: "".join(map(str, order)))
async def test_signed_word_that_comes_out_of_order_and_again_ends_the_same(told: Told, order: tuple[int, ...]) -> None:
    """Five times each."""
    await told.scheduled()
    story = [notice("created"), notice("started"), notice("succeeded")]
    for number in order * 5:
        assert (await told.signed(story[number])).status_code == 200
    assert await told.states() == ["awaiting_smoke"]
    assert (await told.steps()).count("deployed") == 1
    assert await told.states("unannounced") == []


async def test_an_application_that_no_service_names_is_refused(told: Told) -> None:
    payload = application("Running")
    payload["application"]["metadata"]["name"] = "other"
    assert (await told.argocd(payload)).status_code == 404
    assert (await told.argocd(application("Running"), token="wrong")).status_code == 401
    missing = application("Running")
    del missing["application"]["status"]["operationState"]["startedAt"]
    given = await told.argocd(missing)
    assert given.status_code == 422
    assert "application.status.operationState.startedAt" in given.json()["fields"]
    assert told.rows()["conversations"] == []


async def test_whoever_can_sign_carries_a_release(told: Told) -> None:
    await told.scheduled()
    more = {"began_at": "2024-01-16T15:50:00Z", "components": ["Backend: Healthy"], "health": ["API: 200 OK"]}
    for phase in ("started", "succeeded", "started"):
        given = await told.signed(notice(phase, source="Jenkins", **more))
        assert given.status_code == 200, given.text
    assert await told.states() == ["awaiting_smoke"]
    said = told.said()
    assert "Backend: ✅ Healthy" in said
    assert "*Duration:* 10 minutes" in said
    assert "Jenkins · CI pipeline" in said


async def test_what_took_how_long_is_not_made_up(told: Told) -> None:
    """Nobody told when it began."""
    await told.scheduled()
    await told.signed(notice("succeeded"))
    assert "*Duration:* not told" in told.said()


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)], ids=["old", "early"])
async def test_a_signature_is_good_for_five_minutes(told: Told, off: timedelta) -> None:
    assert (await told.signed(notice("started"), at=told.player.playground.now() + off)).status_code == 401
    assert (await told.signed(notice("started"), secret="another")).status_code == 401
    assert told.rows()["conversations"] == []


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"service": "shipping"}, 404, None),
        ({"environment": "moon"}, 422, "environment"),
        ({"phase": "perhaps"}, 422, "phase"),
        ({"version": None, "commit": None}, 422, "body"),
        ({"link": "javascript:alert(1)"}, 422, "link"),
        ({"at": "2999-01-01T00:00:00Z"}, 422, "at"),
        ({"colour": "red"}, 422, "colour"),
    ],
    ids=["service", "environment", "phase", "nothing named", "no link", "future", "unknown field"],
)
async def test_a_notice_that_is_wrong_is_refused_with_the_field(
    told: Told, change: dict[str, Any], status: int, field: str | None
) -> None:
    given = await told.signed(notice("started", **change))
    assert given.status_code == status, given.text
    assert field is None or field in given.json()["fields"]
    assert told.rows()["conversations"] == []


async def test_words_from_outside_call_nobody(told: Told) -> None:
    """What another system says is shown as it stands."""
    await told.signed(notice("failed", said="<!channel> *boom* <https://evil.example.com|here>\x07", by="<@U0JANE>"))
    said = told.said()
    assert "<!channel>" not in said
    assert "<@U0JANE>" not in said
    assert "&lt;!channel&gt;" in said


async def test_the_way_back_is_told_in_the_rollbacks_thread(told: Told) -> None:
    """A deployment of the target is the rollback's; one of another version is nobody's."""
    await told.scheduled()
    await told.signed(notice("succeeded"))
    await told.player.command("U0TANIA", "/rollback admin-logistic v1.2.0 target=v1.1.0 severity=P0", "C0RELEASES")
    await told.player.step("U0JANE", "C0RELEASES", "Begin rollback", eta="5")
    back = {"version": "v1.1.0", "commit": None, "deployment": "run 8"}
    [made] = (await told.signed(notice("succeeded", **back))).json()["taken"]
    assert made["outcome"] == "note"
    assert "the deployment of v1.1.0 has succeeded" in told.said()
    assert await told.states("unannounced") == []


async def test_a_hook_without_its_secret_is_closed(told: Told) -> None:
    """The answer names the variable; a hook that does not exist is told with those that do."""
    application: Any = told.player.playground.application
    arrivals = application.door._mounted["hooks"]._hooks["github"]._arrivals
    gate = hooks_of(arrivals, Alerts(application.conversations), MovableClock(STARTS_AT), HookSecrets.model_construct())
    told.player.playground.application.door._mounted["hooks"]._hooks = gate._hooks  # type: ignore[attr-defined]  # what is there
    closed = await told.github("deployment", deployment())
    assert closed.status_code == 404
    assert "GREENLIGHT_GITHUB_WEBHOOK_SECRET" in closed.json()["detail"]
    assert (await told.http.post("/hooks/gitlab")).status_code == 404


async def test_what_is_too_large_or_too_much_is_not_taken(told: Told) -> None:
    assert (await told.http.get("/hooks/github")).status_code == 405
    assert (await told.http.post("/hooks/github", content=b"x" * (MAX_BODY + 1))).status_code == 413
    gate: Any = told.player.playground.application.door._mounted["hooks"]
    gate._allowance = Allowance(a_minute=1, burst=1)
    assert (await told.github("deployment_status", status("queued", "15:00:00"))).status_code == 200
    given = await told.github("deployment_status", status("success", "15:00:00"))
    assert (given.status_code, given.headers["retry-after"].isdigit()) == (429, True)
    assert told.rows()["conversations"] == []


async def test_what_can_not_be_recorded_is_to_be_told_again(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender hears 503, and its redelivery is taken."""
    store = told.player.playground.application.store

    async def busy(_intent: object) -> None:
        raise StoreFailedError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(store, "write", busy)
        assert (await told.github("deployment", deployment())).status_code == 503
    assert (await told.github("deployment", deployment())).json()["taken"][0]["outcome"] == "appear"
