"""`greenlight check`, where the configuration routes trouble to somebody outside of Slack: is there a key for it.

Nothing is sent: `/release drill` does that.
"""

from __future__ import annotations

from bot.core.routing import TITLES
from bot.errors import ConfigurationError, Problem
from bot.pagers.choose import PagerSecrets, missing, wanted
from bot.settings import Configuration, read_variables


def look_at_pagers(configuration: Configuration, secrets: PagerSecrets | None = None) -> tuple[Problem, ...]:
    """The variables that are needed and not set, or that can't be used."""
    try:
        given = secrets or read_variables(PagerSecrets)
    except ConfigurationError as error:
        return error.problems
    kinds = dict.fromkeys(kind for service in configuration.services.values() for kind in wanted(service.routing))
    lacking = ((kind, found) for kind in kinds if (found := missing(kind, given)))
    return tuple(
        Problem("environment", name, f"It is not set, but the routing to {TITLES[kind]} needs it.", remedy)
        for kind, (name, remedy) in lacking
    )
