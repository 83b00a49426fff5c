"""GitHub tells of deployments: its own examples are taken as they are, and what is told twice or late changes
nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from bot.http.hooks.github import GitHub
from tests.http.api.conftest import APPROVAL, CHANNEL, RELEASES
from tests.http.hooks.conftest import SHA, Told, deployment, example, status

EXAMPLES = [
    ("deployment", "deployment.0"),
    ("deployment", "deployment.1"),
    ("deployment_status", "deployment_status.0"),
    ("deployment_status", "deployment_status.1"),
    ("release", "release.0"),
    ("workflow_run", "workflow_run.0"),
    ("ping", "ping.3"),
]

STORY = [
    ("deployment", deployment()),
    ("deployment_status", status("queued", "15:58:30")),
    ("deployment_status", status("in_progress", "16:00:00")),
    ("deployment_status", status("success", "16:10:00")),
]


@pytest.mark.parametrize(("event", "name"), EXAMPLES, ids=[name for _, name in EXAMPLES])
async def test_githubs_own_examples_are_taken_as_they_are(told: Told, event: str, name: str) -> None:
    given = await told.github(event, example(name))
    assert given.status_code == 200, given.text


async def test_a_run_of_a_workflow_that_deploys_is_a_deployment(told: Told) -> None:
    """By the workflow's file, as GitHub's own example of a completed run has it."""
    payload = example("workflow_run.1")
    payload["repository"] = example("deployment.0")["repository"]
    [made] = (await told.github("workflow_run", payload)).json()["taken"]
    assert (made["outcome"], made["service"]) == ("appear", "admin-logistic")
    payload["workflow_run"]["path"] = ".github/workflows/lint.yml"
    assert (await told.github("workflow_run", payload)).json() == {"taken": []}


async def test_word_of_an_announced_deployment_starts_and_ends_it(told: Told) -> None:
    """In progress starts it, success tells that it is deployed, with what was told and what was not."""
    await told.scheduled()
    for event, payload in STORY:
        assert (await told.github(event, payload)).status_code == 200
    assert (await told.steps())[-2:] == ["start", "deployed"]
    assert await told.states() == ["awaiting_smoke"]
    said = told.said()
    assert "Deployed to Production" in said
    assert "*Duration:* 12 minutes" in said
    assert "Backend: not told by GitHub" in said
    assert "API: not told by GitHub" in said
    assert "✅ Healthy" not in said
    assert "https://sentry.example.com/admin-logistic" in said
    assert "Codertocat via GitHub · CI pipeline" in said
    assert "Cache: Not told by GitHub" in said
    assert await told.states("unannounced") == []


async def test_a_failure_waits_for_a_decision(told: Told) -> None:
    await told.scheduled()
    failed = status("failure", "16:05:00")
    failed["deployment_status"] |= {"description": "Migration 12 broke", "log_url": "https://ci.example.com/7"}
    for payload in (status("in_progress", "16:00:00"), failed):
        await told.github("deployment_status", payload)
    assert await told.states() == ["awaiting_decision"]
    assert "Migration 12 broke" in told.said()
    assert "https://ci.example.com/7" in told.said()


async def test_word_that_comes_five_times_changes_nothing(told: Told) -> None:
    """Each delivery five times: one start, one notice."""
    await told.scheduled()
    for number, (event, payload) in enumerate(STORY):
        for _ in range(5):
            assert (await told.github(event, payload, delivery=str(number))).status_code == 200
    steps = await told.steps()
    assert (steps.count("start"), steps.count("deployed"), len(steps)) == (1, 1, 7)
    assert await told.states("unannounced") == []


async def test_word_that_comes_all_at_once_is_taken_once(told: Told) -> None:
    """Five deliveries of each of two deployments that nobody announced, side by side: two threads."""
    payloads = [status("in_progress", "16:00:00", number=number, sha=f"abcdef{number}") for number in (1, 2)]
    answers = await asyncio.gather(*(told.github("deployment_status", payload) for payload in payloads * 5))
    assert {answer.status_code for answer in answers} == {200}
    outcomes = [answer.json()["taken"][0]["outcome"] for answer in answers]
    assert (outcomes.count("appear"), outcomes.count("nothing new")) == (2, 8)
    assert await told.states("unannounced") == ["awaiting_owner", "awaiting_owner"]


@pytest.mark.parametrize(
    "order", list(itertools.permutations(range(4)))[1::5], ids=lambda order: "".join(map(str, order))
)
async def test_word_that_comes_out_of_order_ends_the_same(told: Told, order: tuple[int, ...]) -> None:
    """Whatever comes first: it is deployed once, and what is late is not taken for another deployment."""
    await told.scheduled()
    for number in (*order, *order):
        await told.github(*STORY[number])
    assert await told.states() == ["awaiting_smoke"]
    assert (await told.steps()).count("deployed") == 1
    assert await told.states("unannounced") == []


async def test_a_deployment_that_fails_after_all_is_told_in_the_thread(told: Told) -> None:
    """Later than its success; an older failure, which only comes late, is none."""
    await told.scheduled()
    await told.github("deployment_status", status("success", "16:00:00"))
    await told.github("deployment_status", status("error", "15:59:00"))
    assert (await told.steps())[-1] == "deployed"
    await told.player.playground.advance(datetime(2024, 1, 16, 16, 4, tzinfo=UTC))
    for _ in range(2):
        await told.github("deployment_status", status("error", "16:03:00"))
    assert (await told.steps()).count("note") == 1
    assert "GitHub: the deployment of v1.2.0 has failed, at 16:03 UTC." in told.said()
    assert await told.states() == ["awaiting_smoke"]


async def test_a_success_while_people_decide_is_told_to_them(told: Told) -> None:
    """It decides nothing."""
    await told.scheduled()
    for payload in (status("failure", "16:01:00"), status("success", "16:03:00", number=2)):
        await told.github("deployment_status", payload)
    assert await told.states() == ["awaiting_decision"]
    assert "GitHub: the deployment of v1.2.0 has succeeded, at 16:03 UTC." in told.said()


async def test_a_deployment_that_comes_through_while_it_is_rolled_back_is_told(told: Told) -> None:
    """What is live is then another version than people mean; an older success, which only comes late, is no news."""
    await told.scheduled()
    await told.github("deployment_status", status("in_progress", "16:00:00"))
    await told.player.playground.advance(datetime(2024, 1, 16, 16, 4, tzinfo=UTC))
    await told.player.step("U0TANIA", CHANNEL, "Roll back", severity="P0", issue="500", target="v1.1.0")
    await told.github("deployment_status", status("success", "16:03:00"))
    assert (await told.steps())[-1] == "roll_back"
    await told.github("deployment_status", status("success", "16:05:00"))
    assert (await told.steps())[-1] == "note"
    assert await told.states() == ["rolling_back"]


async def test_late_word_of_a_finished_release_is_not_taken_for_another(told: Told) -> None:
    await told.scheduled()
    await told.github("deployment_status", status("success", "16:00:00"))
    await told.player.step("U0CHARLIE", "C0RELEASES", "Begin smoke test")
    rows = ["Login: Pass", "Order List: Pass"]
    await told.player.step("U0CHARLIE", "C0RELEASES", "Smoke passed", results=rows, duration="8")
    await told.player.step("U0JANE", "C0RELEASES", "Complete now", summary="Quiet")
    assert await told.states() == ["completed"]
    late = await told.github("deployment_status", status("in_progress", "15:59:00"))
    assert late.json()["taken"][0]["outcome"] == "nothing new"
    assert await told.states("unannounced") == []


async def test_a_deployment_nobody_announced_opens_a_thread_that_asks_for_an_owner(told: Told) -> None:
    """It says what is known and what is not, and is told in the channel; one of QA or DevOps takes it and explains."""
    payload = example("deployment_status.0")
    [made] = (await told.github("deployment_status", payload)).json()["taken"]
    assert made["outcome"] == "appear"
    assert await told.states("unannounced") == ["awaiting_owner"]
    said = told.said()
    assert "Deployment nobody announced: UNA-1" in said
    assert SHA in said
    assert "No release of master is known here." in said
    assert "Whose deployment is this?" in said
    assert "https://datadog.example.com/admin-logistic" in said
    assert len(told.player.person("U0CHARLIE").messages("C0RELEASES")) == 1
    await told.player.step("U0JANE", "C0RELEASES", "It is mine")
    assert await told.states("unannounced") == ["owned"]
    assert "<@U0JANE> — Please tell what it was." in told.said()
    await told.player.step("U0JANE", "C0RELEASES", "Explain", outcome="A hotfix that Tania agreed to")
    assert await told.states("unannounced") == ["closed"]
    assert "A hotfix that Tania agreed to" in told.said()
    await told.github("deployment_status", payload)
    assert await told.states("unannounced") == ["closed"]


async def test_whoever_takes_an_unannounced_deployment_is_asked_what_it_was(told: Told) -> None:
    """QA may take it, too; an hour later it is asked for again, and of them alone."""
    await told.github("deployment_status", example("deployment_status.0"))
    await told.player.step("U0CHARLIE", "C0RELEASES", "It is mine")
    assert "👉 Awaited: <@U0CHARLIE> — Please tell what it was." in told.said()
    await told.player.playground.advance(told.player.playground.now() + timedelta(hours=1, minutes=1))
    asked = {name: told.player.person(name).direct_messages for name in ("U0CHARLIE", "U0JANE")}
    assert "word of what it was" in str([message.blocks for message in asked["U0CHARLIE"]])
    assert asked["U0JANE"] == []


@pytest.mark.parametrize("order", list(itertools.permutations((0, 2, 3))), ids=lambda order: "".join(map(str, order)))
async def test_an_unannounced_deployment_has_one_thread_in_whatever_order_it_is_told(
    told: Told, order: tuple[int, ...]
) -> None:
    """Its end is known at last, and nothing that is told late takes it back."""
    for number in (*order, *order, *order):
        await told.github(*STORY[number])
    assert await told.states("unannounced") == ["awaiting_owner"]
    card = told.player.message_with("U0JANE", "C0RELEASES", "It is mine")
    assert "It has succeeded" in str(card.blocks)


async def test_a_release_that_may_not_be_deployed_yet_is_unannounced_with_the_reason(told: Told) -> None:
    """Approved, and not planned; planned, and hours too early; another commit under the version's name."""
    assert (await told.post(RELEASES, APPROVAL, headers=await told.token_for("approve"))).status_code == 201
    await told.github("deployment_status", status("in_progress", "15:30:00"))
    assert "v1.2.0 is waiting for sign-offs; no deployment of it is announced." in told.said()
    other = status("in_progress", "15:31:00", number=2, sha="fffffff000")
    await told.github("deployment_status", other)
    assert "v1.2.0 was approved with commit abc1234; this is fffffff000." in told.said()
    assert await told.states("unannounced") == ["awaiting_owner", "awaiting_owner"]
    assert await told.states() == ["awaiting_signoffs"]


