"""`greenlight check`, where deployments arrive by themselves: hooks that are named and closed, or open and too weak."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr

from bot.core.policy import Service
from bot.errors import Problem
from bot.http.hooks.interface import HookSecrets
from bot.settings import Configuration

SHORTEST = 16
"""Characters of a secret that nobody guesses."""


def look_at_hooks(
    configuration: Configuration, secrets: HookSecrets | None = None
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Problems with the hooks' secrets, and notes of hooks that the file names and that are closed."""
    given = secrets or HookSecrets()
    return tuple(_weak(given)), tuple(_closed(configuration, given))


def _weak(secrets: HookSecrets) -> Iterator[Problem]:
    for hook, secret in _secrets(secrets):
        if secret is not None and len(secret.get_secret_value()) < SHORTEST:
            reason = f"It is too short: whoever guesses it can tell of deployments at /hooks/{hook}."
            yield Problem("environment", HookSecrets.variable(hook), reason, "Use 32 random characters or more.")


def _closed(configuration: Configuration, secrets: HookSecrets) -> Iterator[str]:
    for hook, secret in _secrets(secrets):
        named = [service.name for service in configuration.services.values() if _names(service, hook)]
        if named and secret is None:
            yield f"/hooks/{hook} is closed: {HookSecrets.variable(hook)} is not set; {', '.join(named)} names it."


def _secrets(secrets: HookSecrets) -> Iterator[tuple[str, SecretStr | None]]:
    for hook in HookSecrets.model_fields:
        yield hook, getattr(secrets, hook)


def _names(service: Service, hook: str) -> bool:
    """Whether a service has it in its configuration. Its Alertmanager need not send anything: the watch asks it."""
    return bool(getattr(service.hooks, hook, None))
