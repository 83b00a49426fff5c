"""The command line's groups of commands, and how they tell of problems."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click

from bot.errors import ConfigurationError, GreenlightError

P = ParamSpec("P")

CONFIGURATION_PROBLEM = 2
"""The exit code when the operator must change something; click's own for a command line that is not understood."""

FAILURE = 1


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Print problems one a line on stderr and exit with 2; other failures of ours with 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ConfigurationError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            sys.exit(CONFIGURATION_PROBLEM)
        except GreenlightError as error:
            click.echo(str(error), err=True)
            sys.exit(FAILURE)

    return wrapped
