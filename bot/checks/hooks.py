"""`greenlight check`, where deployments arrive by themselves: hooks that are named and closed, or open and too weak."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.policy import Service
from bot.errors import Problem
from bot.http.hooks.interface import HOOKS, HookSecrets
from bot.settings import Configuration

SHORTEST = 16
"""Characters of a secret that nobody guesses."""


def look_at_hooks(
    configuration: Configuration, secrets: HookSecrets | None = None
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Problems with the hooks' secrets, and notes of hooks that the file names and that are closed, and of secrets that
    are being changed.
    """
    given = secrets or HookSecrets()
    return tuple(_weak(given)), tuple(_closed(configuration, given))


def _weak(secrets: HookSecrets) -> Iterator[Problem]:
    for hook in HOOKS:
        for variable, secret in (
            (secrets.variable(hook), secrets.own(hook)),
            (secrets.variable(hook, previous=True), secrets.previous(hook)),
        ):
            if secret is not None and len(secret.get_secret_value()) < SHORTEST:
                reason = f"It is too short: whoever guesses it can tell of deployments at /hooks/{hook}."
                yield Problem("environment", variable, reason, "Use 32 random characters or more.")


def _closed(configuration: Configuration, secrets: HookSecrets) -> Iterator[str]:
    for hook in HOOKS:
        named = [service.name for service in configuration.services.values() if _names(service, hook)]
        own, previous = secrets.own(hook), secrets.previous(hook)
        if named and own is None:
            yield f"/hooks/{hook} is closed: {HookSecrets.variable(hook)} is not set; {', '.join(named)} names it."
        elif previous is not None:
            variable = HookSecrets.variable(hook, previous=True)
            there_is = f"takes its previous secret too: unset {variable} once every sender has the new one."
            alone = f"is closed: {variable} is set, and {HookSecrets.variable(hook)} is not."
            yield f"/hooks/{hook} {there_is if own else alone}"


def _names(service: Service, hook: str) -> bool:
    """Whether a service has it in its configuration. Its Alertmanager need not send anything: the watch asks it."""
    return bool(getattr(service.hooks, hook, None))
