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


def test_a_deployer_brings_what_it_usually_does(tmp_path: Path) -> None:
    """All three orders, people begin rollbacks, people's word counts; Argo CD gives no shares."""
    rule = configured(tmp_path, f"deployer: {{{WORKFLOW}}}").services["orders"].deployer
    assert rule is not None
    assert [rule.does(kind) for kind in ("deploy", "promote", "rollback")] == [True, True, True]
    assert (rule.rollback, rule.reports, rule.name) == ("people", False, "GitHub Actions (deploy.yml)")
    argo = configured(tmp_path, f"deployer: {{{ARGO}}}").services["orders"].deployer
    assert argo is not None
    assert [argo.does(kind) for kind in ("deploy", "promote", "rollback")] == [True, False, True]
