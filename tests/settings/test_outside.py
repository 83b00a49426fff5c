"""What works outside of Slack, in the configuration file: a mistake is told with its key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.settings import Configuration, load

TEXT = """\
version: 1
roles: {{qa: {{users: [U0A]}}, devops: {{users: [U0B]}}, tech_lead: {{users: [U0C]}}}}
services:
  orders:
    channels: [C0RELEASES]
    {line}
"""
WORKFLOW = "kind: github_actions, repository: acme/shop, workflow: deploy.yml"
ARGO = 'kind: argocd, url: "https://argo.example.com", application: shop'


def configured(folder: Path, line: str) -> Configuration:
    path = folder / "greenlight.yml"
    path.write_text(TEXT.format(line=line), encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("line", "key", "told"),
    [
        ("tracker: {kind: trello}", "tracker.kind", "“trello” is not allowed here."),
        ("tracker: {repository: acme/shop}", "tracker.kind", "It is missing."),
        ("tracker: {kind: github, repository: shop}", "tracker.repository", "“shop” is not a repository."),
        (
            'tracker: {kind: jira, url: "https://j.example.com", project: ops}',
            "tracker.project",
            "key of a Jira project",
        ),
        ("tracker: {kind: github, repository: a/b, project: X}", "tracker.project", "There is no such key."),
        ("deployer: {kind: jenkins}", "deployer.kind", "“jenkins” is not allowed here."),
        ("deployer: {kind: github_actions, repository: a/b}", "deployer.workflow", "It is missing."),
        (f"deployer: {{{WORKFLOW}, ref: 'v{{versoin}}'}}", "deployer.ref", "asks for “versoin”"),
        (f"deployer: {{{WORKFLOW}, ref: '{{'}}", "deployer.ref", "it may ask for {version}"),
        (f"deployer: {{{WORKFLOW}, ref: '{{version.x}}'}}", "deployer.ref", "asks for “version.x”"),
        (f"deployer: {{{WORKFLOW}, inputs: {{ver sion: x}}}}", "deployer.inputs.ver sion", "name of an input"),
        ("deployer: {kind: github_actions, repository: a/b, workflow: deploy}", "deployer.workflow", "not a workflow"),
        (f"deployer: {{{ARGO}, starts: []}}", "deployer.starts", "too few"),
        (f"deployer: {{{ARGO}, starts: [deploys]}}", "deployer.starts[0]", "“deploys” is not allowed here."),
        (f"deployer: {{{ARGO}, starts: [deploy], rollback: automatic}}", "deployer", "add rollback to “starts”"),
        ("deployer: {kind: webhook, url: deploys}", "deployer.url", "deploys"),
    ],
)
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, line: str, key: str, told: str) -> None:
    """Each by its own key, without the kinds that it was not compared with."""
    with pytest.raises(ConfigurationError) as refused:
        configured(tmp_path, line)
    [problem] = refused.value.problems
    assert (problem.key, problem.line) == (f"services.orders.{key}", 6)
    assert told in f"{problem.reason} {problem.remedy}"


PASSWORDS = {
    'monitors: {main: {url: "https://bob:hunter2@prometheus.example.com"}}': "PROMETHEUS_TOKEN",
    'monitors: {main: {kind: sentry, url: "https://hunter2@sentry.example.com"}}': "SENTRY_TOKEN",
    'monitors: {main: {kind: datadog, url: "https://bob:hunter2@api.example.com"}}': "DATADOG_API_KEY and DATADOG_APP",
    'monitors: {main: {kind: health, url: "https://bob:hunter2@shop.example.com/health"}}': "",
    'alertmanager: {url: "https://bob:hunter2@alerts.example.com"}': "ALERTMANAGER_TOKEN",
    'tracker: {kind: jira, url: "https://bob:hunter2@jira.example.com", project: OPS}': "JIRA_EMAIL and JIRA_TOKEN",
    'tracker: {kind: github, url: "https://bob:hunter2@github.example.com", repository: a/b}': "GITHUB_TOKEN",
    f'deployer: {{{WORKFLOW}, url: "https://bob:hunter2@github.example.com"}}': "GITHUB_TOKEN",
    'deployer: {kind: argocd, url: "https://bob:hunter2@argo.example.com", application: shop}': "ARGOCD_TOKEN",
    'deployer: {kind: webhook, url: "https://bob:hunter2@shop.example.com"}': "DEPLOY_WEBHOOK_SECRET",
    'monitoring: [{name: Orders, url: "https://bob:hunter2@grafana.example.com"}]': "",
    'tracker_url: "https://bob:hunter2@jira.example.com/browse/{key}"': "",
    'playbook: {checks: {api: {kind: http, url: "https://bob:hunter2@shop.example.com"}}}': "“basic_auth”",
    'playbook: {checks: {k6: {kind: k6, url: "https://bob:hunter2@ci.example.com/k6.json"}}}': "“basic_auth”",
}
"""A line of the configuration, and where its secret goes instead."""


@pytest.mark.parametrize(("line", "instead"), PASSWORDS.items())
def test_no_address_holds_a_secret(tmp_path: Path, line: str, instead: str) -> None:
    """Told where it stands and where it goes, and not shown again: a log is read by more people than the file."""
    with pytest.raises(ConfigurationError) as refused:
        load_text(tmp_path, line)
    [problem] = refused.value.problems
    assert problem.key.startswith("services.orders.")
    assert problem.key.endswith("url")
    assert problem.line == 6
    assert "holds a user or a password" in problem.reason
    assert "between “//” and “@”" in problem.remedy
    assert instead in problem.remedy
    assert ("It comes from" in problem.remedy) is bool(instead)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://bob:hun/ter2@x.example.com", "https:bob:hunter2@x", "ftp//b:hunter2@x y", "htps://bob:hunter2@x"]
)
def test_an_address_that_can_not_be_read_shows_no_password_either(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_text(tmp_path, f'alertmanager: {{url: "{url}"}}')
    assert "ter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://x.example.com/@shop/a@v1", "https://x.example.com?to=a@b", "https://x.example.com#@"]
)
def test_an_at_sign_after_the_host_is_part_of_an_address(tmp_path: Path, url: str) -> None:
    assert load_text(tmp_path, f'alertmanager: {{url: "{url}"}}').services["orders"].alertmanager is not None


def load_text(folder: Path, line: str) -> Configuration:
    """A configuration whose line holds braces of its own."""
    path = folder / "greenlight.yml"
    path.write_text(TEXT.replace("{line}", "@").format().replace("@", line, 1), encoding="utf-8")
    return load(path)


def test_a_deployer_brings_what_it_usually_does(tmp_path: Path) -> None:
    """All three orders, people begin rollbacks, people's word counts; Argo CD gives no shares."""
    rule = configured(tmp_path, f"deployer: {{{WORKFLOW}}}").services["orders"].deployer
    assert rule is not None
    assert [rule.does(kind) for kind in ("deploy", "promote", "rollback")] == [True, True, True]
    assert (rule.rollback, rule.reports, rule.name) == ("people", False, "GitHub Actions (deploy.yml)")
    argo = configured(tmp_path, f"deployer: {{{ARGO}}}").services["orders"].deployer
    assert argo is not None
    assert [argo.does(kind) for kind in ("deploy", "promote", "rollback")] == [True, False, True]
