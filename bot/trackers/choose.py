"""The tracker that a service's configuration names, with the tokens that the environment gives."""

from __future__ import annotations

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.tickets import GitHubRule, TrackerRule
from bot.outward import DeclinedError
from bot.trackers.github import GitHubIssues
from bot.trackers.interface import Tracker
from bot.trackers.jira import Jira


class TrackerSecrets(BaseSettings):
    """The tokens of issue trackers, from the environment alone. With JIRA_EMAIL, Jira's token is one of Jira Cloud."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    jira_email: str = Field(default="", validation_alias="JIRA_EMAIL")
    jira_token: SecretStr | None = Field(default=None, validation_alias="JIRA_TOKEN")
    github_token: SecretStr | None = Field(default=None, validation_alias="GITHUB_TOKEN")


def missing(rule: TrackerRule, secrets: TrackerSecrets) -> tuple[str, str] | None:
    """The variable that a tracker needs and that is not set, and what is to be put there."""
    if isinstance(rule, GitHubRule):
        remedy = f"Set it to a token that may read and write the issues of {rule.repository}."
        return None if secrets.github_token else ("GITHUB_TOKEN", remedy)
    remedy = (
        "Set it to an API token, and JIRA_EMAIL to the account it belongs to (Jira Cloud); or to a personal access "
        "token alone (Jira Data Center)."
    )
    return None if secrets.jira_token else ("JIRA_TOKEN", remedy)


def tracker_for(rule: TrackerRule, client: httpx.AsyncClient, secrets: TrackerSecrets) -> Tracker:
    """The tracker of a rule. Raises DeclinedError where its token is missing."""
    if lacking := missing(rule, secrets):
        raise DeclinedError(f"{lacking[0]} is not set.", lacking[1])
    if isinstance(rule, GitHubRule):
        assert secrets.github_token is not None
        return GitHubIssues(client, secrets.github_token, rule)
    assert secrets.jira_token is not None
    return Jira(client, secrets.jira_token, rule, secrets.jira_email)
