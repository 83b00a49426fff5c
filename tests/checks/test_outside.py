"""`greenlight check` asks what works outside: missing tokens, wrong names and silence are told apart."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from bot.checks.outside import ask_deployers, ask_trackers
from bot.deployers.choose import DeployerSecrets
from bot.settings import Configuration, load
from bot.trackers.choose import TrackerSecrets
from tests.deployers.fakes import FakeActions, FakeArgo
from tests.trackers.fakes import EMAIL, TOKEN, FakeGitHub, FakeJira, serving

TEXT = """\
version: 1
roles: {{qa: {{users: [U0A]}}, devops: {{users: [U0B]}}, tech_lead: {{users: [U0C]}}}}
services:
  orders:
    channels: [C0RELEASES]
    {what}: {first}
  billing:
    channels: [C0BILLING]
    {what}: {second}
  quiet: {{channels: [C0QUIET]}}
"""


def configured(folder: Path, first: str, second: str, what: str = "tracker") -> Configuration:
    path = folder / "greenlight.yml"
    path.write_text(TEXT.format(what=what, first=first, second=second), encoding="utf-8")
    return load(path)


def github(url: str, repository: str = "acme/shop") -> str:
    return f'{{kind: github, repository: {repository}, url: "{url}"}}'


def jira(url: str, project: str = "OPS", kind: str = "Task") -> str:
    return f'{{kind: jira, url: "{url}", project: {project}, issue_type: {kind}}}'


def secrets(token: str = TOKEN) -> TrackerSecrets:
    return TrackerSecrets.model_construct(jira_email=EMAIL, jira_token=SecretStr(token), github_token=SecretStr(token))


async def test_trackers_that_answer_are_counted(tmp_path: Path) -> None:
    one, other = FakeGitHub(), FakeJira()
    async with serving(one), serving(other):
        configuration = configured(tmp_path, github(one.url), jira(other.url))
        assert await ask_trackers(configuration, secrets()) == ((), ("Trackers: 2 of 2 answered.",))
    assert (one.issues, other.issues) == ([], [])


async def test_a_wrong_name_is_told_with_its_line(tmp_path: Path) -> None:
    """A repository that is not there, and a type that the project has not."""
    one, other = FakeGitHub(), FakeJira()
    async with serving(one), serving(other):
        configuration = configured(tmp_path, github(one.url, "acme/shpo"), jira(other.url, kind="Story"))
        problems, _ = await ask_trackers(configuration, secrets())
    assert [(problem.key, problem.line) for problem in problems] == [
        ("services.orders.tracker", 6),
        ("services.billing.tracker", 9),
    ]
    assert "404" in problems[0].reason
    assert "no issues of the type “Story”" in problems[1].reason
    assert problems[1].remedy == "It has: Task, Bug."


async def test_a_token_that_is_not_accepted_is_told_and_not_shown(tmp_path: Path) -> None:
    one = FakeGitHub()
    async with serving(one):
        configuration = configured(tmp_path, github(one.url), github(one.url))
        problems, _ = await ask_trackers(configuration, secrets("another-secret"))
    assert len(problems) == 2
    assert "401" in problems[0].reason
    assert "another-secret" not in str(problems)


async def test_missing_tokens_are_told_once_and_nothing_is_asked(tmp_path: Path) -> None:
    one, other = FakeGitHub(), FakeJira()
    nothing = TrackerSecrets.model_construct(jira_email="", jira_token=None, github_token=None)
    async with serving(one), serving(other):
        problems, notes = await ask_trackers(configured(tmp_path, github(one.url), jira(other.url)), nothing)
    assert [problem.key for problem in problems] == ["GITHUB_TOKEN", "JIRA_TOKEN"]
    assert (notes, one.asked, other.asked) == ((), [], [])


async def test_a_tracker_that_does_not_answer_is_a_note(tmp_path: Path) -> None:
    """It says nothing of the configuration."""
    configuration = configured(tmp_path, github("http://127.0.0.1:9"), github("http://127.0.0.1:9"))
    problems, notes = await ask_trackers(configuration, secrets())
    assert problems == ()
    assert notes[0] == "Trackers: 0 of 2 answered."
    assert len(notes) == 2
    assert "can't be reached" in notes[1]


# ── deployers ────────────────────────────────────────────────────────────────────────────────────────────────────────
def workflow(url: str, file: str = "deploy.yml") -> str:
    return f'{{kind: github_actions, repository: acme/shop, workflow: {file}, url: "{url}"}}'


def application(url: str, name: str = "shop") -> str:
    return f'{{kind: argocd, application: {name}, url: "{url}"}}'


def of_deployers(token: str | None = TOKEN) -> DeployerSecrets:
    secret = SecretStr(token) if token else None
    return DeployerSecrets.model_construct(github_token=secret, argocd_token=secret, webhook_secret=secret)


async def test_deployers_that_answer_are_counted_and_nothing_is_started(tmp_path: Path) -> None:
    one, other = FakeActions(), FakeArgo()
    async with serving(one), serving(other):
        configuration = configured(tmp_path, workflow(one.url), application(other.url), "deployer")
        assert await ask_deployers(configuration, of_deployers()) == ((), ("Deployers: 2 of 2 answered.",))
    assert (one.dispatched, other.syncs) == ([], [])


async def test_a_workflow_that_is_disabled_and_an_application_that_is_not_there_are_told(tmp_path: Path) -> None:
    one, other = FakeActions(state="disabled_manually"), FakeArgo()
    async with serving(one), serving(other):
        configuration = configured(tmp_path, workflow(one.url), application(other.url, "shpo"), "deployer")
        problems, _ = await ask_deployers(configuration, of_deployers())
    assert [(problem.key, problem.line) for problem in problems] == [
        ("services.orders.deployer", 6),
        ("services.billing.deployer", 9),
    ]
    assert problems[0].reason == "deploy.yml is disabled_manually."
    assert "404" in problems[1].reason


async def test_missing_secrets_of_deployers_are_told_by_their_variables(tmp_path: Path) -> None:
    """Each once."""
    hook = '{kind: webhook, url: "https://deploys.example.com/orders"}'
    configuration = configured(tmp_path, application("https://argo.example.com"), hook, "deployer")
    problems, notes = await ask_deployers(configuration, of_deployers(None))
    assert [problem.key for problem in problems] == ["ARGOCD_TOKEN", "DEPLOY_WEBHOOK_SECRET"]
    assert notes == ()