async def test_a_start_that_a_rule_refuses_is_told_with_the_rule(told: Told) -> None:
    """The deployment goes on all the same, so its end is the release's, and told in both threads."""
    await told.scheduled()
    await told.player.command("U0JOHN", '/release freeze admin-logistic reason="Black Friday"', "C0RELEASES")
    await told.github("deployment_status", status("in_progress", "16:00:00"))
    assert await told.states() == ["scheduled"]
    assert await told.states("unannounced") == ["awaiting_owner"]
    assert "v1.2.0 is scheduled, but: " in told.said()
    await told.github("deployment_status", status("success", "16:10:00"))
    assert await told.states() == ["awaiting_smoke"]
    assert await told.steps("unannounced") == ["appear", "progress"]


async def test_other_environments_and_repositories_are_left_alone(told: Told) -> None:
    preview = example("deployment_status.0")
    preview["deployment_status"]["environment"] = preview["deployment"]["environment"] = "preview"
    given = await told.github("deployment_status", preview)
    [left] = given.json()["taken"]
    assert (given.status_code, left["outcome"], left["environment"]) == (200, "left alone", "preview")
    strange = example("deployment.0")
    strange["repository"]["full_name"] = "acme/other"
    refused = await told.github("deployment", strange)
    assert refused.status_code == 404
    assert "acme/other" in refused.json()["detail"]
    assert told.rows()["conversations"] == []


