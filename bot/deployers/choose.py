"""The deployer that a service's configuration names, with the secrets that the environment gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.deployer_rules import ArgoRule, DeployerRule, WorkflowRule
from bot.deployers.argocd import ArgoCD
from bot.deployers.github_actions import GitHubActions
from bot.deployers.interface import Deployer
from bot.deployers.webhook import Webhook
from bot.outward import DeclinedError


class DeployerSecrets(BaseSettings):
    """The secrets of deployers, from the environment alone."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    github_token: SecretStr | None = Field(default=None, validation_alias="GITHUB_TOKEN")
    argocd_token: SecretStr | None = Field(default=None, validation_alias="ARGOCD_TOKEN")
    webhook_secret: SecretStr | None = Field(default=None, validation_alias="DEPLOY_WEBHOOK_SECRET")


def missing(rule: DeployerRule, secrets: DeployerSecrets) -> tuple[str, str] | None:
    """The variable that a deployer needs and that is not set, and what is to be put there."""
    if isinstance(rule, WorkflowRule):
        remedy = f"Set it to a token that may read and write the actions of {rule.repository}."
        return None if secrets.github_token else ("GITHUB_TOKEN", remedy)
    if isinstance(rule, ArgoRule):
        remedy = "Set it to a token of an account that may get and sync the application."
        return None if secrets.argocd_token else ("ARGOCD_TOKEN", remedy)
    remedy = "Set it to the secret that the receiver verifies orders with."
    return None if secrets.webhook_secret else ("DEPLOY_WEBHOOK_SECRET", remedy)


def deployer_for(
    rule: DeployerRule, client: httpx.AsyncClient, secrets: DeployerSecrets, now: Callable[[], datetime]
) -> Deployer:
    """The deployer of a rule. Raises DeclinedError where its secret is missing."""
    if lacking := missing(rule, secrets):
        raise DeclinedError(f"{lacking[0]} is not set.", lacking[1])
    url = str(rule.url).rstrip("/")
    if isinstance(rule, WorkflowRule):
        assert secrets.github_token is not None
        token = secrets.github_token
        return GitHubActions(client, token, rule.repository, rule.workflow, rule.ref, rule.inputs, url)
    if isinstance(rule, ArgoRule):
        assert secrets.argocd_token is not None
        return ArgoCD(client, secrets.argocd_token, url, rule.application, rule.revision)
    assert secrets.webhook_secret is not None
    return Webhook(client, secrets.webhook_secret, str(rule.url), now)
