"""Signed bodies that no sender documents never break a hook: whatever stands where, the answer says what is wrong."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from bot.http.allowance import Allowance
from tests.http.hooks.conftest import Told, deployment, example, status
from tests.http.hooks.test_other_hooks import application, notice
from tests.stories.test_hostile_machines import HALF, HOSTILE
from tests.stories.test_hostile_paths import attacks_alive, undelivered

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, 1.5, "", " ", "null", [], {}, [[]], {"a": 1}),
    *("\x00", "\u2028x", "\ud83d\ude80" * 400, "<!channel>", "v1.2.0\n*x*", "x" * 5000, "0001-01-01T00:00:00Z"),
    *(
        "9999-12-31T23:59:59Z",
        "2024-01-16T16:00:00",
        "https://",
        "https://[",
        "HTTPS://X:0",
        "https://x|y>",
        "javascript:x",
        "../../etc",
    ),
)
TRIES = 60


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from paths(child, (*here, key))


def spoiled(body: Any, chance: random.Random) -> Any:
    """A body with something odd in one to three places, or without something."""
    made = copy.deepcopy(body)
    for _ in range(chance.randint(1, 3)):
        *way, last = chance.choice([path for path in paths(made) if path])
        place = made
        for key in way:
            place = place[key]
        if chance.random() < 0.2:
            del place[last]
        else:
            place[last] = chance.choice(ODD)
        if not made:
            return made
    return made


BODIES = {
    "deployment": deployment(),
    "deployment_status": status("failure", "16:00:00"),
    "workflow_run": example("workflow_run.1") | {"repository": example("deployment.0")["repository"]},
    "release": example("release.0"),
}


def only_what_is_read(event: str) -> Any:
    """GitHub's bodies have hundreds of fields that nobody reads; those that are read are spoiled more often."""
    body = BODIES[event]
    kept = {"deployment": "id sha ref environment description created_at creator"}
    kept["deployment_status"] = "id state description environment target_url log_url environment_url created_at"
    kept["workflow_run"] = "id run_attempt path status conclusion head_sha head_branch html_url created_at updated_at"
    kept["release"] = "id tag_name html_url"
    parts = {
        name: {key: body[name][key] for key in kept[name].split() if key in body[name]} for name in kept if name in body
    }
    repository = {key: body["repository"][key] for key in ("full_name", "html_url")}
    return {"action": body["action"], **parts, "repository": repository}


@pytest.fixture
def patient(told: Told) -> Told:
    """Told as often as one likes."""
    gate: Any = told.player.playground.application.door._mounted["hooks"]
    gate._allowance = Allowance(burst=1e9)
    return told


@pytest.mark.parametrize("event", BODIES)
async def test_a_spoiled_body_of_githubs_is_answered(patient: Told, event: str) -> None:
    """200 where what is read was not touched, else 404 or 422; never anything else, and the bot goes on."""
    chance, seen = random.Random(event), set()  # noqa: S311 - seeded, to be the same each time
    for _ in range(TRIES):
        body = spoiled(only_what_is_read(event), chance)
        given = await patient.github(event, body)
        assert given.status_code in {200, 404, 422}, json.dumps(body)
        seen.add(given.status_code)
    assert {200, 422} <= seen


@pytest.mark.parametrize("hook", ["argocd", "signed"])
async def test_a_spoiled_body_of_others_is_answered(patient: Told, hook: str) -> None:
    chance, seen = random.Random(hook), set()  # noqa: S311 - seeded, to be the same each time
    good = {"argocd": application("Succeeded", "Healthy"), "signed": notice("failed", said="x", components=["a: b"])}
    for _ in range(TRIES):
        body = spoiled(good[hook], chance)
        given = await (patient.argocd(body) if hook == "argocd" else patient.signed(body))
        assert given.status_code in {200, 404, 422}, json.dumps(body)
        seen.add(given.status_code)
    assert {200, 422} <= seen


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("outcome", ["failure", "success"])
async def test_what_github_and_argo_cd_quote_calls_nobody(patient: Told, outcome: str, text: str) -> None:
    """A branch, a name, a description, an address: of an announced deployment and of one that nobody announced. Half an
    emoji is refused, as no text.
    """
    await patient.scheduled()
    for number, sha in enumerate(("abc1234", "fed9876"), 1):
        body = status(outcome, "16:10:00", number, sha=sha)
        body["deployment"] |= {"ref": text, "description": text, "creator": {"login": text}}
        told = {"description": text, "log_url": f"https://x.example.com/{text}", "environment_url": text}
        body["deployment_status"] |= told
        assert (await patient.github("deployment_status", body)).status_code == (422 if text == HALF else 200)
    argo = application("Failed", "Degraded")
    argo["application"]["status"]["operationState"] |= {"message": text}
    assert (await patient.argocd(argo)).status_code == (422 if text == HALF else 200)
    assert len(await patient.states("unannounced")) == (0 if text == HALF else 1)
    assert (attacks_alive(patient.player), await undelivered(patient.player)) == ([], [])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 10_000, b'"\\ud800"'])
async def test_what_is_no_json_is_answered(told: Told, body: bytes) -> None:
    assert (await told.github("deployment", body)).status_code == 422