async def test_a_published_release_is_noted_in_the_thread_of_its_version(told: Told) -> None:
    await told.scheduled()
    payload = example("release.0")
    payload["release"]["tag_name"] = "v1.2.0"
    for _ in range(2):
        await told.github("release", payload)
    assert (await told.steps()).count("note") == 1
    assert "GitHub release v1.2.0 was published" in told.said()


async def test_a_hook_that_is_set_up_to_send_forms_is_read_as_well(told: Told) -> None:
    """GitHub's other content type."""
    body = urlencode({"payload": json.dumps(example("deployment.0"))}).encode()
    form = "application/x-www-form-urlencoded"
    given = await told.github("deployment", body, **{"content-type": form})
    assert given.json()["taken"][0]["outcome"] == "appear"


async def test_what_is_not_signed_by_github_is_not_read(told: Told) -> None:
    """Without a signature, with another's, with the older kind alone."""
    for wrong in ("", "sha256=00", "sha1=00", "sha256=" + "0" * 64):
        given = await told.github("deployment", example("deployment.0"), **{"x-hub-signature-256": wrong})
        assert given.status_code == 401
        assert given.headers["content-type"] == "application/problem+json"
    assert told.rows()["conversations"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda payload: payload.pop("deployment"), "deployment"),
        (lambda payload: payload["deployment"].update(sha="; rm"), "deployment.sha"),
        (lambda payload: payload["deployment"].update(created_at="soon"), "deployment.created_at"),
        (lambda payload: payload.pop("repository"), "repository"),
    ],
    ids=["missing", "no commit", "no time", "nobody's"],
)
async def test_a_body_that_is_wrong_is_refused_with_the_field(told: Told, change: Any, field: str) -> None:
    payload = example("deployment.0")
    change(payload)
    given = await told.github("deployment", payload)
    assert given.status_code == 422
    assert field in given.json()["fields"]
    assert told.rows()["conversations"] == []


async def test_the_signature_is_the_one_that_github_documents(told: Told) -> None:
    """Its own example (docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation")."""
    gate: Any = told.player.playground.application.door._mounted["hooks"]
    hook = GitHub(gate._hooks["github"]._arrivals, (SecretStr("It's a Secret to Everybody"),))
    documented = b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    now = told.player.playground.now()
    assert hook.is_theirs({b"x-hub-signature-256": documented}, b"Hello, World!", now)
    assert not hook.is_theirs({b"x-hub-signature-256": documented}, b"Hello, World?", now)
